"""Krita's plugin for AI images as a client: what it asks for when it connects, and a job, in its order of messages.

The client here is ours, written from the facts of its protocol; it talks over the wire to a server that paints.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import time
import uuid
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import ClientConnection

from api.krita import images
from graph import passed_images
from graph.folders import Folders, standard_folders
from tests.clients.conftest import MODEL, SIDE
from tests.server.harness import Server, is_done, read_until, running, until

CHECKED_AT_CONNECT = (
    *("InpaintPreprocessor", "DepthAnythingV2Preprocessor", "IPAdapterModelLoader", "IPAdapter"),
    *("ETN_LoadImageCache", "ETN_SaveImageCache", "ETN_Translate"),
    *("INPAINT_LoadFooocusInpaint", "INPAINT_ShrinkMask", "INPAINT_StabilizeMask", "INPAINT_ColorMatch"),
)
OPTION_LISTS = {
    "DualCLIPLoader": "clip_name1",
    "VAELoader": "vae_name",
    "ControlNetLoader": "control_net_name",
    "CLIPVisionLoader": "clip_name",
    "IPAdapterModelLoader": "ipadapter_file",
    "ModelPatchLoader": "name",
    "StyleModelLoader": "style_model_name",
    "UpscaleModelLoader": "model_name",
    "INPAINT_LoadInpaintModel": "model_name",
    "LoraLoader": "lora_name",
    "CheckpointLoaderSimple": "ckpt_name",
}


def smallest(seed: int = 1, prompt: str = "a red apple") -> dict[str, Any]:
    """The plugin's smallest graph: ten classes, eleven nodes."""
    sampled = {"noise": ["7", 0], "guider": ["5", 0], "sampler": ["8", 0], "sigmas": ["6", 0], "latent_image": ["2", 0]}
    nodes: list[tuple[str, dict[str, Any]]] = [
        ("CheckpointLoaderSimple", {"ckpt_name": MODEL}),
        ("EmptyLatentImage", {"width": SIDE, "height": SIDE, "batch_size": 1}),
        ("CLIPTextEncode", {"clip": ["1", 1], "text": prompt}),
        ("CLIPTextEncode", {"clip": ["1", 1], "text": ""}),
        ("CFGGuider", {"model": ["1", 0], "positive": ["3", 0], "negative": ["4", 0], "cfg": 4.0}),
        ("BasicScheduler", {"model": ["1", 0], "scheduler": "karras", "steps": 2, "denoise": 1.0}),
        ("RandomNoise", {"noise_seed": seed}),
        ("KSamplerSelect", {"sampler_name": "dpmpp_2m"}),
        ("SamplerCustomAdvanced", sampled),
        ("VAEDecode", {"samples": ["9", 1], "vae": ["1", 2]}),
        ("ETN_SaveImageCache", {"images": ["10", 0], "format": "PNG"}),
    ]
    return {str(i): {"class_type": name, "inputs": inputs} for i, (name, inputs) in enumerate(nodes, 1)}


class Krita:
    """As the plugin: one websocket, prompts with ids of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.id = str(uuid.uuid4())
        self.socket: ClientConnection = server.socket(self.id)
        assert self.said("status")["sid"] == self.id

    def said(self, kind: str) -> dict[str, Any]:
        return read_until(self.socket, kind)[-1]["data"]

    def run(self, prompt: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        """The job's id and all that was said until it was done."""
        job = str(uuid.uuid4())
        reply = self.server.post("/prompt", {"prompt": prompt, "client_id": self.id, "prompt_id": job})
        assert reply.status == 200, reply.body
        assert reply.json()["prompt_id"] == job, "the plugin's own id is the job's"
        return job, read_until(self.socket, "done")

    def pictures(self, messages: list[dict[str, Any]]) -> list[bytes]:
        found: list[bytes] = []
        for message in messages:
            for told in message["data"].get("output", {}).get("images", []) if message["type"] == "executed" else []:
                assert told["source"] == "http"
                assert told["type"] == "output"
                reply = self.server.get(f"/api/etn/image/{told['id']}")
                assert (reply.status, reply.headers["content-type"]) == (200, told["content-type"])
                found.append(reply.body)
        return found


