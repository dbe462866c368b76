"""Clocks: one that nobody can set, and when things may be deleted for their age.

`time.time()` is what people read, and it may jump: a clock that was wrong is set, a machine wakes up. Waits and rates
are measured by `time.monotonic()`; ages after which something is deleted for good by `now_for_deleting()`.
"""

from __future__ import annotations

import sys
import time

JUMP = 60.0
"""Seconds from which a clock that was set is told of: smaller steps change the order of nothing that people see."""
BELIEVED = 24 * 3600.0
"""Seconds after which a clock that was set forward is taken for right: by then somebody has seen a wrong one."""


def steady() -> float:
    """Seconds since some moment, also those in which the machine slept; it never goes back."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    return time.monotonic()


class Ages:
    """A clock by which things are deleted for their age."""

    def __init__(self) -> None:
        self._began = time.time(), steady()
        self._doubted: float | None = None
        """Since when the clock is ahead of what this process has lived to see."""

    def now(self) -> float:
        """Seconds since 1970, but no later than this process has lived to see.

        A clock that is set a year ahead by mistake would otherwise empty every trash within the minute.
        """
        shown, lived = time.time(), steady()
        expected = self._began[0] + lived - self._began[1]
        if shown <= expected + JUMP:
            self._doubted = None
            return min(shown, expected)
        if self._doubted is None:
            self._doubted = lived
        if lived - self._doubted < BELIEVED:
            return expected
        self._began, self._doubted = (shown, lived), None
        return shown


_AGES = Ages()


def now_for_deleting() -> float:
    """See Ages.now."""
    return _AGES.now()


class ClockWatch:
    """Notices that the clock was set while nobody looked."""

    def __init__(self) -> None:
        self._before = time.time(), steady()

    def jump(self) -> float:
        """Seconds by which the clock was set since the last call: above 0 forward; 0 where it was not, or by little."""
        now = time.time(), steady()
        by = (now[0] - self._before[0]) - (now[1] - self._before[1])
        self._before = now
        return by if abs(by) >= JUMP else 0.0
