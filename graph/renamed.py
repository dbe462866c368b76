"""Node types that were called otherwise: what became of them, and graphs that still have the old names.

A node type says itself what it replaces, or what its inputs were called before:

    @node("PackTint", renamed=Renamed("OldTint", inputs={"amount": "strength"}, values={"mode": {"fast": "quick"}}))

Prompts are changed when they are posted, files when they are opened or converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graph.types import Graph, JsonObject, Link, Node

if TYPE_CHECKING:
    from graph.spec import NodeSpec


PACKS = "custom_nodes."
"""What the modules of packs' node types begin with."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """What graphs may still hold in place of a node type's names of now; each mapping leads from old to new."""

    node: str | None = None
    """The old node type; None where only names within the node changed."""
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, "Mapping[str, Any]"])
    """By the input's new name: texts that were chosen, and what they are now."""
    added: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Constants of inputs that the old node did not have, where their defaults would change what it did."""
    outputs: Mapping[int, int] = field(default_factory=dict[int, int])
    """Outputs by their numbers, from 0; those that are not named keep theirs. Only with `node`."""
    widgets: tuple[str, ...] = ()
    """The old node's widgets in their order, where it was another: files keep their values as a list."""

    def name(self, old: str) -> str:
        """What an input is called now."""
        return self.inputs.get(old, old)

    def value(self, name: str, value: Any) -> Any:
        """A constant of the input that is called `name` now."""
        known = self.values.get(name)
        return known.get(value, value) if known is not None and isinstance(value, str) else value

    def to_json(self) -> JsonObject:
        return {
            "node": self.node,
            "inputs": dict(self.inputs),
            "values": {name: dict(values) for name, values in self.values.items()},
            "added": dict(self.added),
            "outputs": {str(old): new for old, new in self.outputs.items()},
            "widgets": list(self.widgets),
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Renamed:
        return cls(
            node=data.get("node"),
            inputs=data.get("inputs", {}),
            values=data.get("values", {}),
            added=data.get("added", {}),
            outputs={int(old): int(new) for old, new in data.get("outputs", {}).items()},
            widgets=tuple(data.get("widgets", ())),
        )

    def replacement(self, spec: NodeSpec) -> JsonObject:
        """The entry under `/node_replacements` for the old type, whose new one is `spec`."""
        came = {new: old for old, new in self.inputs.items()}
        mapping: list[JsonObject] = []
        for item in spec.inputs:
            if item.name in self.added:
                mapping.append({"new_id": item.name, "set_value": self.added[item.name]})
            else:
                mapping.append({"new_id": item.name, "old_id": came.get(item.name, item.name)})
        slots = {new: old for old, new in self.outputs.items()}
        return {
            "old_node_id": self.node,
            "new_node_id": spec.class_type,
            "old_widget_ids": list(self.widgets) or None,
            "input_mapping": mapping,
            "output_mapping": [{"old_idx": slots.get(new, new), "new_idx": new} for new in range(len(spec.outputs))],
        }


class Renames:
    """All renames of a catalogue. A type that exists under its old name is never replaced."""

    def __init__(self, catalogue: Mapping[str, NodeSpec]) -> None:
        self._moved: dict[str, tuple[NodeSpec, Renamed]] = {}
        self._within: dict[str, tuple[NodeSpec, tuple[Renamed, ...]]] = {}
        self._catalogue = catalogue
        self._has_packs = any(spec.module.startswith(PACKS) for spec in catalogue.values())
        for spec in catalogue.values():
            within = tuple(one for one in spec.renamed if one.node is None)
            if within:
                self._within[spec.class_type] = spec, within
            for one in spec.renamed:
                if one.node is not None and one.node not in catalogue:
                    self._moved.setdefault(one.node, (spec, one))

    def __bool__(self) -> bool:
        return bool(self._moved or self._within) or self._has_packs

    def all(self) -> Mapping[str, tuple[NodeSpec, Renamed]]:
        """By old type: the one of now, and the rename."""
        return self._moved

    def moved(self, class_type: str) -> tuple[NodeSpec, Renamed] | None:
        """The type that an old name stands for now. `pack/Node`, which it is where packs share a name, stands for the
        pack's `Node` where it has that to itself."""
        found = self._moved.get(class_type)
        if found is not None or "/" not in class_type or class_type in self._catalogue:
            return found
        pack, _, name = class_type.partition("/")
        spec = self._catalogue.get(name)
        return (spec, Renamed(class_type)) if spec is not None and spec.module == PACKS + pack else None

    def within(self, class_type: str) -> tuple[NodeSpec, tuple[Renamed, ...]] | None:
        """A type that kept its name, and the renames inside of it."""
        return self._within.get(class_type)

    def graph(self, graph: Graph) -> Graph:
        """The graph by the names of now; the same object where it has no old ones."""
        if not self:
            return graph
        moved = {id: one for id, node in graph.nodes.items() if (one := self.moved(node.class_type))}
        outputs = {id: one.outputs for id, (_, one) in moved.items() if one.outputs}
        nodes: dict[Any, Node] = {}
        for id, node in graph.nodes.items():
            if id in moved:
                spec, one = moved[id]
                node = self._within_node(replace(node, class_type=spec.class_type, inputs=_inputs(node, one)))
            else:
                node = self._within_node(node)
            nodes[id] = _relinked(node, outputs)
        return graph if all(nodes[id] is node for id, node in graph.nodes.items()) else Graph(nodes)

    def _within_node(self, node: Node) -> Node:
        """A node of a type that kept its name, by its inputs' names of now."""
        found = self._within.get(node.class_type)
        if found is None:
            return node
        spec, ones = found
        inputs = dict(node.inputs)
        for one in ones:
            for old, new in one.inputs.items():
                if old in inputs and spec.input(old) is None:
                    value = inputs.pop(old)
                    inputs.setdefault(new, value)
            for name, known in one.values.items():
                value = inputs.get(name)
                if isinstance(value, str) and value in known and not _is_offered(spec, name, value):
                    inputs[name] = known[value]
        return node if inputs == node.inputs else replace(node, inputs=inputs)


def _inputs(node: Node, one: Renamed) -> dict[str, Any]:
    inputs: dict[str, Any] = {**one.added}
    for old, value in node.inputs.items():
        name = one.name(old)
        inputs[name] = value if isinstance(value, Link) else one.value(name, value)
    return inputs


def _relinked(node: Node, outputs: Mapping[Any, Mapping[int, int]]) -> Node:
    changed = {
        name: Link(value.node, outputs[value.node].get(value.slot, value.slot))
        for name, value in node.inputs.items()
        if isinstance(value, Link) and value.node in outputs
    }
    return replace(node, inputs={**node.inputs, **changed}) if changed else node


def _is_offered(spec: NodeSpec, name: str, value: str) -> bool:
    declared = spec.input(name)
    return declared is not None and declared.choices is not None and value in declared.choices


_kept: list[tuple[Mapping[str, NodeSpec], Renames]] = []
"""Of the catalogue that was asked for last: each prompt asks, and there are thousands of types."""


def renames_of(catalogue: Mapping[str, NodeSpec]) -> Renames:
    """The renames of a catalogue that does not change."""
    for known, renames in _kept:
        if known is catalogue:
            return renames
    _kept[:] = [(catalogue, Renames(catalogue))]
    return _kept[0][1]
