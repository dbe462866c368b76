"""The folder for temporary files, kept in bounds while the server runs for months; each start empties it."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from api.clock import now_for_deleting

log = logging.getLogger("easel")

MOST = 4 * 2**30
"""Bytes; then the oldest files go, down to nine tenths."""
OLDEST = 7 * 24 * 3600.0
"""Seconds after which a file goes anyway."""
YOUNG = 3600.0
"""Seconds for which a file stays, whatever the others take: a job may still need it."""
LOOK_EVERY = 600.0


class TempFiles:
    """Those below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked = time.monotonic()

    def look(self) -> None:
        """Let files go, if it is time to look. Blocks."""
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        count = trim(self._folder, MOST, now_for_deleting())
        if count:
            log.info("%d temporary files were let go", count)


def trim(folder: Path, most: int, now: float) -> int:
    """Delete what is too old, and the oldest of the rest where all take more than `most` bytes; returns how many."""
    files = sorted(_files(folder), key=lambda file: file[0])
    total = sum(size for _, size, _ in files)
    goal = most if total <= most else most * 9 // 10
    count = 0
    for written, size, path in files:
        age = now - written
        if age < YOUNG or (age < OLDEST and total <= goal):
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
            count += 1
    return count


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each was written, its bytes, and where it is."""
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at) / name
            with contextlib.suppress(OSError):
                status = path.lstat()
                yield status.st_mtime, status.st_size, path
