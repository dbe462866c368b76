"""The list of model files: what they are, read off their headers; damaged ones, notes, pictures, hashes."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from api.model_files.index import find_models
from graph.folders import standard_folders
from tests.server.harness import Server, until

LORA = {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": [8, 2048]}
LORA |= {name.replace("lora_down", "lora_up"): [320, 8] for name in LORA}


def safetensors(shapes: dict[str, list[int]], metadata: dict[str, str] | None = None) -> bytes:
    table: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    for name, shape in shapes.items():
        size = 2
        for side in shape:
            size *= side
        table[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    header = json.dumps(table).encode()
    return len(header).to_bytes(8, "little") + header + bytes(end)


def put(server: Server, kind: str, name: str, data: bytes) -> Path:
    path = server.base / "models" / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def listed(server: Server, kind: str) -> dict[str, list[Any]]:
    """Rows by name, once all files are read."""

    def read() -> Any:
        answer = server.get("/easel/model_library").json()
        return None if answer["unread"] else answer

    return {row[0]: row for row in until(read, server=server)["kinds"][kind]}


def details(server: Server, kind: str, name: str) -> dict[str, Any]:
    reply = server.get(f"/easel/model_library/{kind}/details", name=name)
    assert reply.status == 200, reply.body
    return reply.json()


def test_a_lora_is_described_by_its_header_its_metadata_and_what_lies_beside_it(server: Server) -> None:
    tags = json.dumps({"10_ink": {"ink drawing": 30, "fox": 12}, "5_more": {"fox": 9, "odd": "many"}})
    metadata = {
        "ss_tag_frequency": tags,
        "modelspec.trigger_phrase": "inkish",
        "ss_network_dim": "8",
        "huge": "x" * 9000,
    }
    path = put(server, "loras", "🦊/ink.safetensors", safetensors(LORA, metadata))
    info = {"id": 12, "modelId": 7, "name": "v2", "baseModel": "SDXL 1.0", "trainedWords": ["ink style", 5]}
    info |= {"model": {"name": "Ink"}, "description": "<p>For <b>foxes</b></p><script>alert(1)</script>"}
    path.with_suffix(".civitai.info").write_text(json.dumps(info), "utf-8")
    path.with_suffix(".json").write_text("{no json", "utf-8")
    row = listed(server, "loras")["🦊/ink.safetensors"]
    assert row[1] == path.stat().st_size
    assert row[4:7] == ["LoRA", "SDXL", "fp16"]
    found = details(server, "loras", "🦊/ink.safetensors")
    assert found["facts"]["triggers"] == ["inkish"]
    assert found["facts"]["tags"][:2] == [["ink drawing", 30], ["fox", 21]]
    assert found["facts"]["metadata"] == {"modelspec.trigger_phrase": "inkish", "ss_network_dim": "8"}
    sidecar = found["sidecar"]
    assert sidecar["title"] == "Ink v2"
    assert sidecar["triggers"] == ["ink style"]
    assert sidecar["link"] == "https://civitai.com/models/7?modelVersionId=12"
    assert "<" not in sidecar["description"]
    assert sidecar["description"].startswith("For foxes")
    assert sidecar["unread"] == ["ink.json"]


def test_damaged_files_are_listed_and_told(server: Server) -> None:
    put(server, "checkpoints", "cut.safetensors", (1 << 20).to_bytes(8, "little") + b"{}")
    put(server, "checkpoints", "web.safetensors", b"<!DOCTYPE html><html></html>" * 20)
    put(server, "checkpoints", "nonsense.safetensors", (4).to_bytes(8, "little") + b"[[[[" + bytes(40))
    lies = {"a": {"dtype": 5, "shape": "wide"}, "b": {"dtype": "F16", "shape": [-1, 1 << 80]}, "c": 7}
    header = json.dumps(lies).encode()
    put(server, "checkpoints", "lies.safetensors", len(header).to_bytes(8, "little") + header)
    put(server, "checkpoints", "empty.safetensors", b"")
    put(server, "checkpoints", "old.ckpt", b"\x80\x02pickle")
    huge = server.base / "models" / "checkpoints" / "huge.safetensors"
    with huge.open("wb") as file:
        file.write((200 << 20).to_bytes(8, "little"))
        file.truncate(300 << 20)
    rows = listed(server, "checkpoints")
    for name, words in (
        ("cut", "cut short"),
        ("web", "a web page"),
        ("nonsense", "cannot be read"),
        ("huge", "200 MB"),
        ("empty", ""),
    ):
        facts = details(server, "checkpoints", f"{name}.safetensors")["facts"]
        assert words in facts["problem"], facts
        assert facts["problem"].startswith(f"{name}.safetensors"), facts
        assert rows[f"{name}.safetensors"][4:7] == ["", "", ""]
    assert rows["lies.safetensors"][4:6] == ["", ""]
    assert rows["old.ckpt"][4:7] == ["", "", ""]
    huge.unlink()


def test_a_file_that_vanishes_and_a_name_that_leaves_its_folder(server: Server) -> None:
    path = put(server, "vae", "gone.safetensors", safetensors({"decoder.conv_in.weight": [512, 16, 3, 3]}))
    assert listed(server, "vae")["gone.safetensors"][4:6] == ["VAE", "SD 3 or Flux.1"]
    path.unlink()
    assert "gone.safetensors" not in listed(server, "vae")
    reply = server.get("/easel/model_library/vae/details", name="gone.safetensors")
    assert reply.status == 404
    assert "moved, renamed or deleted" in reply.json()["error"]["message"]
    for kind, name, status in (
        ("vae", "../secret", 400),
        ("input", "a.png", 404),
        ("nothing", "a", 404),
        ("vae", "", 404),
    ):
        assert server.get(f"/easel/model_library/{kind}/details", name=name).status == status
        assert server.post(f"/easel/model_library/{kind}/hash?name={quote(name)}").status == status


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read_holds_none(server: Server) -> None:
    folder = server.base / "models" / "loras" / "private"
    put(server, "loras", "private/a.safetensors", b"")
    folder.chmod(0)
    try:
        assert "private/a.safetensors" not in listed(server, "loras")
    finally:
        folder.chmod(0o700)


def test_what_a_crash_left_half_written_goes(tmp_path: Path) -> None:
    loras = tmp_path / "models" / "loras"
    left = [loras / "inner" / ".abcd_123.part", loras / ".upload-0123456789abcdef"]
    left += [tmp_path / "models" / "vae" / ".upload-0123456789abcdef", loras / ".upload-young"]
    for path in [*left, loras / "inner" / "a.safetensors"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for path in left[:3]:
        os.utime(path, (1e9, 1e9))
    folders = standard_folders([tmp_path / "models"], input=tmp_path, output=tmp_path, temp=tmp_path)
    assert [file.name for file in find_models(folders)["loras"]] == ["inner/a.safetensors"]
    assert [path.exists() for path in left] == [False, False, False, True]


def test_what_is_read_is_kept_until_the_file_changes(server: Server) -> None:
    path = put(server, "embeddings", "word.safetensors", safetensors({"emb_params": [4, 768]}))
    assert listed(server, "embeddings")["word.safetensors"][4:6] == ["embedding", "SD 1"]
    assert server.get("/easel/model_library").json()["unread"] == 0
    path.write_bytes(safetensors({"clip_l": [4, 768], "clip_g": [4, 1280]}))  # which does not show in its folder
    until(lambda: listed(server, "embeddings")["word.safetensors"][4:6] == ["embedding", "SDXL"], server=server)


def test_files_that_come_and_go_are_listed_at_once(server: Server) -> None:
    assert "late.safetensors" not in listed(server, "loras")
    path = put(server, "loras", "late.safetensors", safetensors(LORA))
    assert "late.safetensors" in listed(server, "loras")
    path.unlink()
    assert "late.safetensors" not in listed(server, "loras")


def test_notes_are_kept_in_one_file_and_a_damaged_one_is_set_aside(server: Server) -> None:
    put(server, "loras", "noted.safetensors", safetensors(LORA))
    path = "/easel/model_library/loras/note?name=noted.safetensors"
    assert server.post(path, {"starred": True, "tags": ["best", "best", "日本"]}).json()["tags"] == ["best", "日本"]
    assert server.post(path, {"note": "for snow"}).json() == {
        "starred": True,
        "tags": ["best", "日本"],
        "note": "for snow",
    }
    assert listed(server, "loras")["noted.safetensors"][7:] == [True, ["best", "日本"]]
    for wrong in ({"starred": "yes"}, {"tags": "a"}, {"tags": ["x" * 61]}, {"note": 5}, {"note": "x" * 20_001}):
        assert server.post(path, wrong).status == 400
    assert server.post(path, {"starred": False, "tags": [], "note": ""}).json() == {}
    kept = json.loads((server.base / "user" / "default" / "models.json").read_text("utf-8"))
    assert "loras/noted.safetensors" not in kept["models"]


def test_a_picture_is_set_and_what_was_there_comes_back(server: Server) -> None:
    model = put(server, "loras", "shown.safetensors", safetensors(LORA))
    old = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(old, "PNG")
    model.with_suffix(".png").write_bytes(old.getvalue())
    Image.new("RGB", (2000, 1000), "blue").save(server.base / "output" / "mine.png")

    def colour() -> Any:
        reply = server.get("/easel/model_picture/loras", name="shown.safetensors")
        return Image.open(io.BytesIO(reply.body)).convert("RGB").getpixel((4, 4))

    path = "/easel/model_library/loras/picture?name=shown.safetensors"
    assert server.post(path, {"type": "output", "filename": "mine.png"}).status == 200
    assert colour()[2] > 200
    assert server.post(path, {"type": "output", "filename": "mine.png"}).status == 200
    assert server.request("DELETE", path).status == 200
    assert colour()[0] > 200
    assert model.with_suffix(".png").read_bytes() == old.getvalue()
    for body, status in (({"type": "output", "filename": "none.png"}, 404), ({"type": "models", "filename": "a"}, 400)):
        assert server.post(path, body).status == status
    assert server.post(path, {"type": "output", "filename": "../user/default/models.json"}).status == 403


def test_a_hash_is_worked_out_once_and_finds_its_file(server: Server) -> None:
    data = safetensors(LORA, {"n": "hash"})
    model = put(server, "loras", "hashed.safetensors", data)
    path = "/easel/model_library/loras/hash?name=hashed.safetensors"
    assert server.get(path).json() == {"sha256": None, "progress": None}
    assert server.post(path).status == 202
    sha256 = until(lambda: server.get(path).json()["sha256"], server=server)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert server.get("/easel/model_library/hashes").json()[sha256] == ["loras", "hashed.safetensors"]
    model.write_bytes(data + b"more")
    assert server.get(path).json()["sha256"] is None
