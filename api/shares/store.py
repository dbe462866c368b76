"""Shared links and what guests made of them, in SQLite. Tokens are kept as their hashes only."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.database import Database
from graph.types import JsonObject

HOUR = 3600.0
PARSED = 32
"""Links whose prompt is kept in memory."""
RUNS_SHOWN = 200
"""The newest so many, to a guest of one's own and to the owner of all."""

_SHARES = (
    """
CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,   -- of the token
    name TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL,                  -- seconds since 1970; NULL: never
    revoked REAL,
    most_runs INTEGER,             -- in all; NULL: no limit
    per_hour INTEGER NOT NULL,
    most_waiting INTEGER NOT NULL,
    tells_graph INTEGER NOT NULL,  -- files that guests get keep the graph that made them
    prompt TEXT NOT NULL,          -- JSON, as it was when it was shared
    form TEXT NOT NULL,            -- JSON, as the owner made it
    used INTEGER NOT NULL DEFAULT 0
)
""",
    """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    share TEXT NOT NULL,
    guest TEXT NOT NULL,           -- hash of what the guest's browser keeps
    prompt_id TEXT NOT NULL,
    created REAL NOT NULL,
    given TEXT NOT NULL,           -- JSON, the guest's values
    state TEXT,                    -- NULL: waits or runs; done, failed, stopped
    ended REAL,
    results TEXT                   -- JSON, list of files and texts
)
""",
    "CREATE INDEX runs_of_share ON runs (share, created)",
    """
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    share TEXT NOT NULL,
    guest TEXT NOT NULL,
    name TEXT NOT NULL,            -- in the input folder
    created REAL NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
)
""",
    "CREATE INDEX uploads_of_share ON uploads (share, created)",
)


@dataclass(frozen=True)
class Limits:
    """What a link may be used for."""

    expires: float | None
    most_runs: int | None
    per_hour: int
    most_waiting: int


@dataclass(frozen=True)
class Share:
    """One link."""

    id: str
    owner: str
    name: str
    created: float
    revoked: float | None
    limits: Limits
    tells_graph: bool
    prompt: JsonObject
    form: JsonObject
    used: int

    def to_json(self) -> JsonObject:
        """As its owner sees it in the list."""
        return {
            "id": self.id,
            "owner": self.owner,
            "name": self.name,
            "created": self.created,
            "revoked": self.revoked,
            **vars(self.limits),
            "tells_graph": self.tells_graph,
            "title": self.form.get("title", ""),
            "used": self.used,
        }


@dataclass(frozen=True)
class Run:
    """One run of a guest's."""

    id: str
    share: str
    guest: str
    prompt_id: str
    created: float
    given: JsonObject
    state: str | None
    ended: float | None
    results: list[JsonObject]


