"""A graph written as calls: what a node gives back when other nodes are to run in its place.

def twice(image: Annotated[Wire, Socket("IMAGE", raw_link=True)], context: Context) -> Annotated[Expansion, ...]:
    graph = Subgraph(context)
    once = graph.node("ImageScaleBy", image=image, scale_by=2.0)
    return graph.result(graph.node("ImageScaleBy", image=once.out(0), scale_by=2.0).out(0))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graph.context import Context
from graph.errors import DeclarationError
from graph.node import Function
from graph.outcome import Blocked, Expansion
from graph.types import JsonObject

Wire = Any
"""What a parameter with `raw_link=True` is given: the link itself, to be passed on, with its value unread."""


@dataclass(frozen=True, slots=True)
class Out:
    """An output of a node of the subgraph."""

    node: str
    slot: int


@dataclass(frozen=True, slots=True)
class Inner:
    """A node of the subgraph."""

    id: str
    class_type: str
    outputs: tuple[str, ...] | None
    """Their names; None where only the name of the type is known here."""

    def out(self, which: int | str = 0) -> Out:
        """An output by its number, or by its name where the node was given as a function."""
        if isinstance(which, str):
            names = self.outputs or ()
            if which not in names:
                has = ", ".join(names) or "no names known here: give its number"
                raise DeclarationError(f"{self.class_type} has no output {which}. It has {has}.")
            return Out(self.id, names.index(which))
        if which < 0 or (self.outputs is not None and which >= len(self.outputs)):
            count = "some" if self.outputs is None else len(self.outputs)
            raise DeclarationError(f"{self.class_type} has no output {which}. It has {count}, counted from 0.")
        return Out(self.id, which)


class Subgraph:
    """Nodes, with ids that no other node of the run has. Equal ones share their results, as everywhere."""

    def __init__(self, context: Context) -> None:
        place = "" if context.list_index is None else f".{context.list_index}"
        self._prefix = f"{context.node_id}{place}."
        self._nodes: JsonObject = {}

    def node(self, type: str | Function[..., Any], /, **inputs: Any) -> Inner:
        """Add a node. inputs: constants, outputs (`other.out(0)`), or what a `raw_link` parameter was given.

        Raises DeclarationError for an input that a node given as a function does not have.
        """
        spec = type.type.spec if isinstance(type, Function) else None
        class_type = spec.class_type if spec is not None else str(type)
        if spec is not None and not spec.open_inputs:
            for name in inputs:
                if spec.input(name) is None:
                    known = ", ".join(item.name for item in spec.inputs) or "none"
                    raise DeclarationError(f"{class_type} has no input {name}. It has {known}.")
        id = f"{self._prefix}{len(self._nodes) + 1}"
        self._nodes[id] = {"class_type": class_type, "inputs": {name: _wired(item) for name, item in inputs.items()}}
        return Inner(id, class_type, None if spec is None else tuple(output.name for output in spec.outputs))

    def result(self, *values: Any, ui: Mapping[str, Sequence[Any]] | None = None) -> Expansion:
        """What the node's function returns: a value for each of its outputs."""
        given = tuple(value if isinstance(value, Blocked) else _wired(value, result=True) for value in values)
        return Expansion(given, dict(self._nodes), ui or {})


def _wired(value: Any, *, result: bool = False) -> Any:
    """As an API-format graph has it: links are lists, so that lists which are values are wrapped."""
    if isinstance(value, Out):
        return [value.node, value.slot]
    if isinstance(value, list) and not _is_link(cast("list[Any]", value)) and not result:
        return {"__value__": cast(Any, value)}
    return cast(Any, value)


def _is_link(value: list[Any]) -> bool:
    match value:
        case [str(), int() as slot]:
            return not isinstance(slot, bool)
        case _:
            return False
