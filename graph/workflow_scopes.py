"""A UI workflow flattened: the root graph, and one scope for each instance of a subgraph in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.errors import ParseError
from graph.types import JsonObject
from graph.workflow_json import (
    BYPASSED,
    MUTED,
    OUTPUT_SIDE,
    RawLink,
    as_list,
    as_object,
    as_text,
    objects,
    read_link,
)

MAX_NODES = 200_000
"""Nodes in all scopes together: subgraphs in subgraphs multiply."""


@dataclass(slots=True, eq=False)
class Scope:
    """One use of a graph."""

    path: str
    """What the ids of its nodes begin with: nothing for the root, `12:` in the instance 12."""
    file: JsonObject
    nodes: dict[str, JsonObject]
    links: dict[str, RawLink]
    outputs: dict[int, RawLink]
    """For each output of a subgraph the link that ends there."""
    parent: Scope | None = None
    instance: JsonObject = field(default_factory=dict[str, Any])
    inner: dict[str, Scope] = field(default_factory=dict[str, "Scope"])
    """The scopes of the instances in it, by node id."""
    chain: tuple[str, ...] = ()
    """The subgraphs around it, outermost first, and its own."""

    @property
    def id(self) -> str:
        """The instance's id in its parent."""
        return str(self.instance.get("id"))


def definitions_of(file: JsonObject) -> dict[str, JsonObject]:
    """All subgraph definitions by id, nested ones too; the first of each id."""
    found: dict[str, JsonObject] = {}
    stack = [file]
    while stack:
        part = stack.pop()
        for definition in objects(as_object(part.get("definitions")).get("subgraphs")):
            id = definition.get("id")
            if isinstance(id, str) and id not in found:
                found[id] = definition
                stack.append(definition)
    return found


def open_scopes(file: JsonObject, definitions: Mapping[str, JsonObject]) -> list[Scope]:
    """The root and every live instance, outer ones first.

    Raises ParseError, with the path, where a subgraph contains itself or the whole has more than `MAX_NODES` nodes.
    """
    scopes = [_open(file, "", None, {}, ())]
    total = len(scopes[0].nodes)
    for scope in scopes:
        for id, node in scope.nodes.items():
            name = as_text(node.get("type"))
            definition = definitions.get(name)
            if definition is None or node.get("mode") in (MUTED, BYPASSED):
                continue
            if name in scope.chain:
                circle = [*scope.chain[scope.chain.index(name) :], name]
                titles = " → ".join(as_text(definitions[part].get("name")) or part for part in circle)
                raise ParseError(f"A subgraph contains itself: {titles}.", details=f"Node ID '#{scope.path}{id}'")
            inner = _open(definition, f"{scope.path}{id}:", scope, node, (*scope.chain, name))
            scope.inner[id] = inner
            scopes.append(inner)
            total += len(inner.nodes)
            if total > MAX_NODES:
                raise ParseError(f"With all its subgraphs unfolded the workflow has more than {MAX_NODES:,} nodes.")
    return scopes


def _open(file: JsonObject, path: str, parent: Scope | None, instance: JsonObject, chain: tuple[str, ...]) -> Scope:
    nodes: dict[str, JsonObject] = {}
    for node in objects(file.get("nodes")):
        if isinstance(node.get("id"), str | int | float):  # any other names nothing
            nodes.setdefault(str(node["id"]), node)
    links: dict[str, RawLink] = {}
    outputs: dict[int, RawLink] = {}
    for raw in as_list(file.get("links")):
        link = read_link(raw)
        if link is not None:
            links[link.id] = link
            if link.target == OUTPUT_SIDE:
                outputs.setdefault(link.target_slot, link)
    return Scope(path, file, nodes, links, outputs, parent, instance, chain=chain)
