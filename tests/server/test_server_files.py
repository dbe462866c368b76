"""Uploads and /view: what comes in, what is shown, and what never leaves its folder."""

from __future__ import annotations

import io
import json
import os
import socket
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from tests.pngs import bomb
from tests.server.harness import Server, picture_processes, running, until


def picture(mode: str = "RGBA", size: tuple[int, int] = (8, 6), colour: object = None, **save: object) -> bytes:
    out = io.BytesIO()
    given = colour if colour is not None else {"RGBA": (200, 100, 50, 128), "RGB": (200, 100, 50), "L": 90}[mode]
    Image.new(mode, size, given).save(out, **{"format": "PNG", **save})  # type: ignore[arg-type]
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_an_upload_is_there_afterwards(server: Server) -> None:
    data = picture()
    reply = server.upload("there.png", data)
    assert reply.status == 200, reply.body
    assert reply.json() == {"name": "there.png", "subfolder": "", "type": "input"}
    assert (server.base / "input" / "there.png").read_bytes() == data
    assert server.get("/view", filename="there.png", type="input").body == data
    assert not [p for p in (server.base / "input").iterdir() if p.name.startswith(".")]


def test_equal_uploads_share_a_name_and_others_do_not(server: Server) -> None:
    first, second = picture(colour=(1, 2, 3, 4)), picture(colour=(5, 6, 7, 8))
    assert server.upload("same.png", first).json()["name"] == "same.png"
    assert server.upload("same.png", first).json()["name"] == "same.png"
    assert server.upload("same.png", second).json()["name"] == "same (1).png"
    assert server.upload("same.png", second).json()["name"] == "same (1).png"
    assert (server.base / "input" / "same.png").read_bytes() == first
    assert server.upload("same.png", second, overwrite="true").json()["name"] == "same.png"
    assert (server.base / "input" / "same.png").read_bytes() == second


def test_uploads_go_into_subfolders_and_the_other_folders(server: Server) -> None:
    reply = server.upload("a.png", picture(), subfolder="deep/er", type="temp")
    assert reply.json() == {"name": "a.png", "subfolder": "deep/er", "type": "temp"}
    view = server.get("/view", filename="a.png", subfolder="deep/er", type="temp")
    assert view.status == 200
    noted = server.get("/view", filename="a.png [temp]", subfolder="deep/er")
    assert noted.body == view.body


@pytest.mark.parametrize(
    "fields",
    [
        {"subfolder": "../out"},
        {"subfolder": "a/../../out"},
        {"subfolder": "/etc/x/.."},
        {"subfolder": "..\\out"},
        {"subfolder": "C:\\out"},
        {"subfolder": "a\0b"},
        {"type": "models"},
        {"type": "../input"},
    ],
)
def test_uploads_stay_in_their_folder(server: Server, fields: dict[str, str]) -> None:
    reply = server.upload("x.png", picture(), **fields)
    assert reply.status == 400
    assert reply.json()["error"]["message"]
    assert not (server.base / "out").exists()


@pytest.mark.parametrize("name", ["../../evil.png", "..\\\\evil.png", "/tmp/evil.png", "a/b/evil.png"])
def test_only_the_last_part_of_an_uploads_name_counts(server: Server, name: str) -> None:
    assert server.upload(name, picture()).json()["name"] == "evil.png"


@pytest.mark.parametrize("name", ["..", ".", "con.png", "bad\0name.png", "trailing. ", ""])
def test_names_that_are_none_are_refused(server: Server, name: str) -> None:
    reply = server.upload(name, b"data")
    assert reply.status == 400
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "query",
    [
        {"filename": "../server.log"},
        {"filename": "..%2fserver.log"},
        {"filename": "/etc/passwd"},
        {"filename": "server.log", "subfolder": ".."},
        {"filename": "server.log", "subfolder": "/"},
        {"filename": "passwd", "subfolder": "/etc"},
        {"filename": "x.png", "type": "models"},
        {"filename": "x\0.png"},
        {"filename": "x" * 5000},
        {},
    ],
)
def test_view_stays_in_its_folder(server: Server, query: dict[str, str]) -> None:
    reply = server.get("/view", **{"type": "input", **query})
    assert reply.status in (400, 403, 404)
    assert reply.json()["error"]["message"]


def test_a_picture_that_may_not_be_there_is_asked_for_without_an_error(server: Server) -> None:
    assert server.get("/view", filename="gone.png", type="input").status == 404
    reply = server.get("/view", filename="gone.png", type="input", absent="empty")
    assert (reply.status, reply.body) == (204, b"")
    assert server.get("/view", filename="../server.log", type="input", absent="empty").status == 400


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_view_does_not_follow_a_link_out_of_its_folder(server: Server) -> None:
    link = server.base / "input" / "link"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc")
    assert server.get("/view", filename="passwd", subfolder="link", type="input").status == 403
    (server.base / "input" / "direct").unlink(missing_ok=True)
    (server.base / "input" / "direct").symlink_to("/etc/passwd")
    assert server.get("/view", filename="direct", type="input").status == 403


