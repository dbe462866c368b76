"""Whether a process that works for us still answers: one that stands still says nothing, and does not die either."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

ASK_AFTER = 5.0
"""Seconds without a word after which it is asked something that it answers at once, whatever it computes."""
SILENT_AFTER = 20.0


class Silence:
    """Watches while `works()`.

    ask: sends the question. changed: called when `since` did.
    """

    def __init__(
        self, works: Callable[[], bool], ask: Callable[[], Awaitable[object]], changed: Callable[[], None]
    ) -> None:
        self.since: float | None = None
        """Seconds since 1970 of its last word; None for one that speaks, or has nothing to say."""
        self._works = works
        self._ask = ask
        self._changed = changed
        self._last = time.monotonic()

    def heard(self) -> None:
        """It said something."""
        self._last = time.monotonic()
        self._set(None)

    async def watch(self) -> None:
        """For as long as the process lives."""
        self._last = time.monotonic()
        try:
            while True:
                await asyncio.sleep(ASK_AFTER)
                if not self._works():
                    self.heard()
                    continue
                quiet = time.monotonic() - self._last
                if quiet >= SILENT_AFTER and self.since is None:
                    self._set(time.time() - quiet)
                if quiet >= ASK_AFTER:
                    with contextlib.suppress(TimeoutError):  # it reads nothing more, and its pipe is full
                        await asyncio.wait_for(self._ask(), ASK_AFTER)
        finally:
            self._set(None)

    def _set(self, since: float | None) -> None:
        if since != self.since:
            self.since = since
            self._changed()
