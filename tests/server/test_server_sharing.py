"""Graph files that are shared: what they say of their models, and how that is checked where they are opened."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from api.model_files.sharing import version_of
from tests.server.harness import Server, until


def put(server: Server, name: str, content: bytes) -> dict[str, Any]:
    path = server.base / "models" / "checkpoints" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return {"directory": "checkpoints", "name": name, "sha256": sha256, "size": len(content)}


def state(server: Server, **model: Any) -> dict[str, Any]:
    def settled() -> dict[str, Any] | None:
        (found,) = server.post("/easel/sharing/check", {"models": [model]}).json()["models"]
        return found if found["state"] != "looking" else None

    return until(settled, server=server)


def test_what_nodes_use_is_told_with_its_hash_and_source(server: Server) -> None:
    model = put(server, "shared/painter.safetensors", b"paint")
    beside = server.base / "models" / "checkpoints" / "shared" / "painter.civitai.info"
    beside.write_text(json.dumps({"modelId": 7, "id": 8, "model": {"name": "Painter"}}))
    nodes = [{"type": "Model", "inputs": {"name": model["name"]}}, {"type": "Unknown"}, {"type": "Model", "inputs": 5}]

    def needed() -> dict[str, Any]:
        (found,) = server.post("/easel/sharing/needs", {"nodes": nodes}).json()["models"]
        return found

    assert needed()["sha256"] is None
    server.post(f"/easel/model_library/checkpoints/hash?name={model['name']}")
    found = until(lambda: (now := needed())["sha256"] and now, server=server)
    assert {name: found[name] for name in model} == model
    assert found["title"] == "Painter"
    nodes = [
        {"type": "Model", "inputs": {"name": name}} for name in ("gone.safetensors", "../gone.safetensors", "none")
    ]
    (gone,) = server.post("/easel/sharing/needs", {"nodes": nodes}).json()["models"]
    assert (gone["name"], gone["sha256"], gone["missing"]) == ("gone.safetensors", None, True)


def test_models_are_found_by_name_and_hash_and_a_renamed_one_by_its_hash(server: Server) -> None:
    model = put(server, "one name.safetensors", b"the same model")
    assert state(server, **model) == {"state": "here"}
    assert state(server, name=model["name"]) == {"state": "here"}
    assert state(server, **{**model, "directory": "nonsense"}) == {"state": "here"}
    renamed = {**model, "name": "their/name.safetensors"}
    assert state(server, **renamed) == {"state": "renamed", "as": ["checkpoints", "one name.safetensors"]}
    assert state(server, **{**model, "sha256": "0" * 64}) == {"state": "other"}
    assert state(server, **{**renamed, "sha256": "0" * 64}) == {"state": "missing"}
    assert state(server, name="../../etc/passwd", directory="checkpoints") == {"state": "missing"}


def test_a_renamed_model_that_was_never_hashed_is_found_by_its_size(server: Server) -> None:
    put(server, "mine.safetensors", b"1234567")
    decoy = put(server, "decoy.safetensors", b"7654321")
    wanted = {**decoy, "name": "x.safetensors", "sha256": hashlib.sha256(b"1234567").hexdigest()}
    assert state(server, **wanted) == {"state": "renamed", "as": ["checkpoints", "mine.safetensors"]}


@pytest.mark.parametrize("body", [{}, {"models": 5}, {"models": [5]}, {"models": [{}]}, {"models": [{"name": 3}]}])
def test_what_is_no_list_of_models_is_refused(server: Server, body: Any) -> None:
    assert server.post("/easel/sharing/check", body).status == 400


def test_a_packs_version_is_that_of_its_project(tmp_path: Any) -> None:
    project = '[project]\nname = "x"\nversion = "1.2"\n[project.urls]\nRepository = "https://host.example/x"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    assert version_of(tmp_path) == ("1.2", "https://host.example/x")
    (tmp_path / "pyproject.toml").write_text(project.replace("https:", "javascript:"))
    assert version_of(tmp_path) == ("1.2", "")
    (tmp_path / "pyproject.toml").write_text("[project\n")
    assert version_of(tmp_path) == ("", "")
    assert version_of(tmp_path / "gone") == ("", "")
