"""The graph of one run: the prompt's nodes, and those that expansions put in while it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graph.cells import Cells
from graph.errors import GraphError
from graph.parse import parse, to_prompt
from graph.types import BadLink, Graph, JsonObject, Link, Node, NodeId


class DynamicGraph:
    """Nodes that an expansion adds have a parent, and stand on the page where `display` says.

    The methods with `get_` are what packs call on their DYNPROMPT input.
    """

    def __init__(self, original: Graph, cells: Cells | None = None) -> None:
        self.original = original
        self.cells = cells
        self.nodes = dict(original.nodes)
        self.graph = Graph(self.nodes)
        """A view of all nodes, which grows with them."""
        self._parents: dict[NodeId, NodeId] = {}
        self._displays: dict[NodeId, NodeId] = {}
        self._reals: dict[NodeId, NodeId] = {}
        self._prompt: JsonObject | None = None

    def expand(self, parent: NodeId, data: JsonObject) -> list[NodeId]:
        """Add the nodes of an API-format graph. Raises GraphError, with nothing added, where it is at fault."""
        added = Graph({id: _with_lists(node) for id, node in parse(data).nodes.items()})
        for id, node in added.nodes.items():
            if id in self.nodes:
                raise GraphError(f"DuplicateNodeError: the expansion adds a node {id}, which is there already.")
            for _, link in node.links():
                if link.node not in self.nodes and link.node not in added:
                    raise GraphError(
                        f"NodeNotFoundError: node {id} of the expansion reads {link.node}, which is nowhere."
                    )
        for id, node in added.nodes.items():
            self.nodes[id] = node
            self._parents[id] = parent
            self._reals[id] = self.real(parent)
            display = data[id].get("override_display_id")
            self._displays[id] = NodeId(str(display)) if display is not None else self.display(parent)
        return list(added.nodes)

    def parent(self, id: NodeId) -> NodeId | None:
        return self._parents.get(id)

    def display(self, id: NodeId) -> NodeId:
        shown = self._displays.get(id)
        if shown is not None:
            return shown
        return id if self.cells is None else self.cells.display(id)

    def real(self, id: NodeId) -> NodeId:
        """The node of the prompt that `id` came from: itself, or the outermost parent."""
        return self._reals.get(id, id)

    def get_original_prompt(self) -> JsonObject:
        """The prompt in API format: the same object each time."""
        if self._prompt is None:
            self._prompt = to_prompt(self.original)
        return self._prompt

    def prompt_of(self, id: NodeId) -> JsonObject:
        """The prompt that a node sees: of a job of many cells only its own."""
        return self.get_original_prompt() if self.cells is None else self.cells.prompt(self.original, self.real(id))

    def get_node(self, node_id: str) -> JsonObject:
        """A node in API format, of the prompt or added. Raises KeyError."""
        id = NodeId(node_id)
        return self.get_original_prompt().get(id) or to_prompt(Graph({id: self.nodes[id]}))[id]

    def has_node(self, node_id: str) -> bool:
        return node_id in self.nodes

    def all_node_ids(self) -> set[str]:
        return set(self.nodes)

    def get_parent_node_id(self, node_id: str) -> str | None:
        return self.parent(NodeId(node_id))

    def get_display_node_id(self, node_id: str) -> str:
        return self.display(NodeId(node_id))

    def get_real_node_id(self, node_id: str) -> str:
        return self.real(NodeId(node_id))


def _with_lists(node: Node) -> Node:
    """A node of an expansion: its constants are values of any kind, lists among them."""
    lists = {name: value.value for name, value in node.inputs.items() if isinstance(value, BadLink)}
    return replace(node, inputs={**node.inputs, **lists}) if lists else node


def as_link(value: Any) -> Link | None:
    """An expansion's result that is read from a node: `["id", slot]`."""
    match value:
        case Link():
            return value
        case [str() as id, int() | float() as slot] if isinstance(value, list):
            return Link(NodeId(id), int(slot))
        case _:
            return None
