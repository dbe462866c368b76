"""How much memory there is for this machine's processes, or for the container that they run in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux keeps what a container may take; version 2 of it."""
MACHINE = Path("/proc/meminfo")


def memory_left(container: Path = CONTAINER) -> tuple[int, int]:
    """Bytes that are free, and that there are. Blocks."""
    free, total = _of_the_machine()
    with suppress(OSError, ValueError):  # no container, or one without a limit
        limit = int((container / "memory.max").read_text())
        taken = int((container / "memory.current").read_text()) - _given_back(container)
        free, total = min(free, max(0, limit - taken)), min(total, limit)
    return free, total


def _of_the_machine() -> tuple[int, int]:
    try:
        lines = (line.split() for line in MACHINE.read_text().splitlines())
        sizes = {words[0]: int(words[1]) * 1024 for words in lines if len(words) == 3}
        return sizes["MemAvailable:"], sizes["MemTotal:"]
    except (OSError, ValueError, KeyError):  # no Linux: then by what takes a while to load
        import psutil

        found = psutil.virtual_memory()
        return int(found.available), int(found.total)


def _given_back(container: Path) -> int:
    """Bytes of files that were read and not used since: the system gives them back before it lacks any."""
    lines = (line.split() for line in (container / "memory.stat").read_text().splitlines())
    return next((int(value) for name, value in lines if name == "inactive_file"), 0)
