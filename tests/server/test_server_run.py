"""`server.py run`: a graph without a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.harness import REGISTRY, ROOT, one, say


def run(tmp_path: Path, graph: Any, *flags: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "graph.json"
    file.write_text(graph if isinstance(graph, str) else json.dumps(graph))
    command = [sys.executable, str(ROOT / "server.py"), "run", str(file), "--base-directory", str(tmp_path / "base")]
    return subprocess.run(
        [*command, "--registry", REGISTRY, *flags], capture_output=True, text=True, timeout=30, cwd=tmp_path
    )


def test_a_graph_runs_and_its_files_are_named(tmp_path: Path) -> None:
    done = run(tmp_path, one("Write", text="written"))
    assert done.returncode == 0, done.stderr
    [path] = done.stdout.split()
    assert Path(path).read_text() == "written"
    assert "Write" in done.stderr


def test_inputs_change_and_results_are_copied(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        done = run(tmp_path, one("Write", text="before"), "--set", "1.text=a=b.c", "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()).read_text() == "a=b.c"
    assert sorted(p.name for p in out.iterdir()) == ["written (1).txt", "written.txt"]


def test_a_ui_workflow_runs(tmp_path: Path) -> None:
    workflow = {
        "version": 0.4,
        "nodes": [
            {"id": 1, "type": "Say", "mode": 0, "outputs": [{"type": "STRING", "links": [1]}], "widgets_values": ["x"]},
            {"id": 2, "type": "Write", "mode": 0, "inputs": [{"name": "text", "type": "STRING", "link": 1}]},
            {"id": 3, "type": "Show", "mode": 0, "inputs": [{"name": "text", "type": "STRING", "link": 2}]},
        ],
        "links": [[1, 1, 0, 2, 0, "STRING"], [2, 2, 0, 3, 0, "STRING"]],
    }
    done = run(tmp_path, workflow, "--set", "1.text=from a workflow")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).read_text() == "from a workflow"


@pytest.mark.parametrize(
    ("graph", "flags", "sentence"),
    [
        (one("Fail", text="broken on purpose"), [], "Fail #1 failed: broken on purpose"),
        (one("Die", marker=""), [], "the worker died (signal 9) while running Die (#1)"),
        (one("Absent"), [], "Absent"),
        (one("Even", number=3), [], "3 is odd"),
        (say(), ["--set", "9.text=x"], "the graph has no node 9. It has 1, 2"),
        (say(), ["--set", "1.txet=x"], "Say has no input txet. It has text"),
        (one("Slow"), ["--set", "1.previews=perhaps"], "neither true nor false"),
        ("no json", [], "no JSON"),
        ("[1]", [], "must be a JSON object"),
        (say(), ["--registry", "tests.server.absent:registry"], "the worker does not start"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, graph: Any, flags: list[str], sentence: str) -> None:
    done = run(tmp_path, graph, *flags)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "server.py" not in done.stderr  # no trace of ours
    assert done.stdout == ""


def test_what_the_kept_catalogue_knows_is_said_before_the_worker_is_up(tmp_path: Path) -> None:
    assert run(tmp_path, say()).returncode == 0  # keeps the catalogue
    late = ["--registry", "tests.server.absent:registry"]  # a worker that never comes up
    for graph, flags, sentence in (
        (say(), ["--set", "1.txet=x"], "Say has no input txet"),
        (say(), ["--set", "9.text=x"], "no node 9"),
        (one("Slow", steps=0), [], "must be 1 or more"),
    ):
        assert sentence in run(tmp_path, graph, *late, *flags).stderr
    for graph in (say(), one("New")):  # nothing wrong, or nothing known: the worker decides
        assert "the worker does not start" in run(tmp_path, graph, *late).stderr
    kept = tmp_path / "base" / "user" / "cache" / "catalogue.json"
    os.utime(kept, (0, 0))  # as if nodes had been changed since
    assert "the worker does not start" in run(tmp_path, say(), *late, "--set", "1.txet=x").stderr


def test_a_graph_that_is_not_there(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "server.py"), "run", str(tmp_path / "absent.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "absent.json cannot be read" in done.stderr


def test_an_error_of_ours_is_its_sentence_and_one_of_others_has_a_trace(tmp_path: Path) -> None:
    outside = run(tmp_path, {"1": {"class_type": "Save", "inputs": {"letter": "../a", "kilobytes": 1}}})
    assert "would leave its folder" in outside.stderr
    assert "Traceback" not in outside.stderr
    assert 'File "' not in outside.stderr
    assert 'File "' in run(tmp_path, one("Fail", text="broken")).stderr
