"""Pictures beside model files, and the list of tags."""

from __future__ import annotations

import io

from PIL import Image

from tests.server.harness import Server


def png(size: int = 600) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size // 2), "teal").save(out, "PNG")
    return out.getvalue()


def test_pictures_beside_models_are_listed_and_sent_small(server: Server) -> None:
    folder = server.base / "models" / "loras" / "styles"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("ink.safetensors", "oil.v2.safetensors", "bare.safetensors"):
        (folder / name).touch()
    (folder / "ink.png").write_bytes(png())
    (folder / "oil.v2.preview.jpg").write_bytes(png())
    listed = server.get("/easel/model_pictures").json()["loras"]
    assert [name for name in sorted(listed) if name.startswith("styles/")] == [
        "styles/ink.safetensors",
        "styles/oil.v2.safetensors",
    ]
    reply = server.get("/easel/model_picture/loras?name=styles/ink.safetensors&v=1")
    assert (reply.status, reply.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in reply.headers["cache-control"]
    assert Image.open(io.BytesIO(reply.body)).size == (256, 128)
    (folder / "ink.png").write_bytes(b"no picture")
    assert server.get("/easel/model_picture/loras?name=styles/ink.safetensors").status == 415


def test_only_pictures_beside_models_are_sent(server: Server) -> None:
    (server.base / "input" / "secret.png").write_bytes(png())
    for query, status in (
        ("loras?name=styles/none.safetensors", 404),
        ("loras?name=", 404),
        ("loras?name=../../input/secret.png", 400),
        ("input?name=secret.png", 404),
        ("nothing?name=a", 404),
    ):
        assert server.get(f"/easel/model_picture/{query}").status == status, query


def test_the_list_of_tags_is_sent_as_it_is(server: Server) -> None:
    assert server.get("/easel/tags").body == b""
    (server.base / "tags.csv").write_text('1girl,0,5000000,"girl,girls"\n', "utf-8")
    reply = server.get("/easel/tags")
    assert reply.body == b'1girl,0,5000000,"girl,girls"\n'
    assert reply.headers["content-type"].startswith("text/plain")
    (server.base / "tags.csv").unlink()