@pytest.mark.parametrize(
    ("name", "data", "type", "shown"),
    [
        ("v.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image/svg+xml", False),
        ("v.html", b"<script>1</script>", "application/octet-stream", False),
        ("v.js", b"1", "application/octet-stream", False),
        ("v.xml", b"<a/>", "application/octet-stream", False),
        ("v.webm", b"\x1a\x45\xdf\xa3webm", "video/webm", True),
        ("v.mp4", b"\0\0\0\x18ftypisom", "video/mp4", True),
        ("v.wav", b"RIFF\0\0\0\0WAVE", "audio/x-wav", True),
        ("v.unknown", b"data", "application/octet-stream", False),
    ],
)
def test_what_could_run_is_a_download(server: Server, name: str, data: bytes, type: str, shown: bool) -> None:
    assert server.upload(name, data, overwrite="1").status == 200
    reply = server.get("/view", filename=name, type="input")
    assert reply.headers["content-type"].partition(";")[0] == type
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-security-policy"].startswith("sandbox")
    assert reply.headers["content-disposition"].startswith("attachment") is not shown
    assert f'filename="{name}"' in reply.headers["content-disposition"]


def test_view_answers_ranges_and_validators(server: Server) -> None:
    server.upload("range.png", picture(), overwrite="true")
    path = "/view?filename=range.png&type=input"
    part = server.request("GET", path, headers={"Range": "bytes=1-3"})
    assert part.status == 206
    assert part.body == b"PNG"
    tag = server.request("GET", path).headers["etag"]
    assert server.request("GET", path, headers={"If-None-Match": tag}).status == 304


def test_view_answers_ranges_of_videos_which_players_ask_for(server: Server) -> None:
    server.upload("range.mp4", b"\0\0\0\x18ftyp" + bytes(range(8, 100)), overwrite="true")
    part = server.request("GET", "/view?filename=range.mp4&type=input", headers={"Range": "bytes=90-"})
    assert part.status == 206
    assert part.headers["content-type"] == "video/mp4"
    assert part.headers["content-range"] == "bytes 90-99/100"
    assert part.body == bytes(range(90, 100))
    assert "media-src 'self'" in server.get("/").headers["content-security-policy"]


def test_previews(server: Server) -> None:
    server.upload("preview.png", picture(size=(300, 200)), overwrite="true")
    for preview, kind in (("webp;70", "WEBP"), ("jpeg", "JPEG"), ("nonsense", "WEBP"), ("jpeg;900", "JPEG")):
        reply = server.get("/view", filename="preview.png", type="input", preview=preview)
        assert reply.status == 200, reply.body
        assert opened(reply.body).format == kind
        assert opened(reply.body).size == (300, 200)
        assert reply.headers["content-type"] == f"image/{kind.lower()}"
    small = server.get("/view", filename="preview.png", type="input", preview="webp", size="60")
    assert opened(small.body).size == (60, 40)
    for size in ("0", "9" * 5000):  # Python reads no number of so many digits
        assert server.get("/view", filename="preview.png", type="input", size=size).status == 400


def test_channels(server: Server) -> None:
    server.upload("channels.png", picture(colour=(200, 100, 50, 128)), overwrite="true")
    rgb = opened(server.get("/view", filename="channels.png", type="input", channel="rgb").body)
    assert rgb.mode == "RGB"
    assert rgb.getpixel((0, 0)) == (200, 100, 50)
    alpha = opened(server.get("/view", filename="channels.png", type="input", channel="a").body)
    assert alpha.mode == "RGBA"
    assert alpha.getchannel("A").getextrema() == (128, 128)
    server.upload("opaque.png", picture("RGB"), overwrite="true")
    opaque = opened(server.get("/view", filename="opaque.png", type="input", channel="a").body)
    assert opaque.getchannel("A").getextrema() == (255, 255)
    assert server.get("/view", filename="opaque.png", type="input", channel="x").status == 400


def test_a_deep_picture_is_not_clipped_to_white(server: Server) -> None:
    out = io.BytesIO()
    Image.new("I;16", (4, 4), 32768).save(out, "PNG")
    server.upload("deep.png", out.getvalue(), overwrite="true")
    shown = opened(server.get("/view", filename="deep.png", type="input", channel="rgb").body)
    assert shown.getpixel((0, 0)) == (128, 128, 128)


def test_a_bomb_is_refused_and_the_next_picture_works(server: Server) -> None:
    reply = server.upload("bomb.png", bomb())
    assert reply.status == 400
    assert "60000 x 60000" in reply.json()["error"]["message"]
    assert not (server.base / "input" / "bomb.png").exists()
    # One that is there already, put by other means, is not decoded either.
    (server.base / "input" / "planted.png").write_bytes(bomb())
    shown = server.get("/view", filename="planted.png", type="input", preview="webp")
    assert shown.status == 415
    assert "60000 x 60000" in shown.json()["error"]["message"]
    assert server.upload("after.png", picture(), overwrite="true").status == 200


