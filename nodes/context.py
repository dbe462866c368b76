"""What core nodes get besides their inputs: the run's context, with its services typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from graph.context import Context

if TYPE_CHECKING:
    from models.engine import Engine

T = TypeVar("T")


def engine(context: Context) -> Engine:
    """The process's one engine, which the worker hands to every run."""
    return cast("Engine", context.services)


def present(handle: T | None, what: str) -> T:
    """The handle, or a sentence for the artist where a checkpoint has no such part."""
    if handle is None:
        raise ValueError(
            f"The {what} input is empty: the checkpoint that was loaded holds no {what}. "
            f"Load one with a node of its own, or choose another checkpoint"
        )
    return handle


def pnginfo(prompt: Any, extra: Any) -> dict[str, Any]:
    """What a saved file carries: the prompt, and all that the client added, normally the workflow."""
    found = {} if prompt is None else {"prompt": prompt}
    return {**found, **(extra if isinstance(extra, dict) else {})}
