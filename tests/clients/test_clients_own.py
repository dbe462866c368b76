"""The client of ours, async and not, over the wire: what it submits, follows, gives back, and says when things fail."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from easel_client import (
    ChangeError,
    Client,
    Done,
    EaselError,
    Failed,
    JobFailed,
    JobGone,
    JobInterrupted,
    NodeDone,
    NodeStarted,
    NodeText,
    Preview,
    Progress,
    Reconnected,
    Refused,
    Started,
    SyncClient,
    Unreachable,
    graphs,
)
from easel_client.http import Http
from tests.clients.conftest import SIDE, TOKEN
from tests.server.harness import ROOT, Server, free_port, one, say, until


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
def client(quick: Server) -> Iterator[SyncClient]:
    with SyncClient(address(quick), TOKEN) as found:
        yield found


@pytest.fixture
def artist(painter: Server) -> Iterator[SyncClient]:
    with SyncClient(address(painter)) as found:
        yield found


def test_a_graph_runs_with_changes_and_its_pictures_come(
    artist: SyncClient, painting: dict[str, Any], tmp_path: Path
) -> None:
    told: list[Any] = []
    changes = {"5.seed": 7, "Prompt.text": "a pear", "KSampler.steps": 3}
    result = artist.run(painting, changes, save_to=tmp_path, on_event=told.append)
    (file,) = result.files
    assert file.data == result.images[0] == (tmp_path / file.name).read_bytes()
    picture = Image.open(io.BytesIO(result.images[0]))
    assert picture.size == (SIDE, SIDE)
    made_by = json.loads(picture.info["prompt"])
    assert (made_by["5"]["inputs"]["seed"], made_by["5"]["inputs"]["steps"]) == (7, 3)
    assert made_by["2"]["inputs"]["text"] == "a pear"
    assert painting["5"]["inputs"]["seed"] == 1, "the graph that was given is as it was"

    kinds = [type(event) for event in told if not isinstance(event, Preview)]
    assert kinds[0] is Started
    assert kinds[-2:] == [NodeDone, Done]
    assert {NodeStarted, Progress} <= set(kinds)
    assert [(e.value, e.max) for e in told if isinstance(e, Progress) and e.node == "5"] == [(1, 3), (2, 3), (3, 3)]

    assert artist.result(result.prompt_id) is not None
    assert artist.history(max_items=1)[result.prompt_id].succeeded
    assert artist.download(file) == file.data
    assert file.save(tmp_path).name == file.name.replace(".png", " (1).png")


def test_a_graph_as_pages_save_it_runs_with_changes_that_stay_in_the_picture(artist: SyncClient) -> None:
    workflow = json.loads((ROOT / "workflows" / "default.json").read_text())
    types = {node["type"]: str(node["id"]) for node in workflow["nodes"]}
    changes: dict[str, Any] = {"KSampler.seed": 5, f"{types['KSampler']}.steps": 1}
    changes |= {f"{types['EmptyLatentImage']}.{side}": SIDE for side in ("width", "height")}
    result = artist.run(workflow, changes)
    made_by = Image.open(io.BytesIO(result.images[0]))
    assert made_by.size == (SIDE, SIDE)
    assert json.loads(made_by.info["prompt"])[types["KSampler"]]["inputs"]["seed"] == 5
    kept = json.loads(made_by.info["workflow"])
    sampler = next(node for node in kept["nodes"] if node["type"] == "KSampler")
    assert sampler["widgets_values"][0] == 5, "the workflow in the picture makes the same picture"

    with pytest.raises(Refused, match=r"KSampler #\d+ has no input seeds\. It has .*seed"):
        artist.submit(workflow, {"KSampler.seeds": 5})
    with pytest.raises(Refused, match="the graph has no node of this name"):
        artist.submit(workflow, {"Nothing.seed": 5})


def test_pictures_and_masks_are_sent(artist: SyncClient, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "sent.png")
    sent = artist.upload_image(tmp_path / "sent.png", subfolder="from client")
    assert str(sent) == "from client/sent.png"
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": str(sent)}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "back"}},
        "3": {"class_type": "ETN_SaveImageCache", "inputs": {"images": ["1", 0], "format": "PNG"}},
    }
    result = artist.run(graph)
    assert len(result.images) == 2
    for data in result.images:
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)

    hole = np.dstack([pixels, np.zeros((8, 8), np.uint8)])
    buffer = io.BytesIO()
    Image.fromarray(hole).save(buffer, "PNG")
    masked = artist.upload_mask(buffer.getvalue(), sent, "masked.png")
    alpha = Image.open(io.BytesIO(artist.download(masked))).getchannel("A")
    assert alpha.getextrema() == (0, 0)
    with pytest.raises(EaselError, match="cannot be read"):
        artist.upload_image(tmp_path / "no such file.png")
    with pytest.raises(Refused, match=r"no file 'nothing\.png' in the input folder"):
        artist.download(type(sent)("nothing.png"))


def test_what_there_is(artist: SyncClient) -> None:
    assert "KSampler" in artist.object_info()
    assert list(artist.object_info("KSampler")) == ["KSampler"]
    assert artist.object_info("NoSuchNode") == {}
    assert "checkpoints" in artist.models()
    assert artist.models("checkpoints") == ["easel-emoji.safetensors"]
    assert artist.system_stats()["devices"]


def test_refusals_name_the_node_and_the_input(artist: SyncClient, painting: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        artist.submit(painting, {"5.steps": -1})
    (problem,) = caught.value.problems
    assert (problem.node, problem.class_type, problem.input, problem.kind) == (
        "5",
        "KSampler",
        "steps",
        "value_smaller_than_min",
    )
    assert problem.sentence in str(caught.value)
    assert caught.value.status == 400
    for changes, words in (
        ({"5.sede": 1}, "KSampler #5 has no input sede. It has cfg"),
        ({"99.seed": 1}, "the graph has no node of this name. It has 1 (CheckpointLoaderSimple)"),
        ({"CLIPTextEncode.text": "x"}, "2 nodes are named CLIPTextEncode: 2, 3"),
        ({"seed": 1}, "such as 3.seed"),
    ):
        with pytest.raises(ChangeError, match=re.escape(words)):
            artist.submit(painting, changes)
    with pytest.raises(ChangeError, match="cannot be read"):
        artist.submit("no such file.json")


def test_a_job_that_fails_says_where(client: SyncClient) -> None:
    job = client.submit(one("Fail", text="no luck"))
    *_, last = job.follow()
    assert isinstance(last, Failed)
    with pytest.raises(JobFailed, match=r"Fail #1 failed: .*no luck") as caught:
        job.wait()
    assert (caught.value.node, caught.value.class_type) == ("1", "Fail")
    assert "weightless.py" in caught.value.traceback
    with pytest.raises(JobFailed, match="no luck"):
        client.wait(job.prompt_id)
    assert not client.history()[job.prompt_id].succeeded


def test_previews_lines_of_text_and_streamed_pictures_come(
    client: SyncClient, artist: SyncClient, painting: dict[str, Any]
) -> None:
    told = list(client.submit(one("Slow", steps=3, seconds=0.1, previews=True)).follow())
    previews = [event for event in told if isinstance(event, Preview)]
    assert [(event.node, event.media_type) for event in previews] == [("1", "image/jpeg")] * 3
    assert [event.text for event in told if isinstance(event, NodeText)] == ["step 0", "step 1", "step 2"]

    painting["7"] = {"class_type": "SaveImageWebsocket", "inputs": {"images": ["6", 0]}}
    painting["4"]["inputs"]["batch_size"] = 2
    seen: list[Any] = []

    def look(event: Any) -> None:
        seen.append((event, artist.queue().position(event.prompt_id)))  # it may ask the client

    result = artist.run(painting, on_event=look)
    assert [file.name for file in result.files] == ["7-1.png", "7-2.png"]
    assert all(Image.open(io.BytesIO(data)).size == (SIDE, SIDE) for data in result.images)
    assert isinstance(seen[-1][0], Done)


def test_a_server_that_is_no_easel_is_asked_in_the_ways_it_knows(
    quick: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Http, "is_easel", property(lambda _: False, lambda *_: None), raising=False)
    with SyncClient(address(quick), TOKEN) as client:
        running = client.submit(one("Slow", steps=1000, seconds=60.0))
        waiting = client.submit(say("waiting"))
        next(event for event in running.follow() if isinstance(event, Progress))
        assert waiting.cancel()
        with pytest.raises(JobGone):
            waiting.wait()
        assert running.cancel()
        with pytest.raises(JobInterrupted):
            running.wait()
        assert not running.cancel()
        with pytest.raises(EaselError, match="API format only"):
            client.submit(ROOT / "workflows" / "default.json")


def test_jobs_are_cancelled_while_they_wait_and_while_they_run(client: SyncClient) -> None:
    first = client.submit(one("Slow", steps=1000, seconds=60.0))
    second = client.submit(say("second"))
    third = client.submit(say("first of those"), front=True)
    for event in first.follow():
        if isinstance(event, Progress):
            break
    queue = client.queue()
    assert [queue.position(job.prompt_id) for job in (first, third, second)] == [0, 1, 2]
    assert client.cancel(second.prompt_id)
    with pytest.raises(JobGone):
        second.wait()
    assert first.cancel()
    with pytest.raises(JobInterrupted):
        first.wait()
    assert third.wait().outputs
    assert not third.cancel(), "it has ended"
    assert client.queue().position(first.prompt_id) is None

    with pytest.raises(TimeoutError):
        client.run(one("Slow", steps=1000, seconds=60.0), timeout=0.5)
    until(lambda: client.queue().running == ())  # what takes too long is not left running


def test_the_token_is_asked_for(quick: Server) -> None:
    for token in (None, "not the right one"):
        with pytest.raises(Refused, match="asks for its token") as caught, SyncClient(address(quick), token):
            pass
        assert caught.value.status == 401
    port = free_port()
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}"), SyncClient(f"127.0.0.1:{port}"):
        pass


class Cable:
    """Passes bytes to a server, until it is cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._ends: list[socket.socket] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self.connections += 1
                self._ends += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)  # a thread waits at it
        self._door.close()
        self.cut()


