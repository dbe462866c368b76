"""Documents and their versions, in SQLite: every graph that the page has open, as often as it was sent here.

What was taken is on the disk before `add` returns. Old versions are thinned; those with a label and each document's
newest ones stay.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from api.clock import now_for_deleting
from api.database import Database
from api.documents.thinning import MINUTE, to_drop

MOST_VERSIONS = 500
"""Of one document; the oldest without a label go first."""
MOST_BYTES = 4 * 2**30
"""Of all versions, as they lie in the file; the oldest without a label go first."""
ALWAYS_KEPT = 20
"""The newest so many of a document stay, whatever the clock says of their age."""
THINNED_FROM = 30
"""Versions: a document with fewer is not looked at."""
DELETED_KEPT = 30 * 24 * 60 * MINUTE

_TABLES = (
    """
CREATE TABLE documents (
    id TEXT PRIMARY KEY,         -- made by the page
    owner TEXT NOT NULL,
    name TEXT,                   -- NULL: untitled
    stored TEXT,                 -- the saved file under workflows/, without .json; NULL: in no file
    created REAL NOT NULL,       -- seconds since 1970
    changed REAL NOT NULL,
    deleted REAL,                -- NULL: it is there
    origin TEXT,                 -- the version of another that it began as, as ID:NUMBER
    rank INTEGER NOT NULL,       -- rises with every change of any document: clocks may go back
    newest INTEGER NOT NULL      -- number of the newest version
)
""",
    "CREATE UNIQUE INDEX documents_by_rank ON documents (rank)",
    "CREATE INDEX documents_by_file ON documents (stored) WHERE stored IS NOT NULL",
    """
CREATE TABLE versions (
    document TEXT NOT NULL REFERENCES documents (id),
    number INTEGER NOT NULL,     -- from 1, by one
    time REAL NOT NULL,          -- later than that of the version before, whatever the clock says
    label TEXT,                  -- a person's name for it: then it stays
    reason TEXT NOT NULL,        -- autosave, save, restore, conflict, ...
    writer TEXT,                 -- the page that sent it
    hash TEXT NOT NULL,          -- SHA-256 of the JSON text
    size INTEGER NOT NULL,       -- bytes of the JSON text
    nodes INTEGER NOT NULL,      -- how many, subgraphs' inside too
    bytes INTEGER NOT NULL,      -- as it lies here, with its picture
    pictured INTEGER NOT NULL,   -- whether it has a thumbnail
    PRIMARY KEY (document, number)
) WITHOUT ROWID
""",
    "CREATE INDEX versions_by_time ON versions (time) WHERE label IS NULL",
    # Beside the table that is listed and thinned, which so stays small.
    """
CREATE TABLE contents (
    document TEXT NOT NULL,
    number INTEGER NOT NULL,
    content BLOB NOT NULL,       -- the JSON text, zlib
    thumbnail BLOB,
    media TEXT,                  -- the thumbnail's media type
    PRIMARY KEY (document, number)
)
""",
    "CREATE TABLE totals (bytes INTEGER NOT NULL)",
    "INSERT INTO totals VALUES (0)",
    "CREATE TRIGGER version_comes AFTER INSERT ON versions BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END",
    """
CREATE TRIGGER version_goes AFTER DELETE ON versions BEGIN
    UPDATE totals SET bytes = bytes - OLD.bytes;
    DELETE FROM contents WHERE document = OLD.document AND number = OLD.number;
END
""",
)

_LISTED = """
SELECT d.id, d.name, d.stored, d.created, d.changed, d.deleted, d.origin, d.newest, d.rank, v.time, v.nodes,
    (SELECT max(number) FROM versions WHERE document = d.id AND pictured),
    (SELECT count(*) FROM versions WHERE document = d.id)
