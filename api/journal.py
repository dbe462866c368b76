"""The queue's journal: every accepted job, every attempt to run it and what came of it, in SQLite.

An accepted prompt is on the disk before its `accept` returns.
"""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.database import Database

ATTEMPTS = 2
"""A job that was started so often and never ended is not started again."""

HISTORY_KEPT = 10_000
"""Finished jobs beyond these are forgotten, oldest first."""

HISTORY_PAGE = 1_000
"""The most that one answer lists."""

_JOBS = (
    """
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    prompt_id TEXT NOT NULL,
    client_id TEXT,
    number NUMERIC NOT NULL,     -- lower runs first; NUMERIC keeps 0 from becoming 0.0
    prompt TEXT NOT NULL,        -- JSON, as it came
    extra TEXT NOT NULL,         -- JSON, without credentials
    targets TEXT NOT NULL,       -- JSON list of node ids
    checked INTEGER NOT NULL,    -- 0: the worker validates it before it runs
    attempts INTEGER NOT NULL DEFAULT 0,
    accepted REAL NOT NULL,      -- seconds since 1970
    started REAL,
    ended INTEGER,               -- rank among the ended ones (clocks may go back), NULL: waits or runs
    ended_at REAL,
    outputs TEXT,                -- JSON, node id -> ui results
    status TEXT,                 -- JSON, as /history has it
    meta TEXT                    -- JSON, as /history has it
)
""",
    "CREATE INDEX jobs_by_id ON jobs (prompt_id)",
    "CREATE INDEX jobs_open ON jobs (number, seq) WHERE ended IS NULL",
    "CREATE INDEX jobs_ended ON jobs (ended) WHERE ended IS NOT NULL",
)


@dataclass(frozen=True)
class Entry:
    """A job that waits, as much of it as the queue keeps in memory."""

    seq: int
    prompt_id: str
    client_id: str | None
    number: float
    attempts: int


@dataclass(frozen=True)
class Body:
    """What a job runs, as JSON text."""

    prompt: str
    extra: str
    targets: str
    checked: bool


@dataclass(frozen=True)
class Ending:
    """What came of a job: three members of its /history entry, ready for JSON."""

    outputs: dict[str, Any]
    status: dict[str, Any]
    meta: dict[str, Any]


