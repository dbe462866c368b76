"""The jobs that wait, in the order in which they run."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from api.queue.journal import Entry


class NotWaiting(Exception):
    """A job that was named does not wait (any more)."""


class Waiting:
    """Sorted by number, then by when they were accepted."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def insert(self, entry: Entry) -> None:
        bisect.insort(self._entries, entry, key=_place)

    def pop(self) -> Entry:
        """Take out the one that runs next."""
        return self._entries.pop(0)

    def first(self, count: int) -> list[Entry]:
        return self._entries[:count]

    def find(self, prompt_id: str) -> Entry:
        """Raises NotWaiting."""
        for entry in self._entries:
            if entry.prompt_id == prompt_id:
                return entry
        raise NotWaiting(prompt_id)

    def take_out(self, chosen: Callable[[Entry], bool]) -> list[Entry]:
        gone = [entry for entry in self._entries if chosen(entry)]
        if gone:
            seqs = {entry.seq for entry in gone}
            self._entries = [entry for entry in self._entries if entry.seq not in seqs]
        return gone

    def exchange(self, new: Iterable[Entry]) -> list[Entry]:
        """Put entries in the place of those of the same seq that still wait; gives those that were exchanged."""
        by_seq = {entry.seq: entry for entry in new}
        there = [by_seq[entry.seq] for entry in self._entries if entry.seq in by_seq]
        if there:
            self._entries = sorted((by_seq.get(entry.seq, entry) for entry in self._entries), key=_place)
        return there

    def moved(self, ids: Collection[str], anchor: str | None, after: bool) -> list[Entry]:
        """The entries whose numbers must change so that `ids` stand, in their order, before or after `anchor`.

        Without an anchor they go before or after all. The numbers that are there are dealt out anew. Raises NotWaiting.
        """
        named = set(ids)
        chosen = [entry for entry in self._entries if entry.prompt_id in named]
        if missing := named - {entry.prompt_id for entry in chosen}:
            raise NotWaiting(sorted(missing)[0])
        rest = [entry for entry in self._entries if entry.prompt_id not in named]
        if anchor is None:
            at = len(rest) if after else 0
        elif anchor in named:
            return []
        else:
            at = next((n for n, entry in enumerate(rest) if entry.prompt_id == anchor), -1)
            if at < 0:
                raise NotWaiting(anchor)
            at += after
        order = [*rest[:at], *chosen, *rest[at:]]
        changed: list[Entry] = []
        last: float | None = None
        for entry, old in zip(order, self._entries, strict=True):
            number = old.number if last is None or old.number > last else last + 1
            last = number
            if number != entry.number:
                changed.append(replace(entry, number=number))
        return changed


def _place(entry: Entry) -> tuple[float, int]:
    return entry.number, entry.seq
