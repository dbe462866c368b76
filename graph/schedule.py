"""Which node may run next: one that waits for nothing."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from graph.types import NodeId


class Schedule:
    """Nodes, what each waits for, and the ready ones in the order of their rank: lowest first.

    A node is unfinished from `add` until `finish`; `next` hands it out, and it comes back by `wait` or `ready`.
    """

    def __init__(self) -> None:
        self._waits: dict[NodeId, int] = {}
        self._readers: dict[NodeId, list[NodeId]] = {}
        self._ready: list[tuple[tuple[int, int], NodeId]] = []
        self._ranks: dict[NodeId, tuple[int, int]] = {}

    def __contains__(self, id: NodeId) -> bool:
        return id in self._waits

    def __bool__(self) -> bool:
        return bool(self._waits)

    @property
    def unfinished(self) -> list[NodeId]:
        return list(self._waits)

    def add(self, id: NodeId, rank: tuple[int, int]) -> None:
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
