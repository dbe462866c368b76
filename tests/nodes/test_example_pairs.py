"""Graphs in example pictures of the incumbent, beside the prompts that its own page made of them.

The pairs are read where a checkout has them beside it, in `shared/graphs`. Three differences are known: old pages sent
the upload button's value too; inputs that a node type got since are not in their prompts, and are sent with their
default; and the nodes of old group nodes have ids of another shape.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph.registry import Catalogue
from graph.workflow import to_api
from nodes.library import core_registry

PAIRS = Path(__file__).resolve().parents[3] / "shared" / "graphs"
FILES = sorted(PAIRS.glob("*.json"))
BUTTONS = ("upload", "choose file to upload")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return core_registry().catalogue()


def as_sent_today(prompt: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The prompt without buttons, and with the defaults of inputs that are newer than it; titles do not count."""
    found: dict[str, Any] = {}
    for id, node in prompt.items():
        inputs = {name: value for name, value in node["inputs"].items() if name not in BUTTONS}
        for declared in catalogue[node["class_type"]].inputs:
            if declared.has_widget and declared.name not in inputs:
                allowed = declared.allowed(None)
                inputs[declared.name] = declared.options.get("default", allowed[0] if allowed else None)
        found[id] = {"class_type": node["class_type"], "inputs": inputs}
    return found


def by_what_they_are(prompt: dict[str, Any]) -> list[str]:
    """The nodes without their ids: each with all that it reads, as far as that goes."""

    def described(id: str) -> Any:
        node = prompt[id]
        read = {name: _read(value) for name, value in sorted(node["inputs"].items())}
        return [node["class_type"], read]

    def _read(value: Any) -> Any:
        if isinstance(value, list):
            return [described(value[0]), value[1]]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return sorted(json.dumps(described(id)) for id in prompt)


@pytest.mark.skipif(not FILES, reason="needs the pairs beside the checkout")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_prompt_is_that_of_the_incumbents_page(path: Path, catalogue: Catalogue) -> None:
    pair = json.loads(path.read_text("utf-8"))
    workflow = pair["workflow"]
    ours, theirs = as_sent_today(to_api(workflow, catalogue), catalogue), as_sent_today(pair["prompt"], catalogue)
    if workflow.get("extra", {}).get("groupNodes"):
        assert by_what_they_are(ours) == by_what_they_are(theirs)
    else:
        assert ours == theirs
