"""Other people's clients, unmodified, against a server that paints: `programs/` has a small program for each."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.clients.conftest import SIDE
from tests.clients.environments import installed
from tests.server.harness import ROOT, Server


@pytest.fixture
def graph(painting: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(painting))
    return path


@pytest.fixture
def address(painter: Server) -> Iterator[str]:
    yield f"http://127.0.0.1:{painter.port}"
    assert painter.get("/queue").json() == {"queue_running": [], "queue_pending": []}


def picture(data: str) -> Image.Image:
    found = Image.open(io.BytesIO(bytes.fromhex(data)))
    assert found.size == (SIDE, SIDE)
    return found


def made_by(data: str) -> dict[str, Any]:
    return json.loads(picture(data).info["prompt"])


def test_comfy_api_simplified(address: str, graph: Path, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    client = installed("comfy-api-simplified")
    told = client.told("simplified.py", address, graph, tmp_path / "red.png", cwd=tmp_path)
    ((name, data),) = told["images"].items()
    assert name.startswith("client_"), "the saved file, and no preview taken for it"
    assert made_by(data)["5"]["inputs"]["seed"] == 21
    assert made_by(data)["2"]["inputs"]["text"] == "a pear"
    assert told["again"] == told["images"], "the second run is cached, and gives the same file"
    assert told["sent"] == {"name": "red.png", "subfolder": "default_upload_folder", "type": "input"}
    assert told["known"] > 300
    assert (told["queue"], told["stats"]) == (["queue_pending", "queue_running"], ["devices", "system"])
    assert told["embeddings"] == []
    assert "400" in told["refused"]


def test_comfyui_utils(address: str, graph: Path, tmp_path: Path) -> None:
    told = installed("comfyui-utils").told("utils.py", address, graph, cwd=tmp_path)
    assert told["position"][0] == 0
    assert [step for step in told["progress"] if step[0] == 5 and step[2]] == [[5, 1, 2], [5, 2, 2]]
    first, cached = (outputs["images"] for outputs, _ in told["completed"])
    assert first == cached
    assert made_by(told["data"])["5"]["inputs"]["seed"] == 22
    assert "Node 5, steps" in told["refused"]


def test_a_program_on_websocket_client(address: str, graph: Path, tmp_path: Path) -> None:
    told = installed("websocket-client").told("sockets.py", address, graph, cwd=tmp_path)
    assert told["posted"].keys() == {"prompt_id", "number", "node_errors"}
    assert told["stray"] == {}, "who cannot tell previews from results gets no previews"
    assert [made_by(data)["5"]["inputs"]["seed"] for data in told["views"]] == [24]
    assert told["heads"] == {"7": ["0000000100000002"] * 3}, "an event of the kind 1, a picture of the kind 2: PNG"
    assert len({picture(data).tobytes() for data in told["streamed"]["7"]}) == 3


def test_comfy_script(address: str, tmp_path: Path) -> None:
    told = installed("comfy-script").told("script.py", address, cwd=tmp_path)
    assert [picture(data).size for data in told["images"]] == [(SIDE, SIDE)]
    assert told["known"] > 300


def test_comfy_script_without_a_server(address: str, painter: Server, painting: dict[str, Any], tmp_path: Path) -> None:
    """Its real mode: nodes are functions that run at once, in the program's own process."""
    client, base = installed("comfy-script"), tmp_path / "base"
    told = client.told("script_real.py", ROOT / "in_process", base, cwd=tmp_path, OMP_NUM_THREADS="1")
    (saved,) = told["saved"]
    kept = Image.open(base / "output" / saved["filename"])
    assert kept.size == (SIDE, SIDE)
    assert json.loads(kept.info["prompt"]), "it tracks what it calls, and the picture has it"

    painting["5"]["inputs"]["seed"] = 26
    (image,) = painter.run(painting)["outputs"]["7"]["images"]
    served = Image.open(io.BytesIO(painter.get("/view", **image).body))
    assert served.tobytes() == picture(told["image"]).tobytes() == kept.tobytes()


@pytest.mark.long
def test_comfy_cli(address: str, graph: Path, painter: Server, tmp_path: Path) -> None:
    client = installed("comfy-cli")

    def run(path: Path) -> dict[str, Any]:
        command = ["--skip-prompt", "--no-enable-telemetry", "run", "--workflow", str(path), "--wait"]
        place = ["--host", "127.0.0.1", "--port", str(painter.port)]
        done = client.run("-m", "comfy_cli", *command, *place, cwd=tmp_path)
        found = json.loads(done.stdout.splitlines()[-1])
        assert (done.returncode == 0) == found["ok"], done.stderr
        return found

    found = run(graph)
    assert (found["ok"], found["data"]["status"]) == (True, "completed"), found
    (output,) = found["data"]["outputs"]
    assert output.startswith(f"{address}/view?filename=client_")
    assert Image.open(io.BytesIO(painter.get(output.removeprefix(address)).body)).size == (SIDE, SIDE)

    saved = run(ROOT / "workflows" / "words.json")
    assert saved["ok"], saved

    wrong = json.loads(graph.read_text())
    wrong["5"]["inputs"]["steps"] = -1
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    refused = run(tmp_path / "wrong.json")
    assert not refused["ok"]
    assert "steps" in json.dumps(refused)