FROM documents d JOIN versions v ON v.document = d.id AND v.number = d.newest
"""
_VERSION = "SELECT number, time, label, reason, size, nodes, pictured, hash FROM versions"


@dataclass(frozen=True)
class Content:
    """A graph as it is kept. `of` does what takes time, so it is called beside the event loop."""

    packed: bytes
    hash: str
    size: int
    nodes: int

    @classmethod
    def of(cls, workflow: dict[str, Any]) -> Content:
        text = json.dumps(workflow, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(zlib.compress(text), hashlib.sha256(text).hexdigest(), len(text), count_nodes(workflow))


@dataclass(frozen=True)
class Thumbnail:
    data: bytes
    media: str


@dataclass(frozen=True)
class Sent:
    """A version as the page sends it.

    base: the number of the version that it was made from; None where the page knows of none.
    writer: names the page. What one page sends never conflicts with what it sent before, though an answer was lost.
    """

    name: str | None
    stored: str | None
    content: Content
    base: int | None
    writer: str | None = None
    label: str | None = None
    reason: str = "autosave"
    thumbnail: Thumbnail | None = None
    origin: str | None = None


@dataclass(frozen=True)
class Taken:
    """The newest version, and whether it is what was sent. `conflict`: nothing was written."""

    version: int
    time: float
    name: str | None
    conflict: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"version": self.version, "time": self.time, "name": self.name}


class DocumentStore(Database):
    """The file at `path`. Methods may be awaited from the event loop; they raise DatabaseError.

    Where a document or version is not there, or is somebody else's, they give None or False.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "store of documents", (_TABLES,))

    async def add(self, owner: str, id: str, sent: Sent, now: float | None = None) -> Taken | None:
        """Take a version; one that equals the newest adds none. None where the document is another's."""
        when, aged = (time.time(), now_for_deleting()) if now is None else (now, now)
        return await self.call(lambda db: _add(db, owner, id, sent, when, aged))

    async def documents(
        self, owner: str, *, before: int | None, limit: int, stored: str | None = None, deleted: bool = False
    ) -> list[dict[str, Any]]:
        """Newest first, from below rank `before`."""
        where = ["d.owner = ?", f"d.deleted IS {'NOT ' if deleted else ''}NULL"]
        values: list[Any] = [owner]
        if before is not None:
            where.append("d.rank < ?")
            values.append(before)
        if stored is not None:
            where.append("d.stored = ?")
            values.append(stored)
        query = f"{_LISTED} WHERE {' AND '.join(where)} ORDER BY d.rank DESC LIMIT ?"
        return await self.call(lambda db: [_document(row) for row in db.execute(query, (*values, limit))])

    async def document(self, owner: str, id: str) -> dict[str, Any] | None:
        def read(db: sqlite3.Connection) -> dict[str, Any] | None:
            row = db.execute(f"{_LISTED} WHERE d.owner = ? AND d.id = ?", (owner, id)).fetchone()
            return None if row is None else _document(row)

        return await self.call(read)

    async def versions(self, owner: str, id: str, *, before: int | None, limit: int) -> list[dict[str, Any]] | None:
        """Newest first, from below number `before`."""

        def read(db: sqlite3.Connection) -> list[dict[str, Any]] | None:
            if not _owns(db, owner, id):
                return None
            rows = db.execute(
                f"{_VERSION} WHERE document = ? AND number < ? ORDER BY number DESC LIMIT ?",
                (id, 2**62 if before is None else before, limit),
            )
            return [_version(row) for row in rows]

        return await self.call(read)

    async def content(self, owner: str, id: str, number: int | None) -> tuple[dict[str, Any], bytes] | None:
        """What is said of a version, and its JSON text, packed. No number: the newest."""

        def read(db: sqlite3.Connection) -> tuple[dict[str, Any], bytes] | None:
            if not _owns(db, owner, id):
                return None
            row = db.execute(
                f"{_VERSION} WHERE document = ?1"
                " AND number = coalesce(?2, (SELECT newest FROM documents WHERE id = ?1))",
                (id, number),
            ).fetchone()
            if row is None:
                return None
            at = (id, row[0])
            packed = db.execute("SELECT content FROM contents WHERE document = ? AND number = ?", at).fetchone()
            return _version(row), packed[0]

        return await self.call(read)

    async def thumbnail(self, owner: str, id: str, number: int) -> Thumbnail | None:
        def read(db: sqlite3.Connection) -> Thumbnail | None:
            row = db.execute(
                "SELECT thumbnail, media FROM contents WHERE document = ? AND number = ? AND thumbnail IS NOT NULL",
                (id, number),
            ).fetchone()
            return Thumbnail(*row) if row is not None and _owns(db, owner, id) else None

        return await self.call(read)

    async def label(self, owner: str, id: str, number: int, label: str | None) -> bool:
        """Give a version a person's name, or take that away."""

        def write(db: sqlite3.Connection) -> bool:
            if not _owns(db, owner, id):
                return False
            done = db.execute("UPDATE versions SET label = ? WHERE document = ? AND number = ?", (label, id, number))
            return done.rowcount > 0

        return await self.call(write)

    async def rename(self, owner: str, id: str, changes: dict[str, str | None]) -> bool:
        """Another `name`, another `stored`."""

        def write(db: sqlite3.Connection) -> bool:
            if not _owns(db, owner, id):
                return False
            for column in ("name", "stored"):
                if column in changes:
                    db.execute(f"UPDATE documents SET {column} = ? WHERE id = ?", (changes[column], id))
            return True

        return await self.call(write)

    async def delete(self, owner: str, id: str, now: float | None = None) -> bool:
        """Put a document among the deleted; those that have been there for long go for good."""
        when, aged = (time.time(), now_for_deleting()) if now is None else (now, now)

        def write(db: sqlite3.Connection) -> bool:
            old = [row[0] for row in db.execute("SELECT id FROM documents WHERE deleted < ?", (aged - DELETED_KEPT,))]
            for gone in old:
                db.execute("DELETE FROM versions WHERE document = ?", (gone,))
                db.execute("DELETE FROM documents WHERE id = ?", (gone,))
            done = db.execute(
                "UPDATE documents SET deleted = ? WHERE id = ? AND owner = ? AND deleted IS NULL", (when, id, owner)
            )
            return done.rowcount > 0

        return await self.call(write)

    async def bring_back(self, owner: str, id: str) -> bool:
        """Undo `delete`."""

        def write(db: sqlite3.Connection) -> bool:
            done = db.execute("UPDATE documents SET deleted = NULL WHERE id = ? AND owner = ?", (id, owner))
            return done.rowcount > 0

        return await self.call(write)


