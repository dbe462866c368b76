"""Widgets that an instance of a subgraph shows in place of widgets inside it.

Its `widgets_values` hold first the values of those of its inputs that end at a widget, in the order of the
definition's inputs; then those of `properties.proxyWidgets`, a list of `[inner node id, widget name]`. Where that list
names the id `-1`, which stands for the inputs themselves, it alone gives the order. A list further out names a widget
by the name that the instance shows it under.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from graph.spec import NodeSpec
from graph.types import JsonObject
from graph.workflow_grown import shown
from graph.workflow_json import INPUT_SIDE, as_list, as_object, as_text, objects
from graph.workflow_scopes import Scope

INPUTS = "-1"
"""The inner id under which a subgraph's own inputs are listed."""

Place: TypeAlias = tuple[str, str]
"""Inner node id and widget name."""


class Promotions:
    """The values that instances give to what is inside them; outer instances have the last word."""

    def __init__(self, catalogue: Mapping[str, NodeSpec]) -> None:
        self._catalogue = catalogue
        self._given: dict[int, dict[Place, Any]] = {}

    def input_value(self, scope: Scope, slot: int) -> Any:
        """What the instance gives to an input of its subgraph that nothing is linked to; None for nothing."""
        return self._of(scope).get((INPUTS, input_name(scope.file, slot)))

    def widgets(self, scope: Scope, id: str) -> dict[str, Any]:
        """What the instance around `scope` gives to the widgets of the node `id` in it, by name."""
        if scope.parent is None:
            return {}
        return {name: value for (node, name), value in self._of(scope).items() if node == id}

    def _of(self, scope: Scope) -> dict[Place, Any]:
        chain: list[Scope] = []
        at = scope
        while at.parent is not None and id(at) not in self._given:
            chain.append(at)
            at = at.parent
        for inner in reversed(chain):
            assert inner.parent is not None
            order = self._order(inner)
            given = _saved(inner.instance, order)
            outer = self._given.get(id(inner.parent), {})
            for place, name in zip(order, _shown_names(inner.file, order), strict=True):
                if (inner.id, name) in outer:
                    given[place] = outer[(inner.id, name)]
            self._given[id(inner)] = given
        return self._given.get(id(scope), {})

    def _order(self, scope: Scope) -> list[Place]:
        """What the entries of the instance's `widgets_values` belong to."""
        proxies = [
            (str(cast("list[Any]", entry)[0]), str(cast("list[Any]", entry)[1]))
            for entry in as_list(as_object(scope.instance.get("properties")).get("proxyWidgets"))
            if isinstance(entry, list) and len(cast("list[Any]", entry)) >= 2
        ]
        if any(id == INPUTS for id, _ in proxies):
            return proxies
        inputs = objects(scope.file.get("inputs"))
        own = [
            (INPUTS, as_text(entry.get("name")))
            for slot, entry in enumerate(inputs)
            if self._ends_at_widget(scope, slot)
        ]
        return own + proxies

    def _ends_at_widget(self, scope: Scope, slot: int) -> bool:
        """Whether the first link of a subgraph's input ends at a widget, perhaps through further subgraphs."""
        while True:
            entry = as_object(as_list(scope.file.get("inputs"))[slot])
            link = scope.links.get(str(next(iter(as_list(entry.get("linkIds"))), None)))
            if link is None:
                all_links = scope.links.values()
                link = next(
                    (each for each in all_links if each.source == INPUT_SIDE and each.source_slot == slot), None
                )
            reader = scope.nodes.get(link.target) if link is not None else None
            if link is None or reader is None:
                return False
            name = self._name_at(reader, link.id, link.target_slot)
            inner = scope.inner.get(link.target)
            if inner is None:
                spec = self._catalogue.get(as_text(reader.get("type")))
                declared = shown(spec, reader.get("widgets_values")).input(name) if spec is not None else None
                return declared.has_widget if declared is not None else self._marked(reader, name)
            names = [as_text(each.get("name")) for each in objects(inner.file.get("inputs"))]
            if name not in names:
                return False
            scope, slot = inner, names.index(name)

    def _name_at(self, reader: JsonObject, link: str, slot: int) -> str:
        """The name of the input where a link ends, by the link; its slot may count widgets that were not saved."""
        inputs = objects(reader.get("inputs"))
        found = next((each for each in inputs if str(each.get("link")) == link), None)
        if found is None and slot < len(inputs):
            found = inputs[slot]
        return as_text(found.get("name")) if found is not None else ""

    def _marked(self, reader: JsonObject, name: str) -> bool:
        """Whether the file says that an input is a widget, for types that the catalogue does not know."""
        return any(each.get("name") == name and "widget" in each for each in objects(reader.get("inputs")))


def _saved(instance: JsonObject, order: list[Place]) -> dict[Place, Any]:
    saved = instance.get("widgets_values")
    if isinstance(saved, dict):
        named = cast(JsonObject, saved)
        return {place: named[place[1]] for place in order if named.get(place[1]) is not None}
    return {place: value for place, value in zip(order, as_list(saved), strict=False) if value is not None}


def _shown_names(definition: JsonObject, order: list[Place]) -> list[str]:
    """The names that an instance shows its widgets under: one that is taken is told by its node."""
    taken = {as_text(each.get("name")) for each in objects(definition.get("inputs"))}
    shown: list[str] = []
    for node, name in order:
        given = name if node == INPUTS or name not in taken else f"{node}: {name}"
        taken.add(given)
        shown.append(given)
    return shown


def input_name(definition: JsonObject, slot: int) -> str:
    inputs = as_list(definition.get("inputs"))
    return as_text(as_object(inputs[slot]).get("name")) if slot < len(inputs) else ""
