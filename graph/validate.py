"""Whether a graph can run, from the catalogue alone: every problem at once, each with a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from graph.errors import Problem
from graph.folders import Folders
from graph.registry import Catalogue
from graph.spec import NodeSpec
from graph.types import Graph, JsonObject, NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `validate` found. With no `targets` the prompt is refused with `error()` and `node_errors()`."""

    graph: Graph
    """The same graph with constants coerced to their declared types: this is what runs."""
    targets: tuple[NodeId, ...]
    """The output nodes that can run."""
    problems: tuple[Problem, ...] = ()
    to_ask: tuple[NodeId, ...] = ()
    """Nodes with checks of their own (VALIDATE_INPUTS) among what the targets need: only the worker can tell."""
    dependents: Mapping[NodeId, tuple[NodeId, ...]] = field(default_factory=dict[NodeId, "tuple[NodeId, ...]"])
    """For each node with problems, the output nodes that need it."""

    def error(self) -> JsonObject | None:
        """The reply's `error` object, or None if there is something to run."""
        raise NotImplementedError

    def node_errors(self) -> JsonObject:
        """The reply's `node_errors`."""
        raise NotImplementedError


def validate(
    graph: Graph,
    catalogue: Catalogue | Mapping[str, NodeSpec],
    folders: Folders | None = None,
    targets: Collection[str] | None = None,
    budget: int | None = None,
) -> Report:
    """Check what the targets reach; never raises.

    targets: the request's `partial_execution_targets`; None for every output node.
    budget: bytes that a run may take; a node whose declared `Memory` is above it is refused.
    """
    raise NotImplementedError
