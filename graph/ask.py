"""Nodes' own checks (VALIDATE_INPUTS), which only a process that has their code can run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from graph.coerce import shown
from graph.errors import Problem
from graph.node import NodeType
from graph.types import BadLink, Graph, Link, Node, NodeId


def ask(graph: Graph, types: Mapping[str, NodeType], nodes: Iterable[NodeId]) -> list[Problem]:
    """What the own checks of these nodes find, in a thread that has no running event loop.

    A check that raises is a problem of its node; nothing is raised here.
    """
    return asyncio.run(_ask_all(graph, types, list(nodes)))


async def _ask_all(graph: Graph, types: Mapping[str, NodeType], nodes: list[NodeId]) -> list[Problem]:
    problems: list[Problem] = []
    for id in nodes:
        node = graph.nodes[id]
        type = types.get(node.class_type)
        if type is not None and type.validate_inputs is not None:
            problems += await _ask(graph, types, node, type)
    return problems


async def _ask(graph: Graph, types: Mapping[str, NodeType], node: Node, type: NodeType) -> list[Problem]:
    assert type.validate_inputs is not None
    named = type.spec.validates or ()
    declared = [spec.name for spec in type.spec.inputs]
    given: dict[str, Any] = {}
    for name in declared:
        if name in node.inputs and ("*" in named or name in named):
            value = node.inputs[name]
            given[name] = None if isinstance(value, Link | BadLink) else value
    if "input_types" in named:
        given["input_types"] = _link_types(graph, types, node, declared)
    try:
        verdict = type.validate_inputs(given)
        if inspect.isawaitable(verdict):
            verdict = await verdict
    except Exception as error:
        return [
            Problem(
                node=node.id,
                type="exception_during_validation",
                message="Exception when validating node",
                details=str(error),
                sentence=f"{node.label}: its own check of its inputs failed with {shown(error)}.",
                extra_info={"exception_type": error.__class__.__name__, "traceback": []},
            )
        ]
    if verdict is True:
        return []
    why = verdict if isinstance(verdict, str) else ""
    inputs = [name for name in given if name != "input_types"] or [None]
    return [_refused(node, name, why) for name in inputs]


def _refused(node: Node, name: str | None, why: str) -> Problem:
    details = " - ".join(part for part in (name, why) if part)
    at = f"{node.label}: {name}" if name else node.label
    return Problem(
        node=node.id,
        type="custom_validation_failed",
        message="Custom validation failed for node",
        details=details,
        sentence=f"{at} was refused by the node's own check{': ' + why if why else ''}.",
        input=name,
        extra_info={"input_name": name},
    )


def _link_types(graph: Graph, types: Mapping[str, NodeType], node: Node, declared: list[str]) -> dict[str, Any]:
    """The type that each linked input receives."""
    received: dict[str, Any] = {}
    for name, link in node.links():
        source = graph.nodes.get(link.node)
        source_type = types.get(source.class_type) if source else None
        if name in declared and source_type is not None and link.slot < len(source_type.spec.outputs):
            received[name] = source_type.spec.outputs[link.slot].wire_type
    return received
