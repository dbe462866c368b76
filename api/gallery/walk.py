"""A look through a folder of results, some files at a time: a million of them are never in memory together."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from api.gallery.schema import media_of
from api.gallery.store import Seen
from api.unfinished import clear_if_old, is_unfinished

YOUNG = 3.0
"""A file that was written so many seconds ago may still be being written: the folders are looked through once more."""
MOST_DEEP = 64
"""Folders inside of folders."""


class Walk:
    """Looks through `root`. Links to folders are not followed: what they lead to is shown by nobody else either."""

    def __init__(self, root: Path, kind: str, together: int) -> None:
        self.problems: list[str] = []
        """A sentence for each folder that could not be read; what is known of its files stays."""
        self.young = False
        self._root = root
        self._kind = kind
        self._together = together
        self._unread: list[str] = []
        self._parts = self._files()

    def next(self) -> list[Seen]:
        """The next files; none when all were seen. Blocks."""
        nothing: list[Seen] = []
        return next(self._parts, nothing)

    def was_read(self, folder: str) -> bool:
        """Whether this folder was looked through, so that a file which was not seen in it is gone."""
        return not any(not of or folder == of or folder.startswith(f"{of}/") for of in self._unread)

    def _files(self) -> Iterator[list[Seen]]:
        part: list[Seen] = []
        waiting = [("", 0)]
        now = time.time()
        while waiting:
            folder, depth = waiting.pop()
            try:
                with os.scandir(self._root / folder) as entries:
                    for entry in entries:
                        if depth < MOST_DEEP and not entry.name.startswith(".") and _is_folder(entry):
                            waiting.append((f"{folder}/{entry.name}" if folder else entry.name, depth + 1))
                        elif (file := self._seen(folder, entry)) is not None:
                            self.young = self.young or file.mtime > (now - YOUNG) * 1e9
                            part.append(file)
                            if len(part) >= self._together:
                                yield part
                                part = []
            except FileNotFoundError:
                if not folder:
                    self._unread.append("")
            except OSError as error:
                self._unread.append(folder)
                self.problems.append(f"The folder {self._root / folder} cannot be read: {error.strerror}.")
        if part:
            yield part

    def _seen(self, folder: str, entry: os.DirEntry[str]) -> Seen | None:
        if entry.name.startswith(".") or not can_be_named(entry.name):
            if is_unfinished(entry.name):
                clear_if_old(Path(entry.path))
            return None
        media = media_of(entry.name)
        status = None if media is None else _status(self._root, entry)
        if media is None or status is None:
            return None
        return Seen(self._kind, folder, entry.name, media, *status)


def can_be_named(name: str) -> bool:
    """Not where the disk holds bytes that are no text: no address could name it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and can_be_named(entry.name)


def _status(root: Path, entry: os.DirEntry[str]) -> tuple[int, int] | None:
    """Time and size of a file; None where it is none, is gone again, or is a link that leads out."""
    try:
        if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(os.path.realpath(root)):
            return None
        if not entry.is_file():
            return None
        status = entry.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
