# pyright: basic
"""ComfyUI's `comfy_execution.utils`: which node runs."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import NamedTuple

from nodes.compat.host import running


class ExecutionContext(NamedTuple):
    """A call of a node's function."""

    prompt_id: str
    node_id: str
    list_index: int | None


current_executing_context: ContextVar[ExecutionContext | None] = ContextVar("current_executing_context", default=None)
"""What a pack has set itself, for code that it runs elsewhere."""


def get_executing_context() -> ExecutionContext | None:
    context = running()
    if context is None:
        return current_executing_context.get()
    return ExecutionContext(context.prompt_id, context.node_id, context.list_index)


class CurrentNodeContext:
    """`with CurrentNodeContext(prompt_id, node_id):` where no node runs."""

    def __init__(self, prompt_id: str, node_id: str, list_index: int | None = None) -> None:
        self.context = ExecutionContext(prompt_id, node_id, list_index)
        self.token: Token[ExecutionContext | None] | None = None

    def __enter__(self) -> CurrentNodeContext:
        self.token = current_executing_context.set(self.context)
        return self

    def __exit__(self, *_: object) -> None:
        if self.token is not None:
            current_executing_context.reset(self.token)
