"""Writing results: names that are never used twice, files that are whole or not there.

A file is written under a temporary name, forced to the disk, and then given its name in one step that fails if the name
is taken, so two processes that save at once never overwrite each other and a crash leaves no half file. When a writer
returns, the name is on the disk too; that a new folder is, the worker sees to before the job has ended.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO


class SaveError(OSError):
    """A result could not be written; the sentence says where and why."""


@dataclass
class Allowance:
    """Bytes that may still be written under some folders: whose files lie there may have no more."""

    roots: tuple[Path, ...]
    left: int

    def take(self, folder: Path, stem: str, size: int) -> None:
        """Raises SaveError where the file is too large."""
        if not any(folder.is_relative_to(root) for root in self.roots):
            return
        if size > self.left:
            raise SaveError(
                f"{stem} ({size / 1e6:.1f} MB) was not saved: your files may take {self.left / 1e6:.1f} MB more on this"
                " server. Delete some for good, or ask an admin for more."
            )
        self.left -= size


COUNTED_FOLDERS = 64
COUNTED_STEMS = 1000

_counted: dict[Path, tuple[int, dict[str, int]]] = {}
"""Folders that this process wrote to: their time after that, and the highest number by stem. A folder of a million
files is read once, not for each picture, for as long as nobody else changes it."""

allowance: Allowance | None = None
"""Of the person whose job runs: the worker sets it. None: nothing but the disk bounds what is written."""


def write_numbered(folder: Path, stem: str, suffix: str, data: bytes, first: int = 1) -> Path:
    """Write `folder/stem_00001_suffix` with the next free number, from `first` on, and return its path.

    Raises SaveError; then nothing is left behind.
    """
    return stream_numbered(folder, stem, suffix, len(data), lambda file: file.write(data), first)


def stream_numbered(
    folder: Path, stem: str, suffix: str, size: int, write: Callable[[IO[bytes]], object], first: int = 1
) -> Path:
    """As `write_numbered`, with a function that writes what may be too large to be had at once.

    size: in bytes, for messages and to see beforehand whether there is room. What `write` raises is passed on.
    """
    if allowance is not None:
        allowance.take(folder, stem, size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < size:
            raise OSError(errno.ENOSPC, "no room")
        known = _numbers_in(folder)
        temporary = _write_temporary(folder, write)
        try:
            path = _give_name(temporary, folder, stem, suffix, first, known)
        finally:
            temporary.unlink(missing_ok=True)
        _remember(folder, known)
        _sync_names_in(folder)
        return path
    except OSError as error:
        raise SaveError(_why(error, folder, stem, size)) from error


def _numbers_in(folder: Path) -> dict[str, int]:
    """The highest numbers by stem as far as they are known; empty where somebody else was here since."""
    mtime, known = _counted.get(folder, (0, {}))
    return known if folder.stat().st_mtime_ns == mtime else {}


def _remember(folder: Path, known: dict[str, int]) -> None:
    """What another process wrote in this very moment is not seen; its name is taken then, and the next one is tried."""
    _counted.pop(folder, None)
    if len(known) <= COUNTED_STEMS:
        _counted[folder] = folder.stat().st_mtime_ns, known
    while len(_counted) > COUNTED_FOLDERS:
        del _counted[next(iter(_counted))]


def _write_temporary(folder: Path, write: Callable[[IO[bytes]], object]) -> Path:
    path = folder / f".saving-{secrets.token_hex(8)}"
    try:
        with path.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _give_name(temporary: Path, folder: Path, stem: str, suffix: str, first: int, known: dict[str, int]) -> Path:
    last = known.get(stem.lower())
    number = max(first, next_number(folder, stem) if last is None else last + 1)
    while True:
        path = folder / f"{stem}_{number:05}_{suffix}"
        try:
            _claim(temporary, path)
            known[stem.lower()] = max(number, last or 0)
            return path
        except FileExistsError:
            number += 1


def _claim(temporary: Path, path: Path) -> None:
    """Name the file. A second name for it is made where the disk can do that; else the name is taken first."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        with path.open("xb"):
            pass
        try:
            temporary.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _sync_names_in(folder: Path) -> None:
    """Have the names in a folder last, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network drives can not
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def next_number(folder: Path, stem: str) -> int:
    """One more than the highest number of the files `stem_NUMBER...` in the folder, whatever their type."""
    pattern = re.compile(re.escape(stem) + r"_(\d{1,17})(?=[_.]|$)", re.IGNORECASE)
    found = (pattern.match(entry.name) for entry in os.scandir(folder))
    return 1 + max((int(match[1]) for match in found if match), default=0)


def _why(error: OSError, folder: Path, stem: str, size: int) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk is full: {stem} ({size / 1e6:.1f} MB) was not saved in {folder}. "
            "Make room, then run it again, or choose another folder with --output-directory"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{stem} was not saved: this user may not write in {folder}"
    return f"{stem} was not saved in {folder}: {error.strerror or error}"
