"""A UI workflow (schema 0.4 or 1) as a prompt in API format. The page does the same; both read `tests/conversion/`.

    1. Old group nodes and instances of subgraphs are unfolded; a node inside instance 12 has the id `12:34`.
    2. Muted and bypassed nodes, notes, reroutes, primitives, Set and Get nodes are not sent. A muted or bypassed
       instance drops all that is in it.
    3. A node's widgets get their values from `widgets_values`, by the order of its declaration; what is missing is the
       default (graph.workflow_widgets). A choice may bring widgets of its own (graph.workflow_grown). Choices `{a|b}`
       and patterns `%...%` are resolved (graph.workflow_text).
    4. Links override widgets. A link's origin is looked for through reroutes, bypassed nodes and the borders of
       subgraphs, and from a Get node to the Set node of its name, in its graph or those around it; at a primitive, or
       an input of a subgraph that nothing is linked to, it is a value.
    5. Lists that are values are wrapped as `{"__value__": [...]}`. Links to nodes that are not sent disappear.

Nothing in a file makes this fail, save a subgraph that contains itself, or one unfolded beyond all measure; what is
missing is for `graph.validate` to say.
"""

from __future__ import annotations

import random as random_module
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from graph.folders import Folders
from graph.grown import grows
from graph.renamed_file import by_new_names
from graph.spec import NodeSpec
from graph.types import JsonObject
from graph.workflow_expressions import with_expressions
from graph.workflow_groups import expand_groups
from graph.workflow_grown import regrown, shown
from graph.workflow_json import BYPASSED, MUTED, NEVER_SENT, as_object, as_text, objects
from graph.workflow_links import Origin, Value, origin
from graph.workflow_promoted import Promotions
from graph.workflow_scopes import Scope, definitions_of, open_scopes
from graph.workflow_text import PATTERN_TYPES, fill_pattern, resolve_choices
from graph.workflow_widgets import widget_values

RENAMED = {
    "T2IAdapterLoader": "ControlNetLoader",
    "ConditioningAverage ": "ConditioningAverage",
    "SDV_img2vid_Conditioning": "SVD_img2vid_Conditioning",
}
"""Old names of node types."""


def is_workflow(data: Any) -> bool:
    """Whether this is a UI workflow and no prompt in API format."""
    return isinstance(data, dict) and isinstance(cast(JsonObject, data).get("nodes"), list)


def to_api(
    workflow: Any,
    catalogue: Mapping[str, NodeSpec],
    folders: Folders | None = None,
    *,
    now: datetime | None = None,
    random: Callable[[], float] = random_module.random,
) -> JsonObject:
    """The prompt that the workflow stands for.

    now: local time, for `%date:...%`. random: numbers in [0, 1), for `{a|b}`.
    Raises ParseError for a subgraph that contains itself.
    """
    known = by_new_names(as_object(workflow), catalogue)
    file = expand_groups(with_expressions(known, catalogue, RENAMED), catalogue)
    definitions = definitions_of(file)
    scopes = open_scopes(file, definitions)
    promotions = Promotions(catalogue)
    texts = _Texts(scopes, catalogue, folders, promotions, now or datetime.now(), random)
    prompt: JsonObject = {}
    for scope in scopes:
        for id, node in scope.nodes.items():
            if _is_sent(node, definitions):
                prompt[scope.path + id] = _convert(scope, node, catalogue, definitions, texts)
    for node in prompt.values():
        inputs = node["inputs"]
        for name in [name for name, value in inputs.items() if isinstance(value, list) and value[0] not in prompt]:
            del inputs[name]
    return prompt


def _is_sent(node: JsonObject, definitions: Mapping[str, JsonObject]) -> bool:
    type = as_text(node.get("type"))
    return node.get("mode") not in (MUTED, BYPASSED) and type not in NEVER_SENT and type not in definitions