@pytest.mark.parametrize("data", [b"", b"not a picture", picture()[:50]])
def test_what_calls_itself_a_picture_must_be_one(server: Server, data: bytes) -> None:
    reply = server.upload("broken.png", data)
    assert reply.status == 400
    assert "broken.png was not taken" in reply.json()["error"]["message"]


def test_a_mask_replaces_the_alpha_and_keeps_the_texts(server: Server) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", '{"nodes": []}')
    server.upload("original.png", picture("RGB", pnginfo=texts), overwrite="true")
    original = json.dumps({"filename": "original.png", "type": "input", "subfolder": ""})
    painted = picture(colour=(0, 0, 0, 77))
    reply = server.upload("masked.png", painted, "/upload/mask", original_ref=original, overwrite="true")
    assert reply.status == 200, reply.body
    merged = opened((server.base / "input" / reply.json()["name"]).read_bytes())
    assert merged.mode == "RGBA"
    assert merged.getpixel((0, 0)) == (200, 100, 50, 77)
    assert merged.text["workflow"] == '{"nodes": []}'  # type: ignore[attr-defined]


def test_a_mask_is_painted_on_a_picture_as_it_is_seen(server: Server) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # a camera that was held upright
    server.upload("turned.jpg", picture("RGB", format="JPEG", exif=turned), overwrite="true")
    painted = Image.new("RGBA", (6, 8))
    painted.putpixel((5, 0), (0, 0, 0, 255))
    out = io.BytesIO()
    painted.save(out, "PNG")
    original = json.dumps({"filename": "turned.jpg", "type": "input"})
    reply = server.upload("upright.png", out.getvalue(), "/upload/mask", original_ref=original, overwrite="true")
    assert reply.status == 200, reply.body
    merged = opened((server.base / "input" / "upright.png").read_bytes())
    assert merged.size == (6, 8)
    assert [merged.getpixel(place)[3] for place in ((5, 0), (0, 0))] == [255, 0]  # type: ignore[index]
    assert not merged.getexif()


def test_a_mask_that_does_not_fit_says_so(server: Server) -> None:
    server.upload("original2.png", picture("RGB"), overwrite="true")
    original = json.dumps({"filename": "original2.png", "type": "input"})
    reply = server.upload("m.png", picture(size=(3, 3)), "/upload/mask", original_ref=original)
    assert reply.status == 400
    assert "3 x 3" in reply.json()["error"]["message"]
    for reference in ("", "[]", '{"filename": "../server.log"}', '{"filename": "a", "type": "models"}'):
        assert server.upload("m.png", picture(), "/upload/mask", original_ref=reference).status == 400
    absent = server.upload("m.png", picture(), "/upload/mask", original_ref='{"filename": "absent.png"}')
    assert absent.status == 200
    assert not (server.base / "input" / "m.png").exists()


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"no form"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=image\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
    ],
)
def test_a_broken_form_is_refused(server: Server, kind: str, raw: bytes) -> None:
    reply = server.request("POST", "/upload/image", raw=raw, headers={"Content-Type": kind})
    assert reply.status == 400, reply.body
    assert reply.json()["error"]["message"]


def test_an_upload_beyond_the_limit_leaves_nothing(base: Path) -> None:
    with running(base, "--max-upload-size", "0.5") as server:
        reply = server.upload("large.bin", b"x" * 700_000)
        assert reply.status == 413
        assert "--max-upload-size" in reply.json()["error"]["message"]
        assert list((base / "input").iterdir()) == []
        assert server.get("/features").json()["max_upload_size"] == 524288
        assert server.upload("small.bin", b"x" * 70_000).status == 200


def test_an_upload_that_is_broken_off_leaves_nothing(base: Path) -> None:
    with running(base) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            head = b"POST /upload/image HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n"
            head += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            part = b'--b\r\nContent-Disposition: form-data; name="image"; filename="half.bin"\r\n\r\n'
            connection.sendall(head + part + b"x" * 300_000)
            until(lambda: any((base / "input").iterdir()))
        until(lambda: not any((base / "input").iterdir()))
        assert "Traceback" not in (base / "server.log").read_text()


def test_the_picture_process_is_replaced_when_it_dies(base: Path) -> None:
    with running(base) as server:
        server.upload("p.png", picture())
        processes = picture_processes(server)  # the gallery may have one too
        assert processes
        for process in processes:
            process.kill()
            process.wait(5)
        replies = [server.get("/view", filename="p.png", type="input", preview="webp").status for _ in range(2)]
        assert replies[-1] == 200
