"""New seeds for a prompt that runs once more, in the prompt and in the graph that its pictures will carry."""

from __future__ import annotations

import secrets
from typing import Any, cast

from graph.registry import Catalogue
from graph.types import JsonObject

LARGEST = 2**53
"""Pages reckon in doubles: no new seed is beyond what they can tell apart."""


def draw_seeds(prompt: JsonObject, workflow: Any, catalogue: Catalogue | None) -> None:
    """Changes both in place; `workflow` may be anything that a client sent."""
    for id, node in prompt.items():
        inputs: JsonObject = node.get("inputs") or {}
        for name in _names(str(node.get("class_type")), catalogue):
            old = inputs.get(name)
            if isinstance(old, int) and not isinstance(old, bool):
                inputs[name] = new = secrets.randbelow(LARGEST)
                _write(workflow, id.rpartition(":")[2], old, new)


def member(value: Any, name: str) -> Any:
    return cast(JsonObject, value).get(name) if isinstance(value, dict) else None


def _names(class_type: str, catalogue: Catalogue | None) -> list[str]:
    spec = None if catalogue is None else catalogue.get(class_type)
    if spec is None:
        return ["seed", "noise_seed"]
    return [each.name for each in spec.inputs if each.type == "INT" and each.options.get("control_after_generate")]


def _write(workflow: Any, node_id: str, old: int, new: int) -> None:
    for graph in [workflow, *_listed(member(workflow, "definitions"), "subgraphs")]:
        for node in _listed(graph, "nodes"):
            values: Any = member(node, "widgets_values")
            if str(member(node, "id")) == node_id and isinstance(values, list):
                known = cast(list[Any], values)
                known[:] = [new if value == old and not isinstance(value, bool) else value for value in known]


def _listed(value: Any, name: str) -> list[Any]:
    found = member(value, name)
    return cast(list[Any], found) if isinstance(found, list) else []
