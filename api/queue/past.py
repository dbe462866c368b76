"""The history as pages list it: newest first, a page at a time, without the graphs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

from api.queue.journal import Journal, chosen_ended, take_away
from api.queue.summaries import About, came_of
from api.queue.whose import of
from graph.types import JsonObject

AT_ONCE = 200
"""Jobs that are taken out in one transaction."""
MOST = 200
"""Entries of one answer."""
_SHORT = "seq, prompt_id, client_id, ended, accepted, started, ended_at, ms, state, about, came_of, attempts, owner"


class Past:
    """Ended jobs in the journal. owner, wherever it is asked: whose jobs are meant; None: everybody's."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def page(
        self,
        limit: int,
        owner: str | None,
        before: int | None = None,
        document: str | None = None,
        state: str | None = None,
    ) -> JsonObject:
        """`entries`, newest first, and `next`: what to ask for as `before`, None at the end.

        A newer value that took the place of one of its slot is a step on the way, and not listed.
        """
        where = "ended IS NOT NULL AND removed IS NULL AND NOT (slot IS NOT NULL AND state = 'interrupted')"
        values: list[Any] = []
        whose = "owner = ?" if document is None else "+owner = ?"  # a document's jobs are few: its index finds them
        conditions = ((whose, owner), ("ended < ?", before), ("document = ?", document), ("state = ?", state))
        for column, value in conditions:
            if value is not None:
                where += f" AND {column}"
                values.append(value)
        count = max(1, min(limit, MOST))

        def read(db: sqlite3.Connection) -> list[JsonObject]:
            rows = db.execute(
                f"SELECT {_SHORT} FROM jobs WHERE {where} ORDER BY ended DESC LIMIT ?", (*values, count)
            ).fetchall()
            return [_entry(db, row) for row in rows]

        entries = await self._journal.call(read)
        return {"entries": entries, "next": entries[-1]["rank"] if len(entries) == count else None}

    async def entry(self, prompt_id: str, owner: str | None) -> JsonObject | None:
        """One of them, as the list has it."""
        whose, value = of(owner)

        def read(db: sqlite3.Connection) -> JsonObject | None:
            where = f"prompt_id = ? AND ended IS NOT NULL{whose}"
            row = db.execute(
                f"SELECT {_SHORT} FROM jobs WHERE {where} ORDER BY ended DESC LIMIT 1", (prompt_id, *value)
            ).fetchone()
            return None if row is None else _entry(db, row)

        return await self._journal.call(read)

    async def job(self, prompt_id: str, owner: str | None) -> JsonObject | None:
        """What a job ran, runs or will run: `prompt`, `extra`, `targets`, `owner`; the newest of its id."""
        whose, value = of(owner)

        def read(db: sqlite3.Connection) -> JsonObject | None:
            row = db.execute(
                f"SELECT prompt, extra, targets, about, owner FROM jobs WHERE prompt_id = ?{whose}"
                " ORDER BY seq DESC LIMIT 1",
                (prompt_id, *value),
            ).fetchone()
            if row is None:
                return None
            prompt, extra, targets = (json.loads(text) for text in row[:3])
            about = About.of(prompt, extra) if row[3] is None else About.read(row[3])
            return {"prompt": prompt, "extra": extra, "targets": targets, "about": about.to_json(), "owner": row[4]}

        return await self._journal.call(read)

    async def times(self, prompt_id: str, owner: str | None) -> JsonObject:
        """When the newest job of an id was accepted, began and ended, and what came of it; empty for an unknown one."""
        columns = (
            "client_id, accepted, started, ended_at, ms, attempts, state, outputs, came_of, status, removed, timings"
        )

        whose, value = of(owner)

        def read(db: sqlite3.Connection) -> JsonObject:
            query = f"SELECT {columns} FROM jobs WHERE prompt_id = ?{whose} ORDER BY seq DESC LIMIT 1"
            row = db.execute(query, (prompt_id, *value)).fetchone()
            if row is None:
                return {}
            client_id, accepted, started, ended_at, ms, attempts, state, outputs, end, status, removed, timings = row
            outputs = json.loads(outputs or "{}")
            if state is not None and end is None:  # of a journal of version 1
                end = json.dumps(came_of(outputs, json.loads(status)))
            return {
                "state": state or ("removed" if removed else "waiting"),
                "position": None,
                "client_id": client_id,
                "accepted": accepted,
                "started": started,
                "ended": ended_at,
                "ms": ms,
                "attempts": attempts,
                "timings": json.loads(timings or "{}"),
                "progress": None,
                "outputs": outputs,
                "error": json.loads(end)["error"] if end else None,
            }

        return await self._journal.call(read)

    async def outcome(self, prompt_id: str, owner: str | None) -> tuple[JsonObject, JsonObject] | None:
        """Outputs and status of an ended job, also of one that somebody has removed meanwhile."""
        whose, value = of(owner)
        query = f"SELECT outputs, status FROM jobs WHERE prompt_id = ? AND ended IS NOT NULL{whose} ORDER BY ended DESC"
        row = await self._journal.call(lambda db: db.execute(f"{query} LIMIT 1", (prompt_id, *value)).fetchone())
        return None if row is None else (json.loads(row[0]), json.loads(row[1]))

    async def remove(self, ids: Sequence[str] | None, owner: str | None) -> dict[str, list[str]]:
        """Take these out of the history, or all; gives the ids, by owner. For a while they can be brought back."""
        chosen = await self._journal.call(lambda db: chosen_ended(db, ids, owner, removed=False))
        gone: dict[str, list[str]] = {}
        for at in range(0, len(chosen), AT_ONCE):
            # Not all in one go: who queues a job meanwhile waits for one part of many.
            some = chosen[at : at + AT_ONCE]
            await self._journal.call(partial(take_away, where="seq = ?", keys=[seq for seq, _, _ in some]))
            for _, id, person in some:
                gone.setdefault(person, []).append(id)
        return gone

    async def restore(self, ids: Sequence[str], owner: str | None) -> dict[str, list[str]]:
        """Bring removed ones back; gives the ids, by owner."""

        def write(db: sqlite3.Connection) -> dict[str, list[str]]:
            back: dict[str, list[str]] = {}
            for seq, id, person in chosen_ended(db, ids, owner):
                db.execute("UPDATE jobs SET removed = NULL WHERE seq = ?", (seq,))
                back.setdefault(person, []).append(id)
            return back

        return await self._journal.call(write)


def _entry(db: sqlite3.Connection, row: Sequence[Any]) -> JsonObject:
    seq, id, client_id, rank, accepted, started, ended_at, ms, state, about, end, attempts, owner = row
    if about is None or end is None:  # of a journal of version 1: read once
        prompt, extra, outputs, status = (
            json.loads(text or "{}")
            for text in db.execute("SELECT prompt, extra, outputs, status FROM jobs WHERE seq = ?", (seq,)).fetchone()
        )
        about = about or About.of(prompt, extra).text()
        end = end or json.dumps(came_of(outputs, status), separators=(",", ":"))
        db.execute("UPDATE jobs SET about = ?, came_of = ? WHERE seq = ?", (about, end, seq))
    return {
        "prompt_id": id,
        "client_id": client_id,
        "owner": owner,
        "rank": rank,
        "accepted": accepted,
        "started": started,
        "ended": ended_at,
        "ms": ms,
        "state": state,
        "attempts": attempts,
        **About.read(about).to_json(),
        **json.loads(end),
    }