@contextmanager
def cable(server: Server) -> Iterator[Cable]:
    found = Cable(server.port)
    try:
        yield found
    finally:
        found.close()


def test_a_lost_connection_is_taken_up_again(quick: Server) -> None:
    async def during() -> list[Any]:
        async with Client(f"http://127.0.0.1:{line.port}", TOKEN) as client:
            job = await client.submit(one("Slow", steps=60, seconds=3.0))
            told: list[Any] = []
            async for event in job.follow():
                told.append(event)
                if isinstance(event, Progress) and event.value == 5:
                    line.cut()
            return told

    async def while_away() -> list[Any]:
        async with Client(f"http://127.0.0.1:{line.port}", TOKEN) as client:
            job = await client.submit(one("Slow", steps=5, seconds=0.5))
            line.cut()
            return [event async for event in job.follow()]

    with cable(quick) as line:
        told = asyncio.run(during())
        assert sum(isinstance(event, Reconnected) for event in told) == 1
        after = told[[isinstance(event, Reconnected) for event in told].index(True) :]
        assert any(isinstance(event, Progress) for event in after), "it goes on telling"
        assert isinstance(told[-1], Done)
        assert told[-1].result.outputs["2"]["text"]
    with cable(quick) as line:
        assert isinstance(asyncio.run(while_away())[-1], Done)


