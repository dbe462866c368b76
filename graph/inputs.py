"""The values that a node is given: of its links, its constants and its hidden parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graph.cache import Entry
from graph.dynamic import DynamicGraph
from graph.grown import declared_input
from graph.job import Job
from graph.node import Blocked
from graph.spec import NodeSpec
from graph.types import Link, NodeId

HIDDEN = frozenset({"PROMPT", "DYNPROMPT", "UNIQUE_ID", "EXTRA_PNGINFO", "AUTH_TOKEN_COMFY_ORG", "API_KEY_COMFY_ORG"})
"""What a hidden parameter may ask for. One of another kind is given what a prompt has under its name, if it has."""


def gather(
    graph: DynamicGraph, job: Job, id: NodeId, spec: NodeSpec, result: Callable[[NodeId], Entry | None]
) -> tuple[dict[str, list[Any]], list[str]]:
    """All inputs, each as the list of its values, and the names of linked ones that are not there.

    result: a node's outputs if they are at hand. Constants that the type does not declare are dropped, undeclared links
    are not. Raises IndexError for a link to an output that is not there.
    """
    node = graph.nodes[id]
    inputs: dict[str, list[Any]] = {}
    missing: list[str] = []
    for name, value in node.inputs.items():
        declared = declared_input(spec, name, node.inputs)
        if not isinstance(value, Link):
            if declared is not None or spec.open_inputs or name in spec.hidden:
                inputs[name] = [value]
        elif declared is not None and declared.options.get("rawLink"):
            inputs[name] = [value.to_json()]
        elif (entry := result(value.node)) is not None:
            inputs[name] = _output(entry, value.slot)
        else:
            missing.append(name)
    for name, kind in spec.hidden.items():
        if kind in HIDDEN:
            inputs[name] = [_hidden(graph, job, id, kind)]
    return inputs, missing


def _output(entry: Entry, slot: int) -> list[Any]:
    """The values of an output. A node that is blocked blocks what reads it, at outputs beyond those it declares too."""
    first = entry.outputs[0] if entry.outputs else []
    if slot >= len(entry.outputs) and first and all(isinstance(value, Blocked) for value in first):
        return first
    return entry.outputs[slot]


def _hidden(graph: DynamicGraph, job: Job, id: NodeId, kind: str) -> Any:
    match kind:
        case "PROMPT":
            return graph.prompt_of(id)
        case "DYNPROMPT":
            return graph
        case "UNIQUE_ID":
            return id
        case "EXTRA_PNGINFO" if graph.cells is not None:
            return graph.cells.pnginfo(job.extra.get("extra_pnginfo"), graph.real(id))
        case _:  # EXTRA_PNGINFO, and credentials, which the request's extra_data holds under the same names
            return job.extra.get(kind.lower())
