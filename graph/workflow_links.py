"""Where a link of a UI workflow truly comes from."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from graph.accepts import accepts
from graph.types import JsonObject
from graph.workflow_json import (
    BYPASSED,
    INPUT_SIDE,
    MUTED,
    NEVER_SENT,
    as_list,
    as_object,
    as_text,
    objects,
    slot_type,
)
from graph.workflow_promoted import Promotions, input_name
from graph.workflow_scopes import Scope


@dataclass(frozen=True, slots=True)
class Origin:
    """An output of a node that is sent."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class Value:
    """A constant in the place of a link."""

    value: Any


def origin(
    scope: Scope, reader: JsonObject, promotions: Promotions, definitions: Container[str]
) -> Origin | Value | None:
    """What the input slot `reader` reads: through reroutes, bypassed nodes and the borders of subgraphs.

    Where the way ends, at a muted node, at nothing, or in a circle, it is the value that an instance on the way gives
    to the widget of its own that stands for this one, the outermost first; None if there is none.
    """
    wanted = slot_type(reader)
    link = scope.links.get(str(reader.get("link")))
    own: Value | None = None
    seen: set[tuple[int, str]] = set()
    while link is not None and (id(scope), link.id) not in seen:
        seen.add((id(scope), link.id))
        if link.source == INPUT_SIDE and scope.parent is not None:
            value = promotions.input_value(scope, link.source_slot)
            own = own if value is None else Value(value)
            outer = _link_at(scope.instance, input_name(scope.file, link.source_slot))
            scope = scope.parent
            link = None if outer is None else scope.links.get(outer)
            continue
        node = scope.nodes.get(link.source)
        if node is None or node.get("mode") == MUTED:
            return own
        type = as_text(node.get("type"))
        if node.get("mode") == BYPASSED:
            link = scope.links.get(str(_bypass(node, link.source_slot, wanted)))
        elif type in ("Reroute", "SetNode"):
            link = scope.links.get(str(_first_link(node)))
        elif type == "GetNode":
            sent = _setter(scope, _wire_name(node))
            if sent is None:
                return own
            scope, node = sent
            link = scope.links.get(str(_first_link(node)))
        elif type == "PrimitiveNode":
            values = as_list(node.get("widgets_values"))
            return Value(values[0]) if values and values[0] is not None else own
        elif link.source in scope.inner:
            inner = scope.inner[link.source]
            link = inner.outputs.get(_output_slot(node, inner.file, link.source_slot))
            scope = inner
        elif type in NEVER_SENT or type in definitions:
            return own
        else:
            return Origin(scope.path + link.source, link.source_slot)
    return own


def _wire_name(node: JsonObject) -> str:
    """The name that a Set or a Get node goes by."""
    return as_text(next(iter(as_list(node.get("widgets_values"))), None))


def _setter(scope: Scope | None, name: str) -> tuple[Scope, JsonObject] | None:
    """The node that sends by a name: the first one in the same graph, or else in the graphs around it."""
    while scope is not None and name:
        for node in scope.nodes.values():
            if node.get("type") == "SetNode" and _wire_name(node) == name:
                return scope, node
        scope = scope.parent
    return None


def _link_at(instance: JsonObject, name: str) -> str | None:
    """The link at an instance's input; slots are known by name."""
    for slot in objects(instance.get("inputs")):
        if slot.get("name") == name:
            return None if slot.get("link") is None else str(slot["link"])
    return None


def _first_link(node: JsonObject) -> Any:
    inputs = objects(node.get("inputs"))
    return inputs[0].get("link") if inputs else None


def _bypass(node: JsonObject, slot: int, wanted: Any) -> Any:
    """The link that a bypassed node passes on to its output `slot`.

    That of the input in the same place if its type fits, else of the first with the output's type, else of the first
    that fits. For a wildcard the same place, or the first input.
    """
    inputs = [as_object(entry) for entry in as_list(node.get("inputs"))]
    outputs = objects(node.get("outputs"))
    given = slot_type(outputs[slot]) if slot < len(outputs) else wanted
    same = inputs[slot] if slot < len(inputs) else None
    if wanted == "*" or given == "*":
        chosen = same if same is not None else next(iter(inputs), None)
        return chosen.get("link") if chosen is not None else None

    def fits(entry: JsonObject) -> bool:
        return accepts(slot_type(entry), given) and accepts(slot_type(entry), wanted)

    if same is not None and fits(same):
        return same.get("link")
    exact = next((entry for entry in inputs if slot_type(entry) == given), None)
    chosen = exact if exact is not None else next((entry for entry in inputs if fits(entry)), None)
    return chosen.get("link") if chosen is not None else None


def _output_slot(instance: JsonObject, definition: JsonObject, slot: int) -> int:
    """The definition's output that an instance's output stands for: by name, or else by place."""
    outputs = [as_object(entry).get("name") for entry in as_list(definition.get("outputs"))]
    slots = [as_object(entry).get("name") for entry in as_list(instance.get("outputs"))]
    name = slots[slot] if slot < len(slots) else None
    if name is None or (slot < len(outputs) and outputs[slot] == name) or name not in outputs:
        return slot
    return outputs.index(name)