class Journal(Database):
    """The journal at `path`. Every method may be awaited from the event loop; raises DatabaseError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "journal", (_JOBS,))

    async def accept(
        self, prompt_id: str, client_id: str | None, number: float, body: Body, accepted: float | None = None
    ) -> int:
        """Write a job down and give its sequence number, once it is safe on the disk."""
        row = (prompt_id, client_id, number, body.prompt, body.extra, body.targets, body.checked)

        def write(db: sqlite3.Connection) -> int:
            done = db.execute(
                "INSERT INTO jobs (prompt_id, client_id, number, prompt, extra, targets, checked, accepted)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, time.time() if accepted is None else accepted),
            )
            return int(done.lastrowid or 0)

        return await self.call(write)

    async def body(self, seq: int) -> Body | None:
        """What job `seq` runs, or None where it was deleted."""

        def read(db: sqlite3.Connection) -> Body | None:
            row = db.execute("SELECT prompt, extra, targets, checked FROM jobs WHERE seq = ?", (seq,)).fetchone()
            return None if row is None else Body(row[0], row[1], row[2], bool(row[3]))

        return await self.call(read)

    async def attempt(self, seq: int) -> int:
        """Record that job `seq` is about to be started; returns which attempt this is, from 1."""

        def write(db: sqlite3.Connection) -> int:
            db.execute("UPDATE jobs SET attempts = attempts + 1, started = ? WHERE seq = ?", (time.time(), seq))
            row = db.execute("SELECT attempts FROM jobs WHERE seq = ?", (seq,)).fetchone()
            return int(row[0]) if row else 0

        return await self.call(write)

    async def take_back(self, seq: int) -> None:
        """Undo `attempt`: the server was asked to stop while the job ran, which is nobody's fault."""
        await self.call(
            lambda db: _ignore(db.execute("UPDATE jobs SET attempts = max(attempts - 1, 0) WHERE seq = ?", (seq,)))
        )

    async def end(self, seq: int, ending: Ending) -> None:
        """Record what came of job `seq`; an older ended job of the same id gives way to it."""
        row = (time.time(), _text(ending.outputs), _text(ending.status), _text(ending.meta), seq)

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM jobs WHERE ended IS NOT NULL"
                " AND prompt_id = (SELECT prompt_id FROM jobs WHERE seq = ?) AND seq <> ?",
                (seq, seq),
            )
            rank = int(db.execute("SELECT coalesce(max(ended), 0) + 1 FROM jobs").fetchone()[0])
            db.execute(
                "UPDATE jobs SET ended = ?, ended_at = ?, outputs = ?, status = ?, meta = ? WHERE seq = ?",
                (rank, *row),
            )
            db.execute(
                "DELETE FROM jobs WHERE ended <= (SELECT ended FROM jobs WHERE ended IS NOT NULL"
                " ORDER BY ended DESC LIMIT 1 OFFSET ?)",
                (HISTORY_KEPT,),
            )

        await self.call(write)

    async def remove(self, seqs: list[int]) -> None:
        """Forget waiting jobs."""
        await self.call(lambda db: _ignore(db.executemany("DELETE FROM jobs WHERE seq = ?", [(s,) for s in seqs])))

    async def waiting(self) -> list[Entry]:
        """Every job without an outcome, in the order in which they run."""

        def read(db: sqlite3.Connection) -> list[Entry]:
            rows = db.execute(
                "SELECT seq, prompt_id, client_id, number, attempts FROM jobs WHERE ended IS NULL ORDER BY number, seq"
            )
            return [Entry(*row) for row in rows]

        return await self.call(read)

    async def last_number(self) -> float:
        """The number furthest from 0 that a job in the journal has, unsigned, -1 where there is none."""

        def read(db: sqlite3.Connection) -> float:
            return float(db.execute("SELECT coalesce(max(abs(number)), -1) FROM jobs").fetchone()[0])

        return await self.call(read)

    async def items(self, seqs: list[int]) -> dict[int, str]:
        """/queue items of these jobs as JSON text: [number, prompt_id, prompt, extra_data, targets]."""

        def read(db: sqlite3.Connection) -> dict[int, str]:
            found: dict[int, str] = {}
            for at in range(0, len(seqs), 500):
                some = seqs[at : at + 500]
                marks = ",".join("?" * len(some))
                for row in db.execute(
                    f"SELECT seq, number, prompt_id, prompt, extra, targets FROM jobs WHERE seq IN ({marks})", some
                ):
                    found[row[0]] = _item(*row[1:])
            return found

        return await self.call(read)

    async def history(self, prompt_id: str | None = None, count: int | None = None, offset: int | None = None) -> str:
        """Ended jobs as the JSON text of a /history answer, oldest first.

        `count` alone gives the newest so many; `offset` passes over the oldest so many. At most HISTORY_PAGE.
        """
        limit = HISTORY_PAGE if count is None else max(0, min(count, HISTORY_PAGE))
        columns = "SELECT prompt_id, number, prompt, extra, targets, outputs, status, meta FROM jobs"

        def read(db: sqlite3.Connection) -> str:
            if prompt_id is not None:
                where = " WHERE prompt_id = ? AND ended IS NOT NULL ORDER BY ended DESC LIMIT 1"
                rows = db.execute(columns + where, (prompt_id,)).fetchall()
            elif offset is not None and offset >= 0:
                where = " WHERE ended IS NOT NULL ORDER BY ended LIMIT ? OFFSET ?"
                rows = db.execute(columns + where, (limit, offset)).fetchall()
            else:
                where = " WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ?"
                rows = db.execute(columns + where, (limit,)).fetchall()[::-1]
            # The columns are JSON already: joining the texts spares parsing what may be megabytes of graphs.
            entries = (
                f'{_text(id)}:{{"prompt":{_item(number, id, prompt, extra, targets)},'
                f'"outputs":{outputs},"status":{status},"meta":{meta}}}'
                for id, number, prompt, extra, targets, outputs, status, meta in rows
            )
            return "{" + ",".join(entries) + "}"

        return await self.call(read)

    async def forget(self, ids: list[str] | None = None) -> None:
        """Delete ended jobs: these ids, or all."""

        def write(db: sqlite3.Connection) -> None:
            if ids is None:
                db.execute("DELETE FROM jobs WHERE ended IS NOT NULL")
            else:
                db.executemany("DELETE FROM jobs WHERE ended IS NOT NULL AND prompt_id = ?", [(i,) for i in ids])

        await self.call(write)


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _item(number: float, prompt_id: str, prompt: str, extra: str, targets: str) -> str:
    return f"[{_text(number)},{_text(prompt_id)},{prompt},{extra},{targets}]"


def _ignore(_: object) -> None:
    return None
