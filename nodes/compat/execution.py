# pyright: basic
"""ComfyUI's `execution`: what of it packs ask. Graphs are run by `graph.execute`, which takes no orders from here."""

from __future__ import annotations

from enum import Enum
from typing import Any

from graph.ask import ask
from graph.errors import ParseError
from graph.parse import parse
from graph.types import NodeId
from graph.validate import validate
from nodes.compat import node_classes as nodes
from nodes.compat.host import host, own_folders
from nodes.compat.stand_in import stand_in

__all__ = [
    "SENSITIVE_EXTRA_DATA_KEYS",
    "ExecutionResult",
    "PromptExecutor",
    "full_type_name",
    "nodes",
    "validate_prompt",
]

SENSITIVE_EXTRA_DATA_KEYS = ("auth_token_comfy_org", "api_key_comfy_org")


class ExecutionResult(Enum):
    SUCCESS = 0
    FAILURE = 1
    PENDING = 2


PromptExecutor = stand_in("execution.PromptExecutor")
"""Packs replace its methods to see jobs begin and end; Easel has another executor, and the log says so."""


def full_type_name(klass: type) -> str:
    """`ValueError`, or dotted: `torch.OutOfMemoryError`."""
    module = klass.__module__
    return klass.__qualname__ if module == "builtins" else f"{module}.{klass.__qualname__}"


async def validate_prompt(
    prompt_id: str, prompt: dict[str, Any], partial_execution_list: list[str] | None = None
) -> tuple[bool, dict[str, Any] | None, list[str], dict[str, Any]]:
    """(whether it can run, the error, the outputs that can, errors by node)"""
    registry = host().registry
    try:
        graph = parse(prompt)
    except ParseError as error:
        return False, error.to_json(), [], {}
    targets = None if partial_execution_list is None else [NodeId(id) for id in partial_execution_list]
    report = validate(graph, registry.catalogue(), own_folders(), targets)
    errors = report.node_errors()
    for problem in ask(report.graph, registry, report.to_ask):
        entry = errors.setdefault(problem.node, {"errors": [], "dependent_outputs": [], "class_type": ""})
        entry["errors"].append(problem.to_json())
        entry["class_type"] = report.graph.nodes[problem.node].class_type
    good = [str(id) for id in report.targets]
    return bool(good), report.error(), good, errors
