"""What clients hear under /ws and /easel/events, and in which order."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.server.harness import Server, is_done, one, read_until, running, say, until


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    """The types in order, repeats of `progress` and `progress_state` folded."""
    names: list[str] = []
    for message in messages:
        name = "done" if is_done(message) else message["type"]
        if not (name in ("progress", "progress_state") and name in names[-2:]):
            names.append(name)
    return names


def about(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["type"] != "status"]


def test_the_greeting_names_the_socket(server: Server) -> None:
    with server.socket("my-id") as socket:
        first = json.loads(socket.recv(timeout=5))
        assert first["type"] == "status"
        assert first["data"]["sid"] == "my-id"
        assert "queue_remaining" in first["data"]["status"]["exec_info"]
    with server.socket() as one_socket, server.socket(path="/api/ws") as other:
        sids = [json.loads(s.recv(timeout=5))["data"]["sid"] for s in (one_socket, other)]
        assert len(set(sids)) == 2
        assert all(len(sid) == 32 for sid in sids)


def test_the_order_of_a_run(server: Server) -> None:
    text = str(time.time())
    with server.socket("order") as socket:
        read_until(socket, "status")
        prompt_id = server.prompt(say(text), client_id="order")
        messages = read_until(socket, "done")
        names = kinds(messages)
        assert names[:4] == ["status", "status", "execution_start", "execution_cached"]
        assert names[-3:] == ["execution_success", "status", "done"]
        between = [m for m in about(messages) if m["type"] in ("executing", "executed")]
        assert [(m["type"], m["data"]["node"]) for m in between] == [
            ("executing", "1"),
            ("executing", "2"),
            ("executed", "2"),
            ("executing", None),
        ]
        assert names.index("progress_state") < names.index("executing")
        assert all(m["data"]["prompt_id"] == prompt_id for m in about(messages))
        executed = next(m for m in messages if m["type"] == "executed")
        assert executed["data"]["output"] == {"text": [text]}
        assert executed["data"]["display_node"] == "2"
        last_state = [m for m in messages if m["type"] == "progress_state"][-1]
        assert {id: node["state"] for id, node in last_state["data"]["nodes"].items()} == {
            "1": "finished",
            "2": "finished",
        }
        # By the time a client hears that it is done, the result is there to be read.
        assert prompt_id in server.get(f"/history/{prompt_id}").json()

        again = server.prompt(say(text), client_id="order")
        messages = read_until(socket, "done")
        cached = next(m for m in messages if m["type"] == "execution_cached")
        assert set(cached["data"]["nodes"]) == {"1", "2"}
        assert not [m for m in messages if m["type"] == "executing" and not is_done(m)]
        assert [m["data"]["prompt_id"] for m in messages if m["type"] == "executed"] == [again]


def test_an_error_is_told_before_the_end(server: Server) -> None:
    with server.socket("fails") as socket:
        read_until(socket, "status")
        server.prompt(one("Fail", text=str(time.time())), client_id="fails")
        names = kinds(read_until(socket, "done"))
        assert names[-3:] == ["execution_error", "status", "done"]
        assert "execution_success" not in names


def test_events_go_to_their_client_alone_and_status_to_all(server: Server) -> None:
    with server.socket("mine") as mine, server.socket("other") as other:
        for socket in (mine, other):
            read_until(socket, "status")
        server.prompt(say(str(time.time())), client_id="mine")
        read_until(mine, "done")
        time.sleep(0.1)
        heard: list[dict[str, Any]] = []
        try:
            while True:
                heard.append(json.loads(other.recv(timeout=0.1)))
        except TimeoutError:
            pass
        assert heard
        assert {message["type"] for message in heard} == {"status"}
        assert all("sid" not in message["data"] for message in heard)


def previews(server: Server, client: str, flags: dict[str, Any] | None) -> list[bytes]:
    with server.socket(client) as socket:
        read_until(socket, "status")
        if flags is not None:
            socket.send(json.dumps({"type": "feature_flags", "data": flags}))
            answer = read_until(socket, "feature_flags")[-1]
            assert answer["data"]["supports_preview_metadata"] is True
        seconds = 0.2 + time.time() % 0.01
        server.prompt(one("Slow", seconds=seconds, steps=4, previews=True), client_id=client)
        frames: list[bytes] = []
        while True:
            data = socket.recv(timeout=10)
            if isinstance(data, bytes):
                frames.append(data)
            elif is_done(json.loads(data)):
                return frames


def test_previews_in_both_forms(server: Server) -> None:
    frames = previews(server, "plain", None)
    texts = [frame for frame in frames if frame[3] == 3]
    assert texts[-1] == struct.pack(">II", 3, 1) + b"1step 3"
    plain = [frame for frame in frames if frame[3] != 3]
    assert len(plain) == 4
    assert struct.unpack(">II", plain[0][:8]) == (1, 1)
    assert plain[0][8:10] == b"\xff\xd8"
    rich = previews(server, "rich", {"supports_preview_metadata": True})
    kind, length = struct.unpack(">II", rich[0][:8])
    assert kind == 4
    metadata = json.loads(rich[0][8 : 8 + length])
    assert metadata["node_id"] == "1"
    assert metadata["image_type"] == "image/jpeg"
    assert {"prompt_id", "display_node_id", "parent_node_id", "real_node_id"} <= set(metadata)
    assert rich[0][8 + length :][:2] == b"\xff\xd8"


def test_progress_counts_up_and_its_end_is_always_told(server: Server) -> None:
    with server.socket("counts") as socket:
        read_until(socket, "status")
        server.prompt(one("Slow", seconds=0.3 + time.time() % 0.01, steps=200), client_id="counts")
        messages = read_until(socket, "done")
        values = [m["data"]["value"] for m in messages if m["type"] == "progress"]
        assert values == sorted(values)
        assert values[-1] == 200
        assert len(values) < 100  # 200 steps of 1.5 ms are more than anybody can see
        states = [m for m in messages if m["type"] == "progress_state"]
        assert states[-1]["data"]["nodes"]["2"]["state"] == "finished"
        assert len(states) < 12


def test_progress_states_grow_with_time_and_not_with_the_square_of_nodes(server: Server) -> None:
    prompt: dict[str, Any] = {}
    for n in range(1500):
        prompt |= say(f"{time.time()} {n}", str(2 * n + 1))
    with server.socket("many") as socket:
        read_until(socket, "status")
        began = time.monotonic()
        server.prompt(prompt, client_id="many")
        states = [m for m in read_until(socket, "done") if m["type"] == "progress_state"]
        elapsed = time.monotonic() - began
    sizes = [len(json.dumps(state)) for state in states]
    assert len(states[-1]["data"]["nodes"]) == 3000
    assert {node["state"] for node in states[-1]["data"]["nodes"].values()} == {"finished"}
    # One state for each of 6,000 changes would be 1.3 GB.
    assert sum(sizes) < 2 * sizes[-1] + elapsed * 2**20


def test_a_returning_client_hears_where_its_job_is(server: Server) -> None:
    with server.socket("returns") as socket:
        read_until(socket, "status")
        prompt_id = server.prompt(
            {**say(str(time.time()), "5"), **one("Slow", seconds=1.2 + time.time() % 0.01, steps=20)},
            client_id="returns",
        )
        until(lambda: (server.get("/easel/queue").json()["running"] or {}).get("node") == "1")
    with server.socket("returns") as socket:
        status, executing = json.loads(socket.recv(timeout=5)), json.loads(socket.recv(timeout=5))
        assert status["data"]["sid"] == "returns"
        assert executing == {"type": "executing", "data": {"node": "1"}}
        state = read_until(socket, "progress_state")[-1]
        assert state["data"]["nodes"]["1"]["state"] == "running"
        assert read_until(socket, "done")[-1]["data"]["prompt_id"] == prompt_id


def test_an_old_socket_that_closes_does_not_take_the_new_one_with_it(server: Server) -> None:
    old = server.socket("shared")
    read_until(old, "status")
    with server.socket("shared") as new:
        read_until(new, "status")
        old.close()
        time.sleep(0.1)
        server.prompt(say(str(time.time())), client_id="shared")
        assert "executed" in kinds(read_until(new, "done"))


def test_the_newest_of_two_sockets_with_one_id_hears(server: Server) -> None:
    with server.socket("two") as old, server.socket("two") as new:
        read_until(old, "status")
        read_until(new, "status")
        server.prompt(say(str(time.time())), client_id="two")
        assert read_until(new, "done")
        with pytest.raises(TimeoutError):
            old.recv(timeout=0.1)


def test_a_client_that_leaves_in_the_middle_leaves_its_job_running(server: Server) -> None:
    with server.socket("leaves") as socket:
        read_until(socket, "status")
        prompt_id = server.prompt(one("Slow", seconds=0.3 + time.time() % 0.01, steps=10), client_id="leaves")
        read_until(socket, "progress")
        socket.socket.close()  # no goodbye
    assert server.result(prompt_id)["status"]["completed"] is True


@pytest.mark.parametrize(
    "said", ["", "not json", "[]", '{"type": "feature_flags"}', '{"type": "feature_flags", "data": 3}', "[" * 100_000]
)
def test_whatever_a_client_says_it_goes_on(server: Server, said: str) -> None:
    with server.socket("talks") as socket:
        read_until(socket, "status")
        socket.send(said)
        server.prompt(say(str(time.time())), client_id="talks")
        assert read_until(socket, "done")


def test_200_clients_at_once(server: Server) -> None:
    async def live(number: int) -> bool:
        name = f"crowd-{number}"
        async with connect(f"ws://127.0.0.1:{server.port}/ws?clientId={name}", compression=None) as socket:
            await socket.recv()
            await together.wait()
            prompt_id = await asyncio.to_thread(server.prompt, say(name), client_id=name)
            async for data in socket:
                message = json.loads(data)
                if is_done(message):
                    return message["data"]["prompt_id"] == prompt_id
            return False

    async def live_all() -> list[bool]:
        nonlocal together
        together = asyncio.Barrier(200)
        return await asyncio.wait_for(asyncio.gather(*(live(number) for number in range(200))), 30)

    together: asyncio.Barrier
    assert asyncio.run(live_all()) == [True] * 200


def test_events_of_all_jobs_are_numbered_and_resume(server: Server) -> None:
    with server.socket(path="/easel/events") as socket:
        hello = json.loads(socket.recv(timeout=5))
        assert hello["type"] == "hello"
        assert hello["data"]["resumed"] is False
        assert hello["data"]["running"] is None
        server.prompt(say(str(time.time())), client_id="somebody")
        messages = read_until(socket, "done")
        numbers = [m["seq"] for m in messages if "seq" in m]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert {m["client_id"] for m in messages if m["type"] == "executed"} == {"somebody"}
    middle = numbers[len(numbers) // 2]
    path = f"/easel/events?epoch={hello['data']['epoch']}&since={middle}"
    with server.socket(path=path) as socket:
        assert json.loads(socket.recv(timeout=5))["data"]["resumed"] is True
        missed = read_until(socket, "done")
        assert [m["seq"] for m in missed] == [n for n in numbers if n > middle]
    with server.socket(path=f"/easel/events?epoch=another&since={middle}") as socket:
        assert json.loads(socket.recv(timeout=5))["data"]["resumed"] is False


def test_a_page_that_asks_for_it_hears_that_the_server_lives(server: Server) -> None:
    with server.socket(path="/easel/events?alive=1") as socket:
        until(lambda: json.loads(socket.recv(timeout=5))["type"] == "alive", 10, server)
    for nonsense in ("0", "x", "-1", "%D9%A3"):
        with server.socket(path=f"/easel/events?alive={nonsense}") as socket:
            assert json.loads(socket.recv(timeout=5))["type"] == "hello"


def test_a_client_that_never_reads_costs_bounded_memory_and_is_cut_off(server: Server) -> None:
    memory = psutil.Process(server.process.pid).memory_info
    before = memory().rss
    # A window of one message: what is not read stays on the server's side.
    with server.socket("sleeps", max_queue=1) as sleeper, server.socket("awake") as awake:
        read_until(awake, "status")
        prompt_id = server.prompt(one("Flood", megabytes=200), client_id="sleeps")
        assert server.result(prompt_id)["status"]["completed"] is True
        assert memory().rss - before < 150 * 2**20
        with pytest.raises(ConnectionClosed):
            read_until(sleeper, "done")
        server.prompt(say(str(time.time())), client_id="awake")
        assert read_until(awake, "done")


def test_a_server_that_stops_says_goodbye(base: Path) -> None:
    with running(base) as other, other.socket("waits") as socket:
        read_until(socket, "status")
        assert other.stop() == 0
        with pytest.raises(ConnectionClosed) as closed:
            read_until(socket, "nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001


def test_facts_of_nodes_go_to_those_who_asked_for_them(server: Server) -> None:
    def heard(client_id: str, flags: dict[str, Any]) -> dict[str, Any]:
        with server.socket(client_id) as socket:
            socket.send(json.dumps({"type": "feature_flags", "data": flags}))
            read_until(socket, "feature_flags")
            server.prompt(say(client_id), client_id=client_id)
            messages = read_until(socket, "done")
            told = [m["data"]["nodes"] for m in messages if m["type"] == "easel_nodes"]
            return {id: facts for nodes in told for id, facts in nodes.items()}

    assert heard("foreign", {}) == {}
    found = heard("ours", {"easel_nodes": True})
    assert found["1"]["outputs"] == [{"type": "STRING", "text": '"ours"'}]
    assert found["1"]["ms"] >= 0
    assert found["1"]["bytes"] > 0
    assert found["1"]["display_node"] == "1"


def test_who_comes_back_hears_what_is_known_of_nodes(server: Server) -> None:
    prompt = {
        "1": {"class_type": "Say", "inputs": {"text": f"first {time.time()}"}},
        "2": {"class_type": "Slow", "inputs": {"seconds": 1.5, "steps": 15}},
        "3": {"class_type": "Join", "inputs": {"a": ["1", 0], "b": ["2", 0]}},
        "4": {"class_type": "Show", "inputs": {"text": ["3", 0]}},
    }
    flags = json.dumps({"type": "feature_flags", "data": {"easel_nodes": True}})
    with server.socket("back") as socket:
        socket.send(flags)
        server.prompt(prompt, client_id="back")
        read_until(socket, "progress")
    with server.socket("back") as socket:
        socket.send(flags)
        told = read_until(socket, "easel_nodes")[-1]["data"]["nodes"]
        assert told["1"]["outputs"][0]["text"].startswith('"first')
        read_until(socket, "done")


def test_a_frozen_node_is_not_run_again(server: Server) -> None:
    def run(text: str, extra: dict[str, Any]) -> Any:
        entry = server.run(say(text), client_id="freezer", extra_data=extra)
        assert entry["status"]["completed"]
        return entry["outputs"]["2"]["text"]

    frozen = {"easel": {"frozen": {"1": {"token": "t", "key": None}}}}
    assert run("as it was", frozen) == ["as it was"]
    assert run("changed since", frozen) == ["as it was"]
    assert run("changed since", {}) == ["changed since"]
    assert run("x", {"easel": {"frozen": ["nonsense"]}}) == ["x"]


def test_what_lies_above_a_frozen_node_may_be_at_fault(server: Server) -> None:
    frozen = {"easel": {"frozen": {"2": {"token": "above", "key": None}}}}

    def graph(choice: str) -> dict[str, Any]:
        joined = {"class_type": "Join", "inputs": {"a": ["1", 0], "b": ["1", 0]}}
        shown = {"class_type": "Show", "inputs": {"text": ["2", 0]}}
        return {"1": {"class_type": "Pick", "inputs": {"choice": choice}}, "2": joined, "3": shown}

    assert server.run(graph("one"), client_id="f", extra_data=frozen)["outputs"]["3"]["text"] == ["oneone"]
    assert server.run(graph("none"), client_id="f", extra_data=frozen)["outputs"]["3"]["text"] == ["oneone"]
    assert server.post("/prompt", {"prompt": graph("none"), "client_id": "f"}).status == 400
    server.post("/free", {"unload_models": True, "free_memory": True})
    entry = server.run(graph("none"), client_id="f", extra_data=frozen)
    (message,) = [data for name, data in entry["status"]["messages"] if name == "execution_error"]
    assert "no frozen result of" in message["exception_message"]
