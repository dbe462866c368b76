"""A file in the UI workflow format by the names of now: `graph.renamed` says what was called otherwise.

The page does the same when it opens one. Values come out by name, which both read as well as lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graph.renamed import Renamed, Renames
from graph.spec import NodeSpec
from graph.types import JsonObject
from graph.workflow_grown import shown
from graph.workflow_json import as_list, as_object, as_text, objects
from graph.workflow_widgets import widget_values


def by_new_names(file: JsonObject, catalogue: Mapping[str, NodeSpec]) -> JsonObject:
    """The workflow with its subgraphs' definitions; the same object where it has no old names."""
    renames = Renames(catalogue)
    if not renames:
        return file
    changed = _scope(file, renames)
    definitions = as_object(file.get("definitions"))
    inner = [_scope(one, renames) for one in objects(definitions.get("subgraphs"))]
    if inner != objects(definitions.get("subgraphs")):
        changed = {**changed, "definitions": {**definitions, "subgraphs": inner}}
    return changed


def _scope(graph: JsonObject, renames: Renames) -> JsonObject:
    """One list of nodes, with the links between them."""
    nodes: list[Any] = []
    outputs: dict[str, Mapping[int, int]] = {}
    for entry in as_list(graph.get("nodes")):
        node = as_object(entry)
        found = _found(node, renames)
        if found is None:
            nodes.append(entry)
            continue
        spec, ones, moved = found
        nodes.append(_node(node, spec, ones, moved=moved))
        for one in ones:
            if moved and one.outputs:
                outputs[str(node.get("id"))] = one.outputs
    changed = graph if nodes == graph.get("nodes") else {**graph, "nodes": nodes}
    return {**changed, "links": [_link(link, outputs) for link in as_list(graph.get("links"))]} if outputs else changed


def _found(node: JsonObject, renames: Renames) -> tuple[NodeSpec, tuple[Renamed, ...], bool] | None:
    name = as_text(node.get("type"))
    moved = renames.moved(name)
    if moved is not None:
        return moved[0], (moved[1],), True
    within = renames.within(name)
    return None if within is None else (*within, False)


def _node(node: JsonObject, spec: NodeSpec, ones: tuple[Renamed, ...], *, moved: bool) -> JsonObject:
    changed = {**node, "type": spec.class_type}
    for one in ones:
        changed["widgets_values"] = _values(changed.get("widgets_values"), spec, one, moved=moved)
        if isinstance(node.get("inputs"), list):
            changed["inputs"] = [_slot(slot, one) for slot in as_list(changed["inputs"])]
        if moved and one.outputs and isinstance(node.get("outputs"), list):
            changed["outputs"] = _reordered(as_list(node["outputs"]), spec, one.outputs)
    return changed


def _values(saved: Any, spec: NodeSpec, one: Renamed, *, moved: bool) -> Any:
    """A node's saved values, by name wherever something of them changed."""
    if isinstance(saved, list):
        if one.widgets:
            saved = dict(zip(one.widgets, cast("list[Any]", saved), strict=False))
        elif one.values or one.added:
            saved = widget_values(shown(spec, saved), saved)
    if not isinstance(saved, Mapping):
        return cast(Any, saved)
    named = {one.name(str(old)): value for old, value in cast("Mapping[Any, Any]", saved).items()}
    given = {name: one.value(name, value) for name, value in named.items()}
    return {**given, **one.added} if moved else given


def _slot(slot: Any, one: Renamed) -> Any:
    if not isinstance(slot, dict):
        return slot
    old = as_object(cast(Any, slot))
    changed = {**old, "name": one.name(as_text(old.get("name")))}
    widget = old.get("widget")
    if isinstance(widget, dict):
        changed["widget"] = {**widget, "name": one.name(as_text(as_object(cast(Any, widget)).get("name")))}
    return changed


def _reordered(slots: list[Any], spec: NodeSpec, outputs: Mapping[int, int]) -> list[Any]:
    """The old node's outputs at their new places, with the new node's own between them."""
    placed = {outputs.get(old, old): slot for old, slot in enumerate(slots)}
    own = [{"name": output.name, "type": output.wire_type, "links": None} for output in spec.outputs]
    return [placed.get(new, slot) for new, slot in enumerate(own)]


def _link(link: Any, outputs: Mapping[str, Mapping[int, int]]) -> Any:
    """A link, as a list (`[id, from, slot, to, slot, type]`) or, within a subgraph, as an object."""
    if isinstance(link, list):
        items = cast("list[Any]", link)
        if len(items) > 2 and str(items[1]) in outputs and isinstance(items[2], int):
            return [*items[:2], outputs[str(items[1])].get(items[2], items[2]), *items[3:]]
        return items
    known = as_object(link)
    slot = known.get("origin_slot")
    if str(known.get("origin_id")) in outputs and isinstance(slot, int):
        return {**known, "origin_slot": outputs[str(known["origin_id"])].get(slot, slot)}
    return link
