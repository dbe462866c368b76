"""A job of many cells: one prompt that holds the same graph with other values many times, what is equal in it once.

The page says with the job what its cells are: `extra_data.easel.sweep.cells` is a list, in the order in which they
shall be done, of `{"nodes": {id in the graph: id in the prompt}, "changes": [[path, value], ...]}`. A node that is not
named has its own id, as in the graph. `changes` turn the job's workflow into the cell's. What is not written as it
should be makes no cells: the job is then like any other.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, cast

from graph.parse import to_prompt
from graph.types import Graph, JsonObject, Link, Node, NodeId

MOST = 400
"""Cells of a job."""


class Cells:
    """Which nodes of a prompt belong to which cell, and what a cell looks like by itself."""

    def __init__(self, cells: list[JsonObject]) -> None:
        self._cells = cells
        self._names: list[dict[NodeId, NodeId]] = []
        """By cell: ids in the prompt to ids in the graph, of the nodes that are not called as there."""
        self._owner: dict[NodeId, int] = {}
        for index, cell in enumerate(cells):
            names = {NodeId(str(own)): NodeId(str(id)) for id, own in cell["nodes"].items()}
            self._names.append(names)
            for own in names:
                self._owner.setdefault(own, index)

    def __len__(self) -> int:
        return len(self._cells)

    def of(self, id: NodeId) -> int:
        """The first cell that a node belongs to."""
        return self._owner.get(id, 0)

    def display(self, id: NodeId) -> NodeId:
        """The node of the graph that a node of the prompt stands for."""
        return self._names[self.of(id)].get(id, id) if id in self._owner else id

    def turns(self, graph: Graph, targets: Iterable[NodeId]) -> dict[NodeId, int]:
        """The cell that needs a node first: all of a cell runs before what only a later one needs."""
        turns: dict[NodeId, int] = {}
        for target in sorted(targets, key=self.of):
            turn, stack = self.of(target), [target]
            while stack:
                id = stack.pop()
                if id in turns or id not in graph:
                    continue
                turns[id] = turn
                stack.extend(graph.upstream(id))
        return turns

    def prompt(self, graph: Graph, id: NodeId) -> JsonObject:
        """The cell of a node as a prompt by itself, in API format."""
        index = self.of(id)
        back = self._names[index]
        replaced = set(back.values())
        nodes: dict[NodeId, Node] = {}
        for own, node in graph.nodes.items():
            if own not in back and (own in self._owner or own in replaced):
                continue  # another cell's
            inputs = {
                name: Link(back.get(value.node, value.node), value.slot) if isinstance(value, Link) else value
                for name, value in node.inputs.items()
            }
            nodes[back.get(own, own)] = Node(back.get(own, own), node.class_type, inputs, node.title)
        return to_prompt(Graph(nodes))

    def pnginfo(self, given: Any, id: NodeId) -> Any:
        """`extra_pnginfo` with the workflow as it is in the node's cell."""
        if not isinstance(given, dict) or not isinstance(cast(JsonObject, given).get("workflow"), dict):
            return given  # pyright: ignore[reportUnknownVariableType]
        workflow = copy.deepcopy(cast(JsonObject, given)["workflow"])
        for path, value in self._cells[self.of(id)]["changes"]:
            _put(workflow, path, value)
        return {**cast(JsonObject, given), "workflow": workflow}


def cells_of(extra: Mapping[str, Any]) -> Cells | None:
    """The cells of a job, from its extra data; None for a job that has none."""
    own = extra.get("easel")
    sweep = cast(JsonObject, own).get("sweep") if isinstance(own, dict) else None
    cells: Any = cast(JsonObject, sweep).get("cells") if isinstance(sweep, dict) else None
    if not isinstance(cells, list) or not 0 < len(cast("list[Any]", cells)) <= MOST:
        return None
    found = [_cell(cell) for cell in cast("list[Any]", cells)]
    return None if None in found else Cells(cast("list[JsonObject]", found))


def _cell(cell: Any) -> JsonObject | None:
    if not isinstance(cell, dict):
        return None
    nodes = cast(JsonObject, cell).get("nodes", {})
    changes = cast(JsonObject, cell).get("changes", [])
    if not isinstance(nodes, dict) or not isinstance(changes, list):
        return None
    kept: list[Any] = [change for change in cast("list[Any]", changes) if _is_change(change)]
    return {"nodes": nodes, "changes": kept}


def _is_change(change: Any) -> bool:
    """Whether it is `[path, value]`."""
    return isinstance(change, list) and len(cast("list[Any]", change)) == 2 and isinstance(change[0], list)


def _put(at: Any, path: list[Any], value: Any) -> None:
    """Set what lies at a path. A path that leads nowhere is passed over."""
    for place, step in enumerate(path):
        last = place == len(path) - 1
        if isinstance(at, dict) and isinstance(step, str):
            if last:
                at[step] = value
            at = cast(JsonObject, at).get(step)
        elif isinstance(at, list) and isinstance(step, int) and 0 <= step < len(cast("list[Any]", at)):
            if last:
                at[step] = value
            at = cast("list[Any]", at)[step]
        else:
            return
