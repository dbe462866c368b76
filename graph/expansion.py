"""What an expansion puts in a node's place, and what becomes of its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph.cache import Entry
from graph.call import count_of, merge
from graph.dynamic import DynamicGraph, as_link
from graph.errors import GraphError
from graph.names import Names
from graph.node import Blocked, Expansion, Outcome, Results
from graph.spec import NodeSpec
from graph.types import NodeId


def expand(graph: DynamicGraph, names: Names, id: NodeId, expansions: Sequence[Expansion]) -> list[NodeId]:
    """Put the expansions' nodes into the graph; gives those that `id` waits for: its results' and output nodes.

    Raises GraphError where an expansion is at fault.
    """
    sources: dict[NodeId, None] = {}
    for expansion in expansions:
        added = graph.expand(id, expansion.graph)
        sources |= dict.fromkeys(inner for inner in added if names.type(inner).spec.is_output)
        for source in _links([expansion]):
            if source not in graph.nodes:
                raise GraphError(f"NodeNotFoundError: the expansion gives an output of {source}, which is nowhere.")
            sources[source] = None
    return list(sources)


def results_of(outcomes: Sequence[Outcome]) -> list[NodeId]:
    """The nodes whose outputs become these outcomes' results."""
    return list(dict.fromkeys(_links([outcome for outcome in outcomes if isinstance(outcome, Expansion)])))


def resolve(spec: NodeSpec, outcomes: Sequence[Outcome], held: Mapping[NodeId, Entry]) -> Entry:
    """The results of a node whose expansion has run. An inner output gives all of its values."""
    shown: list[Outcome] = []
    count = count_of(spec, outcomes)
    lists: list[list[Any]] = [[] for _ in range(count)]
    for outcome in outcomes:
        if not isinstance(outcome, Expansion):
            shown.append(outcome)
            for slot, values in enumerate(merge(spec, [outcome]).outputs):
                lists[slot] += values
            continue
        shown.append(Results((), outcome.ui))
        for slot in range(count):
            value = outcome.values[slot] if slot < len(outcome.values) else None
            link = as_link(value)
            if link is not None:
                lists[slot] += held[link.node].outputs[link.slot]
            elif slot < len(spec.outputs) and spec.outputs[slot].is_list and not isinstance(value, Blocked):
                lists[slot] += value or ()
            else:
                lists[slot].append(value)
    return Entry(tuple(lists), merge(spec, shown).ui, spec.class_type)


def _links(expansions: Sequence[Expansion]) -> list[NodeId]:
    links = [as_link(value) for expansion in expansions for value in expansion.values]
    return [link.node for link in links if link is not None]
