"""The queue's journal: every accepted job, every attempt to run it and what came of it, in SQLite.

An accepted prompt is on the disk before its `accept` returns.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.database import Database
from api.queue.summaries import About, came_of, state_of

ATTEMPTS = 2
"""A job that was started so often and never ended is not started again."""

HISTORY_KEPT = 10_000
"""Finished jobs beyond these are forgotten, oldest first."""

GUESTS_NUMBER = 2**50
"""The number of each guest's job: behind all others, among themselves as they came. `next_number` never gets there."""

HISTORY_PAGE = 1_000
"""The most that one answer lists."""

REMEMBERED = 24 * 3600.0
"""Seconds for which a job that was taken out or deleted can be brought back."""

PACES_KEPT = 5_000

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

_SUMMARIES = (
    "ALTER TABLE jobs ADD COLUMN about TEXT",  # JSON: api.queue.summaries.About; NULL: of a journal of version 1
    "ALTER TABLE jobs ADD COLUMN document TEXT",  # id of the document that it was made from
    "ALTER TABLE jobs ADD COLUMN slot TEXT",
    "ALTER TABLE jobs ADD COLUMN ms REAL",  # how long its last attempt ran
    "ALTER TABLE jobs ADD COLUMN state TEXT",  # success, error, interrupted; NULL: not ended
    "ALTER TABLE jobs ADD COLUMN came_of TEXT",  # JSON: api.queue.summaries.came_of; NULL: not ended, or of version 1
    "ALTER TABLE jobs ADD COLUMN removed REAL",  # when somebody took it out; it can be brought back for a while
    """
UPDATE jobs SET
    ms = CASE WHEN ended_at >= started THEN (ended_at - started) * 1000 END,
    state = CASE
        WHEN json_extract(status, '$.completed') THEN 'success'
        WHEN json_extract(status, '$.messages[#-1][0]') = 'execution_interrupted' THEN 'interrupted'
        ELSE 'error' END
WHERE ended IS NOT NULL
""",
    "CREATE INDEX jobs_of_document ON jobs (document, ended) WHERE document IS NOT NULL",
    "CREATE INDEX jobs_of_state ON jobs (state, ended) WHERE ended IS NOT NULL",
    "CREATE INDEX jobs_removed ON jobs (removed) WHERE removed IS NOT NULL",
    """
CREATE TABLE paces (
    class_type TEXT NOT NULL,
    about TEXT NOT NULL,         -- the circumstances, '' for all together: api.queue.pace
    ms REAL NOT NULL,
    steps REAL NOT NULL,
    runs INTEGER NOT NULL,
    used REAL NOT NULL,
    PRIMARY KEY (class_type, about)
) WITHOUT ROWID
""",
)

_TIMINGS = ("ALTER TABLE jobs ADD COLUMN timings TEXT",)  # JSON, node id -> ms; NULL: not ended, or of version 2


@dataclass(frozen=True)
class Entry:
    """A job that waits, as much of it as the queue keeps in memory."""

    seq: int
    prompt_id: str
    client_id: str | None
    number: float
    attempts: int
    about: About = field(default_factory=About)
    accepted: float = 0.0


@dataclass(frozen=True)
class Body:
    """What a job runs, as JSON text, and what lists say of it."""

    prompt: str
    extra: str
    targets: str
    checked: bool
    about: About = field(default_factory=About)


@dataclass(frozen=True)
class Ending:
    """What came of a job: three members of its /history entry, ready for JSON."""

    outputs: dict[str, Any]
    status: dict[str, Any]
    meta: dict[str, Any]
    timings: dict[str, float] = field(default_factory=dict[str, float])
    """What nodes took, in ms."""


