"""The history is bounded: by number for each person, by age, and by bytes for all together.

What goes is always somebody's oldest. Where all together take too many bytes it is that of whoever has most, so who
runs a lot pushes out their own history and nobody else's. A few jobs go at a time, while nobody waits for the journal.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from api.clock import now_for_deleting
from api.database import DatabaseError
from api.queue.journal import Journal
from api.services import SERVICES

log = logging.getLogger("easel")

STEP = 100
"""Jobs that are deleted in one transaction."""
REST = 0.05
"""Seconds between two of those."""
PAUSE = 5.0
"""Seconds after a job's end until the history is looked at: many ends make one look."""
LOOK_EVERY = 600.0
OLD_BYTES = 20_000
"""What a job of an older journal is taken to need: nobody measured it."""
KEPT_ANYWAY = 100
"""The newest so many of each person do not grow too old."""
BELIEVED = 30 * 86400.0
"""Seconds by which the clock may have gone on while the server did not run. A clock that was set years ahead by mistake
makes jobs older by so much, and not by all of it."""


@dataclass(frozen=True)
class Bounds:
    """How much is kept. None: without end."""

    entries: int | None = 10_000
    """Of one person."""
    seconds: float | None = None
    bytes: int | None = 2**30
    """Of all together."""


class Pruning:
    """Keeps a journal within its bounds."""

    def __init__(self, journal: Journal, bounds: Bounds, clock: Callable[[], float] = now_for_deleting) -> None:
        self._journal = journal
        self._bounds = bounds
        self._clock = clock
        self._doubted: float | None = None
        """Seconds that the clock went on while the server did not run, beyond what is believed."""

    async def step(self) -> int:
        """Delete some of what is too much; gives how many."""
        return await self._journal.call(self._step)

    def _step(self, db: sqlite3.Connection) -> int:
        now = self._now(db)
        had = db.execute(
            "SELECT owner, count(*), sum(coalesce(bytes, ?)) FROM jobs WHERE ended IS NOT NULL GROUP BY owner",
            (OLD_BYTES,),
        ).fetchall()
        entries, most = self._bounds.entries, self._bounds.bytes
        for owner, count, _ in had:
            if entries is not None and count > entries:
                return _forget(db, _oldest(db, owner, min(STEP, count - entries)))
            if self._bounds.seconds is not None and (old := _too_old(db, owner, now - self._bounds.seconds)):
                return _forget(db, old)
        over = 0 if most is None else sum(size for _, _, size in had) - most
        if over <= 0:
            return 0
        largest = max(had, key=lambda each: each[2])[0]
        chosen: list[int] = []
        for seq, size in db.execute(
            "SELECT seq, coalesce(bytes, ?) FROM jobs WHERE owner = ? AND ended IS NOT NULL ORDER BY ended LIMIT ?",
            (OLD_BYTES, largest, STEP),
        ):
            chosen.append(seq)
            over -= size
            if over <= 0:
                break
        return _forget(db, chosen)

    def _now(self, db: sqlite3.Connection) -> float:
        """The time, as far as it is believed; written down now and then, for the next start."""
        now = self._clock()
        row = db.execute("SELECT at FROM seen").fetchone()
        if self._doubted is None:
            newest = db.execute(
                "SELECT ended_at FROM jobs WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1"
            ).fetchone()
            before = row or newest
            self._doubted = 0.0 if before is None or before[0] is None else max(0.0, now - before[0] - BELIEVED)
        believed = now - self._doubted
        if row is None or believed - row[0] > LOOK_EVERY:
            db.execute("INSERT OR REPLACE INTO seen VALUES (0, ?)", (believed,))
        return believed


def _oldest(db: sqlite3.Connection, owner: str, count: int) -> list[int]:
    query = "SELECT seq FROM jobs WHERE owner = ? AND ended IS NOT NULL ORDER BY ended LIMIT ?"
    return [seq for (seq,) in db.execute(query, (owner, count))]


def _too_old(db: sqlite3.Connection, owner: str, before: float) -> list[int]:
    """Of all but the newest, by rank: a time that a wrong clock gave keeps only its own job."""
    query = (
        "SELECT seq FROM jobs WHERE owner = ? AND ended IS NOT NULL AND ended_at < ? AND ended <="
        " (SELECT ended FROM jobs WHERE owner = ? AND ended IS NOT NULL ORDER BY ended DESC LIMIT 1 OFFSET ?)"
        " ORDER BY ended LIMIT ?"
    )
    return [seq for (seq,) in db.execute(query, (owner, before, owner, KEPT_ANYWAY, STEP))]


def _forget(db: sqlite3.Connection, seqs: list[int]) -> int:
    db.executemany("DELETE FROM jobs WHERE seq = ?", [(seq,) for seq in seqs])
    return len(seqs)


async def keep_bounded(app: web.Application) -> AsyncGenerator[None]:
    """Prune for as long as the application lives: soon after jobs have ended, and every so often."""
    services = app[SERVICES]
    flags = services.flags
    days = flags.history_days
    bounds = Bounds(flags.history_entries, None if days is None else days * 86400, flags.history_size)
    pruning, ended = Pruning(services.journal, bounds), asyncio.Event()
    services.feed.watch(lambda kind, data, owner: ended.set() if kind == "job_ended" else None)

    async def keep() -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOOK_EVERY)
            await asyncio.sleep(PAUSE)
            ended.clear()
            began, gone = time.monotonic(), 0
            try:
                while count := await pruning.step():
                    gone += count
                    await asyncio.sleep(REST)
            except DatabaseError as error:
                log.error("%s", error)
            if gone > STEP:
                log.info("%d old jobs left the history, in %.1f s", gone, time.monotonic() - began)

    task = asyncio.create_task(keep(), name="history")
    yield
    task.cancel()
