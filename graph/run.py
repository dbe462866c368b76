"""The state of one run. `graph.execute` says how its parts follow each other."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graph.cache import Entry
from graph.call import as_node_error, calls, merge, within
from graph.cells import cells_of
from graph.context import Context
from graph.dynamic import DynamicGraph
from graph.ending import blocked, deadlock, failed, interrupted
from graph.errors import Cancelled, GraphError, NodeError
from graph.events import Event, ExecutionCached, ExecutionError, ExecutionInterrupted
from graph.expansion import expand, resolve, results_of
from graph.facts import Stopwatch
from graph.grown import declared_input
from graph.held import Held
from graph.inputs import gather
from graph.job import Job
from graph.names import Names
from graph.node import Blocked, Expansion, NodeType, Outcome
from graph.plan import plan, stale
from graph.reason import Run as PastRun
from graph.schedule import Kind, Ranks, Schedule
from graph.tasks import Tasks
from graph.telling import Telling
from graph.types import Key, NodeId

if TYPE_CHECKING:
    from graph.execute import Executor

OUT_OF_MEMORY = (
    "There was not enough memory, and not after all caches and idle models were dropped either. "
    "Use a smaller size or batch, or close other programs that use this device."
)

FROZEN_GONE = (
    "Its frozen result was gone, since the server was started anew or its memory was freed. "
    "It was computed again, and this result is kept from now on."
)
FROZEN_TOO_LARGE = "Its result is too large to be kept, so that it is computed anew in each run although it is frozen."
MOST_WARNINGS = 20
"""Of one node in one run."""


@dataclass(slots=True)
class _Visit:
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


class Run:
    def __init__(
        self, executor: Executor, job: Job, emit: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> None:
        self.executor = executor
        self.job = job
        self.emit = emit
        self.is_cancelled = cancelled
        self._cells = cells_of(job.extra)
        self.graph = DynamicGraph(job.graph, self._cells)
        self.failures: list[ExecutionError] = []
        """Nodes that failed in a job of many cells; the other cells go on."""
        self.executed: list[NodeId] = []
        self.cached: list[NodeId] = []
        self._tasks = Tasks()
        self._names = Names(executor, job, self.graph, self._tasks)
        self._holder = self._names.holder
        self._tell = Telling(job, self.graph, self._names, emit)
        self.outputs, self.meta = self._tell.outputs, self._tell.meta
        self._schedule = Schedule()
        turns = self._cells.turns(job.graph, job.targets) if self._cells is not None else None
        self._ranks = Ranks(self.graph.graph, self._kind, turns)
        self._held = Held()
        self._owner: dict[Key, NodeId] = {}
        self._visits: dict[NodeId, _Visit] = {}
        self._current: NodeId | None = None
        self._past = PastRun(job.graph.nodes, self._names.keys)

    # Before anything runs

    def prepare(self) -> None:
        """Name all results, tell which are there, and stage the rest. Raises GraphError for a graph not validated."""
        self.executor.frozen.thaw(self.job.graph, self._names.pins, self._holder)
        self._names.freeze()
        order = plan(self.job.graph, self.job.targets, self._names.frozen)
        self._names.add(order)
        self._ranks.add(order)
        read = {*self.job.targets, *(source for id in order for source in self.job.graph.upstream(id))}
        self.cached = [id for id in self._names.frozen if id in read]
        self.cached += [id for id in order if self._names.is_cached(id)]
        self.emit(ExecutionCached(prompt_id=self.job.prompt_id, nodes=list(self.cached), timestamp=_now()))
        self._tell.known(self.cached)
        there = set(self.cached)
        potential = stale(self.job.graph, self.job.targets, there.__contains__, lambda _node, _input: True)
        self._count_reads(potential)
        self._past.pending = set(potential)
        for id in self.job.targets:
            if id in there:
                self._tell.there(id, self._names.entry(id))
        self._stage(self.job.targets)

    def _count_reads(self, nodes: Sequence[NodeId]) -> None:
        """Note that these nodes will read their inputs."""
        for id in nodes:
            self._held.keeps_all = self._held.keeps_all or "DYNPROMPT" in self._names.type(id).spec.hidden.values()
            self._held.expect(self.graph.graph.upstream(id))

    def _kind(self, id: NodeId) -> Kind:
        spec = self._names.type(id).spec
        return Kind.ASYNC if spec.is_async else Kind.OUTPUT if spec.is_output else Kind.PLAIN

    # What is there already

    def _available(self, id: NodeId) -> bool:
        """Whether a node's result is at hand or on its way; one in the cache is taken hold of."""
        if id in self._held or id in self._schedule:
            return True
        if not self._names.is_cached(id):
            return False
        entry = self._names.take(id)
        assert entry is not None
        self._hold(id, entry)
        return True

    def _result(self, id: NodeId) -> Entry | None:
        return self._held.get(id) if self._available(id) else None

    def _hold(self, id: NodeId, entry: Entry) -> None:
        """Nodes that share a key may come to read each other's result after its last reader."""
        self._held.take(id, entry, pinned=self._names.twins[self._names.keys[id]] > 1)

    # Staging

    def _stage(self, ids: Sequence[NodeId]) -> None:
        """Schedule these nodes and what they need, as far as it is not there. Lazy inputs are left for later."""
        found = stale(self.graph.graph, ids, self._available, self._reads_at_once)
        for id in found:
            self._schedule.add(id, self._ranks[id])
        for id in found:
            links = self.graph.nodes[id].links()
            self._schedule.wait(id, {link.node for name, link in links if self._reads_at_once(id, name)})

    def _reads_at_once(self, id: NodeId, name: str) -> bool:
        spec = self._names.type(id).spec
        declared = declared_input(spec, name, self.graph.nodes[id].inputs)
        return not (spec.open_lazy if declared is None else declared.is_lazy)

    # The loop

    def loop(self) -> None:
        """Run until every staged node is finished. Raises NodeError, GraphError or Cancelled."""
        while self._schedule:
            self._check_cancelled()
            for id in self._tasks.turn():
                self._schedule.ready(id)
            id = self._schedule.next()
            if id is not None:
                self._current = id
                self._visit_in_cell(id)
            elif self._tasks:
                self._tasks.wait()
            else:
                raise deadlock(self.graph, self._schedule.unfinished)

    def _check_cancelled(self) -> None:
        if self.is_cancelled():
            raise Cancelled

    def _visit_in_cell(self, id: NodeId) -> None:
        """A failure ends the run. In a job of many cells it ends what reads the node, and the others go on."""
        try:
            self._visit(id)
        except NodeError as error:
            if self._cells is None:
                raise
            failure = replace(self.failed(error, _now()), timestamp=None)
            self.failures.append(failure)
            self.emit(failure)
            self._hold(id, merge(self._names.type(id).spec, [Blocked(told=True)]))
            self._end(id)
            self._past.pending.add(id)

    def _visit(self, id: NodeId) -> None:
        visit = self._visits.get(id)
        if visit is None:
            if self._share(id):
                return
            visit = self._visits[id] = _Visit(time.monotonic())
        visit.clock.go()
        type = self._names.type(id)
        if visit.outcomes is not None:
            with self._guard(id, visit):
                entry = resolve(type.spec, visit.outcomes, self._held)
            visit.blocked = visit.blocked or _is_blocked(entry)
            self._finish(id, entry, visit)
            return
        done = self._tasks.take(id)
        if done is None:
            with self._guard(id, visit):
                inputs, missing = gather(self.graph, self.job, id, type.spec, self._result)
            visit.inputs = inputs
            if self._bring_back(id, missing):
                visit.clock.pause()
                return
            self._tell_executing(id, type, visit)
            with self._guard(id, visit):
                if missing and type.check_lazy is not None and self._ask_lazy(id, type, inputs, missing):
                    visit.clock.pause()
                    return
        outcomes = self._attempt(id, type, visit, done)
        if outcomes is not None:
            self._conclude(id, type, visit, outcomes)

    def _share(self, id: NodeId) -> bool:
        """Take the result of an equal node of this run, or wait for it. False if `id` is the one to run."""
        owner = self._owner.setdefault(self._names.keys[id], id)
        if owner == id:
            return False
        if owner in self._schedule:
            self._schedule.wait(id, [owner])
            return True
        entry = self._held.get(owner) or self.executor.cache.get(self._names.keys[id])
        if entry is None:
            self._owner[self._names.keys[id]] = id
            return False
        self._hold(id, entry)
        self._tell.show(id, entry.ui, cached=True)
        self._tell.shared(id, entry)
        self._end(id)
        return True

    def _bring_back(self, id: NodeId, missing: Sequence[str]) -> bool:
        """Wait for inputs that the node always reads and that were let go of, as an expansion may read any node."""
        links = self.graph.nodes[id].links()
        lost = [link.node for name, link in links if name in missing and self._reads_at_once(id, name)]
        if lost:
            self._stage(lost)
            self._schedule.wait(id, dict.fromkeys(lost))
        return bool(lost)

    def _tell_executing(self, id: NodeId, type: NodeType, visit: _Visit) -> None:
        self._tell.state(id, 0, "running")
        reason = None
        if not visit.reason_told:
            visit.reason_told = True
            reason = self.executor.memory.reason(
                self._holder,
                self.graph.nodes[id],
                self._names.keys,
                volatile=id in self._names.volatile,
                files_gone=id in self._names.files_gone,
            )
        self._tell.executing(id, reason)

    def _ask_lazy(self, id: NodeId, type: NodeType, inputs: dict[str, list[Any]], missing: list[str]) -> bool:
        """Ask which lazy inputs are needed, and stage those. True if the node has to wait or be visited again."""
        assert type.check_lazy is not None
        given = {**inputs, **{name: [None] for name in missing}}
        wanted: dict[str, None] = {}
        for values in calls(type.spec, given):
            if isinstance(values, Blocked):
                continue
            names = within(self._context(id), type.check_lazy, values)
            names = self._tasks.wait_for(names) if inspect.isawaitable(names) else names
            wanted |= dict.fromkeys(name for name in names or () if name in missing)
        if not wanted:
            return False
        sources = [link.node for name, link in self.graph.nodes[id].links() if name in wanted]
        self._stage(sources)
        self._schedule.wait(id, dict.fromkeys(sources))
        return True

    # Calling

    def _attempt(self, id: NodeId, type: NodeType, visit: _Visit, done: list[Any] | None) -> list[Outcome] | None:
        """Call the function, or collect what its tasks gave. None while a task runs.

        A lack of memory drops caches and idle models and is followed by one more attempt.
        """
        with self._guard(id, visit):
            try:
                return self._start(id, type, visit) if done is None else _raise_first(done)
            except (Exception, SystemExit) as error:
                if visit.retried or not self.executor.is_out_of_memory(error):
                    raise
            visit.retried = True  # outside of `except`, where the traceback would keep the node's tensors alive
            self.executor.free()
            return self._start(id, type, visit)

    def _start(self, id: NodeId, type: NodeType, visit: _Visit) -> list[Outcome] | None:
        """Call for each element of the inputs. None if a call has to be waited for."""
        found: list[Any] = []
        waits = False
        inputs = visit.inputs
        declared_missing = [name for name, _ in self.graph.nodes[id].links() if name not in inputs]
        if declared_missing:
            inputs = {**inputs, **{name: [None] for name in declared_missing}}
        taken = self.executor.measure_memory()
        for index, values in enumerate(calls(type.spec, inputs)):
            self._check_cancelled()
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

    def _pass_block(self, id: NodeId, type: NodeType, visit: _Visit, block: Blocked) -> Blocked:
        """A blocker on its way through a node that does not run. Its message is told once."""
        visit.blocked = visit.blocked or block.told or block.message is not None
        if block.message is None:
            return block
        self.emit(blocked(self.job, id, type.spec.class_type, self.executed, block.message))
        return Blocked(told=True)

    def _guard(self, id: NodeId, visit: _Visit) -> Any:
        def advice(error: BaseException) -> str | None:
            return OUT_OF_MEMORY if self.executor.is_out_of_memory(error) else None

        return as_node_error(id, self.graph.nodes[id].class_type, visit.inputs, advice)

    # Results

    def _conclude(self, id: NodeId, type: NodeType, visit: _Visit, outcomes: list[Outcome]) -> None:
        expansions = [outcome for outcome in outcomes if isinstance(outcome, Expansion)]
        if not expansions:
            with self._guard(id, visit):
                entry = merge(type.spec, outcomes)
            self._finish(id, entry, visit)
            return
        with self._guard(id, visit):
            sources = expand(self.graph, self._names, id, expansions)
            order = plan(self.graph.graph, sources, self._names.keys)
            self._names.add(order)
        self._ranks.add_first(order, id)
        self._count_reads(order)
        self._held.expect(sources)
        visit.outcomes = outcomes
        self._stage(sources)
        self._schedule.wait(id, sources)
        visit.clock.pause()

    def _finish(self, id: NodeId, entry: Entry, visit: _Visit) -> None:
        kept = self._freeze(id, entry, visit) if id in self._names.pins and not visit.blocked else False
        if visit.warnings:
            entry = replace(entry, warnings=tuple(dict.fromkeys(visit.warnings)))
        self._hold(id, entry)
        self.executed.append(id)
        sizes = self.executor.cache.weigh(entry)
        if id not in self._names.volatile and not visit.blocked:
            kept |= self.executor.cache.put(self._names.keys[id], entry, time.monotonic() - visit.started, sizes)
        if entry.ui is not None:
            self._tell.show(id, entry.ui, cached=False)
        self._tell.finished(id, entry, seconds=visit.clock.seconds(), peak=visit.peak, sizes=sizes, kept=kept)
        self._end(id)

    def _freeze(self, id: NodeId, entry: Entry, visit: _Visit) -> bool:
        """Keep what a frozen node gave, since its result was not there."""
        pin = self._names.pins[id]
        if pin.key is not None:
            visit.warnings.append(FROZEN_GONE)
        kept = self.executor.frozen.keep(id, pin, self._names.keys[id], entry, self._holder)
        if not kept:
            visit.warnings.append(FROZEN_TOO_LARGE)
        return kept

    def warn(self, sentence: str) -> None:
        """Note something for the artist at the node that runs now."""
        visit = self._visits.get(self._current) if self._current is not None else None
        if visit is not None and len(visit.warnings) < MOST_WARNINGS:
            visit.warnings.append(sentence)

    def _end(self, id: NodeId) -> None:
        """A node is finished: tell so, let go of what only it read, and make its readers ready."""
        self._tell.state(id, 1, "finished")
        self._past.pending.discard(id)
        visit = self._visits.pop(id, None)
        sources = self.graph.graph.upstream(id)
        if visit is not None and visit.outcomes is not None:
            sources += results_of(visit.outcomes)
        self._held.read(sources)
        self._held.finished(id)
        self._schedule.finish(id)

    # Ends

    def failed(self, error: NodeError | GraphError, timestamp: int) -> ExecutionError:
        """The event for what ended the run."""
        return failed(
            self.job,
            self.graph,
            error,
            current=self._current,
            executed=self.executed,
            there=self._held,
            timestamp=timestamp,
        )

    def interrupted(self, timestamp: int) -> ExecutionInterrupted:
        return interrupted(self.job, self.graph, current=self._current, executed=self.executed, timestamp=timestamp)

    def close(self) -> None:
        """End the tasks that still run, and remember the run."""
        self._tasks.close()
        self._held.clear()
        self.executor.memory.add(self._holder, self._past)

    def _context(self, id: NodeId, index: int | None = None) -> Context:
        return self._names.context(
            id, self.emit, self.is_cancelled, index, self.warn, lambda name: self._spoil(id, name)
        )

    def _spoil(self, id: NodeId, name: str) -> None:
        """A node has changed the value of an input: it is computed anew in the next run."""
        for linked, link in self.graph.nodes[id].links():
            if linked == name:
                self._names.volatile.add(link.node)
                self.executor.cache.drop(self._names.keys[link.node])


def _is_blocked(entry: Entry) -> bool:
    """Whether a failure or a message that was told stands in the place of a result."""
    return any(isinstance(value, Blocked) and value.told for output in entry.outputs for value in output)


def _raise_first(done: list[Any]) -> list[Outcome]:
    """The results of all calls. Raises the first exception among them."""
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return done


def _now() -> int:
    return int(time.time() * 1000)