@pytest.fixture
def krita(painter: Server) -> Krita:
    return Krita(painter)


def png(array: np.ndarray) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return f"{zlib.crc32(buffer.getvalue()):08x}", buffer.getvalue()


def put(server: Server, id: str, data: bytes, *, asks: bool) -> tuple[int, str, bool]:
    """Send a picture; with `asks` the body only once the server wants it. Gives status, word, whether it was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest("PUT", f"/api/etn/image/{id}")
        connection.putheader("Content-Length", str(len(data)))
        if not asks:
            connection.endheaders(data)
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())["status"], True
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert connection.sock is not None
        begun = connection.sock.recv(4096)
        wanted = begun.startswith(b"HTTP/1.1 100 ")
        if wanted:
            connection.sock.sendall(data)
            begun = begun.partition(b"\r\n\r\n")[2]
        while b"}" not in begun:
            begun += connection.sock.recv(4096)
        head, _, body = begun.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)["status"], wanted
    finally:
        connection.close()


def test_it_connects(krita: Krita) -> None:
    server = krita.server
    stats = server.get("/system_stats").json()
    assert {"name", "type", "vram_total"} <= stats["devices"][0].keys()

    known = server.get("/object_info").json()
    assert [name for name in CHECKED_AT_CONNECT if name not in known] == []
    for name, option in OPTION_LISTS.items():
        given = known[name]["input"]["required"][option]
        assert isinstance(given[0], list) or isinstance(given[1]["options"], list), name
    for name in {node["class_type"] for node in smallest().values()} | {*CHECKED_AT_CONNECT}:
        for input, given in known[name]["input"].get("required", {}).items():
            if given[0] in ("INT", "FLOAT", "BOOLEAN"):
                assert "default" in given[1], f"the plugin fills in {name}.{input} from its default"

    assert server.get("/api/etn/languages").json() == []
    assert server.get("/api/etn/translate/en/a%20red%20apple").json() == "a red apple"
    refused = server.get("/api/etn/translate/de/ein%20roter%20Apfel")
    assert refused.status == 501, "then the plugin takes the text as it is"
    assert "does not translate" in refused.json()["error"]

    found = server.get("/api/etn/model_info/checkpoints", offset=0, limit=8).json()
    assert found["_meta"] == {"offset": 0, "count": 1, "total": 1}
    assert found[MODEL] == {"base_model": "sd15", "is_inpaint": False, "is_refiner": False}
    assert server.get("/etn/model_info/checkpoints", offset=8, limit=8).json()["_meta"]["count"] == 0
    assert server.get("/api/etn/model_info/unet_gguf", offset=0, limit=8).json()["_meta"]["total"] == 0
    assert "There is no folder" in server.get("/api/etn/model_info/nothing").json()["error"]


def test_the_smallest_graph_runs_in_the_order_of_messages_it_expects(krita: Krita) -> None:
    job, messages = krita.run(smallest(seed=11))
    kinds = [message["type"] for message in messages if message["type"] not in ("status", "progress_state")]
    assert kinds[:2] == ["execution_start", "execution_cached"]
    assert kinds[-3:] == ["executed", "execution_success", "executing"]
    assert set(kinds[2:-3]) == {"executing", "progress"}
    assert all(m["data"]["prompt_id"] == job for m in messages if m["type"] != "status")
    assert is_done(messages[-1])
    steps = [m["data"] for m in messages if m["type"] == "progress"]
    assert [(step["value"], step["max"]) for step in steps] == [(1, 2), (2, 2)]
    (picture,) = krita.pictures(messages)
    assert Image.open(io.BytesIO(picture)).size == (SIDE, SIDE)

    again, cached = krita.run(smallest(seed=11))
    kinds = [message["type"] for message in cached if message["type"] not in ("status", "progress_state")]
    assert kinds == ["execution_start", "execution_cached", "executed", "execution_success", "executing"]
    assert sorted(cached[[m["type"] for m in cached].index("execution_cached")]["data"]["nodes"], key=int) == [
        str(i) for i in range(1, 12)
    ]
    assert krita.pictures(cached) == [picture], "nothing ran, and the picture comes again"
    assert again != job

    passed_images.note_dropped(folders_of(krita.server))
    _, anew = krita.run(smallest(seed=11))
    ran = [m["data"]["node"] for m in anew if m["type"] == "executing"]
    assert ran == ["11", None], "after pictures were let go they are given anew, and nothing else runs"
    assert krita.pictures(anew) == [picture]


def folders_of(server: Server) -> Folders:
    base = server.base
    return standard_folders([], input=base / "input", output=base / "output", temp=base / "temp")


def test_a_picture_is_sent_once_and_refined(krita: Krita) -> None:
    server = krita.server
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 4), np.uint8)
    id, data = png(pixels)
    assert put(server, id, data, asks=True) == (201, "success", True)
    assert put(server, id, data, asks=True) == (200, "cached", False), "it is not sent again"
    assert put(server, id, data, asks=False) == (200, "cached", True)
    assert server.get(f"/api/etn/image/{id}").body == data

    refine = smallest(seed=12)
    refine["2"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["12", 0], "vae": ["1", 2]}}
    refine["12"] = {"class_type": "ETN_LoadImageCache", "inputs": {"id": id}}
    refine["13"] = {"class_type": "SplitSigmas", "inputs": {"sigmas": ["6", 0], "step": 1}}
    refine["9"]["inputs"]["sigmas"] = ["13", 1]
    _, messages = krita.run(refine)
    assert len(krita.pictures(messages)) == 1

    loaded = {
        "1": {"class_type": "ETN_LoadImageCache", "inputs": {"id": id}},
        "2": {"class_type": "ETN_SaveImageCache", "inputs": {"images": ["1", 0], "format": "PNG"}},
        "3": {"class_type": "MaskToImage", "inputs": {"mask": ["1", 1]}},
        "4": {"class_type": "ETN_SaveImageCache", "inputs": {"images": ["3", 0], "format": "PNG"}},
    }
    _, messages = krita.run(loaded)
    back = [np.asarray(Image.open(io.BytesIO(picture))) for picture in krita.pictures(messages)]
    assert any(np.array_equal(found, pixels[..., :3]) for found in back), "colours as they were sent"
    assert any(np.array_equal(found[..., 0], pixels[..., 3]) for found in back), "the mask is the alpha channel"


def test_another_picture_under_the_same_id_is_read_anew(krita: Krita) -> None:
    server = krita.server
    path = passed_images.place(folders_of(server), "fixed")
    graph = {
        "1": {"class_type": "ETN_LoadImageCache", "inputs": {"id": "fixed"}},
        "2": {"class_type": "ETN_SaveImageCache", "inputs": {"images": ["1", 0], "format": "PNG"}},
    }
    for shade in (10, 200):
        assert put(server, "fixed", png(np.full((8, 8, 3), shade, np.uint8))[1], asks=False)[0] == 201
        for _ in range(2):  # with its file, and without, as long as the result is cached
            (picture,) = krita.pictures(krita.run(graph)[1])
            assert np.asarray(Image.open(io.BytesIO(picture))).max() == shade
            path.unlink(missing_ok=True)


def test_what_fails_says_so(krita: Krita) -> None:
    lost = smallest(seed=13)
    lost["2"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["12", 0], "vae": ["1", 2]}}
    lost["12"] = {"class_type": "ETN_LoadImageCache", "inputs": {"id": "0badc0de"}}
    job, messages = krita.run(lost)
    (error,) = [m["data"] for m in messages if m["type"] == "execution_error"]
    assert error["prompt_id"] == job
    assert "there is no picture with the id '0badc0de'" in error["exception_message"]
    assert error["traceback"]

    server = krita.server
    assert server.get("/api/etn/image/0badc0de").status == 404
    assert server.request("PUT", "/api/etn/image/..%2Fx", raw=b"x").status == 400
    assert server.request("PUT", "/api/etn/image/big", raw=b"", headers={"Content-Length": str(2**31)}).status == 413


def test_a_job_is_interrupted_and_waiting_ones_are_taken_out(krita: Krita) -> None:
    server, slow = krita.server, smallest(seed=14)
    slow["6"]["inputs"]["steps"] = 5000
    jobs = [str(uuid.uuid4()) for _ in range(3)]
    for number, job in enumerate(jobs):
        slow["7"]["inputs"]["noise_seed"] = 100 + number
        assert server.post("/prompt", {"prompt": slow, "client_id": krita.id, "prompt_id": job}).status == 200
    read_until(krita.socket, "progress")
    assert server.post("/queue", {"delete": jobs[1:]}).status == 200
    assert server.post("/interrupt", {}).status == 200
    messages = read_until(krita.socket, "done")
    (stopped,) = [m["data"]["prompt_id"] for m in messages if m["type"] == "execution_interrupted"]
    assert stopped == jobs[0]
    assert server.get("/queue").json() == {"queue_running": [], "queue_pending": []}


def test_graphs_are_shared_with_it(krita: Krita) -> None:
    server = krita.server
    assert server.post("/api/etn/workflow/subscribe", {"client_id": krita.id}).json() == {"status": "success"}
    shared = {"name": "canvas", "client_id": "page", "workflow": {"1": {"class_type": "ETN_KritaCanvas"}}}
    assert server.post("/api/etn/workflow/publish", shared).json() == {"status": "success"}
    told = krita.said("etn_workflow_published")
    assert told == {"publisher": {"name": "canvas", "id": "page"}, "workflow": shared["workflow"]}

    late = Krita(server)
    server.post("/api/etn/workflow/subscribe", {"client_id": late.id})
    assert late.said("etn_workflow_published") == told, "who comes late is told too"
    for client in (krita, late):
        assert server.post("/api/etn/workflow/unsubscribe", {"client_id": client.id}).status == 200
    assert server.post("/api/etn/workflow/unsubscribe", {"client_id": krita.id}).status == 400
    assert (
        "`workflow` is missing"
        in server.post("/api/etn/workflow/publish", {"name": "a", "client_id": "b"}).json()["error"]
    )
    assert server.post("/api/etn/workflow/publish", raw=b"[").status == 400
    large = server.post("/api/etn/workflow/publish", {**shared, "workflow": {"1": "x" * 8 * 2**20}})
    assert "larger than 8 MB" in large.json()["error"]


def test_a_lora_is_brought(krita: Krita) -> None:
    server = krita.server
    path = "/api/etn/upload/loras/my%20style.safetensors"
    assert server.request("PUT", path, raw=b"weights").status == 201
    assert (server.base / "models" / "loras" / "my style.safetensors").read_bytes() == b"weights"
    again = server.request("PUT", path, raw=b"others")
    assert (again.status, again.json()) == (200, {"status": "cached"})
    assert (server.base / "models" / "loras" / "my style.safetensors").read_bytes() == b"weights"
    options = server.get("/object_info/LoraLoader").json()["LoraLoader"]["input"]["required"]["lora_name"][0]
    assert "my style.safetensors" in options
    for bad in ("loras/run.py", "loras/..safetensors", "custom_nodes/a.safetensors", "loras/.hidden.safetensors"):
        refused = server.request("PUT", f"/api/etn/upload/{bad}", raw=b"x")
        assert refused.status == 400, bad
        assert refused.json()["error"]


def test_pictures_are_let_go_when_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = standard_folders([], input=tmp_path, output=tmp_path, temp=tmp_path)
    monkeypatch.setattr(images, "ROOM", 1000)
    monkeypatch.setattr(images, "MOST", 2000)
    now = time.time()
    assert images.make_room(folders, 0)
    for name, age in (("old", 700), ("older", 800), ("new", 1)):
        path = passed_images.place(folders, name)
        path.write_bytes(b"x" * 400)
        os.utime(path, (now - age, now - age))
    assert images.make_room(folders, 100)
    there = {name for name in ("old", "older", "new") if passed_images.place(folders, name).exists()}
    assert there == {"old", "new"}, "the longest unused goes, and no more than must"
    assert passed_images.dropped(folders) == "1"
    assert images.make_room(folders, 900)
    assert not passed_images.place(folders, "old").exists()
    assert passed_images.place(folders, "new").exists(), "what came just now stays, even above the bound"
    assert not images.make_room(folders, 1700)


def test_pictures_that_come_at_once_do_not_fill_the_disk(krita: Krita) -> None:
    server = krita.server
    slow: list[http.client.HTTPConnection] = []
    for number in range(images.MOST // images.ROOM):  # announced, and on their way
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.putrequest("PUT", f"/api/etn/image/slow{number}")
        connection.putheader("Content-Length", str(images.ROOM))
        connection.endheaders(b"x")
        slow.append(connection)
    # As soon as all are known there is no room for one more.
    late = iter(range(1000))
    until(
        lambda: server.request("PUT", f"/api/etn/image/late{next(late)}", raw=b"x" * 100).status == 507, server=server
    )
    for connection in slow:
        connection.close()
    until(lambda: put(server, "later", b"x" * 100, asks=False)[0] == 201, server=server)


TOOLING = """
from aiohttp import web
from server import PromptServer


