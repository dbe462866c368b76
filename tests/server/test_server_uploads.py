"""What people send must be what its name says, gets a name that every system has, and goes out again harmless."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from api import uploads
from api.disk_use import DISK_USE
from api.files_on_disk import open_unnamed
from api.media_headers import LOOKED_AT, objection, what
from api.people import ALONE
from api.replies import Refusal
from api.services import SERVICES
from api.serving import SHOWN, disposition, harmless, media_type
from graph.folders import standard_folders
from tests.pngs import bomb
from tests.server.harness import Reply, Server, until

MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2"
JSON_HEAD = b'{"__metadata__":{}}'
LATENT = len(JSON_HEAD).to_bytes(8, "little") + JSON_HEAD


def png(size: tuple[int, int] = (4, 3), **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (1, 2, 3)).save(out, **{"format": "PNG", **save})
    return out.getvalue()


REFUSED = {
    "page.png": (b"<!doctype html><script>1</script>", "a web page"),
    "film.jpg": (MP4, "an MP4"),
    "packed.webp": (b"PK\x03\x04rest", "an archive"),
    "half.png": (png((64, 64))[:-40], "damaged"),
    "bomb.png": (bomb(), "pixels"),
    "empty.png": (b"", "empty"),
    "picture.mp4": (png(), "a PNG picture, and not a video"),
    "page.webm": (b"<html>", "a web page, and not a video"),
    "noise.mkv": (b"\1\2\3\4" * 100, "does not begin as a video"),
    "nothing.wav": (b"", "empty, and not a sound"),
    "riff.wav": (b"RIFF\0\0\0\0AVI LIST", "an AVI video, and not a sound"),
    "words.mp3": (b"only words", "does not begin as a sound"),
    "words.latent": (b"only words", "does not begin as a latent"),
}
KEPT = {
    "a.mp4": MP4,
    "a.mov": b"\0\0\0\x08wide\0\0\0\0mdat",
    "a.webm": b"\x1a\x45\xdf\xa3rest",
    "a.mp3": b"ID3\4\0rest",
    "b.mp3": b"\0" * 30 + b"\xff\xfb\x90\x00rest",
    "a.flac": b"fLaCrest",
    "a.latent": LATENT,
    "a.json": b'{"any": 1}',
    "a.txt": b"",
    "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "jpeg.png": png(format="JPEG"),  # pictures are read by what they are
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_lies_about_itself_is_refused_and_leaves_nothing(server: Server, name: str) -> None:
    data, said = REFUSED[name]
    reply = server.upload(name, data)
    assert reply.status == 400
    assert name in reply.json()["error"]["message"]
    assert said in reply.json()["error"]["message"]
    assert not [path for path in (server.base / "input").iterdir() if path.name == name or ".upload-" in path.name]


@pytest.mark.parametrize("name", KEPT)
def test_what_packs_and_programs_send_besides_is_kept(server: Server, name: str) -> None:
    assert server.upload(name, KEPT[name]).json()["name"] == name
    reply = server.get("/view", filename=name, type="input")
    assert reply.body == KEPT[name]
    shown = media_type(Path(name)) in SHOWN
    assert reply.headers["content-disposition"].startswith("attachment") is not shown


@given(st.binary(max_size=64))
def test_any_beginning_is_told_or_not(head: bytes) -> None:
    assert isinstance(what(head), str)
    assert objection("x.png", head) == ""
    for name in ("x.mp4", "x.mp3", "x.latent", "x.wav"):
        assert isinstance(objection(name, head[:LOOKED_AT]), str)


@pytest.mark.parametrize("name", ["con.png", "CONIN$", "a:b.png", "exe.\u202egnp", "x" * 300 + ".png", "..", " .png "])
def test_names_that_not_every_system_has_are_refused(server: Server, name: str) -> None:
    reply = server.upload(name, b"x" if not name.endswith("png") else png())
    assert reply.status == 400, reply.body
    assert reply.json()["error"]["type"] == "invalid_file_name"


def test_names_that_look_the_same_are_the_same(server: Server) -> None:
    assert server.upload("cafe\u0301.txt", b"one").json()["name"] == "caf\u00e9.txt"
    assert server.upload("caf\u00e9.txt", b"two").json()["name"] == "caf\u00e9 (1).txt"


def test_a_long_name_is_cut_for_its_number(server: Server) -> None:
    name = "\u00e9" * 125 + ".txt"
    first, second = (server.upload(name, data).json()["name"] for data in (b"1", b"2"))
    assert first == name
    assert second.endswith(" (1).txt")
    assert len(second.encode()) <= 255


def test_uploads_of_one_name_at_once_lose_nothing(server: Server) -> None:
    data = [f"at once {number}".encode() for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        names = [reply.json()["name"] for reply in pool.map(lambda text: server.upload("crowd.txt", text), data)]
    assert len(set(names)) == len(data)
    assert [(server.base / "input" / name).read_bytes() for name in names] == data


@pytest.mark.skipif(os.name != "posix", reason="permissions")
@pytest.mark.parametrize("overwrite", [True, False])
def test_what_is_received_has_the_permissions_of_any_new_file(tmp_path: Path, overwrite: bool) -> None:
    before = os.umask(0o027)
    try:
        with open_unnamed(tmp_path, ".txt") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    path = uploads._settle(uploads.Upload(Path(file.name), "a.txt", "", 1), tmp_path / "a.txt", overwrite)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


async def sent_to(handler: Any, body: bytes, base: Path) -> int:
    """The status that a form gets from a route in this process, with the least around it."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.Response(status=refusal.status)

    app: Any = web.Application()
    app[SERVICES] = SimpleNamespace(
        flags=SimpleNamespace(max_upload=2**20),
        room=SimpleNamespace(take_upload=lambda _: asyncio.sleep(0)),
        folders=standard_folders([base], input=base / "input", output=base, temp=base),
    )
    app[DISK_USE] = SimpleNamespace(room_for=lambda *_: nullcontext())
    app.router.add_post("/", answered)
    async with TestServer(app) as at, ClientSession() as session:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        async with session.post(at.make_url("/"), data=body, headers=headers) as reply:
            return reply.status


