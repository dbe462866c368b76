"""Which entry of a node's saved `widgets_values` belongs to which widget.

Files keep a bare list in the order of the declaration, with entries between that belong to no input: the control after
a seed, two after a combo with a control, a button for an upload. Some packs keep an object by name instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from graph.folders import Folders
from graph.spec import ABSENT_TYPES, UPLOAD_FLAGS, WIDGET_TYPES, InputSpec, NodeSpec

SEED_NAMES = ("seed", "noise_seed")
VIEW_BUTTONS = ("upload3dmodel", "uploadExtraResources", "clear")

Kind = Literal["value", "control", "filter", "button"]


@dataclass(frozen=True, slots=True)
class Place:
    """What one entry of the list is."""

    input: InputSpec
    kind: Kind


def places(spec: NodeSpec, *, with_forced: bool = False) -> list[Place]:
    """The list that the page writes for a node of this type. With `with_forced` as pages before version 1.16 did."""
    found: list[Place] = []
    for optional in (False, True):
        buttons: list[Place] = []
        for declared in spec.inputs:
            if declared.optional != optional:
                continue
            if not declared.has_widget:
                if with_forced and is_forced(declared):
                    found.append(Place(declared, "value"))
                continue
            found += [Place(declared, kind) for kind in kinds_of(declared)]
            if not optional and takes_upload(declared):
                buttons.append(Place(declared, "button"))
        found += buttons  # the page adds them after all widgets of the required inputs
    return found


def kinds_of(declared: InputSpec) -> tuple[Kind, ...]:
    """What a widget's own entries are, in their order."""
    controlled = bool(declared.options.get("control_after_generate"))
    match widget_type(declared):
        case "INT" if controlled or declared.name in SEED_NAMES:
            return ("value", "control")
        case "COMBO" if controlled:
            return ("value", "control", "filter")
        case _:
            return ("value",)


def takes_upload(declared: InputSpec) -> bool:
    return widget_type(declared) == "COMBO" and any(declared.options.get(flag) for flag in UPLOAD_FLAGS)


def is_forced(declared: InputSpec) -> bool:
    """A widget's type, made a mere socket."""
    return bool(declared.options.get("forceInput")) and widget_type(declared) in WIDGET_TYPES


def widget_type(declared: InputSpec) -> str:
    return str(declared.options.get("widgetType") or declared.type)


def widget_values(spec: NodeSpec, saved: Any, folders: Folders | None = None) -> dict[str, Any]:
    """The values of a node's widgets by name, from whatever was saved. What is missing or null is the default."""
    values = {item.name: default_of(item, folders) for item in spec.inputs if item.has_widget}
    if isinstance(saved, Mapping):
        named = cast("Mapping[str, Any]", saved)
        return {name: value if named.get(name) is None else named[name] for name, value in values.items()}
    if not isinstance(saved, list):
        return values
    entries = cast("list[Any]", saved)
    for place, value in zip(_places_of(spec, entries), entries, strict=False):
        if place.kind == "value" and value is not None and place.input.name in values:
            values[place.input.name] = value
    return values


def with_value(spec: NodeSpec, saved: Any, name: str, value: Any) -> Any:
    """The saved values with one set; a list that is too short is filled with defaults."""
    if isinstance(saved, Mapping):
        return {**cast("Mapping[str, Any]", saved), name: value}
    entries = list(cast("list[Any]", saved)) if isinstance(saved, list) else []
    found = _places_of(spec, entries)
    for at, place in enumerate(found):
        if at == len(entries):
            entries.append(default_of(place.input, None) if place.kind == "value" else None)
        if place.input.name == name and place.kind == "value":
            entries[at] = value
            break
    return entries


def _places_of(spec: NodeSpec, entries: Sequence[Any]) -> list[Place]:
    fresh = _with_buttons(places(spec), entries)
    if len(entries) > len(fresh) and any(is_forced(item) for item in spec.inputs):
        old = places(spec, with_forced=True)
        if len(old) == len(entries):
            return old
    return fresh


def _with_buttons(fresh: list[Place], entries: Sequence[Any]) -> list[Place]:
    """Some pages leave words of a 3D view's buttons before its value."""
    for at, place in enumerate(fresh):
        if place.kind == "value" and widget_type(place.input) in ABSENT_TYPES:
            count = 0
            while at + count < len(entries) and entries[at + count] in VIEW_BUTTONS:
                count += 1
            return [*fresh[:at], *[Place(place.input, "button")] * count, *fresh[at:]]
    return fresh


def default_of(declared: InputSpec, folders: Folders | None) -> Any:
    """The value of a widget that nobody has touched."""
    if "default" in declared.options and declared.options["default"] is not None:
        return declared.options["default"]
    match widget_type(declared):
        case "INT" | "FLOAT":
            low, high = declared.options.get("min", 0), declared.options.get("max", 2048)
            return min(max(0, low), high)
        case "BOOLEAN":
            return False
        case "COMBO":
            allowed = declared.allowed(folders) or declared.options.get("options") or [""]
            return allowed[0]
        case "COLOR":
            return "#ffffff"
        case "BOUNDING_BOX":
            return {"x": 0, "y": 0, "width": 512, "height": 512}
        case "CURVE":
            return {"points": [[0, 0], [1, 1]], "interpolation": "monotone_cubic"}
        case _:
            return ""
