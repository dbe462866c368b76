"""Graphs as the incumbent ships them open, are saved as they were, and become the same prompt in page and server."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import datetime
from typing import Any

import pytest

from graph.workflow import to_api
from tests.nodes.template_support import PAGE, ROOT, catalogue, kinds_of_nodes, names, page, read, survey

NOW = "2026-01-02T03:04:05"
RANDOM = 0.4
MOST_DRAWN_ASIDE = 5
"""Templates that a failure shows by name."""


def ask_page(script: str, request: dict[str, Any]) -> Any:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    run = subprocess.run(
        [node, str(ROOT / "tests" / "web" / script)],
        input=json.dumps(request), capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_every_template_is_saved_as_it_was_opened() -> None:
    all = names(cloud=True)
    files = [read(name) for name in all]
    again = ask_page("reopen.js", {"workflows": files})
    changed = [name for name, file, saved in zip(all, files, again, strict=True) if file != saved]
    assert not changed[:MOST_DRAWN_ASIDE]


def test_templates_become_the_same_prompt_in_page_and_server() -> None:
    local = names(cloud=False)
    files = [read(name) for name in local]
    info = catalogue().object_info(None)
    answers = ask_page("convert.js", {"nodes": info, "workflows": files, "random": RANDOM, "now": NOW})
    different: list[str] = []
    for name, file, (sent, reopened) in zip(local, files, answers, strict=True):
        ours = to_api(file, catalogue(), now=datetime.fromisoformat(NOW), random=lambda: RANDOM)
        if not json.loads(json.dumps(ours)) == sent == reopened:
            different.append(name)
    assert not different[:MOST_DRAWN_ASIDE]


def test_templates_name_no_node_of_the_snapshot_that_is_unknown() -> None:
    snapshot = set(json.loads((ROOT / "tests" / "nodes" / "signatures.json").read_text("utf-8")))
    named = set[str]().union(*(kinds_of_nodes(read(name)) for name in names(cloud=False)))
    assert len(named & snapshot) > 150
    assert not (named & snapshot) - set(catalogue())


def test_those_without_newer_nodes_can_run_and_the_docs_list_the_others() -> None:
    assert page(survey()) == PAGE.read_text("utf-8"), "run python3 -m tests.nodes.template_support"
