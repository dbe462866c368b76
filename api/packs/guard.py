"""Watches over the worker while it imports a pack, and leaves out one that ends it, holds it up or fills the memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.child import Child
from api.packs.known import Packs

log = logging.getLogger("easel")

LOOK_EVERY = 0.25
TALKING_FACTOR = 10
"""How much longer than the patience an import may take that says something now and then: one may load a model."""
LEAST_MEMORY = 2 * 1024**3


@dataclass
class _Import:
    name: str
    path: Path
    hash: str
    began: float
    heard: float
    memory: int | None = None
    """What the process held when the import began, bytes."""


class Guard:
    """Told of each import by the worker's own messages; one guard serves one worker after the other.

    patience: seconds that an import may say nothing. memory: bytes that one may take.
    """

    def __init__(self, packs: Packs, patience: float, memory: int | None) -> None:
        self._packs = packs
        self._patience = patience
        self.memory = memory if memory is not None else default_memory()
        self._now: _Import | None = None
        self._killed_for = ""

    @property
    def importing(self) -> str | None:
        """The name of the pack that is being imported."""
        return self._now.name if self._now is not None else None

    def begins(self, name: str, path: Path, hash: str) -> None:
        now = time.monotonic()
        self._now = _Import(name, path, hash, now, now)

    def heard(self) -> None:
        """Something came from the process."""
        if self._now is not None:
            self._now.heard = time.monotonic()

    def ends(self) -> None:
        """The import is over, well or not."""
        self._now = None

    async def watch(self, child: Child) -> None:
        """Kill the process when an import goes beyond its bounds; until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = self._now
            if now is None:
                continue
            problem = self._problem(now, await asyncio.to_thread(_memory_of, child.pid))
            if problem and self._now is now:
                self._killed_for = problem
                child.kill()
                return

    def ended(self, how: str) -> bool:
        """The process ended: whether a pack that was being imported explains it. That pack is left out from now on."""
        now, killed_for = self._now, self._killed_for
        self._now, self._killed_for = None, ""
        if now is None:
            return False
        what = killed_for or f"ended the device process ({how}) while it was imported"
        sentence = f"The pack {now.name} {what}. It is left out until its code changes."
        log.error("%s", sentence)
        self._packs.approvals.leave_out(now.path, now.hash, sentence)
        self._packs.changed()
        return True

    def _problem(self, now: _Import, memory: int) -> str:
        time_now = time.monotonic()
        if now.memory is None:
            now.memory = memory
        if time_now - now.heard > self._patience:
            return f"said nothing for {self._patience:g} seconds while it was imported, and was ended"
        if time_now - now.began > self._patience * TALKING_FACTOR:
            return f"was not imported after {self._patience * TALKING_FACTOR:g} seconds, and was ended"
        if memory - now.memory > self.memory:
            return f"took more than {self.memory / 2**30:.1f} GB of memory while it was imported, and was ended"
        return ""


def default_memory() -> int:
    """Half of what this machine, or the container, has."""
    import psutil

    total = int(psutil.virtual_memory().total)
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a bound
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(LEAST_MEMORY, total // 2)


def _memory_of(pid: int) -> int:
    """Bytes that the process and those that it started hold."""
    import psutil

    held = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        every: list[Any] = [process, *process.children(recursive=True)]
        for one in every:
            held += int(one.memory_info().rss)
    return held
