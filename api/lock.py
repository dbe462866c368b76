"""One server a user folder: two would both run the jobs that wait in its journal."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO


class FolderTaken(Exception):
    """Another process holds the folder. The text names it, if it said who it is."""


class FolderLock:
    """Held from `take` until `release`, or until the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "server.lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises FolderTaken, or OSError where the folder cannot be written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            _lock(file)
        except OSError as error:
            file.seek(0)
            with contextlib.closing(file):
                raise FolderTaken(file.read(200).strip() or "another process") from error
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: IO[str]) -> None:
    """Lock without waiting. Raises OSError where another holds it."""
    if sys.platform == "win32":
        import msvcrt

        # Far behind the text, which others must be able to read: locks are mandatory there.
        file.seek(1_000_000)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
