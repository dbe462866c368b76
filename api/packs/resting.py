"""What packs declared at an earlier start, kept for the worker: it need not import those whose code only declares."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from api.files_on_disk import write_whole
from graph.types import JsonObject

log = logging.getLogger("easel")


class KeptDeclarations:
    """A file that may be deleted at any time: then the next start imports every pack. Its methods block."""

    def __init__(self, path: Path, *, used: bool = True) -> None:
        """used: False has the worker import every pack at once."""
        self._path = path
        self._used = used

    def read(self) -> JsonObject | None:
        """What the worker said last, None where there is nothing of it."""
        if not self._used:
            return None
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType]

    def write(self, known: JsonObject) -> None:
        try:
            write_whole(self._path, json.dumps(known, separators=(",", ":")).encode())
        except OSError as error:
            log.warning("what packs declare could not be kept in %s: %s", self._path, error)
