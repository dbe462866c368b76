"""The jobs that wait, in the order in which they run."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice, pairwise
from typing import cast

from api.people import Person
from api.queue.fair import charged, turns
from api.queue.journal import Entry


class NotWaiting(Exception):
    """A job that was named does not wait (any more), or is not this person's to know of."""


class Waiting:
    """Each person's sorted by number, then by when they were accepted; among persons the turns are fair (`fair.py`).

    What an admin pinned comes before all that. used: milliseconds of the device lately, by person. cost: what a job is
    expected to take.
    """

    def __init__(
        self,
        used: Callable[[], Mapping[str, float]] = dict[str, float],
        cost: Callable[[Entry], float | None] = lambda entry: None,
    ) -> None:
        self._used = used
        self._cost = cost
        self._lines: dict[str, list[Entry]] = {}
        self._pinned: list[Entry] = []

    def __len__(self) -> int:
        return sum(map(len, self._lines.values())) + len(self._pinned)

    def __iter__(self) -> Iterator[Entry]:
        """In the order in which they run."""
        yield from self._pinned
        if len(self._lines) == 1:
            yield from next(iter(self._lines.values()))
        elif self._lines:
            used = dict(self._used())
            for entry in self._pinned:  # they will have had their time
                used[entry.owner] = used.get(entry.owner, 0.0) + charged(self._cost(entry))
            yield from turns(self._lines, used, self._cost, lambda entry: entry.seq)

    def all(self) -> Iterator[Entry]:
        """In no order that means anything: for who looks for some."""
        yield from self._pinned
        for line in self._lines.values():
            yield from line

    def of(self, owner: str) -> list[Entry]:
        """One person's, in that person's order, without regard to pins."""
        pinned = [entry for entry in self._pinned if entry.owner == owner]
        line = self._lines.get(owner, [])
        return sorted([*pinned, *line], key=_place) if pinned else list(line)

    def insert(self, entry: Entry) -> None:
        if entry.pinned is not None:
            bisect.insort(self._pinned, entry, key=_pin)
        else:
            bisect.insort(self._lines.setdefault(entry.owner, []), entry, key=_place)

    def pop(self) -> Entry:
        """Take out the one that runs next."""
        entry = next(iter(self))
        if entry.pinned is not None:
            return self._pinned.pop(0)
        line = self._lines[entry.owner]
        del line[0]
        if not line:
            del self._lines[entry.owner]
        return entry

    def first(self, count: int) -> list[Entry]:
        return list(islice(self, count))

    def placed(self, count: int, person: Person) -> list[tuple[int, Entry]]:
        """The first that this person sees, each with its place in the line of all; 1 is next."""
        return list(islice(((at, entry) for at, entry in enumerate(self, 1) if person.sees(entry.owner)), count))

    def find(self, prompt_id: str, person: Person) -> Entry:
        """Raises NotWaiting."""
        for entry in self.all():
            if entry.prompt_id == prompt_id and person.sees(entry.owner):
                return entry
        raise NotWaiting(prompt_id)

    def take_out(self, chosen: Callable[[Entry], bool]) -> list[Entry]:
        """Those that were chosen, in the order in which they would have run."""
        seqs = {entry.seq for entry in self.all() if chosen(entry)}
        if not seqs:
            return []
        gone = [entry for entry in self if entry.seq in seqs]
        self._pinned = [entry for entry in self._pinned if entry.seq not in seqs]
        for owner in {entry.owner for entry in gone} & self._lines.keys():
            self._lines[owner] = [entry for entry in self._lines[owner] if entry.seq not in seqs]
            if not self._lines[owner]:
                del self._lines[owner]
        return gone

    def exchange(self, new: Iterable[Entry]) -> list[Entry]:
        """Put entries in the place of those of the same seq that still wait; gives those that were exchanged."""
        by_seq = {entry.seq: entry for entry in new}
        there = [by_seq[entry.seq] for entry in self.all() if entry.seq in by_seq]
        if not there:
            return []
        rest = [entry for entry in self._pinned if entry.seq not in by_seq]
        self._pinned = sorted([*rest, *(entry for entry in there if entry.pinned is not None)], key=_pin)
        for owner in {entry.owner for entry in there}:
            line = [entry for entry in self._lines.get(owner, ()) if entry.seq not in by_seq]
            line += [entry for entry in there if entry.owner == owner and entry.pinned is None]
            if line:
                self._lines[owner] = sorted(line, key=_place)
            else:
                self._lines.pop(owner, None)
        return there

    def moved(self, ids: Collection[str], anchor: str | None, after: bool, person: Person) -> list[Entry]:
        """The entries that must change so that `ids` stand, in their order, before or after `anchor`.

        Without an anchor they go before or after all. People move their own jobs among their own, between the numbers
        that are there; where there is no room for that, those are dealt out anew. Where several persons wait, an admin
        who moves jobs to the front, or to another's, pins all as far as those: what is pinned runs before all others.
        Raises NotWaiting.
        """
        named = set(ids)
        order = list(self) if person.alone else [entry for entry in self if person.sees(entry.owner)]
        chosen = [entry for entry in order if entry.prompt_id in named]
        if missing := named - {entry.prompt_id for entry in chosen}:
            raise NotWaiting(sorted(missing)[0])
        if anchor is not None and anchor in named:
            return []
        rest = [entry for entry in order if entry.prompt_id not in named]
        at = len(rest) if after else 0
        beside: Entry | None = None
        if anchor is not None:
            at = next((n for n, entry in enumerate(rest) if entry.prompt_id == anchor), -1)
            if at < 0:
                raise NotWaiting(anchor)
            beside = rest[at]
            at += after
        owners = {entry.owner for entry in chosen}
        several = bool(self._pinned) or len(self._lines) > 1
        strange = not after if beside is None else beside.pinned is not None or owners != {beside.owner}
        if several and strange and person.may("admin"):
            upto = len(chosen) + max(at, sum(entry.pinned is not None for entry in rest))
            pins = enumerate([*rest[:at], *chosen, *rest[at:]][:upto])
            return [replace(entry, pinned=place) for place, entry in pins if entry.pinned != place]
        changed: list[Entry] = []
        for owner in owners:
            changed += self._dealt(owner, named, None if beside is None or beside.owner != owner else beside, after)
        return changed

    def _dealt(self, owner: str, named: Collection[str], beside: Entry | None, after: bool) -> list[Entry]:
        line = self.of(owner)
        chosen = [replace(entry, pinned=None) for entry in line if entry.prompt_id in named]
        rest = [entry for entry in line if entry.prompt_id not in named]
        at = (len(rest) if after else 0) if beside is None else rest.index(beside) + after
        before = {entry.seq: entry for entry in line}
        numbers = _between(
            rest[at - 1].number if at else None, rest[at].number if at < len(rest) else None, len(chosen)
        )
        if numbers is not None:
            moved = [replace(entry, number=number) for entry, number in zip(chosen, numbers, strict=True)]
            return [entry for entry in moved if entry != before[entry.seq]]
        dealt: list[Entry] = []
        last: float | None = None
        for entry, old in zip([*rest[:at], *chosen, *rest[at:]], line, strict=True):
            last = old.number if last is None or old.number > last else last + 1
            dealt.append(entry if entry.number == last else replace(entry, number=last))
        return [entry for entry in dealt if entry != before[entry.seq]]


def _between(low: float | None, high: float | None, count: int) -> list[float] | None:
    """So many numbers between two, or next to one, within the next whole number: jobs that are queued later get that.

    None where there is no room for as many: then others have to make room.
    """
    if low is None and high is None:
        return None
    below: float = math.ceil(cast(float, high)) - 1 if low is None else low
    above: float = math.floor(below) + 1 if high is None else high
    found = [below + (above - below) * part / (count + 1) for part in range(1, count + 1)]
    return found if all(a < b for a, b in pairwise([below, *found, above])) else None


def _place(entry: Entry) -> tuple[float, int]:
    return entry.number, entry.seq


def _pin(entry: Entry) -> tuple[int, int]:
    return entry.pinned or 0, entry.seq