def _add(db: sqlite3.Connection, owner: str, id: str, sent: Sent, now: float, aged: float) -> Taken | None:
    """aged: the time by which old versions are thinned."""
    known = db.execute("SELECT owner, newest FROM documents WHERE id = ?", (id,)).fetchone()
    if known is not None and known[0] != owner:
        return None
    newest = 0 if known is None else int(known[1])
    rank = int(db.execute("SELECT coalesce(max(rank), 0) + 1 FROM documents").fetchone()[0])
    when = now
    if newest:
        last = db.execute(
            "SELECT v.time, v.hash, d.name FROM versions v JOIN documents d ON d.id = v.document"
            " WHERE v.document = ? AND v.number = ?",
            (id, newest),
        ).fetchone()
        if last[1] == sent.content.hash:
            return _same(db, id, sent, rank, Taken(newest, last[0], sent.name))
        if sent.base != newest and not _only_by(db, id, sent):
            return Taken(newest, last[0], last[2], conflict=True)
        when = max(now, last[0] + 0.001)
    if known is None:
        db.execute(
            "INSERT INTO documents (id, owner, created, changed, origin, rank, newest) VALUES (?, ?, ?, ?, ?, ?, 0)",
            (id, owner, when, when, sent.origin, rank),
        )
    _insert(db, id, newest + 1, when, sent)
    db.execute(
        "UPDATE documents SET name = ?, stored = ?, changed = ?, deleted = NULL, rank = ?, newest = ? WHERE id = ?",
        (sent.name, sent.stored, when, rank, newest + 1, id),
    )
    _thin(db, id, aged)
    return Taken(newest + 1, when, sent.name)


