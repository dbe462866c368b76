"""JSON that is kept on the disk to be quicker at the next start, and may be deleted at any time."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

from api.files_on_disk import write_whole
from graph.types import JsonObject

log = logging.getLogger("easel")


class KeptJson:
    """A file that is written beside the event loop: a slow disk holds nobody up, and of what comes meanwhile only the
    newest is written.

    what: what it is in a sentence, such as "the catalogue".
    """

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._what = what
        self._next: JsonObject | None = None
        self._task: asyncio.Task[None] | None = None

    def read(self) -> JsonObject | None:
        """What was kept; None where there is nothing that can be read. Blocks."""
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType]

    def put(self, data: JsonObject) -> None:
        """Have this kept, in place of what was."""
        self._next = data
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"keeping {self._what}")

    async def settle(self) -> None:
        """Return when all is written."""
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        while (data := self._next) is not None:
            self._next = None
            try:
                await asyncio.to_thread(self._write_now, data)
            except OSError as error:
                log.warning("%s could not be kept in %s: %s", self._what, self._path, error)

    def _write_now(self, data: JsonObject) -> None:
        write_whole(self._path, json.dumps(data, separators=(",", ":")).encode(), lasting=False)
