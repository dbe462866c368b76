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

from api.clock import now_for_deleting
from api.database import Database
from api.people import FIRST
from api.queue.fresh import Fresh
from api.queue.schema import SCHEMA
from api.queue.spending import DAY_SLICES, SLICE
from api.queue.summaries import About, came_of, state_of
from api.queue.whose import all_of, of
from graph.types import JsonObject

ATTEMPTS = 2
"""A job that was started so often and never ended is not started again."""

GUESTS_NUMBER = 2**50
"""The number of each guest's job: behind all others, among themselves as they came. `next_number` never gets there."""

HISTORY_PAGE = 1_000
"""The most that one answer lists."""

REMEMBERED = 24 * 3600.0
"""Seconds for which a job that was taken out or deleted can be brought back."""

PACES_KEPT = 5_000


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
    owner: str = FIRST
    pinned: int | None = None
    """Its place before all others, where an admin gave it one."""


@dataclass(frozen=True)
class Body:
    """What a job runs, as JSON text, and what lists say of it."""

    prompt: str
    extra: str
    targets: str
    checked: bool
    about: About = field(default_factory=About)
    owner: str = FIRST
    """Id of the person whose job it is: it runs with their folders, and only they and admins see it."""


@dataclass(frozen=True)
class Ending:
    """What came of a job: three members of its /history entry, ready for JSON."""

    outputs: dict[str, Any]
    status: dict[str, Any]
    meta: dict[str, Any]
    timings: dict[str, float] = field(default_factory=dict[str, float])
    """What nodes took, in ms."""

    @classmethod
    def of(cls, outcome: JsonObject) -> Ending:
        """By the worker's account."""
        succeeded = outcome["status"] == "success"
        status = {
            "status_str": "success" if succeeded else "error",
            "completed": succeeded,
            "messages": outcome["messages"],
        }
        return cls(outputs=outcome["outputs"], status=status, meta=outcome["meta"])