class Journal(Database):
    """The journal at `path`. Every method may be awaited from the event loop; raises DatabaseError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "journal", (_JOBS, _SUMMARIES, _TIMINGS))

    async def accept(
        self,
        prompt_id: str,
        client_id: str | None,
        number: float,
        body: Body,
        accepted: float | None = None,
        *,
        instead_of: Sequence[int] = (),
    ) -> int:
        """Write a job down and give its sequence number, once it is safe on the disk.

        instead_of: waiting jobs that are forgotten in the same step.
        """
        when = time.time() if accepted is None else accepted
        row = (prompt_id, client_id, number, *_columns(body), when)

        def write(db: sqlite3.Connection) -> int:
            done = db.execute(
                "INSERT INTO jobs (prompt_id, client_id, number, prompt, extra, targets, checked,"
                " about, document, slot, accepted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            db.executemany("DELETE FROM jobs WHERE seq = ? AND ended IS NULL", [(seq,) for seq in instead_of])
            return int(done.lastrowid or 0)

        return await self.call(write)

    async def edit(self, seq: int, body: Body) -> None:
        """Give a waiting job another prompt."""
        row = (*_columns(body), seq)
        await self.call(
            lambda db: _ignore(
                db.execute(
                    "UPDATE jobs SET prompt = ?, extra = ?, targets = ?, checked = ?, about = ?, document = ?, slot = ?"
                    " WHERE seq = ? AND ended IS NULL",
                    row,
                )
            )
        )

    async def renumber(self, numbers: Sequence[tuple[float, int]]) -> None:
        """Give waiting jobs, by seq, other places in the queue."""
        await self.call(lambda db: _ignore(db.executemany("UPDATE jobs SET number = ? WHERE seq = ?", numbers)))

    async def rename(self, prompt_id: str, name: str) -> About | None:
        """Give the newest job of this id a name; None where there is none."""

        def write(db: sqlite3.Connection) -> About | None:
            row = db.execute(
                "SELECT seq, about, prompt, extra FROM jobs WHERE prompt_id = ? ORDER BY seq DESC LIMIT 1", (prompt_id,)
            ).fetchone()
            if row is None:
                return None
            about = About.of(json.loads(row[2]), json.loads(row[3])) if row[1] is None else About.read(row[1])
            about = replace(about, name=name)
            db.execute("UPDATE jobs SET about = ? WHERE seq = ?", (about.text(), row[0]))
            return about

        return await self.call(write)

    async def body(self, seq: int) -> Body | None:
        """What job `seq` runs, or None where it was deleted."""

        def read(db: sqlite3.Connection) -> Body | None:
            row = db.execute("SELECT prompt, extra, targets, checked, about FROM jobs WHERE seq = ?", (seq,)).fetchone()
            return None if row is None else Body(row[0], row[1], row[2], bool(row[3]), About.read(row[4]))

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

    async def end(self, seq: int, ending: Ending, ms: float | None = None, paces: Sequence[Sequence[Any]] = ()) -> int:
        """Record what came of job `seq`, and what its nodes took; gives its rank among the ended ones.

        An older ended job of the same id gives way to it.
        """
        row = (
            time.time(),
            _text(ending.outputs),
            _text(ending.status),
            _text(ending.meta),
            ms,
            state_of(ending.status),
            _text(came_of(ending.outputs, ending.status)),
            _text(ending.timings),
            seq,
        )

        def write(db: sqlite3.Connection) -> int:
            db.execute(
                "DELETE FROM jobs WHERE ended IS NOT NULL"
                " AND prompt_id = (SELECT prompt_id FROM jobs WHERE seq = ?) AND seq <> ?",
                (seq, seq),
            )
            rank = int(db.execute("SELECT coalesce(max(ended), 0) + 1 FROM jobs").fetchone()[0])
            db.execute(
                "UPDATE jobs SET ended = ?, ended_at = ?, outputs = ?, status = ?, meta = ?, ms = ?, state = ?,"
                " came_of = ?, timings = ? WHERE seq = ?",
                (rank, *row),
            )
            db.execute(
                "DELETE FROM jobs WHERE ended <= (SELECT ended FROM jobs WHERE ended IS NOT NULL"
                " ORDER BY ended DESC LIMIT 1 OFFSET ?)",
                (HISTORY_KEPT,),
            )
            if paces:
                db.executemany("INSERT OR REPLACE INTO paces VALUES (?, ?, ?, ?, ?, ?)", paces)
                db.execute(
                    "DELETE FROM paces WHERE used < (SELECT used FROM paces ORDER BY used DESC LIMIT 1 OFFSET ?)",
                    (PACES_KEPT,),
                )
            return rank

        return await self.call(write)

    async def paces(self) -> list[tuple[Any, ...]]:
        """What nodes took so far: rows of `paces`."""
        return await self.call(lambda db: db.execute("SELECT * FROM paces").fetchall())

    async def remove(self, seqs: list[int]) -> None:
        """Take waiting jobs out. For a while they can be brought back."""
        await self.call(lambda db: take_away(db, "seq = ? AND ended IS NULL", seqs))

    async def bring_back(self, ids: Sequence[str]) -> list[Entry]:
        """Jobs that were taken out while they waited wait again; gives those that were found."""

        def write(db: sqlite3.Connection) -> list[Entry]:
            found: list[Entry] = []
            for id in ids:
                where = " WHERE prompt_id = ? AND ended IS NULL AND removed IS NOT NULL"
                found += _entries(db, where, (id,))
                db.execute(f"UPDATE jobs SET removed = NULL{where}", (id,))
            return found

        return await self.call(write)

    async def waiting(self) -> list[Entry]:
        """Every job without an outcome, in the order in which they run."""
        return await self.call(lambda db: _entries(db, " WHERE ended IS NULL AND removed IS NULL ORDER BY number, seq"))

    async def last_number(self) -> float:
        """The number furthest from 0 that a job in the journal has, unsigned, -1 where there is none; guests' apart."""

        def read(db: sqlite3.Connection) -> float:
            found = db.execute("SELECT coalesce(max(abs(number)), -1) FROM jobs WHERE number < ?", (GUESTS_NUMBER,))
            return float(found.fetchone()[0])

        return await self.call(read)

    async def is_open(self, prompt_id: str) -> bool:
        """Whether a job of this id waits or runs; one that was taken out does neither until it is brought back."""
        where = "prompt_id = ? AND ended IS NULL AND removed IS NULL"
        return await self.call(
            lambda db: db.execute(f"SELECT 1 FROM jobs WHERE {where} LIMIT 1", (prompt_id,)).fetchone() is not None
        )

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
                where = " WHERE prompt_id = ? AND ended IS NOT NULL AND removed IS NULL ORDER BY ended DESC LIMIT 1"
                rows = db.execute(columns + where, (prompt_id,)).fetchall()
            elif offset is not None and offset >= 0:
                where = " WHERE ended IS NOT NULL AND removed IS NULL ORDER BY ended LIMIT ? OFFSET ?"
                rows = db.execute(columns + where, (limit, offset)).fetchall()
            else:
                where = " WHERE ended IS NOT NULL AND removed IS NULL ORDER BY ended DESC LIMIT ?"
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


def take_away(db: sqlite3.Connection, where: str, keys: Sequence[int | str]) -> None:
    """Mark jobs, each found by one of the keys, as removed; those that were marked long ago go for good."""
    now = time.time()
    db.execute("DELETE FROM jobs WHERE removed < ?", (now - REMEMBERED,))
    db.executemany(f"UPDATE jobs SET removed = ? WHERE {where}", [(now, key) for key in keys])


def _entries(db: sqlite3.Connection, where: str, values: Sequence[Any] = ()) -> list[Entry]:
    rows = db.execute(f"SELECT seq, prompt_id, client_id, number, attempts, about, accepted FROM jobs{where}", values)
    return [
        Entry(seq, id, client_id, number, attempts, About.read(about), accepted)
        for seq, id, client_id, number, attempts, about, accepted in rows
    ]


def _columns(body: Body) -> tuple[Any, ...]:
    about = body.about
    return body.prompt, body.extra, body.targets, body.checked, about.text(), about.document, about.slot


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _item(number: float, prompt_id: str, prompt: str, extra: str, targets: str) -> str:
    return f"[{_text(number)},{_text(prompt_id)},{prompt},{extra},{targets}]"


def _ignore(_: object) -> None:
    return None
