"""Writing files so that a reader sees the old one or the new one and never half of either, also after a power cut.

What is written goes to a temporary file in the same folder, is forced to the disk and gets its name in one step; then
the folder is forced to the disk too. This is the one place that opens files for writing; the few others are listed,
with their reasons, in `tests/repo/test_writes.py`. What a crash leaves half written is cleared by `api/unfinished.py`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_UMASK = os.umask(0o077)
os.umask(_UMASK)
_MODE = 0o666 & ~_UMASK
"""What a new file's permissions would be without the temporary file's caution."""
_PRIVATE = 0o600


def write_whole(path: Path, data: bytes, *, private: bool = False, lasting: bool = True) -> None:
    """Put `data` in place of the file.

    private: only this user may read it. lasting: False for what is made again where a power cut takes it.
    Missing folders are made. Raises OSError; then the old file is as it was and nothing is left behind.
    """
    with whole_file(path, private=private, lasting=lasting) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path, *, private: bool = False, lasting: bool = True) -> Generator[IO[bytes]]:
    """As `write_whole`, for what is written bit by bit: the file gets its name when the block ends without an error."""
    with whole_path(path, private=private, lasting=lasting) as made, made.open("r+b") as file:
        yield file


@contextmanager
def whole_path(path: Path, *, private: bool = False, lasting: bool = True) -> Generator[Path]:
    """As `whole_file`, for writers that take a path and open it on their own."""
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
        if lasting:
            sync_file(made)
        made.chmod(_PRIVATE if private else _MODE)
        made.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink()
        raise
    if lasting:
        sync_folder(path.parent)


def copy_whole(source: Path, target: Path) -> None:
    """A copy with the file's times, in place of what is there."""
    with whole_path(target) as made:
        shutil.copyfile(source, made)
        shutil.copystat(source, made)


def give_name(made: Path, target: Path) -> None:
    """Give a finished file, which is on the disk, a name that must be free, and have that last.

    Raises FileExistsError. Where the disk knows no second names the name is taken first.
    """
    try:
        os.link(made, target)
    except FileExistsError:
        raise
    except OSError:
        with target.open("xb"):
            pass
        made.replace(target)
    else:
        made.unlink()
    sync_folder(target.parent)


def copy_new(source: Path, target: Path) -> None:
    """A copy under a name that must be free, whole or not there. Raises FileExistsError."""
    make_folder(target.parent)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    os.close(handle)
    made = Path(name)
    try:
        shutil.copyfile(source, made)
        sync_file(made)
        made.chmod(_MODE)
        give_name(made, target)
    finally:
        made.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Give a file or a folder another name on the same disk, over a file that is there; and have that last.

    Missing folders are made.
    """
    make_folder(target.parent)
    source.replace(target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing, and have them last: a file is lost with its folder."""
    missing: list[Path] = []
    above = folder
    while not above.is_dir() and above != above.parent:
        missing.append(above)
        above = above.parent
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)


def sync_file(path: Path) -> None:
    """Have what was written to a file last."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder last, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
