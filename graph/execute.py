"""The one loop that runs a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from graph.cache import Cache
from graph.context import Context
from graph.events import Event
from graph.folders import Folders
from graph.job import Job, Outcome
from graph.registry import Registry

__all__ = ["Context", "Executor", "Job", "Outcome", "Services"]


class Services(Protocol):
    """What the executor itself asks of the services that nodes get. A service may have more."""

    def fingerprint(self) -> str:
        """Precision and device kind: part of every key, since results depend on them."""
        ...

    def is_out_of_memory(self, error: BaseException) -> bool: ...

    def free(self, models: bool) -> None:
        """Give memory back; with `models`, idle models too."""
        ...


class Executor:
    """Runs jobs, one at a time, in the thread that calls `run`."""

    def __init__(
        self, registry: Registry, cache: Cache, services: Services | Any = None, folders: Folders | None = None
    ) -> None:
        self.registry = registry
        self.cache = cache
        self.services = services
        self.folders = folders

    def run(self, job: Job, emit: Callable[[Event], None], cancelled: Callable[[], bool]) -> Outcome:
        """Run the nodes that the job's targets need and whose results are not there.

        Never raises for what a node does: that ends as an event and in the outcome.
        """
        raise NotImplementedError
