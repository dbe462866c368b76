"""The gallery: what lies in the folders is found again, by words and stars, and nothing that is thrown away is lost."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from api.gallery import trash as gallery_trash
from api.gallery.store import GalleryStore, Seen
from api.gallery.thumbs import Dropped, Thumbs, trim
from tests.server.harness import ROOT, Server, running, until

CHINESE = "雪中的狐狸，傍晚的光"


def graph(text: str, seed: int = 7, model: str = "painter.safetensors", negative: str = "blurry") -> dict[str, Any]:
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": model}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": negative, "clip": ["1", 1]}},
        "4": {
            "class_type": "KSampler",
            "inputs": {"seed": seed, "steps": 20, "cfg": 7, "positive": ["2", 0], "negative": ["3", 0]},
        },
    }


def png(text: str | None = None, **options: Any) -> bytes:
    """A small picture that carries its graph."""
    info = PngImagePlugin.PngInfo()
    if text is not None:
        info.add_text("prompt", json.dumps(graph(text, **options)))
        info.add_text("workflow", '{"nodes": []}')
    out = io.BytesIO()
    Image.new("RGB", (64, 32), (200, 90, 30)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("gallery")
    output, source = base / "output", base / "input"
    (output / "twins" / "a").mkdir(parents=True)
    (output / "twins" / "b").mkdir()
    source.mkdir()
    files = {
        "fox.png": png("a fox in snow, evening light", seed=2**63),
        "owl.png": png("an owl on a branch", model="ink/brush.safetensors", seed=99),
        "chinese.png": png(CHINESE, negative="模糊"),
        "twins/a/same.png": png("twin first"),
        "twins/b/same.png": png("twin second"),
        "plain.png": png(),
        "🦊 نص עברית.png": png("emoji and letters from the right"),
        "lies.png": png()[:-12] + b"\0\0\0\x08tEXtprompt\0{" + b"\0\0\0\0" + png()[-12:],
        "broken.png": b"no picture at all",
        "walk.mp4": b"no video either",
        "notes.txt": b"not shown",
        ".hidden.png": png(),
    }
    for number, (name, data) in enumerate(files.items()):
        path = output / name
        path.write_bytes(data)
        os.utime(path, ns=(0, (1_700_000_000 + number * 86400) * 10**9 + 5))
    (source / "pose.png").write_bytes(png())
    (output / "loop").symlink_to(output, target_is_directory=True)
    (output / "out.png").symlink_to("/etc/hostname")
    with running(base) as found:
        until(lambda: found.get("/easel/gallery/overview").json(), server=found)
        settled(found)
        yield found


def settled(server: Server) -> None:
    def check() -> bool:
        state = server.get("/easel/gallery/overview").json()
        return not state["scanning"] and not state["unread"] and state["files"] > 0

    until(check, server=server)


def scan(server: Server) -> None:
    change = server.post("/easel/gallery/scan").json()["change"]
    until(lambda: server.get("/easel/gallery/overview").json()["change"] > change, server=server)
    settled(server)


def ids(server: Server, **query: Any) -> list[int]:
    reply = server.get("/easel/gallery/search", **query)
    assert reply.status == 200, reply.body
    first = reply.body.decode().split("\n")[0]
    return [int(id) for id in first.split(",")] if first else []


def named(server: Server, **query: Any) -> list[str]:
    found = ids(server, **query)
    items = server.get("/easel/gallery/items", ids=",".join(map(str, found))).json()["items"] if found else []
    return ["/".join(filter(None, (item["subfolder"], item["filename"]))) for item in items]


def item(server: Server, name: str, **query: Any) -> dict[str, Any]:
    for id in ids(server, **query):
        found = server.get(f"/easel/gallery/item/{id}").json()["item"]
        if found["filename"] == name:
            return found
    raise AssertionError(f"{name} is not in the gallery")


def test_words_find_pictures_by_prompt_name_and_model(server: Server):
    assert named(server, q="fox evening") == ["fox.png"]
    assert named(server, q="fo") == ["fox.png"]
    assert named(server, q='"in snow"') == ["fox.png"]
    assert named(server, q='"snow in"') == []
    assert named(server, q="brush") == ["owl.png"]
    assert named(server, q="chin") == ["chinese.png"]
    assert named(server, q="狐狸") == ["chinese.png"]
    assert named(server, q="狐光") == []
    assert named(server, q="blurry") == []
    assert "fox.png" in named(server, q="negative:blurry")
    assert named(server, q="negative:模糊") == ["chinese.png"]
    assert named(server, q="twin -second") == ["twins/a/same.png"]
    assert "owl.png" in named(server, q="-fox")
    assert "fox.png" not in named(server, q="-fox")
    assert named(server, q="עברית") == ["🦊 نص עברית.png"]
    assert named(server, q=str(2**63)) == ["fox.png"]


@pytest.mark.parametrize(
    "words", ['"', '""" NEAR(', "* AND OR NOT", "a:b", "model:", "-", "\0", "'; DROP TABLE files", "x" * 5000]
)
def test_no_words_break_the_search(server: Server, words: str):
    assert server.get("/easel/gallery/search", q=words).status == 200


