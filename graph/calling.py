"""Calling a node's function: for each element of its inputs, once more where memory was short, and its errors named."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graph.call import as_node_error, calls, within
from graph.context import Context
from graph.dynamic import DynamicGraph
from graph.ending import blocked
from graph.errors import Cancelled
from graph.events import Event
from graph.facts import Stopwatch
from graph.job import Job
from graph.names import Names
from graph.node import Blocked, NodeType, Outcome
from graph.tasks import Tasks
from graph.types import NodeId

if TYPE_CHECKING:
    from graph.execute import Executor

OUT_OF_MEMORY = (
    "There was not enough memory, and not after all caches and idle models were dropped either. "
    "Use a smaller size or batch, or close other programs that use this device."
)


@dataclass(slots=True)
class Visit:
    """What is known of a node between its first visit and its end."""

    started: float
    clock: Stopwatch = field(default_factory=Stopwatch)
    peak: int | None = None
    """Bytes that its calls took at most, where the device tells."""
    warnings: list[str] = field(default_factory=list[str])
    reason_told: bool = False
    retried: bool = False
    blocked: bool = False
    """A blocker with a message stands in its way, or before it: the next run shall show that again."""
    outcomes: list[Outcome] | None = None
    """Its calls' results, while the nodes of an expansion run."""
    inputs: dict[str, list[Any]] = field(default_factory=dict[str, "list[Any]"])


class Calling:
    """Calls the nodes of one run.

    executed: the run's list of nodes that are done, for what is told of a blocker. warn: notes a sentence at the node
    that runs.
    """

    def __init__(
        self,
        executor: Executor,
        job: Job,
        graph: DynamicGraph,
        names: Names,
        tasks: Tasks,
        emit: Callable[[Event], None],
        is_cancelled: Callable[[], bool],
        warn: Callable[[str], None],
        executed: list[NodeId],
    ) -> None:
        self._executor = executor
        self._job = job
        self._graph = graph
        self._names = names
        self._tasks = tasks
        self._emit = emit
        self._is_cancelled = is_cancelled
        self._warn = warn
        self._executed = executed

    def check_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def lazy_wanted(self, id: NodeId, type: NodeType, inputs: dict[str, list[Any]], missing: list[str]) -> list[str]:
        """Ask the node which of its lazy inputs that are not there it needs."""
        assert type.check_lazy is not None
        given = {**inputs, **{name: [None] for name in missing}}
        wanted: dict[str, None] = {}
        for values in calls(type.spec, given):
            if isinstance(values, Blocked):
                continue
            names = within(self._context(id), type.check_lazy, values)
            names = self._tasks.wait_for(names) if inspect.isawaitable(names) else names
            wanted |= dict.fromkeys(name for name in names or () if name in missing)
        return list(wanted)

    def attempt(self, id: NodeId, type: NodeType, visit: Visit, done: list[Any] | None) -> list[Outcome] | None:
        """Call the function, or collect what its tasks gave. None while a task runs.

        A lack of memory drops caches and idle models and is followed by one more attempt.
        """
        with self.guard(id, visit):
            try:
                return self._start(id, type, visit) if done is None else _raise_first(done)
            except (Exception, SystemExit) as error:
                if visit.retried or not self._executor.is_out_of_memory(error):
                    raise
            visit.retried = True  # outside of `except`, where the traceback would keep the node's tensors alive
            self._executor.free()
            return self._start(id, type, visit)

    def _start(self, id: NodeId, type: NodeType, visit: Visit) -> list[Outcome] | None:
        """Call for each element of the inputs. None if a call has to be waited for."""
        found: list[Any] = []
        waits = False
        inputs = visit.inputs
        declared_missing = [name for name, _ in self._graph.nodes[id].links() if name not in inputs]
        if declared_missing:
            inputs = {**inputs, **{name: [None] for name in declared_missing}}
        taken = self._executor.measure_memory()
        for index, values in enumerate(calls(type.spec, inputs)):
            self.check_cancelled()
            if isinstance(values, Blocked):
                found.append(self._pass_block(id, type, visit, values))
                continue
            outcome = within(self._context(id, index), type.call, values)
            waits = waits or inspect.isawaitable(outcome)
            found.append(outcome)
        if taken is not None and not waits:
            visit.peak = max(visit.peak or 0, taken())
        if not waits:
            return found
        return self._tasks.start(id, found)

    def _pass_block(self, id: NodeId, type: NodeType, visit: Visit, block: Blocked) -> Blocked:
        """A blocker on its way through a node that does not run. Its message is told once."""
        visit.blocked = visit.blocked or block.told or block.message is not None
        if block.message is None:
            return block
        self._emit(blocked(self._job, id, type.spec.class_type, self._executed, block.message))
        return Blocked(told=True)

    def guard(self, id: NodeId, visit: Visit) -> Any:
        def advice(error: BaseException) -> str | None:
            return OUT_OF_MEMORY if self._executor.is_out_of_memory(error) else None

        return as_node_error(id, self._graph.nodes[id].class_type, visit.inputs, advice)

    def _context(self, id: NodeId, index: int | None = None) -> Context:
        return self._names.context(
            id, self._emit, self._is_cancelled, index, self._warn, lambda name: self._spoil(id, name)
        )

    def _spoil(self, id: NodeId, name: str) -> None:
        """A node has changed the value of an input: it is computed anew in the next run."""
        for linked, link in self._graph.nodes[id].links():
            if linked == name:
                self._names.volatile.add(link.node)
                self._executor.cache.drop(self._names.keys[link.node])


def _raise_first(done: list[Any]) -> list[Outcome]:
    """The results of all calls. Raises the first exception among them."""
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return done
