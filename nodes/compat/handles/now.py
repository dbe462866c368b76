"""The context of the node that runs, or one of the process's own where none does (a pack's route, a test)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from graph.context import Context
from nodes.compat.host import host, own_folders, running
from nodes.compat.stand_in import NotSupported

if TYPE_CHECKING:
    from models.engine import Engine


def context_now() -> Context:
    """What core nodes are called with."""
    context = running()
    if context is not None:
        return context
    return Context(folders=own_folders(), services=host().engine)


def engine_now() -> Engine:
    """The process's engine. NotSupported before the device is set up, which is after packs are imported."""
    context = running()
    found = context.services if context is not None and context.services is not None else host().engine
    if found is None:
        raise NotSupported("A pack wants to load a model while it is imported. Easel's device is set up after that.")
    return cast("Engine", found)