def test_filters_and_orders(server: Server):
    assert named(server, kind="input") == ["pose.png"]
    assert named(server, media="video") == ["walk.mp4"]
    assert named(server, models="ink/brush.safetensors") == ["owl.png"]
    assert named(server, folder="twins", kind="output") == ["twins/b/same.png", "twins/a/same.png"]
    assert named(server, folder="twins/a") == ["twins/a/same.png"]
    assert named(server, seed="99") == ["owl.png"]
    assert named(server, since=1_700_000_000, until=1_700_000_000 + 86400) == ["fox.png"]
    assert named(server, graph="1", q="owl") == ["owl.png"]
    assert named(server, kind="output", sort="oldest")[0] == "fox.png"
    assert named(server, kind="output", sort="name")[0] == "broken.png"
    assert named(server, kind="output", media="image", sort="newest")[0] == "broken.png"
    reply = server.get("/easel/gallery/search", kind="output", sort="oldest").body.decode().split("\n")
    assert [len(line.split(",")) for line in reply] == [len(ids(server, kind="output"))] * 2
    assert int(reply[1].split(",")[0]) == 1_700_000_000
    for bad in ({"sort": "x"}, {"kind": "temp"}, {"media": "x"}, {"rating": "x"}, {"since": "1e9"}):
        assert server.get("/easel/gallery/search", **bad).status == 400


def test_what_a_picture_says_of_itself(server: Server):
    fox = item(server, "fox.png")
    assert (fox["positive"], fox["negative"], fox["seed"]) == ("a fox in snow, evening light", "blurry", str(2**63))
    assert (fox["width"], fox["height"], fox["graph"]) == (64, 32, "workflow")
    assert (fox["models"], fox["steps"]) == (["painter.safetensors"], 20)
    assert "cannot be read" in item(server, "broken.png")["problem"]
    assert "no JSON" in item(server, "lies.png")["problem"]
    assert "notes.txt" not in named(server)
    assert ".hidden.png" not in named(server)
    assert not [name for name in named(server) if "loop" in name or name == "out.png"]
    overview = server.get("/easel/gallery/overview").json()
    assert ["ink/brush.safetensors", 1] in overview["models"]
    assert ["output", "twins/a", 1] in overview["folders"]


def test_small_pictures_are_kept_and_for_ever(server: Server):
    fox = item(server, "fox.png")
    reply = server.get("/easel/gallery/thumb", id=fox["id"], v=fox["version"], size=256)
    assert (reply.headers["content-type"], reply.body[:4]) == ("image/webp", b"RIFF")
    assert "immutable" in reply.headers["cache-control"]
    assert "immutable" not in server.get("/easel/gallery/thumb", id=fox["id"], v="old").headers["cache-control"]
    until(lambda: list((server.base / "user" / "cache" / "thumbs").rglob("*.webp")), server=server)
    assert server.get("/easel/gallery/thumb", id=item(server, "broken.png")["id"]).status == 204
    assert server.get("/easel/gallery/thumb", id=10**12).status == 204
    assert server.get("/easel/gallery/thumb", id="1", size="9").status == 400


