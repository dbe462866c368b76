"""The values that a run holds, so that the cache's limits never pull an input away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graph.cache import Entry
from graph.types import NodeId


class Held(Mapping[NodeId, Entry]):
    """Results by node, each kept until its last reader of this run is done."""

    def __init__(self) -> None:
        self._entries: dict[NodeId, Entry] = {}
        self._reads_left: dict[NodeId, int] = {}
        self._pinned: set[NodeId] = set()
        self.keeps_all = False
        """Set where a node may put readers of any other into the graph (DYNPROMPT)."""

    def __getitem__(self, id: NodeId) -> Entry:
        return self._entries[id]

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def expect(self, sources: Iterable[NodeId]) -> None:
        """One more reader of each of these is to come."""
        for source in sources:
            self._reads_left[source] = self._reads_left.get(source, 0) + 1

    def read(self, sources: Iterable[NodeId]) -> None:
        """A reader of these is done."""
        for source in sources:
            self._reads_left[source] = self._reads_left.get(source, 0) - 1
            self._let_go(source)

    def take(self, id: NodeId, entry: Entry, *, pinned: bool = False) -> None:
        """Hold a result; `pinned` to the end of the run."""
        self._entries[id] = entry
        if pinned:
            self._pinned.add(id)

    def finished(self, id: NodeId) -> None:
        """A node is done; if nobody will read it, neither is it held."""
        self._let_go(id)

    def clear(self) -> None:
        self._entries.clear()

    def _let_go(self, id: NodeId) -> None:
        if self._reads_left.get(id, 0) <= 0 and not self.keeps_all and id not in self._pinned:
            self._entries.pop(id, None)
