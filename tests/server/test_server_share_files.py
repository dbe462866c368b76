"""Pictures over a shared link: what guests send is made anew, what they get tells nothing of the graph."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from api.shares.files import STRIPPERS, results_of
from tests.server.guests import OWNER, Guest, ask, png, refused, share
from tests.server.harness import Server


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_pictures_lose_their_texts_and_keep_their_pixels(kind: str) -> None:
    picture = Image.effect_noise((40, 30), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "the secret graph"
    out = io.BytesIO()
    info = PngInfo()
    info.add_text("prompt", "the secret graph")
    info.add_itxt("workflow", "the secret graph", zip=True)
    more: dict[str, Any] = {
        "PNG": {"pnginfo": info},
        "JPEG": {"comment": "the secret graph"},
        "WEBP": {"xmp": b"the secret graph", "lossless": True},
    }[kind]
    picture.save(out, kind, exif=exif, **more)
    data = out.getvalue() + b"the secret graph after the end"
    bare = STRIPPERS[f"image/{kind.lower()}"](data)
    assert bare is not None
    assert b"secret" not in bare
    with Image.open(io.BytesIO(bare)) as read, Image.open(io.BytesIO(data)) as whole:
        assert read.tobytes() == whole.tobytes()
        assert not read.getexif()
        assert "secret" not in str(read.info)
    for cut in range(0, len(data) - 40, 97):
        try:
            STRIPPERS[f"image/{kind.lower()}"](data[:cut])
        except (IndexError, ValueError, struct.error):
            continue


IMAGE_FORM = {
    "title": "",
    "items": [{"kind": "input", "id": "p", "control": "image", "label": "Picture", "targets": [["1", "text"]]}],
    "outputs": [{"node": "2", "label": ""}],
}


def test_a_guests_picture_is_made_anew_and_used_by_that_guest_only(guarded: Server) -> None:
    path = share(guarded, IMAGE_FORM)["path"]
    guest, other = Guest(guarded, path), Guest(guarded, path)
    sent = guest.send(png(comment="<?php hello"))
    assert sent.status == 201, sent.body
    id = sent.json()["picture"]
    run = guest.run(p=id).json()["run"]
    name = guest.result(run)["results"][0]["text"]
    assert name.startswith("shares/")
    kept = (guarded.base / "input" / name).read_bytes()
    assert b"php" not in kept
    assert other.run(p=id).status == 400
    for trick in ("../../secret", "shares/x.png", name, "/etc/passwd", "", 5, ["x"]):
        assert guest.run(p=trick).status == 400, trick


def test_pictures_that_are_none_or_too_large_are_not_taken(guarded: Server) -> None:
    guest = Guest(guarded, share(guarded, IMAGE_FORM)["path"])
    bomb = io.BytesIO()
    Image.new("1", (8000, 8000)).save(bomb, "PNG")
    for data in (b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", png()[:40], bomb.getvalue()):
        refused(guest.send(data), 400, "invalid_picture")
    assert guest.send(b"x" * (20 * 2**20 + 1)).status == 413
    assert not list((guarded.base / "input").glob(".upload*"))
    words = Guest(guarded, share(guarded)["path"])
    refused(words.send(png()), 403, "no_pictures")


def test_removing_a_link_removes_its_guests_pictures(guarded: Server) -> None:
    made = share(guarded, IMAGE_FORM)
    guest = Guest(guarded, made["path"])
    guest.send(png())
    folder = guarded.base / "input" / "shares" / made["id"]
    assert len(list(folder.iterdir())) == 1
    ask(guarded, f"/easel/shares/{made['id']}", None, "DELETE", **OWNER)
    assert not folder.exists()


def test_results_are_those_of_the_chosen_outputs_only() -> None:
    outputs = {
        "2": {"images": [{"filename": "a.png", "subfolder": "x", "type": "temp"}, {"filename": 5}, "no"], "text": "t"},
        "2.0.1": {"images": [{"filename": "b.mp4", "type": "output"}]},
        "21": {"images": [{"filename": "c.png", "type": "output"}]},
        "3": {"images": [{"filename": "d.png", "type": "models"}]},
    }
    found = results_of(outputs, {"3": "", "2": "Two"})
    assert [one.get("filename") or one["text"] for one in found] == ["a.png", "t", "b.mp4"]


def test_a_file_result_comes_through_the_link_alone(guarded: Server) -> None:
    prompt = {"1": {"class_type": "Save", "inputs": {"letter": "secretname", "kilobytes": 1}}}
    form = {"title": "", "items": [], "outputs": [{"node": "1", "label": "File"}]}
    closed, opened = share(guarded, form, prompt), share(guarded, form, prompt, tells_graph=True)
    for made, status in ((closed, 403), (opened, 200)):
        guest = Guest(guarded, made["path"])
        run = guest.run().json()["run"]
        done = guest.result(run)
        assert done["results"] == [{"kind": "file", "output": "File"}]
        reply = guest.ask(f"/runs/{run}/0")
        assert reply.status == status
        assert "secretname" not in str(reply.headers)


def test_a_jpeg_of_several_scans_and_pictures_keeps_nothing_between_and_behind() -> None:
    out = io.BytesIO()
    picture = Image.effect_noise((64, 64), 80).convert("RGB")
    picture.save(out, "JPEG", progressive=True, icc_profile=b"a profile" * 4)
    plain = out.getvalue()
    secret = b"{the graph}"
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(secret)) + secret
    scans = [at for at in range(len(plain) - 1) if plain[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 2
    between = plain[: scans[1]] + comment + plain[scans[1] :]
    behind = out.getvalue()[:2] + comment + plain[2:]
    bare = STRIPPERS["image/jpeg"](between + behind)
    assert bare is not None
    assert secret not in bare
    found = Image.open(io.BytesIO(bare))
    assert found.tobytes() == Image.open(io.BytesIO(plain)).tobytes()
    assert found.info["icc_profile"] == b"a profile" * 4