class Spent(Exception):
    """A limit is reached. `retry`: in so many seconds there is room again; None: never, in this link."""

    def __init__(self, kind: str, retry: float | None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.retry = retry


def digest(secret: str) -> bytes:
    """How tokens and guests' keys are kept: 256 random bits need no slow hash."""
    return hashlib.sha256(b"easel share " + secret.encode("utf-8", "surrogatepass")).digest()


class ShareStore(Database):
    """The file at `path`. Every method may be awaited; raises DatabaseError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "list of shared links", (_SHARES,))
        self._parsed: dict[str, tuple[JsonObject, JsonObject]] = {}

    async def add(
        self, owner: str, name: str, limits: Limits, tells_graph: bool, prompt: JsonObject, form: JsonObject, now: float
    ) -> tuple[str, str]:
        """Make a link; gives its id and its token, which is nowhere kept."""
        id, token = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = (id, owner, digest(token), name, now, *_columns(limits), tells_graph, _text(prompt), _text(form))
        await self.call(
            lambda db: (
                db.execute(
                    "INSERT INTO shares (id, owner, digest, name, created, expires, most_runs, per_hour, most_waiting,"
                    " tells_graph, prompt, form) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                ).rowcount
            )
        )
        return id, token

    async def by_token(self, token: str) -> Share | None:
        return await self._one("digest = ?", digest(token))

    async def by_id(self, owner: str | None, id: str) -> Share | None:
        """One of this owner's; None: of anybody's."""
        return await self._one("(? IS NULL OR owner = ?) AND id = ?", owner, owner, id)

    async def all(self, owner: str | None) -> list[Share]:
        """This owner's, or everybody's, the newest first."""

        def read(db: sqlite3.Connection) -> list[Share]:
            where = "? IS NULL OR owner = ?"
            rows = db.execute(f"SELECT {_SHARE} FROM shares WHERE {where} ORDER BY created DESC, id", (owner, owner))
            return [self._share(row) for row in rows]

        return await self.call(read)

    async def with_open_runs(self) -> list[Share]:
        """Links with runs whose outcome is not known yet."""

        def read(db: sqlite3.Connection) -> list[Share]:
            found = db.execute(f"SELECT {_SHARE} FROM shares WHERE id IN (SELECT share FROM runs WHERE state IS NULL)")
            return [self._share(row) for row in found]

        return await self.call(read)

    async def change(self, id: str, name: str, limits: Limits, revoked: float | None) -> None:
        row = (name, *_columns(limits), revoked, id)
        await self.call(
            lambda db: (
                db.execute(
                    "UPDATE shares SET name = ?, expires = ?, most_runs = ?, per_hour = ?, most_waiting = ?,"
                    " revoked = ? WHERE id = ?",
                    row,
                ).rowcount
            )
        )

    async def remove(self, id: str) -> list[str]:
        """Forget a link and its runs; gives the names of files that its guests sent."""

        def write(db: sqlite3.Connection) -> list[str]:
            names = [str(row[0]) for row in db.execute("SELECT name FROM uploads WHERE share = ?", (id,))]
            for table, column in (("uploads", "share"), ("runs", "share"), ("shares", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))
            return names

        return await self.call(write)

    # Runs

    async def reserve(self, share: Share, guest: str, prompt_id: str, given: JsonObject, now: float) -> str:
        """Take one of the runs that are left, all limits looked at in the same transaction. Raises Spent."""
        id = secrets.token_urlsafe(16)

        def write(db: sqlite3.Connection) -> str | Spent:
            row = db.execute(
                "SELECT most_runs, used, per_hour, revoked, expires FROM shares WHERE id = ?", (share.id,)
            ).fetchone()
            if row is None or row[3] is not None or (row[4] is not None and row[4] <= now):
                return Spent("ended", None)
            if row[0] is not None and row[1] >= row[0]:
                return Spent("used_up", None)
            # A clock that went back leaves runs in the future: they count too.
            recent = [
                float(r[0])
                for r in db.execute(
                    "SELECT created FROM runs WHERE share = ? AND created > ? ORDER BY created DESC LIMIT ?",
                    (share.id, now - HOUR, row[2]),
                )
            ]
            if len(recent) >= row[2]:
                return Spent("per_hour", min(HOUR, max(1.0, recent[-1] + HOUR - now)))
            db.execute("UPDATE shares SET used = used + 1 WHERE id = ?", (share.id,))
            db.execute(
                "INSERT INTO runs (id, share, guest, prompt_id, created, given) VALUES (?, ?, ?, ?, ?, ?)",
                (id, share.id, guest, prompt_id, now, _text(given)),
            )
            return id

        found = await self.call(write)
        if isinstance(found, Spent):
            raise found
        return found

    async def give_back(self, run: str) -> None:
        """The run did not come about: it counts for nothing."""

        def write(db: sqlite3.Connection) -> None:
            db.execute("UPDATE shares SET used = used - 1 WHERE id = (SELECT share FROM runs WHERE id = ?)", (run,))
            db.execute("DELETE FROM runs WHERE id = ?", (run,))

        await self.call(write)

    async def settle(self, run: str, state: str, results: list[JsonObject], now: float) -> None:
        await self.call(
            lambda db: (
                db.execute(
                    "UPDATE runs SET state = ?, results = ?, ended = ? WHERE id = ? AND state IS NULL",
                    (state, _text(results), now, run),
                ).rowcount
            )
        )

    async def runs(self, share: str, guest: str | None = None) -> list[Run]:
        """The newest first: a guest's own, or all of the link's."""
        return await self._runs(
            "share = ? AND (? IS NULL OR guest = ?) ORDER BY created DESC, rowid DESC LIMIT ?",
            (share, guest, guest, RUNS_SHOWN),
        )

    async def open_runs(self, share: str) -> list[Run]:
        """Runs whose outcome is not known yet."""
        return await self._runs("share = ? AND state IS NULL ORDER BY created", (share,))

    async def run(self, share: str, id: str, guest: str | None) -> Run | None:
        """A run of this link's, and of this guest's where one is named."""
        found = await self._runs("id = ? AND share = ? AND (? IS NULL OR guest = ?)", (id, share, guest, guest))
        return found[0] if found else None

    # Uploads

    async def add_upload(self, id: str, share: Share, guest: str, name: str, now: float) -> None:
        row = (id, share.id, guest, name, now)
        await self.call(
            lambda db: (
                db.execute("INSERT INTO uploads (id, share, guest, name, created) VALUES (?, ?, ?, ?, ?)", row).rowcount
            )
        )

    async def recent_uploads(self, share: str, now: float) -> int:
        """How many pictures were sent through this link in the last hour."""
        return await self.call(
            lambda db: int(
                db.execute(
                    "SELECT count(*) FROM uploads WHERE share = ? AND created > ?", (share, now - HOUR)
                ).fetchone()[0]
            )
        )

    async def upload(self, share: str, guest: str, id: str) -> str | None:
        """The name of a picture that this guest sent; it is in use from now on."""

        def write(db: sqlite3.Connection) -> str | None:
            found = (id, share, guest)
            row = db.execute("SELECT name FROM uploads WHERE id = ? AND share = ? AND guest = ?", found).fetchone()
            if row is None:
                return None
            db.execute("UPDATE uploads SET used = 1 WHERE id = ?", (id,))
            return str(row[0])

        return await self.call(write)

    async def forget_unused(self, before: float) -> list[tuple[str, str]]:
        """Forget pictures that no run asked for; gives for each the link's owner and its name."""

        def write(db: sqlite3.Connection) -> list[tuple[str, str]]:
            found = db.execute(
                "SELECT owner, uploads.name FROM uploads JOIN shares ON shares.id = share"
                " WHERE uploads.used = 0 AND uploads.created < ?",
                (before,),
            ).fetchall()
            db.execute("DELETE FROM uploads WHERE used = 0 AND created < ?", (before,))
            return [(str(owner), str(name)) for owner, name in found]

        return await self.call(write)

    async def _one(self, where: str, *values: Any) -> Share | None:
        def read(db: sqlite3.Connection) -> Share | None:
            row = db.execute(f"SELECT {_SHARE} FROM shares WHERE {where}", values).fetchone()
            return None if row is None else self._share(row)

        return await self.call(read)

    def _share(self, row: Any) -> Share:
        """Only in the thread of the file. A prompt may be megabytes, and never changes: it is parsed once."""
        id, owner, name, created, revoked, expires, most_runs, per_hour, most_waiting, tells_graph = row[:10]
        prompt, form = parsed = self._parsed.pop(id, None) or (json.loads(row[10]), json.loads(row[11]))
        self._parsed[id] = parsed
        while len(self._parsed) > PARSED:
            del self._parsed[next(iter(self._parsed))]
        limits = Limits(expires, most_runs, per_hour, most_waiting)
        return Share(id, owner, name, created, revoked, limits, bool(tells_graph), prompt, form, row[12])

    async def _runs(self, where: str, values: tuple[Any, ...]) -> list[Run]:
        def read(db: sqlite3.Connection) -> list[Run]:
            return [_run(row) for row in db.execute(f"SELECT {_RUN} FROM runs WHERE {where}", values)]

        return await self.call(read)


_SHARE = (
    "id, owner, name, created, revoked, expires, most_runs, per_hour, most_waiting, tells_graph, prompt, form, used"
)
_RUN = "id, share, guest, prompt_id, created, given, state, ended, results"


def _run(row: Any) -> Run:
    id, share, guest, prompt_id, created, given, state, ended, results = row
    listed: list[JsonObject] = json.loads(results) if results else []
    return Run(id, share, guest, prompt_id, created, json.loads(given), state, ended, listed)


def _columns(limits: Limits) -> tuple[float | None, int | None, int, int]:
    return limits.expires, limits.most_runs, limits.per_hour, limits.most_waiting


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
