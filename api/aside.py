"""Work that takes the longer the larger a graph is: beside the event loop where it would hold up everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MANY = 500
"""Nodes from which a thread is worth its while: about ten milliseconds of checking."""


async def aside(size: int, work: Callable[[], T]) -> T:
    """What `work` gives: at once where it is about few things, else from a thread."""
    return work() if size < MANY else await asyncio.to_thread(work)
