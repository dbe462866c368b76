"""What jobs had of the device, by person and slice of time: for fair turns and for quotas."""

from __future__ import annotations

from collections.abc import Iterable

SLICE = 600.0
"""Seconds: what jobs took is summed up by slices of time of this length."""
DAY_SLICES = 144
HALF_LIFE = 3600.0
"""Seconds after which what somebody used counts half when turns are dealt out."""


class Spending:
    """Milliseconds of the device by person and slice of time."""

    def __init__(self, rows: Iterable[tuple[str, int, float]] = ()) -> None:
        self._slices: dict[str, dict[int, float]] = {}
        for owner, slice, ms in rows:
            self._slices.setdefault(owner, {})[slice] = ms

    def add(self, owner: str, ms: float, now: float) -> None:
        """now: seconds, by `api.clock.now_for_deleting`, as below: a clock that is set gives nobody time."""
        at = int(now // SLICE)
        slices = self._slices.setdefault(owner, {})
        slices[at] = slices.get(at, 0.0) + ms
        for old in [slice for slice in slices if abs(slice - at) > DAY_SLICES]:
            del slices[old]

    def day(self, owner: str, now: float) -> float:
        """Of the last 24 hours."""
        return sum(ms for _, ms in self._of_day(owner, now))

    def room_in(self, owner: str, below: float, now: float) -> float:
        """Seconds until less than `below` milliseconds are left of what was used in a day."""
        left = self.day(owner, now)
        for slice, ms in self._of_day(owner, now):
            left -= ms
            if left < below:
                return max(1.0, (slice + DAY_SLICES + 1) * SLICE - now)
        return DAY_SLICES * SLICE

    def lately(self, now: float) -> dict[str, float]:
        """By person; what is older counts less."""
        at = int(now // SLICE)
        return {
            owner: sum(ms * 0.5 ** (max(0, at - slice) * SLICE / HALF_LIFE) for slice, ms in self._of_day(owner, now))
            for owner in self._slices
        }

    def _of_day(self, owner: str, now: float) -> list[tuple[int, float]]:
        """Without what a clock that was wrong has put days ahead."""
        at = int(now // SLICE)
        return sorted(each for each in self._slices.get(owner, {}).items() if abs(each[0] - at) <= DAY_SLICES)
