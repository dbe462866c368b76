"""Inputs that are there only for what a node is given: of a combo whose values bring some, of a row that grows.

They are declared as `/object_info` has them:

    mode     COMFY_DYNAMICCOMBO_V3   options: [{key, inputs: {required: {...}, optional: {...}}}]
    images   COMFY_AUTOGROW_V3       template: {input: {required: {...}}, prefix | names, min, max}
    slot     COMFY_DYNAMICSLOT_V3    slotType, inputs: {required: {...}, optional: {...}}

and in a prompt they are `mode` with `mode.strength`, and `images.image0`, `images.image1`. The node's function gets a
dict under the declared name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graph.spec import InputSpec, NodeSpec
from graph.types import JsonObject

COMBO, ROW, SLOT = "COMFY_DYNAMICCOMBO_V3", "COMFY_AUTOGROW_V3", "COMFY_DYNAMICSLOT_V3"
GROWING = frozenset({COMBO, ROW, SLOT})
MATCH = "COMFY_MATCHTYPE_V3"
"""A socket's type: one of those that its template allows."""

LONGEST_ROW = 1000
"""Inputs of one row that grows, however many its declaration allows."""

Path = tuple[str, ...]


@dataclass(slots=True)
class Grown:
    """A node's inputs as they are for what it is given."""

    inputs: list[InputSpec] = field(default_factory=list[InputSpec])
    places: dict[str, Path] = field(default_factory=dict[str, Path])
    """Where in the function's dicts an input's value goes, by the input's name."""
    empty: list[Path] = field(default_factory=list[Path])
    """Dicts that are there though nothing goes into them."""


def grows(spec: NodeSpec) -> bool:
    return any(item.type in GROWING for item in spec.inputs)


def grown(spec: NodeSpec, given: Mapping[str, Any]) -> Grown:
    """The inputs in the order of their declaration; those that bring others are replaced by what they bring."""
    found = Grown()
    for item in spec.inputs:
        _add(found, item, given, ())
    return found


def declared_input(spec: NodeSpec, name: str, given: Mapping[str, Any]) -> InputSpec | None:
    """What the type, or one of its inputs that bring others, declares under this name."""
    found = spec.input(name)
    if found is None and "." in name and grows(spec):
        return next((item for item in grown(spec, given).inputs if item.name == name), None)
    return found


def nested(found: Grown, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the function gets: values of a place in its dicts, all others as they are."""
    result = {name: value for name, value in values.items() if name not in found.places}
    for path in found.empty:
        _dict_at(result, path)
    for name, path in found.places.items():
        _dict_at(result, path[:-1])[path[-1]] = values.get(name)
    return result


def _dict_at(result: dict[str, Any], path: Path) -> dict[str, Any]:
    for part in path:
        result = result.setdefault(part, {})
    return result


def _add(found: Grown, item: InputSpec, given: Mapping[str, Any], path: Path) -> None:
    """item: named in full. path: of the dict that it lies in."""
    own = (*path, item.name.rpartition(".")[2]) if path else (item.name,)
    match item.type:
        case "COMFY_DYNAMICCOMBO_V3":
            _add_combo(found, item, given, own)
        case "COMFY_AUTOGROW_V3":
            _add_row(found, item, given, own)
        case "COMFY_DYNAMICSLOT_V3":
            _add_slot(found, item, given, own)
        case _:
            _place(found, item, given, own if path else None)


def _place(found: Grown, item: InputSpec, given: Mapping[str, Any], path: Path | None) -> None:
    found.inputs.append(item)
    if path is not None:
        found.places[item.name] = path


def _add_combo(found: Grown, item: InputSpec, given: Mapping[str, Any], path: Path) -> None:
    there = item.name in given
    _place(found, as_combo(item), given, (*path, path[-1]) if there else None)
    if there:
        for brought in inputs_of_option(item, given[item.name]):
            _add(found, brought, given, path)


def as_combo(item: InputSpec) -> InputSpec:
    """A combo whose values bring inputs, as any other."""
    options = cast("list[JsonObject]", item.options.get("options") or [])
    keys = tuple(option.get("key") for option in options)
    more = {name: value for name, value in item.options.items() if name != "options"}
    return InputSpec(
        name=item.name, type="COMBO", optional=item.optional, options=more, choices=keys, string_combo=True
    )


def inputs_of_option(item: InputSpec, value: Any) -> list[InputSpec]:
    """What this value of such a combo brings, named in full."""
    options = cast("list[JsonObject]", item.options.get("options") or [])
    chosen = next((option for option in options if option.get("key") == value), None)
    return [] if chosen is None else inputs_brought(item.name, chosen.get("inputs"))


def inputs_brought(parent: str, groups: Any) -> list[InputSpec]:
    return [_spec(f"{parent}.{name}", config, optional) for name, config, optional in _entries(groups)]


def _add_row(found: Grown, item: InputSpec, given: Mapping[str, Any], path: Path) -> None:
    template = cast(JsonObject, item.options.get("template") or {})
    least, most = _count(template.get("min")), min(_count(template.get("max")), LONGEST_ROW)
    names = template.get("names") or [f"{template.get('prefix', '')}{i}" for i in range(most)]
    entries = _entries(template.get("input"))
    if not entries:
        return
    _, config, optional = entries[0]
    before = len(found.places)
    for index, name in enumerate(names):
        full = f"{item.name}.{name}"
        needed = index < least and not optional
        _place(found, _spec(full, config, not needed), given, (*path, str(name)) if full in given else None)
    if len(found.places) == before:
        found.empty.append(path)


def _count(value: Any) -> int:
    """A pack that declares a row by hand may write anything."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0


def _add_slot(found: Grown, item: InputSpec, given: Mapping[str, Any], path: Path) -> None:
    there = item.name in given
    _place(found, as_slot(item), given, (*path, path[-1]) if there else None)
    if there:
        for brought in inputs_brought(item.name, item.options.get("inputs")):
            _add(found, brought, given, path)


def as_slot(item: InputSpec) -> InputSpec:
    """A socket that brings inputs, as any other."""
    more = {name: value for name, value in item.options.items() if name not in ("slotType", "inputs")}
    return InputSpec(name=item.name, type=str(item.options.get("slotType", "*")), optional=True, options=more)


def _entries(groups: Any) -> list[tuple[str, list[Any], bool]]:
    """(name, `[type, options]`, optional) of inputs by group."""
    by_group = cast("Mapping[str, Mapping[str, list[Any]]]", groups or {})
    return [
        (name, list(config), group == "optional")
        for group in ("required", "optional")
        for name, config in by_group.get(group, {}).items()
    ]


def _spec(name: str, config: list[Any], optional: bool) -> InputSpec:
    kind: Any = config[0] if config else "*"
    options = dict(cast("Mapping[str, Any]", config[1])) if len(config) > 1 else {}
    if kind == MATCH:
        kind = cast(JsonObject, options.get("template") or {}).get("allowed_types") or "*"
    if isinstance(kind, list | tuple):
        return InputSpec(
            name=name, type="COMBO", optional=optional, options=options, choices=tuple(cast("list[Any]", kind))
        )
    if kind != "COMBO":
        return InputSpec(name=name, type=str(kind), optional=optional, options=options)
    choices = options.pop("options", None)
    known = None if choices is None else tuple(choices)
    return InputSpec(name=name, type="COMBO", optional=optional, options=options, choices=known, string_combo=True)
