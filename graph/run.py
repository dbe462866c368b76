"""The state of one run. `graph.execute` says how its parts follow each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from graph.cache import Entry
from graph.call import merge
from graph.calling import Calling, Visit
from graph.cells import cells_of
from graph.dynamic import DynamicGraph
from graph.ending import deadlock, failed, interrupted
from graph.errors import GraphError, NodeError
from graph.events import Event, ExecutionCached, ExecutionError, ExecutionInterrupted
from graph.expansion import expand, resolve, results_of
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

FROZEN_GONE = (
    "Its frozen result was gone, since the server was started anew or its memory was freed. "
    "It was computed again, and this result is kept from now on."
)
FROZEN_TOO_LARGE = "Its result is too large to be kept, so that it is computed anew in each run although it is frozen."
MOST_WARNINGS = 20
"""Of one node in one run."""


class Run:
    def __init__(
        self, executor: Executor, job: Job, emit: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> None:
        self.executor = executor
        self.job = job
        self.emit = emit
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
        self._visits: dict[NodeId, Visit] = {}
        self._current: NodeId | None = None
        self._past = PastRun(job.graph.nodes, self._names.keys)
        self._calling = Calling(
            executor, job, self.graph, self._names, self._tasks, emit, cancelled, self.warn, self.executed
        )

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
            self._calling.check_cancelled()
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
            visit = self._visits[id] = Visit(time.monotonic())
        visit.clock.go()
        type = self._names.type(id)
        if visit.outcomes is not None:
            with self._calling.guard(id, visit):
                entry = resolve(type.spec, visit.outcomes, self._held)
            visit.blocked = visit.blocked or _is_blocked(entry)
            self._finish(id, entry, visit)
            return
        done = self._tasks.take(id)
        if done is None:
            with self._calling.guard(id, visit):
                inputs, missing = gather(self.graph, self.job, id, type.spec, self._result)
            visit.inputs = inputs
            if self._bring_back(id, missing):
                visit.clock.pause()
                return
            self._tell_executing(id, type, visit)
            with self._calling.guard(id, visit):
                if missing and type.check_lazy is not None and self._ask_lazy(id, type, inputs, missing):
                    visit.clock.pause()
                    return
        outcomes = self._calling.attempt(id, type, visit, done)
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

    def _tell_executing(self, id: NodeId, type: NodeType, visit: Visit) -> None:
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
        wanted = self._calling.lazy_wanted(id, type, inputs, missing)
        if not wanted:
            return False
        sources = [link.node for name, link in self.graph.nodes[id].links() if name in wanted]
        self._stage(sources)
        self._schedule.wait(id, dict.fromkeys(sources))
        return True

    # Results

    def _conclude(self, id: NodeId, type: NodeType, visit: Visit, outcomes: list[Outcome]) -> None:
        expansions = [outcome for outcome in outcomes if isinstance(outcome, Expansion)]
        if not expansions:
            with self._calling.guard(id, visit):
                entry = merge(type.spec, outcomes)
            self._finish(id, entry, visit)
            return
        with self._calling.guard(id, visit):
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

    def _finish(self, id: NodeId, entry: Entry, visit: Visit) -> None:
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

    def _freeze(self, id: NodeId, entry: Entry, visit: Visit) -> bool:
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


def _is_blocked(entry: Entry) -> bool:
    """Whether a failure or a message that was told stands in the place of a result."""
    return any(isinstance(value, Blocked) and value.told for output in entry.outputs for value in output)


def _now() -> int:
    return int(time.time() * 1000)
