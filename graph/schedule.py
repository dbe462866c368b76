"""Which node may run next: one that waits for nothing."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum

from graph.types import Graph, NodeId

Rank = tuple[int, int, int]


class Kind(Enum):
    OUTPUT = "output"
    ASYNC = "async"
    PLAIN = "plain"


class Ranks:
    """In which order ready nodes run: what is for the page, what leads there in one step, in two, then the rest.

    An async function counts as for the page: the sooner it waits, the more runs meanwhile. Among equals the plan's
    order holds, and what an expansion added goes before all that waits for its turn. In a job of many cells all that an
    earlier cell needs goes before what only a later one does.

    turns: the cell that a node is for, where there are any.
    """

    def __init__(
        self, graph: Graph, kind_of: Callable[[NodeId], Kind], turns: Mapping[NodeId, int] | None = None
    ) -> None:
        self._graph = graph
        self._kind_of = kind_of
        self._turns = turns or {}
        self._ranks: dict[NodeId, Rank] = {}
        self._first = 0

    def __getitem__(self, id: NodeId) -> Rank:
        return self._ranks[id]

    def add(self, order: Sequence[NodeId]) -> None:
        """Rank the nodes of a plan."""
        steps: dict[NodeId, int] = {}
        front = [id for id in order if self._kind_of(id) is not Kind.PLAIN]
        for distance in range(3):
            steps.update((id, distance) for id in front if id not in steps)
            outputs = front if distance else [id for id in front if self._kind_of(id) is Kind.OUTPUT]
            front = [source for id in outputs for source in self._graph.upstream(id) if source not in steps]
        self._ranks.update(
            (id, (self._turns.get(id, 0), steps.get(id, 3), position)) for position, id in enumerate(order)
        )

    def add_first(self, order: Sequence[NodeId], parent: NodeId) -> None:
        """Rank what the expansion of `parent` added."""
        self._first -= len(order)
        turn = self._ranks[parent][0]
        for position, id in enumerate(order, self._first):
            self._ranks[id] = (turn, 3 if self._kind_of(id) is Kind.PLAIN else 0, position)


class Schedule:
    """Nodes, what each waits for, and the ready ones in the order of their rank: lowest first.

    A node is unfinished from `add` until `finish`; `next` hands it out, and it comes back by `wait` or `ready`.
    """

    def __init__(self) -> None:
        self._waits: dict[NodeId, int] = {}
        self._readers: dict[NodeId, list[NodeId]] = {}
        self._ready: list[tuple[Rank, NodeId]] = []
        self._ranks: dict[NodeId, Rank] = {}

    def __contains__(self, id: NodeId) -> bool:
        return id in self._waits

    def __bool__(self) -> bool:
        return bool(self._waits)

    @property
    def unfinished(self) -> list[NodeId]:
        return list(self._waits)

    def add(self, id: NodeId, rank: Rank) -> None:
        """A new node, which `wait` must follow."""
        self._waits[id] = 0
        self._ranks[id] = rank

    def wait(self, id: NodeId, sources: Iterable[NodeId]) -> None:
        """Hand `id` out when those of the sources that are unfinished are finished."""
        count = 0
        for source in sources:
            if source in self._waits:
                self._readers.setdefault(source, []).append(id)
                count += 1
        self._waits[id] = count
        if not count:
            self.ready(id)

    def ready(self, id: NodeId) -> None:
        heapq.heappush(self._ready, (self._ranks[id], id))

    def next(self) -> NodeId | None:
        return heapq.heappop(self._ready)[1] if self._ready else None

    def finish(self, id: NodeId) -> None:
        del self._waits[id]
        for reader in self._readers.pop(id, ()):
            self._waits[reader] -= 1
            if not self._waits[reader]:
                self.ready(reader)