def _convert(
    scope: Scope,
    node: JsonObject,
    catalogue: Mapping[str, NodeSpec],
    definitions: Mapping[str, JsonObject],
    texts: _Texts,
) -> JsonObject:
    spec = _spec(node, catalogue)
    inputs: JsonObject = {}
    if spec is not None:
        for name, value in texts.values(scope, node, spec).items():
            inputs[name] = _wrapped(value)
    for slot in objects(node.get("inputs")):
        if slot.get("link") is None:
            continue
        found = origin(scope, slot, texts.promotions, definitions)
        if isinstance(found, Value):
            inputs[as_text(slot.get("name"))] = _wrapped(found.value)
        elif isinstance(found, Origin):
            inputs[as_text(slot.get("name"))] = [found.node, found.slot]
    declared = _declared(node, catalogue)
    if declared is not None and grows(declared):
        values = widget_values(shown(declared, node.get("widgets_values")), node.get("widgets_values"))
        regrown(declared, inputs, values, texts.promotions.widgets(scope, str(node.get("id"))))
    name = as_text(node.get("type"))
    title = as_text(node.get("title")) or (spec.title if spec is not None else "") or name
    return {"class_type": RENAMED.get(name, name), "inputs": inputs, "_meta": {"title": title}}


def _declared(node: JsonObject, catalogue: Mapping[str, NodeSpec]) -> NodeSpec | None:
    name = as_text(node.get("type"))
    return catalogue.get(RENAMED.get(name, name))


def _spec(node: JsonObject, catalogue: Mapping[str, NodeSpec]) -> NodeSpec | None:
    """The node's type with the widgets that its choices bring."""
    declared = _declared(node, catalogue)
    return shown(declared, node.get("widgets_values")) if declared is not None else None


def _wrapped(value: Any) -> Any:
    """A bare list would be read as a link."""
    return {"__value__": cast(Any, value)} if isinstance(value, list) else value


class _Texts:
    """Widget values with their choices and patterns resolved."""

    def __init__(
        self,
        scopes: list[Scope],
        catalogue: Mapping[str, NodeSpec],
        folders: Folders | None,
        promotions: Promotions,
        now: datetime,
        random: Callable[[], float],
    ) -> None:
        self.promotions = promotions
        self._scopes = scopes
        self._catalogue = catalogue
        self._folders = folders
        self._now = now
        self._random = random
        self._by_name: dict[str, tuple[Scope, JsonObject]] | None = None

    def values(self, scope: Scope, node: JsonObject, spec: NodeSpec) -> dict[str, Any]:
        values = self._raw(scope, node, spec)
        for declared in spec.inputs:
            value = values.get(declared.name)
            if not isinstance(value, str):
                continue
            if declared.options.get("dynamicPrompts"):
                values[declared.name] = resolve_choices(value, self._random)
            elif declared.name == "filename_prefix" and spec.class_type in PATTERN_TYPES:
                values[declared.name] = fill_pattern(value, self._now, self._look_up)
            elif declared.name == "sampler_name" and declared.is_combo:
                values[declared.name] = value.removeprefix("sample_")
        return values

    def _raw(self, scope: Scope, node: JsonObject, spec: NodeSpec) -> dict[str, Any]:
        values = widget_values(spec, node.get("widgets_values"), self._folders)
        given = self.promotions.widgets(scope, str(node.get("id")))
        return {name: given.get(name, value) for name, value in values.items()}

    def _look_up(self, title: str, widget: str) -> Any:
        """A widget of the node that a pattern names: by its property, or else by its title."""
        if self._by_name is None:
            self._by_name = self._index()
        found = self._by_name.get(title)
        spec = _spec(found[1], self._catalogue) if found else None
        return self._raw(*found, spec).get(widget) if found and spec is not None else None

    def _index(self) -> dict[str, tuple[Scope, JsonObject]]:
        named: dict[str, tuple[Scope, JsonObject]] = {}
        titled: dict[str, tuple[Scope, JsonObject]] = {}
        for scope in self._scopes:
            for node in scope.nodes.values():
                spec = _spec(node, self._catalogue)
                title = as_text(node.get("title")) or (spec.title if spec else "")
                named.setdefault(as_text(as_object(node.get("properties")).get("Node name for S&R")), (scope, node))
                titled.setdefault(title, (scope, node))
        return {**titled, **named}
