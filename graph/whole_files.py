"""Writing files so that a reader sees the old one or the new one and never half of either, also after a power cut.

What is written goes to a temporary file in the same folder, is forced to the disk and gets its name in one step; then
the folder is forced to the disk too. A name that must be free is never taken from another file. This is the one place
that opens files for writing; the few others are listed, with their reasons, in `tests/repo/test_writes.py`. What a
crash leaves half written has a name that `api/unfinished.py` knows, which says when it goes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Generator
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
def whole_file(path: Path, *, private: bool = False, lasting: bool = True, new: bool = False) -> Generator[IO[bytes]]:
    """As `write_whole`, for what is written bit by bit: the file gets its name when the block ends without an error.

    new: the name must be free, else FileExistsError when the block ends.
    """
    with whole_path(path, private=private, lasting=lasting, new=new) as made, made.open("r+b") as file:
        yield file


@contextmanager
def whole_path(path: Path, *, private: bool = False, lasting: bool = True, new: bool = False) -> Generator[Path]:
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
        if new:
            give_name(made, path)
        else:
            made.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink()
        raise
    if lasting:
        sync_folder(path.parent)


def open_unnamed(folder: Path, ending: str = "") -> IO[bytes]:
    """A new file under a name that no list shows, for what comes bit by bit and has no name yet: its writer forces it
    to the disk, and moves or deletes it."""
    return (folder / f".upload-{secrets.token_hex(8)}{ending}").open("xb")


def copy_whole(source: Path, target: Path) -> None:
    """A copy with the file's times, in place of what is there."""
    with whole_path(target) as made:
        shutil.copyfile(source, made)
        shutil.copystat(source, made)


def copy_new(source: Path, target: Path) -> None:
    """A copy under a name that must be free, whole or not there. Raises FileExistsError."""
    with whole_path(target, new=True) as made:
        shutil.copyfile(source, made)


def give_name(made: Path, target: Path) -> None:
    """Give a file, which is on the disk, a name there that must be free; `whole_path` and `move_new` have that last.

    Raises FileExistsError, OSError; then it has its former name, and nothing is under the new one. Where the disk knows
    no second names the name is taken first.
    """
    try:
        os.link(made, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno == errno.EXDEV and made.parent != target.parent:
            raise
        with target.open("xb"):
            pass
        _or_clear(target, lambda: made.replace(target))
    else:
        _or_clear(target, lambda: made.unlink(missing_ok=True))


def _or_clear(target: Path, step: Callable[[], object]) -> None:
    """Where the last step fails the name is given up again."""
    try:
        step()
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise


def move_new(source: Path, target: Path) -> None:
    """Move a file to a name that must be free, also on another disk, and have that last. Missing folders are made.

    Raises FileExistsError, OSError; then it is where it was.
    """
    make_folder(target.parent)
    try:
        give_name(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with whole_path(target, new=True) as made:
            shutil.copyfile(source, made)
            shutil.copystat(source, made)
        _or_clear(target, lambda: source.unlink(missing_ok=True))
    sync_folder(target.parent)
    if source.parent != target.parent:
        with contextlib.suppress(OSError):  # it is moved, and its folder may be one that cannot be listed
            sync_folder(source.parent)


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