def _same(db: sqlite3.Connection, id: str, sent: Sent, rank: int, taken: Taken) -> Taken:
    """The newest version already holds what was sent; what is said of it may be new."""
    db.execute("UPDATE documents SET name = ?, stored = ?, deleted = NULL WHERE id = ?", (sent.name, sent.stored, id))
    if sent.label is not None:
        db.execute(
            "UPDATE versions SET label = ?, reason = ? WHERE document = ? AND number = ?",
            (sent.label, sent.reason, id, taken.version),
        )
    if sent.reason != "autosave":
        db.execute("UPDATE documents SET rank = ? WHERE id = ?", (rank, id))
        db.execute("UPDATE versions SET reason = ? WHERE document = ? AND number = ?", (sent.reason, id, taken.version))
    return taken


def _only_by(db: sqlite3.Connection, id: str, sent: Sent) -> bool:
    """Whether all versions after the base came from the page that sends: an answer to it was lost."""
    if sent.writer is None:
        return False
    others = db.execute(
        "SELECT 1 FROM versions WHERE document = ? AND number > ? AND writer IS NOT ? LIMIT 1",
        (id, sent.base or 0, sent.writer),
    )
    return others.fetchone() is None


def _insert(db: sqlite3.Connection, id: str, number: int, when: float, sent: Sent) -> None:
    content, picture = sent.content, sent.thumbnail
    size = len(content.packed) + (0 if picture is None else len(picture.data))
    db.execute(
        "INSERT INTO versions (document, number, time, label, reason, writer, hash, size, nodes, bytes, pictured)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(id, number, when, sent.label, sent.reason, sent.writer),
            *(content.hash, content.size, content.nodes, size, picture is not None),
        ),
    )
    db.execute(
        "INSERT INTO contents (document, number, content, thumbnail, media) VALUES (?, ?, ?, ?, ?)",
        (id, number, content.packed, picture and picture.data, picture and picture.media),
    )


def _thin(db: sqlite3.Connection, id: str, now: float) -> None:
    rows = db.execute(
        "SELECT number, time, label IS NOT NULL FROM versions WHERE document = ? ORDER BY number DESC", (id,)
    ).fetchall()
    if len(rows) >= THINNED_FROM:
        dropped = to_drop([(row[0], row[1], bool(row[2])) for row in rows], now, ALWAYS_KEPT, MOST_VERSIONS)
        db.executemany("DELETE FROM versions WHERE document = ? AND number = ?", [(id, number) for number in dropped])
    while int(db.execute("SELECT bytes FROM totals").fetchone()[0]) > MOST_BYTES:
        oldest = db.execute(
            "SELECT v.document, v.number FROM versions v JOIN documents d ON d.id = v.document"
            " WHERE v.label IS NULL AND v.number < d.newest ORDER BY v.time LIMIT 100"
        ).fetchall()
        if not oldest:
            return
        db.executemany("DELETE FROM versions WHERE document = ? AND number = ?", oldest)


def _owns(db: sqlite3.Connection, owner: str, id: str) -> bool:
    return db.execute("SELECT 1 FROM documents WHERE id = ? AND owner = ?", (id, owner)).fetchone() is not None


def _document(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("id", "name", "stored", "created", "changed", "deleted", "origin", "version", "rank")
    return dict(zip((*names, "time", "nodes", "thumbnail", "versions"), row, strict=True))


def _version(row: tuple[Any, ...]) -> dict[str, Any]:
    number, when, label, reason, size, nodes, pictured, digest = row
    said = {"version": number, "time": when, "label": label, "reason": reason, "size": size, "nodes": nodes}
    return {**said, "thumbnail": bool(pictured), "hash": digest}


def count_nodes(workflow: dict[str, Any]) -> int:
    """How many nodes a file of the page's holds, those inside subgraphs once."""
    inner = _list(_object(workflow.get("definitions")).get("subgraphs"))
    return sum(len(_list(_object(graph).get("nodes"))) for graph in (workflow, *inner))


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
