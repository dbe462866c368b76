# pyright: basic
"""ComfyUI's `comfy_execution.progress`: how far nodes are, told by whoever knows."""

from __future__ import annotations

from enum import Enum
from typing import Any

from nodes.compat.host import running
from nodes.compat.progress import of_node, show


class NodeState(Enum):
    Pending = "pending"
    Running = "running"
    Finished = "finished"
    Error = "error"


class ProgressRegistry:
    """Passes progress on; Easel keeps the states itself."""

    def __init__(self, prompt_id: str = "", dynprompt: Any = None) -> None:
        self.prompt_id = prompt_id
        self.dynprompt = dynprompt

    def update_progress(self, node_id: str, value: float, max_value: float, image: Any = None) -> None:
        """image: (format, Pillow image, largest edge or None)."""
        context = of_node(running(), node_id)
        if context is not None:
            context.progress(value, max_value)
            if image is not None:
                show(context, image)


_registry = ProgressRegistry()


def get_progress_state() -> ProgressRegistry:
    return _registry
