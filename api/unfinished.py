"""What is left of writes that a crash or a power cut ended: files whose names no list shows. They go.

At the start, below the user's folder and from where uploads come in; and when they are a day old, wherever results and
models are listed and backups are written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from api.clock import now_for_deleting

OLD = 24 * 3600.0
"""Seconds without a byte after which nobody writes such a file any more, also where several servers share a folder."""
_NAMES = re.compile(r"\.saving-[0-9a-f]{16}|\.upload-.+|\.[a-z0-9_]{8}\.part")
"""As models/numbered.py and graph/whole_files.py call theirs."""


def is_unfinished(name: str) -> bool:
    return _NAMES.fullmatch(name) is not None


def clear(folder: Path, passed_over: Collection[str] = ()) -> None:
    """Delete them below a folder in which nobody writes now, except in folders of the names `passed_over`."""
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in passed_over]
        for name in files:
            if is_unfinished(name):
                with suppress(OSError):
                    (Path(at) / name).unlink()


def clear_if_old(path: Path) -> None:
    """Delete one of them that nobody has written to for a day."""
    with suppress(OSError):
        if now_for_deleting() - path.stat().st_mtime > OLD:
            path.unlink()
