"""What the server tells of itself, its nodes, its models and its page."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import pytest

from api.app import THEMES
from tests.server.harness import Reply, Server, running, until


def test_object_info(server: Server) -> None:
    info = server.get("/object_info").json()
    assert server.get("/api/object_info").json() == info
    assert info["Say"]["input"]["required"]["text"] == ["STRING", {"default": "hello"}]
    assert server.get("/object_info/Say").json() == {"Say": info["Say"]}
    assert server.get("/object_info/Unknown").json() == {}


def test_object_info_lists_files_of_the_moment(server: Server) -> None:
    def names() -> list[str]:
        return server.get("/object_info/Model").json()["Model"]["input"]["required"]["name"][0]

    path = server.base / "models" / "checkpoints" / "sub" / "new.safetensors"
    assert "sub/new.safetensors" not in names()
    path.parent.mkdir(parents=True)
    path.touch()
    assert "sub/new.safetensors" in names()
    path.unlink()
    assert "sub/new.safetensors" not in names()


def test_object_info_is_the_same_until_a_file_comes(server: Server) -> None:
    def ask(tag: str = "") -> Reply:
        return server.request("GET", "/object_info", headers={"Accept-Encoding": "gzip", "If-None-Match": tag})

    first = ask()
    assert first.headers["content-encoding"] == "gzip"
    assert ask(first.headers["etag"]).status == 304
    path = server.base / "models" / "checkpoints" / "tagged.safetensors"
    path.touch()
    second = ask(first.headers["etag"])
    assert second.status == 200
    names = json.loads(gzip.decompress(second.body))["Model"]["input"]["required"]["name"][0]
    assert "tagged.safetensors" in names
    path.unlink()
    assert ask(second.headers["etag"]).headers["etag"] == first.headers["etag"]


def test_json_answers_are_compressed_where_asked(server: Server) -> None:
    reply = server.request("GET", "/object_info", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert "Say" in json.loads(gzip.decompress(reply.body))
    assert "content-encoding" not in server.get("/object_info").headers


def test_system_stats_and_features(server: Server) -> None:
    system = server.get("/system_stats").json()["system"]
    assert system["ram_total"] > system["ram_free"] > 0
    assert {"os", "python_version", "pytorch_version", "comfyui_version", "embedded_python", "argv"} <= set(system)
    features = server.get("/features").json()
    assert features == {"supports_preview_metadata": True, "max_upload_size": 104857600}


def test_models(server: Server) -> None:
    kinds = server.get("/models").json()
    assert kinds[:3] == ["checkpoints", "configs", "loras"]
    assert "input" not in kinds
    loras = server.base / "models" / "loras"
    (loras / "a.safetensors").touch()
    (server.base / "models" / "embeddings" / "style.pt").touch()
    # Other tests keep theirs in the same server's folder.
    files = sorted(path.relative_to(loras).as_posix() for path in loras.rglob("*.safetensors"))
    assert "a.safetensors" in files
    assert sorted(server.get("/models/loras").json()) == files
    assert "style" in server.get("/embeddings").json()
    for unknown in ("nothing", "output", "..%2f"):
        assert server.get(f"/models/{unknown}").status == 404


def test_view_metadata(server: Server) -> None:
    header = json.dumps({"__metadata__": {"ss_tag": "x"}, "w": {}}).encode()
    loras = server.base / "models" / "loras"
    (loras / "meta.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    assert server.get("/view_metadata/loras", filename="meta.safetensors").json() == {"ss_tag": "x"}
    for name, data in {
        "none": struct.pack("<Q", 2) + b"{}",
        "huge": struct.pack("<Q", 2**40),
        "short": b"\1",
        "text": struct.pack("<Q", 4) + b"text",
        "deep": struct.pack("<Q", 90_000) + b"[" * 90_000,
    }.items():
        (loras / f"{name}.safetensors").write_bytes(data)
        assert server.get("/view_metadata/loras", filename=f"{name}.safetensors").status == 404, name
    assert server.get("/view_metadata/loras", filename="absent.safetensors").status == 404
    assert server.get("/view_metadata/loras", filename="../x.safetensors").status == 400


def test_small_answers(server: Server) -> None:
    assert server.get("/extensions").json() == []
    assert server.get("/no/such/route").status == 404
    assert server.request("PUT", "/prompt", raw=b"x").status == 405


def test_every_route_of_clients_stands_under_api_too() -> None:
    ours = {(route.method, route.path) for theme in THEMES for route in theme.ROUTES}
    assert ("POST", "/prompt") in ours
    assert len(ours) > 30
    assert not [path for _, path in ours if path.startswith(("/api", "/easel"))]


@pytest.mark.parametrize(
    "path", ["/prompt", "/queue", "/history", "/object_info/Say", "/features", "/models", "/users"]
)
def test_both_addresses_answer_alike(server: Server, path: str) -> None:
    assert server.get(f"/api{path}").body == server.get(path).body


def test_the_catalogue_answers_before_a_worker_is_up(base: Path) -> None:
    with running(base) as first:
        first.wait_until_ready()
        info = first.get("/object_info").json()
        assert first.stop() == 0
    # A registry that cannot be imported: no worker comes up, and the page still knows the nodes.
    with running(base, registry="tests.server.absent:registry") as second:
        assert second.get("/object_info").json() == info
        assert second.status()["catalogue"] == "stale"
        until(lambda: second.status()["worker"]["deaths"], server=second)
        assert "tests.server.absent" in second.status()["worker"]["last_words"]