def test_a_mistake_of_ours_is_not_called_a_broken_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: Any) -> None:
        raise ValueError("ours")

    monkeypatch.setattr(uploads, "_destination", mistaken)
    monkeypatch.setattr(uploads, "who", lambda _: ALONE)
    monkeypatch.setattr(uploads, "folders_of", lambda request: request.app[SERVICES].folders)
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.txt"\r\n\r\n'
    assert asyncio.run(sent_to(uploads.upload_image, head + b"x\r\n--b--\r\n", tmp_path)) == 500
    assert asyncio.run(sent_to(uploads.upload_image, head + b"x", tmp_path)) == 400
    assert list((tmp_path / "input").iterdir()) == []


def form(server: Server, *parts: tuple[str, bytes]) -> Reply:
    body = b"".join(
        f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    return server.request("POST", "/upload/image", raw=body + b"--b--\r\n", headers=kind)


def test_forms_are_bounded(server: Server) -> None:
    file = ('name="image"; filename="bounded.txt"', b"x")
    assert form(server, file, file).status == 400
    assert form(server, *[(f'name="f{n}"', b"") for n in range(100)], file).status == 400
    assert form(server, ('name="subfolder"', b"x" * 100_000), file).status == 400
    assert form(server, ('name="note"', b"x" * 60_000), file).status == 200
    assert form(server, ('name="image"; filename="a%0d%0ab.txt"', b"x")).status in (200, 400)


def test_a_packed_file_beside_it_is_not_sent_in_its_place(server: Server) -> None:
    server.upload("plain.txt", b"plain")
    server.upload("plain.txt.gz", gzip.compress(b"something else"))
    reply = server.request("GET", "/view?filename=plain.txt&type=input", headers={"Accept-Encoding": "gzip, br"})
    assert reply.body == b"plain"
    assert "content-encoding" not in reply.headers


def test_whatever_is_somebodys_goes_out_the_same_way(server: Server) -> None:
    script = b"<html><script>alert(1)</script></html>"
    server.upload("evil.html", script, type="output")
    server.request("POST", "/userdata/evil.html", raw=script)
    server.request("POST", "/userdata/workflows%2Fa.json", raw=b"{}")
    server.request("PUT", "/api/etn/image/evil", raw=script)
    server.upload("trashed.png", png(), type="output")
    found = until(lambda: server.get("/easel/gallery/search", q="trashed").body.decode().split("\n")[0], server=server)
    server.post("/easel/gallery/trash", {"ids": [int(found)]})
    paths = {
        "/view?filename=evil.html": False,
        "/userdata/evil.html": False,
        "/userdata/workflows%2Fa.json": False,
        "/api/etn/image/evil": False,
        f"/easel/gallery/trashed/{found}": True,
        f"/easel/gallery/thumb?id={found}": True,
        "/view?filename=jpeg.png&type=input&preview=webp": True,
    }
    server.upload("jpeg.png", png())
    for path, shown in paths.items():
        reply = server.request("GET", path)
        assert reply.status == 200, path
        headers = reply.headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["content-security-policy"].startswith("sandbox; default-src 'none'"), path
        assert headers["content-disposition"].startswith("attachment") is not shown, path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
        assert "html" not in headers["content-type"], path
        assert ("etag" in headers) is ("thumb" not in path and "preview" not in path), path


@given(st.text(), st.booleans())
def test_no_name_breaks_a_header(name: str, shown: bool) -> None:
    said = disposition(name, shown=shown)
    assert said.isascii()
    assert said.isprintable()
    assert said.startswith("attachment; ") is not shown
    assert said.count('"') == 2


def test_what_could_be_loaded_as_code_has_no_type() -> None:
    for media in ("text/html", "application/xhtml+xml", "text/javascript", "text/css", "text/xml", "application/wasm"):
        assert harmless(media) == "application/octet-stream"
    for media in ("image/svg+xml", "image/png", "video/mp4", "text/plain", "application/json", "model/gltf-binary"):
        assert harmless(media) == media
