# pyright: basic
"""ComfyUI's `comfy_execution.graph`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.dynamic import DynamicGraph
from graph.errors import CycleError
from nodes.compat.comfy_execution.graph_utils import ExecutionBlocker, is_link

__all__ = [
    "DependencyCycleError",
    "DynamicPrompt",
    "ExecutionBlocker",
    "NodeInputError",
    "NodeNotFoundError",
    "get_input_info",
    "is_link",
]

DynamicPrompt = DynamicGraph
DependencyCycleError = CycleError


class NodeInputError(Exception):
    """An input's link leads nowhere."""


class NodeNotFoundError(Exception):
    """No node has this id."""


def get_input_info(
    class_def: Any, input_name: str, valid_inputs: Mapping[str, Any] | None = None
) -> tuple[Any, str | None, dict[str, Any] | None]:
    """(type, `required` or `optional` or `hidden`, options) of an input of a node class; Nones where it has none."""
    declared = class_def.INPUT_TYPES() if valid_inputs is None else valid_inputs
    for group in ("required", "optional", "hidden"):
        entry = declared.get(group, {}).get(input_name)
        if entry is not None:
            entry = entry if isinstance(entry, list | tuple) else (entry,)
            return entry[0], group, entry[1] if len(entry) > 1 else {}
    return None, None, None
