"""Jobs that took their worker with them: when so many do that the queue had better wait for somebody to look."""

from __future__ import annotations

CRASHES = 2
WINDOW = 60.0
"""So many jobs within so many seconds are too many."""


class Crashes:
    """The last of them; the attempts of one job are bounded as they are, so it counts once."""

    def __init__(self) -> None:
        self._known: list[tuple[float, int]] = []

    def are_too_many(self, seq: int, now: float) -> bool:
        """Note that job `seq` made its worker die."""
        self._known = [(at, job) for at, job in self._known if now - at < WINDOW and job != seq]
        self._known.append((now, seq))
        return len(self._known) >= CRASHES

    def clear(self) -> None:
        self._known.clear()