def test_stars_are_given_and_taken_back(server: Server):
    fox, owl = item(server, "fox.png")["id"], item(server, "owl.png")["id"]
    before = server.post("/easel/gallery/rate", {"ids": [fox, owl], "rating": 4}).json()["before"]
    server.post("/easel/gallery/rate", {"ids": [owl], "favourite": True})
    assert sorted(named(server, rating=4)) == ["fox.png", "owl.png"]
    assert named(server, favourite="1") == ["owl.png"]
    assert sorted(named(server, sort="rating")[:2]) == ["fox.png", "owl.png"]
    server.post("/easel/gallery/rate", {"values": [*before, {"id": owl, "favourite": False}]})
    assert named(server, rating=1) == []
    assert named(server, favourite="1") == []
    for bad in (
        {},
        {"ids": []},
        {"ids": ["a"]},
        {"ids": [fox], "rating": 6},
        {"ids": [fox], "favourite": 1},
        {"values": 3},
    ):
        assert server.post("/easel/gallery/rate", bad).status == 400
    assert server.post("/easel/gallery/tag", {"ids": [fox, owl], "tag": "keep", "on": True}).json()["changed"] == [
        fox,
        owl,
    ]
    assert server.post("/easel/gallery/tag", {"ids": [fox], "tag": "keep", "on": True}).json()["changed"] == []
    assert sorted(named(server, tag="keep")) == ["fox.png", "owl.png"]
    server.post("/easel/gallery/tag", {"ids": [fox, owl], "tag": "keep", "on": False})
    assert server.post("/easel/gallery/tag", {"ids": [fox], "tag": " ", "on": True}).status == 400


def test_the_trash_gives_back_what_it_took(server: Server):
    path = server.base / "output" / "twins" / "b" / "same.png"
    data, id = path.read_bytes(), ids(server, q="second")[0]
    assert server.post("/easel/gallery/trash", {"ids": [id]}).json()["done"] == [id]
    assert not path.exists()
    assert named(server, q="second") == []
    assert named(server, trash="1") == ["twins/b/same.png"]
    assert server.get("/easel/gallery/thumb", id=id).status == 200
    assert server.get(f"/easel/gallery/trashed/{id}").body == data
    path.write_bytes(png("a third one"))  # its name is taken meanwhile
    moved = server.post("/easel/gallery/restore", {"ids": [id]}).json()
    assert moved["renamed"] == [{"id": id, "name": "same (1).png"}]
    assert (path.parent / "same (1).png").read_bytes() == data
    assert named(server, q="second") == ["twins/b/same (1).png"]
    server.post("/easel/gallery/trash", {"ids": [id]})
    assert server.post("/easel/gallery/empty", {"ids": [id]}).json()["done"] == [id]
    assert named(server, trash="1") == []
    assert not list((server.base / "user" / "trash").iterdir())


def test_a_picture_that_vanishes_while_it_is_listed(server: Server):
    path = server.base / "output" / "gone.png"
    path.write_bytes(png("soon away"))
    scan(server)
    found = item(server, "gone.png")
    path.unlink()
    assert server.get("/easel/gallery/thumb", id=found["id"], v=found["version"], size=512).status == 204
    failed = server.post("/easel/gallery/trash", {"ids": [found["id"]]}).json()["failed"]
    assert failed == [{"id": found["id"], "name": "gone.png", "why": "it is not there any more"}]
    scan(server)
    assert named(server, q="away") == []
    assert server.get(f"/easel/gallery/item/{found['id']}").json() == {"item": None}


def test_stars_follow_a_file_that_is_moved(server: Server):
    path = server.base / "output" / "wanders.png"
    path.write_bytes(png("wanders about"))
    scan(server)
    id = ids(server, q="wanders")[0]
    server.post("/easel/gallery/rate", {"ids": [id], "rating": 5})
    (server.base / "output" / "far").mkdir()
    path.rename(server.base / "output" / "far" / "renamed.png")
    scan(server)
    moved = item(server, "renamed.png")
    assert (moved["rating"], moved["subfolder"]) == (5, "far")
    (server.base / "output" / "far" / "renamed.png").rename(server.base / "away.png")
    scan(server)
    (server.base / "away.png").rename(path)  # back after it was missed
    scan(server)
    assert item(server, "wanders.png")["rating"] == 5


