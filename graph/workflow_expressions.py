"""The expressions of a UI workflow's widgets, worked out before it becomes a prompt (`web/model/sheet.js` in the page).

A node keeps them in `properties["easel_expressions"]`, by widget, and the last result in `widgets_values`: it stands
where an expression fails. What one reads must be a widget of the same graph.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Mapping
from typing import Any, cast

from graph.expression import ExpressionError, Reference, evaluate, parse
from graph.spec import InputSpec, NodeSpec
from graph.types import JsonObject
from graph.workflow_grown import shown
from graph.workflow_json import NEVER_SENT, as_list, as_object, as_text, objects
from graph.workflow_widgets import widget_type, widget_values, with_value

PROPERTY = "easel_expressions"
LONGEST_CHAIN = 100
"""Expressions that read one another, in a row, at most."""
DEEPEST = 32
"""Definitions within definitions that are looked into."""
WITHOUT_NUMBERS = NEVER_SENT - {"PrimitiveNode"}
"""Types that nobody reads a number of: a note may have the title of a node."""
PRIMITIVE = "Primitive"
"""What the page calls a primitive without a title."""
_FIFTEEN_DIGITS = decimal.Context(prec=15, rounding=decimal.ROUND_HALF_UP)


def with_expressions(
    file: JsonObject, catalogue: Mapping[str, NodeSpec], renamed: Mapping[str, str], depth: int = 0
) -> JsonObject:
    """The file with the results written in; the same one where it has no expressions."""
    definitions = as_object(file.get("definitions")) if depth < DEEPEST else {}
    subgraphs = as_list(definitions.get("subgraphs"))
    inner = [
        with_expressions(cast(JsonObject, item), catalogue, renamed, depth + 1) if isinstance(item, dict) else item
        for item in subgraphs
    ]
    nodes = as_list(file.get("nodes"))
    if any(_expressions(node) for node in objects(nodes)):
        sheet = _Sheet(objects(nodes), catalogue, renamed)
        nodes = [sheet.with_results(as_object(node)) if isinstance(node, dict) else node for node in nodes]
        file = {**file, "nodes": nodes}
    if any(new is not old for new, old in zip(inner, subgraphs, strict=True)):
        file = {**file, "definitions": {**definitions, "subgraphs": inner}}
    return file


def _expressions(node: JsonObject) -> JsonObject:
    return as_object(as_object(node.get("properties")).get(PROPERTY))


class _Sheet:
    """One graph's expressions, each worked out when it is asked for."""

    def __init__(self, nodes: list[JsonObject], catalogue: Mapping[str, NodeSpec], renamed: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._renamed = renamed
        self._by_id = {str(node.get("id")): node for node in nodes}
        self._by_title: dict[str, list[JsonObject]] | None = None
        self._known: dict[tuple[str, str], float | ExpressionError] = {}
        self._open: list[tuple[str, str]] = []

    def with_results(self, node: JsonObject) -> JsonObject:
        spec = self._spec(node)
        for name, source in _expressions(node).items():
            declared = spec.input(name) if spec is not None else None
            if spec is None or declared is None or not isinstance(source, str) or not _is_number(declared):
                continue
            try:
                value = fit(declared, self._raw(node, name))
            except ExpressionError:
                continue
            node = {**node, "widgets_values": with_value(spec, node.get("widgets_values"), name, value)}
        return node

    def _raw(self, node: JsonObject, name: str) -> float:
        id = (str(node.get("id")), name)
        known = self._known.get(id)
        if isinstance(known, ExpressionError):
            raise known
        if known is not None:
            return known
        if id in self._open:
            raise ExpressionError("This goes in a circle.", 0)
        if len(self._open) >= LONGEST_CHAIN:
            raise ExpressionError("Too many expressions read one another.", 0)
        self._open.append(id)
        try:
            value = evaluate(parse(_expressions(node)[name]), self._read)
        except ExpressionError as error:
            if len(self._open) == 1:
                self._known[id] = error
            raise
        finally:
            self._open.pop()
        self._known[id] = value
        return value

    def _read(self, reference: Reference) -> float:
        node = self._find(reference)
        title, name = self._title(node), reference.widget
        value = self._value(node, reference)
        slots = [slot for slot in objects(node.get("inputs")) if slot.get("name") == name]
        if any(slot.get("link") is not None for slot in slots):
            sentence = f"“{name}” of “{title}” comes by a link: its value is not known before the run."
            raise ExpressionError(sentence, reference.at)
        spec = self._spec(node)
        declared = spec.input(name) if spec is not None else None
        if declared is not None and _is_number(declared) and isinstance(_expressions(node).get(name), str):
            try:
                return fit(declared, self._raw(node, name))
            except ExpressionError as error:
                raise ExpressionError(str(error), reference.at) from error
        if isinstance(value, bool):
            return float(value)
        try:
            number = float(value) if isinstance(value, int | float) else math.nan
        except OverflowError:
            number = math.nan
        if not math.isfinite(number):
            raise ExpressionError(f"“{name}” of “{title}” is no number.", reference.at)
        return number

    def _value(self, node: JsonObject, reference: Reference) -> Any:
        if node.get("type") == "PrimitiveNode":
            values = as_list(node.get("widgets_values"))
            if reference.widget == "value" and values and isinstance(values[0], str | bool | int | float):
                return values[0]
        spec = self._spec(node)
        values = widget_values(spec, node.get("widgets_values")) if spec is not None else {}
        if reference.widget not in values:
            raise ExpressionError(f"“{self._title(node)}” has no widget “{reference.widget}”.", reference.at)
        return values[reference.widget]

    def _find(self, reference: Reference) -> JsonObject:
        wanted, at = reference.node, reference.at
        if wanted.startswith("#"):
            node = self._by_id.get(wanted[1:].strip())
            if node is None:
                raise ExpressionError(f"There is no node {wanted}.", at)
            return node
        if self._by_title is None:
            self._by_title = {}
            for node in self._by_id.values():
                if node.get("type") in WITHOUT_NUMBERS:
                    continue
                self._by_title.setdefault(self._title(node), []).append(node)
        found = self._by_title.get(wanted, [])
        if not found:
            raise ExpressionError(f"No node is called “{wanted}”.", at)
        if len(found) > 1:
            raise ExpressionError(f"Several nodes are called “{wanted}”: write [#{found[0].get('id')}].", at)
        return found[0]

    def _title(self, node: JsonObject) -> str:
        spec = self._spec(node)
        type = as_text(node.get("type"))
        known = spec.title if spec is not None else PRIMITIVE if type == "PrimitiveNode" else ""
        return as_text(node.get("title")) or known or type

    def _spec(self, node: JsonObject) -> NodeSpec | None:
        name = as_text(node.get("type"))
        spec = self._catalogue.get(self._renamed.get(name, name))
        return shown(spec, node.get("widgets_values")) if spec is not None else None


def _is_number(declared: InputSpec) -> bool:
    return declared.has_widget and widget_type(declared) in ("INT", "FLOAT")


def fit(declared: InputSpec, value: float) -> int | float:
    """Into the widget's range, on its grid, as the page's `fitNumber` does."""
    integer = widget_type(declared) == "INT"
    options = declared.options
    low = _finite(options.get("min"), 0.0)
    high = _finite(options.get("max"), 2048.0)
    if integer:
        fitted = _half_up(value)
    else:
        step = _finite(options.get("step"), 0.0)
        step = step if step > 0 else 0.5
        grid = 0.0 if options.get("round") is False else _finite(options.get("round"), step)
        rounded = _half_up(value / grid) * grid if grid > 0 else value
        fitted = float(_FIFTEEN_DIGITS.create_decimal(decimal.Decimal(rounded)))
    fitted = min(max(fitted, low), high)
    return int(fitted) if integer and fitted.is_integer() else fitted


def _half_up(value: float) -> float:
    """As `Math.round`."""
    if not math.isfinite(value) or abs(value) >= 2**53:
        return value
    whole = math.floor(value)
    return float(whole + 1) if value - whole >= 0.5 else float(whole)


def _finite(value: Any, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return float(value) if math.isfinite(value) else otherwise
