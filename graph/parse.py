"""API-format JSON to `Graph`: the one place where `["4", 0]` becomes `Link("4", 0)`.

{"3": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0]}, "_meta": {"title": "..."}}}
"""

from __future__ import annotations

import math
from typing import Any, cast

from graph.errors import ParseError
from graph.types import BadLink, Graph, JsonObject, Link, Node, NodeId


def parse(prompt: Any) -> Graph:
    """Raises ParseError, whose sentence names the node, for anything that is no graph.

    A list of a text and a whole number is a link, as is one of two whole numbers if the first names a node of the
    prompt. `{"__value__": [...]}` is a constant that is a list; other lists are `BadLink`s, which `validate` reports.
    `is_changed` and other keys of a node are passed over.
    """
    if not isinstance(prompt, dict):
        raise ParseError(
            f"A prompt is a JSON object of nodes by id, and this is {_kind(prompt)}.",
            details=f"found {_kind(prompt)}",
        )
    nodes = cast(JsonObject, prompt)
    return Graph({NodeId(id): _node(NodeId(id), node, nodes) for id, node in nodes.items()})


def to_prompt(graph: Graph) -> JsonObject:
    """The graph in API format: `parse` gives an equal graph back."""
    prompt: JsonObject = {}
    for node in graph.nodes.values():
        inputs = {name: _constant_json(value) for name, value in node.inputs.items()}
        prompt[node.id] = {"class_type": node.class_type, "inputs": inputs}
        if node.title:
            prompt[node.id]["_meta"] = {"title": node.title}
    return prompt


def _node(id: NodeId, data: Any, prompt: JsonObject) -> Node:
    if not isinstance(data, dict):
        raise ParseError(
            f"Node #{id} is {_kind(data)}, and a node is an object with class_type and inputs.",
            details=f"Node ID '#{id}'",
        )
    node = cast(JsonObject, data)
    class_type = node.get("class_type")
    if not isinstance(class_type, str) or not class_type:
        raise ParseError(
            "Cannot execute because a node is missing the class_type property.", details=f"Node ID '#{id}'"
        )
    inputs = node.get("inputs", {})
    if not isinstance(inputs, dict):
        raise ParseError(
            f"The inputs of node #{id} are {_kind(inputs)}, and must be an object of values by name.",
            details=f"Node ID '#{id}'",
        )
    meta = node.get("_meta")
    title = cast(JsonObject, meta).get("title") if isinstance(meta, dict) else None
    return Node(
        id=id,
        class_type=class_type,
        inputs={name: _value(value, prompt) for name, value in cast(JsonObject, inputs).items()},
        title=title if isinstance(title, str) else "",
    )


def _value(value: Any, prompt: JsonObject) -> Any:
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if len(items) == 2:
            source, slot = items
            if isinstance(slot, float) and math.isfinite(slot) and slot.is_integer():
                slot = int(slot)
            if isinstance(source, int) and not isinstance(source, bool) and str(source) in prompt:
                source = str(source)
            if isinstance(source, str) and isinstance(slot, int) and not isinstance(slot, bool):
                return Link(NodeId(source), slot)
        return BadLink(items)
    return cast(JsonObject, value)["__value__"] if _is_wrapped(value) else value


def _is_wrapped(value: Any) -> bool:
    return isinstance(value, dict) and "__value__" in value


def _constant_json(value: Any) -> Any:
    if isinstance(value, Link | BadLink):
        return value.to_json()
    return {"__value__": value} if _needs_wrapping(value) else value


def _needs_wrapping(value: Any) -> bool:
    return isinstance(value, list) or _is_wrapped(value)


def _kind(value: Any) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
