"""The names of all files under a folder, kept: only folders that have changed since are read again."""

from __future__ import annotations

import os
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path

HIDDEN = (".git", "__pycache__")
UNSETTLED = 2 * 10**9
"""Nanoseconds after a folder's change in which another may have the same time: clocks of file systems are coarse."""


@dataclass(frozen=True, slots=True)
class _Directory:
    """What lay in a folder, and what tells whether that still holds."""

    mtime: int
    """0 where it may change without showing it."""
    names: list[str]
    inner: list[tuple[Path, str]]
    """Its folders, with what their names begin with."""


class Listing:
    """All names under one root. What links inside it lead to twice is entered once.

    follow: whether links may lead out of the root. directories: the names are those of folders that hold a model of
    many files, and not of files.
    """

    def __init__(self, root: Path, *, follow: bool, directories: bool) -> None:
        self.names: list[str] = []
        """In no order."""
        self.serial = 0
        """Another number whenever `names` are others."""
        self._root = root
        self._follow = follow
        self._directories = directories
        self._known: dict[Path, _Directory] = {}
        self._lock = threading.Lock()

    def look(self) -> int:
        """Bring `names` up to date; returns `serial`. Costs a look at each folder, and reads those that changed."""
        with self._lock:
            known, changed = self._walk(self._known)
            if changed and self._directories:  # whether a folder is a model shows in the folder itself
                known, _ = self._walk({})
            if changed or len(known) != len(self._known) or not self.serial:
                names = [name for directory in known.values() for name in directory.names]
                if names != self.names or not self.serial:
                    self.names = names
                    self.serial += 1
                self._known = known
            return self.serial

    def _walk(self, known: dict[Path, _Directory]) -> tuple[dict[Path, _Directory], bool]:
        """Depth first without recursion. Folders that cannot be read are passed over."""
        found: dict[Path, _Directory] = {}
        seen: set[tuple[int, int]] = set()
        real_root = os.path.realpath(self._root)
        changed = False
        stack = [(self._root, "")]
        while stack:
            path, prefix = stack.pop()
            try:
                status = path.stat()
                identity = (status.st_dev, status.st_ino)
                if identity in seen and status.st_ino:
                    continue
                old = known.get(path)
                if old is None or old.mtime != status.st_mtime_ns:
                    old = self._read(path, prefix, status.st_mtime_ns, real_root)
                    changed = True
            except OSError:
                continue
            seen.add(identity)
            found[path] = old
            stack += old.inner
        return found, changed

    def _read(self, path: Path, prefix: str, mtime: int, real_root: str) -> _Directory:
        names: list[str] = []
        inner: list[tuple[Path, str]] = []
        settled = time.time_ns() - mtime > UNSETTLED
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name in HIDDEN or entry.name.startswith("."):
                    continue
                try:
                    if entry.is_symlink() and not self._follow:
                        leaves = not Path(os.path.realpath(entry.path)).is_relative_to(real_root)
                        if leaves:
                            continue
                    mode = entry.stat().st_mode
                except OSError:
                    continue
                if stat.S_ISDIR(mode):
                    if self._directories and Path(entry.path, "model_index.json").exists():
                        names.append(prefix + entry.name)
                    else:
                        inner.append((Path(entry.path), f"{prefix}{entry.name}/"))
                elif stat.S_ISREG(mode) and not self._directories:
                    names.append(prefix + entry.name)
        return _Directory(mtime if settled else 0, names, inner)