class Journal(Database):
    """The journal at `path`. Every method may be awaited from the event loop; raises DatabaseError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "journal", SCHEMA)
        self._fresh = Fresh()

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
        row = (prompt_id, client_id, number, *_columns(body), when, body.owner)

        def write(db: sqlite3.Connection) -> int:
            done = db.execute(
                "INSERT INTO jobs (prompt_id, client_id, number, prompt, extra, targets, checked,"
                " about, document, slot, bytes, accepted, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            db.executemany("DELETE FROM jobs WHERE seq = ? AND ended IS NULL", [(seq,) for seq in instead_of])
            return int(done.lastrowid or 0)

        seq = await self.call(write)
        self._fresh.keep(seq, _graph(body.prompt, body.extra, body.targets))
        return seq

    async def edit(self, seq: int, body: Body) -> None:
        """Give a waiting job another prompt; it stays its owner's."""
        row = (*_columns(body), seq)
        self._fresh.forget(seq)
        await self.call(
            lambda db: _ignore(
                db.execute(
                    "UPDATE jobs SET prompt = ?, extra = ?, targets = ?, checked = ?, about = ?, document = ?,"
                    " slot = ?, bytes = ? WHERE seq = ? AND ended IS NULL",
                    row,
                )
            )
        )

    async def renumber(self, places: Sequence[tuple[float, int | None, int]]) -> None:
        """Give waiting jobs other places in the queue: number, place before all others, seq of each."""
        await self.call(
            lambda db: _ignore(db.executemany("UPDATE jobs SET number = ?, pinned = ? WHERE seq = ?", places))
        )

    async def rename(self, prompt_id: str, name: str, owner: str | None) -> About | None:
        """Give the newest job of this id a name; None where there is none.

        owner: here and below, whose jobs are meant; None: everybody's.
        """
        whose, value = of(owner)

        def write(db: sqlite3.Connection) -> About | None:
            row = db.execute(
                f"SELECT seq, about, prompt, extra FROM jobs WHERE prompt_id = ?{whose} ORDER BY seq DESC LIMIT 1",
                (prompt_id, *value),
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
            columns = "prompt, extra, targets, checked, about, owner"
            row = db.execute(f"SELECT {columns} FROM jobs WHERE seq = ?", (seq,)).fetchone()
            return None if row is None else Body(row[0], row[1], row[2], bool(row[3]), About.read(row[4]), row[5])

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
        """Record what came of job `seq`, and what it and its nodes took; gives its rank among the ended ones.

        An older ended job of the same id and owner gives way to it.
        """
        texts = (_text(ending.outputs), _text(ending.status), _text(ending.meta))
        more = (_text(came_of(ending.outputs, ending.status)), _text(ending.timings))
        size = sum(len(each) for each in (*texts, *more))
        row = (time.time(), *texts, ms, state_of(ending.status), *more, size, seq)

        def write(db: sqlite3.Connection) -> int:
            job = db.execute("SELECT prompt_id, owner FROM jobs WHERE seq = ?", (seq,)).fetchone()
            if job is not None:
                db.execute(
                    "DELETE FROM jobs WHERE ended IS NOT NULL AND prompt_id = ? AND +owner = ? AND seq <> ?",
                    (*job, seq),
                )
                _spend(db, job[1], ms or 0.0)
            found = db.execute("SELECT coalesce(max(ended), 0) + 1 FROM jobs WHERE ended IS NOT NULL").fetchone()
            rank = int(found[0])
            db.execute(
                "UPDATE jobs SET ended = ?, ended_at = ?, outputs = ?, status = ?, meta = ?, ms = ?, state = ?,"
                " came_of = ?, timings = ?, bytes = bytes + ? WHERE seq = ?",
                (rank, *row),
            )
            if paces:
                db.executemany("INSERT OR REPLACE INTO paces VALUES (?, ?, ?, ?, ?, ?)", paces)
                db.execute(
                    "DELETE FROM paces WHERE used < (SELECT used FROM paces ORDER BY used DESC LIMIT 1 OFFSET ?)",
                    (PACES_KEPT,),
                )
            return rank

        return await self.call(write)

    async def spend(self, owner: str, ms: float) -> None:
        """Note what a person's job took that has not ended: its worker died, and it is run once more."""
        await self.call(lambda db: _spend(db, owner, ms))

    async def spent(self) -> list[tuple[str, int, float]]:
        """What each person's jobs took in the last day, by slices of time: rows of `spent`."""
        first = int(now_for_deleting() // SLICE) - 2 * DAY_SLICES
        return await self.call(
            lambda db: db.execute("SELECT owner, slice, ms FROM spent WHERE slice >= ?", (first,)).fetchall()
        )

    async def paces(self) -> list[tuple[Any, ...]]:
        """What nodes took so far: rows of `paces`."""
        return await self.call(lambda db: db.execute("SELECT * FROM paces").fetchall())

    async def remove(self, seqs: list[int]) -> None:
        """Take waiting jobs out. For a while they can be brought back."""
        await self.call(lambda db: take_away(db, "seq = ? AND ended IS NULL", seqs))

    async def taken_out(self, ids: Sequence[str], owner: str | None) -> list[Entry]:
        """Jobs of these ids that were taken out while they waited."""
        whose, value = of(owner)
        where = f" WHERE prompt_id = ? AND ended IS NULL AND removed IS NOT NULL{whose}"
        return await self.call(lambda db: [entry for id in ids for entry in _entries(db, where, (id, *value))])

    async def bring_back(self, seqs: Sequence[int]) -> list[Entry]:
        """Jobs that were taken out while they waited wait again; gives those that were found."""

        def write(db: sqlite3.Connection) -> list[Entry]:
            found: list[Entry] = []
            for seq in seqs:
                where = " WHERE seq = ? AND ended IS NULL AND removed IS NOT NULL"
                found += _entries(db, where, (seq,))
                db.execute(f"UPDATE jobs SET removed = NULL{where}", (seq,))
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

    async def is_open(self, prompt_id: str, owner: str | None) -> bool:
        """Whether a job of this id waits or runs; one that was taken out does neither until it is brought back."""
        whose, value = of(owner)
        query = f"SELECT 1 FROM jobs WHERE prompt_id = ? AND ended IS NULL AND removed IS NULL{whose} LIMIT 1"
        return await self.call(lambda db: db.execute(query, (prompt_id, *value)).fetchone() is not None)

    async def items(self, entries: Sequence[Entry]) -> list[str]:
        """/queue items of these jobs as JSON text: [number, prompt_id, prompt, extra_data, targets]."""
        texts = {entry.seq: text for entry in entries if (text := self._fresh.get(entry.seq)) is not None}
        others = [entry.seq for entry in entries if entry.seq not in texts]

        def read(db: sqlite3.Connection) -> None:
            for at in range(0, len(others), 500):
                some = others[at : at + 500]
                marks = ",".join("?" * len(some))
                for seq, *graph in db.execute(
                    f"SELECT seq, prompt, extra, targets FROM jobs WHERE seq IN ({marks})", some
                ):
                    texts[seq] = _graph(*graph)

        if others:
            await self.call(read)
        # One that was forgotten meanwhile is missing.
        return [_item(one.number, one.prompt_id, texts[one.seq]) for one in entries if one.seq in texts]

    async def history(
        self,
        owner: str | None,
        prompt_id: str | None = None,
        count: int | None = None,
        offset: int | None = None,
    ) -> str:
        """Ended jobs as the JSON text of a /history answer, oldest first.

        `count` alone gives the newest so many; `offset` passes over the oldest so many. At most HISTORY_PAGE.
        """
        limit = HISTORY_PAGE if count is None else max(0, min(count, HISTORY_PAGE))
        columns = "SELECT prompt_id, number, prompt, extra, targets, outputs, status, meta FROM jobs"
        whose, value = all_of(owner) if prompt_id is None else of(owner)
        there = f"ended IS NOT NULL AND removed IS NULL{whose}"

        def read(db: sqlite3.Connection) -> str:
            if prompt_id is not None:
                where = f" WHERE prompt_id = ? AND {there} ORDER BY ended DESC LIMIT 1"
                rows = db.execute(columns + where, (prompt_id, *value)).fetchall()
            else:
                # What is passed over is passed over in an index: the rows hold whole graphs.
                order, past = ("ended DESC", 0) if offset is None or offset < 0 else ("ended", offset)
                chosen = f"SELECT seq FROM jobs WHERE {there} ORDER BY {order} LIMIT ? OFFSET ?"
                rows = db.execute(f"{columns} WHERE seq IN ({chosen}) ORDER BY ended", (*value, limit, past)).fetchall()
            # The columns are JSON already: joining the texts spares parsing what may be megabytes of graphs.
            entries = (
                f'{_text(id)}:{{"prompt":{_item(number, id, _graph(prompt, extra, targets))},'
                f'"outputs":{outputs},"status":{status},"meta":{meta}}}'
                for id, number, prompt, extra, targets, outputs, status, meta in rows
            )
            return "{" + ",".join(entries) + "}"

        return await self.call(read)

    async def forget(self, ids: Sequence[str] | None, owner: str | None) -> dict[str, list[str]]:
        """Delete ended jobs: these ids, or all; gives the ids of those that were, by owner."""

        def write(db: sqlite3.Connection) -> dict[str, list[str]]:
            gone: dict[str, list[str]] = {}
            for row in chosen_ended(db, ids, owner):
                gone.setdefault(row[2], []).append(row[1])
                db.execute("DELETE FROM jobs WHERE seq = ?", (row[0],))
            return gone

        return await self.call(write)


def chosen_ended(
    db: sqlite3.Connection, ids: Sequence[str] | None, owner: str | None, *, removed: bool = True
) -> list[tuple[int, str, str]]:
    """Seq, id and owner of ended jobs: these ids, or all; with or without those that were removed."""
    query = f"SELECT seq, prompt_id, owner FROM jobs WHERE ended IS NOT NULL{'' if removed else ' AND removed IS NULL'}"
    if ids is None:
        whose, value = all_of(owner)
        return db.execute(query + whose, value).fetchall()
    whose, value = of(owner)
    query += f" AND prompt_id = ?{whose}"
    return [row for id in dict.fromkeys(ids) for row in db.execute(query, (id, *value))]


def take_away(db: sqlite3.Connection, where: str, keys: Sequence[int | str]) -> None:
    """Mark jobs, each found by one of the keys, as removed; those that were marked long ago go for good."""
    now = now_for_deleting()
    db.execute("DELETE FROM jobs WHERE removed < ?", (now - REMEMBERED,))
    db.executemany(f"UPDATE jobs SET removed = ? WHERE {where}", [(now, key) for key in keys])


def _entries(db: sqlite3.Connection, where: str, values: Sequence[Any] = ()) -> list[Entry]:
    columns = "seq, prompt_id, client_id, number, attempts, about, accepted, owner, pinned"
    return [
        Entry(seq, id, client_id, number, attempts, About.read(about), accepted, owner, pinned)
        for seq, id, client_id, number, attempts, about, accepted, owner, pinned in db.execute(
            f"SELECT {columns} FROM jobs{where}", values
        )
    ]


def _columns(body: Body) -> tuple[Any, ...]:
    about, said = body.about, body.about.text()
    size = len(body.prompt) + len(body.extra) + len(body.targets) + len(said)
    return body.prompt, body.extra, body.targets, body.checked, said, about.document, about.slot, size


def _spend(db: sqlite3.Connection, owner: str, ms: float) -> None:
    now = int(now_for_deleting() // SLICE)
    db.execute(
        "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT (owner, slice) DO UPDATE SET ms = ms + excluded.ms",
        (owner, now, ms),
    )
    db.execute("DELETE FROM spent WHERE owner = ? AND abs(slice - ?) > ?", (owner, now, 2 * DAY_SLICES))


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _item(number: float, prompt_id: str, graph: str) -> str:
    return f"[{_text(number)},{_text(prompt_id)},{graph}]"


def _graph(prompt: str, extra: str, targets: str) -> str:
    return f"{prompt},{extra},{targets}"


def _ignore(_: object) -> None:
    return None
