"""A journal without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from api.queue.journal import Journal


def with_journal(path: Path, work: Callable[[Journal], Awaitable[Any]]) -> Any:
    """Open the journal, await `work` with it, and close it again; gives what `work` gives."""
    journal = Journal(path)
    journal.open()
    try:

        async def run() -> Any:
            return await work(journal)

        return asyncio.run(run())
    finally:
        journal.close()
