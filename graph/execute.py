"""The loop that runs a graph.

Executor.run
  Run.prepare       names results by key, tells which are there, stages what must run
  Run.loop          hands out ready nodes until none is left
    Run.visit       one node: shares an equal node's result, asks for lazy inputs, or calls
      Run.attempt   its function, for each element of its inputs; once more after a lack of memory
      Run.conclude  results: an expansion puts nodes in its place and waits, all else is finished
  Run.close         ends what still runs
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import replace
from typing import Any, Protocol

from graph.cache import Cache
from graph.context import Context
from graph.errors import Cancelled, GraphError, NodeError
from graph.events import (
    Event,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    message,
)
from graph.folders import FIRST_PERSON, Folders
from graph.frozen import Frozen
from graph.job import Job, Outcome
from graph.reason import Memory
from graph.registry import Registry
from graph.run import Run
from graph.types import JsonObject

__all__ = ["Context", "Executor", "Job", "Outcome", "Services"]


class Services(Protocol):
    """What the executor itself asks of the services that nodes get, each only if it is there."""

    @property
    def fingerprint(self) -> str:
        """Precision and device kind: part of every key, since results depend on them."""
        ...

    def is_out_of_memory(self, error: BaseException) -> bool: ...

    def free(self, models: bool) -> None:
        """Give memory back; with `models`, idle models too."""
        ...

    def measure_memory(self) -> Callable[[], int] | None:
        """What tells, once asked, the bytes that were taken from now on at most; None where the device cannot tell."""
        ...


class Executor:
    """Runs jobs, one at a time, in the thread that calls `run`."""

    def __init__(
        self,
        registry: Registry,
        cache: Cache,
        services: Services | Any = None,
        folders: Folders | None = None,
        frozen: Frozen | None = None,
    ) -> None:
        self.registry = registry
        self.cache = cache
        self.services = services
        self.folders = folders
        self.frozen = frozen or Frozen(cache.budgets, cache.weigh)
        self._run: Run | None = None
        self.memory = Memory()
        self.instances: MutableMapping[tuple[str, Any, str], Any] = {}
        """Objects of node classes by node, class and person."""

    def run(self, job: Job, emit: Callable[[Event], None], cancelled: Callable[[], bool]) -> Outcome:
        """Run the nodes that the job's targets need and whose results are not there.

        emit: called in this thread, must not block. cancelled: asked between nodes and at each progress.
        Never raises for what a node or the graph does: that ends as an event and in the outcome.
        """
        self._forget_instances(job)
        messages: list[tuple[str, JsonObject]] = []

        def tell(event: Event) -> None:
            emit(event)
            if isinstance(event, ExecutionStart | ExecutionSuccess | ExecutionInterrupted) or (
                event.type in ("execution_cached", "execution_error") and getattr(event, "timestamp", None)
            ):
                shown = message(event)
                if shown is not None:
                    messages.append((shown["type"], shown["data"]))

        self._run = run = Run(self, job, tell, cancelled)
        tell(ExecutionStart(prompt_id=job.prompt_id, timestamp=now()))
        status = "success"
        error: JsonObject | None = None
        try:
            run.prepare()
            run.loop()
            if run.failures:
                status = "error"
                messages.extend((failure.type, _data(failure)) for failure in run.failures[1:])
                event = replace(run.failures[0], timestamp=now())
                tell(event)
                error = _data(event)
            else:
                tell(ExecutionSuccess(prompt_id=job.prompt_id, timestamp=now()))
        except Cancelled:
            status = "interrupted"
            tell(run.interrupted(now()))
        except (NodeError, GraphError) as failure:
            status = "error"
            event = run.failed(failure, now())
            tell(event)
            error = _data(event)
        finally:
            run.close()
            self._run = None
        return Outcome(
            prompt_id=job.prompt_id,
            status=status,
            outputs=run.outputs,
            meta={id: run.meta(id) for id in run.outputs},
            executed=tuple(run.executed),
            cached=tuple(run.cached),
            messages=tuple(messages),
            error=error,
        )

    def folders_of(self, person: str) -> Folders | None:
        """The folders as the person has them whose run it is."""
        return None if self.folders is None else self.folders.for_person(person or FIRST_PERSON)

    def fingerprint(self) -> str:
        """Precision and device kind; empty where the services have none."""
        return str(getattr(self.services, "fingerprint", ""))

    def is_out_of_memory(self, error: BaseException) -> bool:
        asks = getattr(self.services, "is_out_of_memory", None)
        return bool(asks(error)) if asks is not None else isinstance(error, MemoryError)

    def warn(self, sentence: str) -> None:
        """Tell the artist, at the node that runs now, of something that its code has only put down in the log."""
        if self._run is not None:
            self._run.warn(sentence)

    def measure_memory(self) -> Callable[[], int] | None:
        """What tells, once asked, the bytes that were taken from now on at most; None where nothing does."""
        begin = getattr(self.services, "measure_memory", None)
        return begin() if begin is not None else None

    def free(self) -> None:
        """Drop every cached result, and idle models. What is frozen stays: the artist asked for it."""
        self.cache.clear()
        release = getattr(self.services, "free", None)
        if release is not None:
            with contextlib.suppress(MemoryError):
                release(models=True)

    def forget_objects(self, modules: Collection[str]) -> None:
        """Let go of objects of node classes that these modules made: they were imported anew."""
        for slot in [slot for slot in self.instances if getattr(slot[1], "__module__", None) in modules]:
            del self.instances[slot]

    def _forget_instances(self, job: Job) -> None:
        """Objects of node classes live while their node stays in successive prompts of one person."""
        gone = [slot for slot in self.instances if slot[0] not in job.graph and slot[2] == job.user]
        for slot in gone:
            del self.instances[slot]


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def _data(event: ExecutionError) -> JsonObject:
    shown = message(event)
    return shown["data"] if shown is not None else {}
