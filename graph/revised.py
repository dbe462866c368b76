"""Node types that became others while a process ran, for jobs that were checked before: they are checked again, and one
that no longer fits is told what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graph.errors import Problem
from graph.spec import NodeSpec
from graph.types import Graph


class Revised:
    """Remembers what each type was before its first change."""

    def __init__(self) -> None:
        self._before: dict[str, NodeSpec | None] = {}

    def note(self, before: Mapping[str, NodeSpec], after: Mapping[str, NodeSpec]) -> None:
        """Types were exchanged: remember those whose declaration is another now."""
        for name in {*before, *after}:
            if _declared(before.get(name)) != _declared(after.get(name)):
                self._before.setdefault(name, before.get(name))

    def touches(self, graph: Graph) -> bool:
        """Whether a graph has a node of a type that changed."""
        return bool(self._before) and any(node.class_type in self._before for node in graph.nodes.values())

    def why(self, problem: Problem, graph: Graph, now: Mapping[str, NodeSpec]) -> str:
        """What changed that may explain a problem, as a sentence with a space before it; empty where nothing did."""
        node = graph.nodes.get(problem.node)
        if node is None:
            return ""
        said = self._said(node.class_type, problem.input, now)
        if not said and problem.input is not None:
            for name, link in node.links():  # the node that the input reads may be the one that changed
                source = graph.nodes.get(link.node)
                if name == problem.input and source is not None:
                    said = self._said(source.class_type, None, now)
        return f" It was changed after this was queued: {said}." if said else ""

    def _said(self, class_type: str, input: str | None, now: Mapping[str, NodeSpec]) -> str:
        old, new = self._before.get(class_type), now.get(class_type)
        if old is None:
            return ""
        if new is None:
            return f"the node type {class_type} is no more"
        if input is not None and (found := _input_change(old, new, input)):
            return found
        was, are = ([output.type for output in spec.outputs] for spec in (old, new))
        return (
            f"{class_type} gives {', '.join(are) or 'nothing'} and gave {', '.join(was) or 'nothing'}"
            if was != are
            else ""
        )


def _declared(spec: NodeSpec | None) -> NodeSpec | None:
    """A declaration without what never decides whether a graph fits."""
    return None if spec is None else replace(spec, version="", title="", description="", help="", category="")


def _input_change(old: NodeSpec, new: NodeSpec, name: str) -> str:
    before, after = old.input(name), new.input(name)
    if before is None:
        return f"the input {name} is new" if after is not None else ""
    if after is None:
        return f"the input {name} is no more"
    if before.type != after.type:
        return f"the input {name} was {before.type} and is {after.type}"
    if before.choices != after.choices:
        return f"the choices of {name} are others"
    if before.optional != after.optional:
        return f"the input {name} must be there now"
    ranges = [[spec.options.get(end) for end in ("min", "max")] for spec in (before, after)]
    return f"the range of {name} is another" if ranges[0] != ranges[1] else ""