def test_an_upload_is_there_at_once(server: Server):
    with server.socket("gallery-page") as socket:
        socket.send(json.dumps({"type": "feature_flags", "data": {"easel_nodes": True}}))
        server.upload("fresh.png", png("just brought in"))
        end = time.monotonic() + 20
        while json.loads(socket.recv(timeout=end - time.monotonic()))["type"] != "easel_gallery":
            pass
    until(lambda: named(server, q="brought") == ["fresh.png"], server=server)


# The parts alone


def test_the_trash_across_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def other_disk(*_: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    source = tmp_path / "a.png"
    source.write_bytes(b"picture")
    os.utime(source, ns=(5, 5_000_000_123))
    moved = gallery_trash._move(source, tmp_path / "trash" / "1" / "a.png")
    assert (moved.read_bytes(), moved.stat().st_mtime_ns, source.exists()) == (b"picture", 5_000_000_123, False)
    source.write_bytes(b"another")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space"):
        gallery_trash._move(source, tmp_path / "trash" / "2" / "a.png")
    assert source.read_bytes() == b"another"
    assert list((tmp_path / "trash" / "2").iterdir()) == []


def test_small_pictures_on_a_full_disk_and_unwanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").write_bytes(png())

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    async def work() -> None:
        thumbs = Thumbs(ROOT / "pictures.py", tmp_path / "thumbs", 1)
        try:
            monkeypatch.setattr("tempfile.mkstemp", full)
            assert (await thumbs.get(tmp_path / "a.png", 256, lambda: True))[:4] == b"RIFF"
            monkeypatch.undo()
            first = asyncio.create_task(thumbs.get(tmp_path / "a.png", 256, lambda: True))
            second = asyncio.create_task(thumbs.get(tmp_path / "b.png", 256, lambda: False))
            assert (await first)[:4] == b"RIFF"
            with pytest.raises(Dropped):
                await second
        finally:
            await thumbs.stop()

    asyncio.run(work())
    kept = list((tmp_path / "thumbs").rglob("*.webp"))
    assert len(kept) == 1
    assert trim(tmp_path / "thumbs", kept[0].stat().st_size - 1) == 0


def test_a_move_that_a_power_cut_left_half_done_is_mended(tmp_path: Path):
    store = GalleryStore(tmp_path / "gallery.db")
    store.open()
    try:

        async def work() -> None:
            [id] = await store.take([Seen("output", "", "a.png", "image", 5, 1)])
            (tmp_path / "trash" / str(id)).mkdir(parents=True)
            (tmp_path / "trash" / str(id) / "a.png").write_bytes(b"x")
            trash = gallery_trash.Trash(store, {"output": tmp_path}, tmp_path / "trash")
            await trash.start()
            assert await store.all_in_trash() == [id]
            assert (await trash.restore([id])).done == [id]
            assert (tmp_path / "a.png").read_bytes() == b"x"

        asyncio.run(work())
    finally:
        store.close()


def test_a_file_on_its_way_to_the_trash_is_not_lost_to_its_twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A scan that misses it just then must not take its row for the same file elsewhere."""
    store = GalleryStore(tmp_path / "gallery.db")
    store.open()
    try:

        async def work() -> None:
            loop = asyncio.get_running_loop()
            seen = [Seen("output", folder, "a.png", "image", 5, 1) for folder in ("", "twin")]
            [id, _] = await store.take(seen)
            await store.tag([id], "kept", True)
            (tmp_path / "a.png").write_bytes(b"x")
            move = gallery_trash._move

            def moved_while_a_scan_runs(source: Path, target: Path) -> Path:
                place = move(source, target)
                asyncio.run_coroutine_threadsafe(store.lose([id]), loop).result(10)
                return place

            monkeypatch.setattr(gallery_trash, "_move", moved_while_a_scan_runs)
            trash = gallery_trash.Trash(store, {"output": tmp_path}, tmp_path / "trash")
            assert (await trash.put([id])).done == [id]
            assert await store.all_in_trash() == [id]

        asyncio.run(work())
    finally:
        store.close()
