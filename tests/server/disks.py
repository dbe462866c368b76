"""Disks that run out of room, cannot be written, or are taken away: small file systems in memory."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class CannotMount(Exception):
    """This system lets nobody mount here, or nobody who is not root."""


@contextmanager
def mounted(folder: Path, megabytes: int = 3) -> Iterator[Path]:
    """A small disk at the folder; the test is skipped where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        attach(folder, megabytes)
    except CannotMount as error:
        pytest.skip(f"mounting needs root: {error}")
    try:
        yield folder
    finally:
        detach(folder)


def attach(folder: Path, megabytes: int = 3) -> None:
    """A disk in memory, which is full soon; raises CannotMount."""
    need("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))


def detach(folder: Path) -> bool:
    """At once, also where files of it are open."""
    return _quietly("umount", str(folder)) or _quietly("umount", "-l", str(folder))


def writable(folder: Path, *, yes: bool) -> None:
    need("mount", "-o", f"remount,{'rw' if yes else 'ro'}", str(folder))


def fill(folder: Path, leave: int = 0) -> Path:
    """Leave no room at all, or so many bytes; gives the file that takes it."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)
        file.truncate(max(0, file.tell() - leave))
    return path


def need(*command: str) -> None:
    """Run what mounting takes; raises CannotMount with what the system said."""
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
        raise CannotMount(f"{' '.join(command)}: {said}") from error


def _quietly(*command: str) -> bool:
    try:
        need(*command)
    except CannotMount:
        return False
    return True