def test_a_server_that_stays_away_fails_what_is_followed(quick: Server) -> None:
    async def left() -> None:
        async with Client(f"http://127.0.0.1:{line.port}", TOKEN, patience=0.3) as client:
            job = await client.submit(one("Slow", steps=1000, seconds=60.0))
            line.close()
            with pytest.raises(Unreachable):
                await job.wait(timeout=30)

    with cable(quick) as line:
        asyncio.run(left())
    with SyncClient(address(quick), TOKEN) as client:
        client.interrupt()


def test_many_follow_at_once(quick: Server) -> None:
    async def all_of_them() -> list[Any]:
        async with Client(address(quick), TOKEN) as client:
            jobs = [await client.submit(say(f"number {n}")) for n in range(20)]
            return await asyncio.gather(*(job.wait(timeout=60) for job in jobs))

    results = asyncio.run(all_of_them())
    assert [result.outputs["2"]["text"] for result in results] == [[f"number {n}"] for n in range(20)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("3.seed", ("3", "seed")),
        ("12:34.text", ("12:34", "text")),
        ("A v1.5 title.steps", ("7", "steps")),
        ("3.resize_type.width", ("3", "resize_type.width")),
        ("KSampler.seed", ("3", "seed")),
    ],
)
def test_a_change_finds_its_node(path: str, found: tuple[str, str]) -> None:
    prompt: dict[str, Any] = {
        "3": {"class_type": "KSampler", "inputs": {}},
        "12:34": {"class_type": "CLIPTextEncode", "inputs": {}},
        "7": {"class_type": "KSamplerAdvanced", "inputs": {}, "_meta": {"title": "A v1.5 title"}},
    }
    assert graphs.find(prompt, path) == found


def test_it_needs_nothing_else_of_easel(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import easel_client\n"
        "print({m.partition('.')[0] for m in sys.modules} & {'api', 'graph', 'nodes', 'models', 'torch', 'numpy'})"
    )
    (tmp_path / "easel_client").symlink_to(ROOT / "easel_client", target_is_directory=True)
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_the_examples_of_the_docs_run(painter: Server, painting: dict[str, Any], tmp_path: Path) -> None:
    text = (ROOT / "docs" / "client.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(examples) >= 4
    (tmp_path / "graph.json").write_text(json.dumps(painting))
    Image.new("RGB", (SIDE, SIDE), "red").save(tmp_path / "apple.png")
    for example in examples:
        code = example.replace("http://127.0.0.1:8188", address(painter))
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )
        assert done.returncode == 0, f"{example}\n{done.stderr}"


def test_graphs_that_are_none_are_not_converted(quick: Server) -> None:
    hello = {"Authorization": f"Bearer {TOKEN}"}
    for body, words in (
        ({"workflow": {"1": {}}}, "must be a graph as pages save it"),
        ({"workflow": {"nodes": []}, "changes": []}, ""),
        ({"workflow": {"nodes": []}, "changes": [1]}, "`changes` must be an object"),
        ({"workflow": {"nodes": []}, "changes": {"3.seed": 1}}, "no node of this name"),
        ({"workflow": {"nodes": [3, None, {"id": []}]}}, ""),
        ({"workflow": {"nodes": [{"id": 1, "type": "Say", "widgets_values": 7}]}, "changes": {"Say.text": "x"}}, ""),
    ):
        reply = quick.post("/easel/convert", body, headers=hello)
        assert (reply.status, words in reply.body.decode()) == (400 if words else 200, True), reply.body
