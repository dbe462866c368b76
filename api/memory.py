"""How much memory there is for this machine's processes, or for the container that they run in; and that the control
process keeps none that it has freed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from graph.given_back import give_back

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux keeps what a container may take; version 2 of it."""
MACHINE = Path("/proc/meminfo")
GIVE_BACK_EVERY = 30.0
"""Seconds. What a large body or answer took is the system's again soon after."""


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


async def keep_giving_back(_app: web.Application) -> AsyncGenerator[None]:
    """Give freed memory back every so often, for as long as the application lives."""
    task = asyncio.create_task(_give_back_again())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _give_back_again() -> None:
    while True:
        await asyncio.sleep(GIVE_BACK_EVERY)
        await asyncio.to_thread(give_back)