class Load:
    RETURN_TYPES, FUNCTION, CATEGORY = ("STRING",), "load", "pack"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"id": ("STRING", {"default": ""})}}

    def load(self, id):
        return (id,)


class Translate(Load):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"multiline": True})}}

    def load(self, text):
        return (text.upper(),)


NODE_CLASS_MAPPINGS = {"ETN_LoadImageCache": Load, "ETN_Translate": Translate}
routes = PromptServer.instance.routes


@routes.get("/api/etn/languages")
async def languages(request):
    return web.json_response([{"name": "German", "code": "de"}])


@routes.get("/api/etn/translate/{lang}/{text}")
async def translate(request):
    return web.json_response(request.match_info["text"].upper())


@routes.get("/api/etn/image/{id}")
async def image(request):
    return web.Response(body=b"the pack's own", content_type="image/png")
"""


def test_a_pack_with_the_same_nodes_and_routes_does_not_clash(tmp_path: Path) -> None:
    pack = tmp_path / "custom_nodes" / "tooling"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text(TOOLING)
    with running(tmp_path, "--dev-pack", "tooling", registry=None) as server:
        server.wait_until_ready()
        known = until(lambda: (found := server.get("/object_info").json()).get("tooling/ETN_LoadImageCache") and found)
        assert known["ETN_LoadImageCache"]["output"] == ["IMAGE", "MASK"], "ours, as the plugin's graphs name it"
        assert known["tooling/ETN_LoadImageCache"]["output"] == ["STRING"]
        assert "easel_later" not in known["ETN_Translate"], "the pack's takes the place of what is only declared"
        until(lambda: server.get("/api/etn/languages").json() == [{"name": "German", "code": "de"}])
        assert server.get("/api/etn/translate/de/ein%20Apfel").json() == "EIN APFEL"
        id, data = png(np.zeros((8, 8, 3), np.uint8))
        assert put(server, id, data, asks=True) == (201, "success", True)
        assert server.get(f"/api/etn/image/{id}").body == data
        assert server.get("/api/etn/image/another").body == b"the pack's own"
        assert server.get("/api/etn/model_info/checkpoints").json()[MODEL]["base_model"] == "sd15"
