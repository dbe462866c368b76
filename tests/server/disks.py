"""Disks that run out of room, cannot be written, or are taken away: small file systems in memory."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, megabytes: int = 3) -> Iterator[Path]:
    """A small disk at the folder; the test is skipped where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    if not attach(folder, megabytes):
        pytest.skip("mounting needs root")
    try:
        yield folder
    finally:
        detach(folder)


def attach(folder: Path, megabytes: int = 3) -> bool:
    return _quietly("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))


def detach(folder: Path) -> bool:
    return _quietly("umount", "-l", str(folder))


def writable(folder: Path, *, yes: bool) -> None:
    assert _quietly("mount", "-o", f"remount,{'rw' if yes else 'ro'}", str(folder))


def fill(folder: Path, leave: int = 0) -> Path:
    """Leave no room at all, or so many bytes, by a file that is then deleted."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * size)
        file.truncate(max(0, file.tell() - leave))
    return path


def _quietly(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
