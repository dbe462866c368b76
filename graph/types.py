"""What a graph is: nodes, their inputs, and the links between them. Nothing here knows node types.

Links point from a source to its reader: `Link("4", 0)` as an input of node 5 means that output 0 of node 4 is read by
node 5. All values are frozen; a change makes a new graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, TypeAlias

NodeId = NewType("NodeId", str)
"""A node's name in one graph: any text, such as `7`, or `12:34` for a node inside the subgraph instance 12."""

Key = NewType("Key", str)
"""The name of a node's results: equal keys mean equal outputs, in whichever graph."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object as `json.loads` gives it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An input that is read from an output of another node."""

    node: NodeId
    slot: int
    """Index of the output, from 0."""

    def to_json(self) -> list[str | int]:
        return [self.node, self.slot]


@dataclass(frozen=True, slots=True)
class BadLink:
    """A bare list as an input, which is no link. Constants that are lists are written `{"__value__": [...]}`."""

    value: list[Any]

    def to_json(self) -> list[Any]:
        return self.value


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its type by name and its inputs, each a `Link`, a JSON constant or a `BadLink`."""

    id: NodeId
    class_type: str
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    title: str = ""
    """What the user called it; empty where the file has no title."""

    def links(self) -> Iterator[tuple[str, Link]]:
        """The linked inputs, in the order of the file."""
        for name, value in self.inputs.items():
            if isinstance(value, Link):
                yield name, value

    @property
    def label(self) -> str:
        """How sentences name the node, e.g. `KSampler "second pass" (#12)`."""
        title = f' "{self.title}"' if self.title and self.title != self.class_type else ""
        return f"{self.class_type}{title} (#{self.id})"


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by id, in the order of the file."""

    nodes: Mapping[NodeId, Node]

    def upstream(self, id: NodeId) -> list[NodeId]:
        """The nodes that `id` reads, each once, in the order of its inputs."""
        return list(dict.fromkeys([v.node for v in self.nodes[id].inputs.values() if isinstance(v, Link)]))

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, id: object) -> bool:
        return id in self.nodes
