"""Installing what a pack needs: one at a time, when no job runs, and told line by line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque

from api.packs.environments import InstallError
from api.packs.known import Known, Packs
from api.workers import LocalWorker
from graph.types import JsonObject

log = logging.getLogger("easel")

LINES = 40
"""Of pip's output that are shown."""


class Installer:
    """What is being installed, or was last."""

    def __init__(self, packs: Packs, worker: LocalWorker) -> None:
        self._packs = packs
        self._worker = worker
        self._task: asyncio.Task[None] | None = None
        self._pack: str | None = None
        self._lines: deque[str] = deque(maxlen=LINES)
        self._problem: str | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def to_json(self) -> JsonObject | None:
        """`{pack, busy, lines, problem}`; None where nothing was installed since the start."""
        if self._pack is None:
            return None
        return {"pack": self._pack, "busy": self.busy, "lines": list(self._lines), "problem": self._problem}

    def start(self, known: Known) -> None:
        self._pack, self._problem = known.name, None
        self._lines.clear()
        self._task = asyncio.create_task(self._install(known), name="install")
        self._task.add_done_callback(lambda _: self._packs.changed())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _install(self, known: Known) -> None:
        self._packs.changed()
        async with self._worker.idle:  # a job that runs is waited for, and the next one waits
            try:
                await self._packs.environments.install(known.pack, known.needs, self._say, known.copy)
            except (InstallError, OSError) as error:
                self._problem = str(error)
                log.warning("%s", error)
                return
            log.info("what the pack %s needs is installed", known.name)
            # What this process has imported, or missed, stays so: a fresh one sees what is there now.
            self._worker.renew()

    def _say(self, line: str) -> None:
        log.info("pip: %s", line)
        self._lines.append(line)
        self._packs.changed()
