"""The incumbent's old group nodes (`workflow>Name`), unfolded into the nodes that they stand for.

`extra.groupNodes[Name]` holds the parts and the links between them. The parts get the ids `12:0`, `12:1`, ...; the
group's slots are those of its parts that no inner link takes, in the order of the parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from graph.spec import NodeSpec
from graph.types import JsonObject
from graph.workflow_grown import shown
from graph.workflow_json import as_list, as_object, as_text, objects, read_link
from graph.workflow_widgets import places

_GROUP = re.compile(r"^workflow[>/](.+)$", re.DOTALL)


@dataclass(slots=True)
class _Unfolded:
    parts: list[JsonObject]
    links: list[Any]
    inputs: list[tuple[int, int]]
    """Part and slot of each input of the group."""
    outputs: list[tuple[int, int]]


def expand_groups(file: JsonObject, catalogue: Mapping[str, NodeSpec]) -> JsonObject:
    """The same file where there are none."""
    definitions = as_object(as_object(file.get("extra")).get("groupNodes"))
    nodes = objects(file.get("nodes"))
    unfolded: dict[str, _Unfolded] = {}
    for node in nodes:
        match = _GROUP.match(as_text(node.get("type")))
        definition = as_object(definitions.get(match[1])) if match else {}
        if definition:
            unfolded[str(node.get("id"))] = _unfold(node, definition, catalogue)
    if not unfolded:
        return file
    links: list[Any] = []
    for raw in as_list(file.get("links")):
        link = read_link(raw)
        if link is None:
            continue
        source, source_slot = _outer(unfolded.get(link.source), link.source, link.source_slot, "outputs")
        target, target_slot = _outer(unfolded.get(link.target), link.target, link.target_slot, "inputs")
        if source is None or target is None:
            continue
        links.append([link.id, source, source_slot, target, target_slot, "*"])
        if link.target in unfolded:
            part, slot = unfolded[link.target].inputs[link.target_slot]
            _set_link(unfolded[link.target].parts[part], slot, link.id)
    for group in unfolded.values():
        links += group.links
    parts = [part for node in nodes for part in _parts(unfolded, node)]
    return {**file, "nodes": parts, "links": links}


def _parts(unfolded: Mapping[str, _Unfolded], node: JsonObject) -> list[JsonObject]:
    group = unfolded.get(str(node.get("id")))
    return [node] if group is None else group.parts


def _outer(group: _Unfolded | None, id: str, slot: int, side: str) -> tuple[str | None, int]:
    """The end of an outer link: of a part if it ended at a group; None if the group has no such slot."""
    if group is None:
        return id, slot
    slots = group.inputs if side == "inputs" else group.outputs
    if slot >= len(slots):
        return None, slot
    part, inner = slots[slot]
    return str(group.parts[part]["id"]), inner


def _unfold(node: JsonObject, definition: JsonObject, catalogue: Mapping[str, NodeSpec]) -> _Unfolded:
    id = str(node.get("id"))
    values = iter(as_list(node.get("widgets_values")))
    parts: list[JsonObject] = []
    for index, raw in enumerate(objects(definition.get("nodes"))):
        part: JsonObject = {**raw, "id": f"{id}:{index}", "mode": node.get("mode", 0)}
        part["inputs"] = [{**as_object(slot), "link": None} for slot in as_list(raw.get("inputs"))]
        spec = catalogue.get(as_text(raw.get("type")))
        if spec is not None:
            own = as_list(raw.get("widgets_values"))
            count = len(places(shown(spec, own)))
            part["widgets_values"] = [next(values, own[i] if i < len(own) else None) for i in range(count)]
        parts.append(part)
    links: list[Any] = []
    taken: set[tuple[str, int, int]] = set()
    for index, raw in enumerate(as_list(definition.get("links"))):
        ends = as_list(raw)[:4]
        if len(ends) < 4 or not all(isinstance(end, int) and end >= 0 for end in ends):
            continue
        source, source_slot, target, target_slot = cast("list[int]", ends)
        if source >= len(parts) or target >= len(parts):
            continue
        key = f"{id}:link:{index}"
        links.append([key, parts[source]["id"], source_slot, parts[target]["id"], target_slot, "*"])
        _set_link(parts[target], target_slot, key)
        taken |= {("in", target, target_slot), ("out", source, source_slot)}
    for external in as_list(definition.get("external")):
        ends = as_list(external)
        if len(ends) >= 2 and isinstance(ends[1], int):
            index = as_object(ends[0]).get("index")
            taken.discard(("out", index if isinstance(index, int) else -1, ends[1]))
    return _Unfolded(parts, links, _free(parts, "in", "inputs", taken), _free(parts, "out", "outputs", taken))


def _free(parts: list[JsonObject], side: str, slots: str, taken: set[tuple[str, int, int]]) -> list[tuple[int, int]]:
    return [
        (index, slot)
        for index, part in enumerate(parts)
        for slot in range(len(as_list(part.get(slots))))
        if (side, index, slot) not in taken
    ]


def _set_link(part: JsonObject, slot: int, key: str) -> None:
    inputs = as_list(part.get("inputs"))
    if slot < len(inputs):
        part["inputs"] = [*inputs[:slot], {**as_object(inputs[slot]), "link": key}, *inputs[slot + 1 :]]
