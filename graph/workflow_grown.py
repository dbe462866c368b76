"""A node type as one node of a file shows it: with the widgets that its choices bring (see `web/model/grown.js`).

A choice is read out of the file's own `widgets_values`, since what it brings stands right after it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from graph.grown import as_combo, as_slot, grown, grows, inputs_brought, inputs_of_option
from graph.spec import UPLOAD_FLAGS, InputSpec, NodeSpec
from graph.types import JsonObject
from graph.workflow_json import as_list, as_object
from graph.workflow_widgets import default_of, kinds_of, takes_upload


def shown(spec: NodeSpec, saved: Any) -> NodeSpec:
    """The type for these saved values, a list or an object by name. A type of which no input brings others is itself.

    Inputs that others bring count as required or optional as those do: a file has them side by side. Those of a row
    are left out: they have no widgets.
    """
    return replace(spec, inputs=tuple(_Walk(saved).through(spec))) if grows(spec) else spec


def regrown(spec: NodeSpec, inputs: JsonObject, values: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Puts inputs of a prompt's node right, where a choice may come from elsewhere than the node's own values.

    spec: as declared. values: by name, as the file has them for the node. given: what an instance of a subgraph gives
    in their place.
    """
    named = {name: _constant(inputs, name, value) for name, value in values.items()}
    walk = _Walk(named)
    now = list(walk.through(spec))
    declared = {item.name for item in grown(spec, named).inputs}
    for name in list(inputs):
        if name not in declared and any(name.startswith(f"{choice}.") for choice in walk.choices):
            del inputs[name]
    for item in now:
        if item.has_widget and item.name not in inputs:
            value = given.get(item.name, default_of(item, None))
            inputs[item.name] = {"__value__": cast(Any, value)} if isinstance(value, list) else value


def _constant(inputs: JsonObject, name: str, saved: Any) -> Any:
    """What an input is given; what the file has for it where that comes by a link."""
    value: Any = inputs.get(name, saved)
    if isinstance(value, dict):
        return cast(JsonObject, value).get("__value__", value)
    return saved if isinstance(value, list) else value


class _Walk:
    """One way through a declaration, along the entries of the saved values."""

    def __init__(self, saved: Any) -> None:
        self.choices: dict[str, Any] = {}
        self._saved: Any = saved
        self._at = 0

    def through(self, spec: NodeSpec) -> Iterator[InputSpec]:
        for optional in (False, True):
            buttons = 0
            for item in spec.inputs:
                if item.optional == optional:
                    yield from self._item(item)
                    buttons += not optional and takes_upload(item)
            self._at += buttons

    def _item(self, item: InputSpec) -> Iterator[InputSpec]:
        match item.type:
            case "COMFY_AUTOGROW_V3":
                return
            case "COMFY_DYNAMICCOMBO_V3":
                combo = as_combo(item)
                value = self.choices[item.name] = self._value(combo)
                yield self._past(combo)
                yield from self._brought(item, inputs_of_option(item, value))
            case "COMFY_DYNAMICSLOT_V3":
                yield as_slot(item)
                yield from self._brought(item, inputs_brought(item.name, item.options.get("inputs")))
            case _:
                yield self._past(item)

    def _brought(self, parent: InputSpec, items: list[InputSpec]) -> Iterator[InputSpec]:
        for item in items:
            # The page has no upload button for them.
            options = {name: value for name, value in item.options.items() if name not in UPLOAD_FLAGS}
            yield from self._item(replace(item, optional=parent.optional, options=options))

    def _past(self, item: InputSpec) -> InputSpec:
        if item.has_widget:
            self._at += len(kinds_of(item))
        return item

    def _value(self, item: InputSpec) -> Any:
        entries = as_list(self._saved)
        entry = entries[self._at] if self._at < len(entries) else None
        value = as_object(self._saved).get(item.name, entry)
        return default_of(item, None) if value is None else value
