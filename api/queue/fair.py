"""Whose job is next: of the persons who wait, the one whose jobs have had the least of the device lately.

Pure: what waits and what was used goes in, an order comes out. Within one person the order is that person's own, so
with one person alone nothing is reordered. What each turn is expected to cost counts as used in what follows, so the
order that is told is the order in which jobs run, as far as expectations hold.

Nobody waits for ever: who has used much is behind others by at most CREDIT. Each of n others gets at most that much of
the device, and the job that goes over it, before the one who used most has a turn.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

CREDIT = 600_000.0
"""Milliseconds by which somebody can be ahead of another at most, however little they have used."""
LEAST = 50.0
"""Milliseconds that a turn costs at least: jobs that take nothing must not take all turns."""
UNKNOWN = 10_000.0
"""Milliseconds that a job is taken to cost of which nothing is known."""


def charged(expected: float | None) -> float:
    """What a turn counts beforehand that is expected to take so long."""
    return max(LEAST, taken_for(expected))


def taken_for(expected: float | None) -> float:
    """The same without what a turn costs at least: against a quota a job that takes nothing counts nothing."""
    return UNKNOWN if expected is None else expected


def turns(
    lines: Mapping[str, Sequence[T]],
    used: Mapping[str, float],
    cost: Callable[[T], float | None],
    age: Callable[[T], int],
) -> Iterator[T]:
    """All that waits, in the order in which it runs.

    lines: by person, in that person's own order. used: milliseconds of the device lately, by person. cost: what one is
    expected to take; None where that is not known. age: lower for what came earlier: it decides among equals.
    """
    waiting = {person: line for person, line in lines.items() if line}
    if len(waiting) == 1:
        yield from next(iter(waiting.values()))
        return
    floor = max((used.get(person, 0.0) for person in waiting), default=0.0) - CREDIT
    heap = [(max(used.get(person, 0.0), floor), age(line[0]), person, 0) for person, line in waiting.items()]
    heapq.heapify(heap)
    while heap:
        had, _, person, at = heap[0]
        line = waiting[person]
        yield line[at]
        if at + 1 == len(line):
            heapq.heappop(heap)
            continue
        had += charged(cost(line[at]))
        heapq.heapreplace(heap, (had, age(line[at + 1]), person, at + 1))
