"""UI workflows to prompts: the table that the page's tests read too."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from conversion_tables import TABLES, cases, catalogue

from graph.accepts import accepts
from graph.errors import ParseError
from graph.workflow import is_workflow, to_api

CATALOGUE = catalogue()


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases()])
def test_workflow_becomes_prompt(case: dict[str, Any]) -> None:
    numbers = iter(case.get("random", []))
    now = datetime.fromisoformat(case["now"]) if "now" in case else None

    def convert() -> dict[str, Any]:
        return to_api(case["workflow"], CATALOGUE, now=now, random=lambda: next(numbers))

    before = json.dumps(case["workflow"])
    if "error" in case:
        with pytest.raises(ParseError) as raised:
            convert()
        assert case["error"] in str(raised.value)
    else:
        assert convert() == case["prompt"]
        assert next(numbers, None) is None, "every given number is used"
    assert json.dumps(case["workflow"]) == before, "the file is left as it was"


@pytest.mark.parametrize(
    "case", json.loads((TABLES / "accepts.json").read_text("utf-8")), ids=lambda case: case["case"]
)
def test_accepts(case: dict[str, Any]) -> None:
    assert accepts(case["output"], case["input"]) is case["ok"]


@pytest.mark.parametrize(
    "workflow",
    [
        None,
        [],
        {"nodes": None, "links": 3},
        {"nodes": [None, 5, {"id": 1}, {"id": 2, "type": 7, "inputs": {"a": 1}, "outputs": "x", "widgets_values": 3}]},
        {"nodes": [{"id": 1, "type": "Sample", "inputs": [{"link": 1}, None]}], "links": [[1, 1, 0, 1, 0], [None], {}]},
        {"nodes": [], "definitions": {"subgraphs": [None, {"id": 5}, {"id": "x", "inputs": [None], "links": None}]}},
        {"nodes": [{"id": 1, "type": "x"}], "definitions": {"subgraphs": [{"id": "x", "inputs": [None, {"name": 3}]}]}},
    ],
)
def test_broken_files_give_what_can_be_read(workflow: Any) -> None:
    prompt = to_api(workflow, CATALOGUE)
    assert all(set(node) == {"class_type", "inputs", "_meta"} for node in prompt.values())


def test_a_chain_of_reroutes_is_followed_without_recursion() -> None:
    count = 20_000
    nodes: list[dict[str, Any]] = [{"id": 0, "type": "Number", "widgets_values": [7], "outputs": []}]
    nodes += [{"id": i, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": i}]} for i in range(1, count)]
    nodes.append({"id": count, "type": "Show", "inputs": [{"name": "value", "type": "*", "link": count}]})
    links = [[i, i - 1, 0, i, 0, "*"] for i in range(1, count + 1)]
    assert to_api({"nodes": nodes, "links": links}, CATALOGUE)[str(count)]["inputs"] == {"value": ["0", 0]}


def test_subgraphs_that_multiply_are_refused() -> None:
    """Thirty definitions, each with ten instances of the next, would be 10**30 nodes."""
    definitions = [
        {"id": f"g{level}", "name": f"g{level}", "nodes": [{"id": i, "type": f"g{level + 1}"} for i in range(10)]}
        for level in range(30)
    ]
    with pytest.raises(ParseError, match="more than"):
        to_api({"nodes": [{"id": 1, "type": "g0"}], "definitions": {"subgraphs": definitions}}, CATALOGUE)


def test_is_workflow() -> None:
    assert is_workflow({"nodes": []})
    assert not is_workflow({"1": {"class_type": "X", "inputs": {}}})
    assert not is_workflow([])
