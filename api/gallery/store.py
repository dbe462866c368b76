"""The gallery's index on the disk: which files there are, what they say of themselves, what a person said of them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.clock import now_for_deleting
from api.database import Database
from api.gallery.facts import write_facts
from api.gallery.schema import GONE, HERE, SCHEMA, TRASHED, owner_of
from api.gallery.search import Question, search
from graph.types import JsonObject

KEPT = 30 * 24 * 3600
"""Seconds that the trash keeps a file, and that what is known of a file outlives it."""
MOST_MODELS = 5000
_TILE = (
    "id, kind, folder, name, media, time, size, width, height, rating, favourite, graph, since, mtime,"
    " (SELECT problem FROM facts WHERE file = id)"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as its folder has it."""

    kind: str
    folder: str
    name: str
    media: str
    mtime: int
    size: int


@dataclass(frozen=True, slots=True)
class Known:
    """A file as the index has it."""

    id: int
    kind: str
    folder: str
    name: str
    mtime: int
    size: int
    width: int = 0
    height: int = 0


class GalleryStore(Database):
    """The index at `path`. Every method may be awaited from the event loop; raises DatabaseError."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "gallery's index", SCHEMA)
        self.moving: set[int] = set()
        """Files that are on their way to the trash: not where they were, and not lost."""
        self.back: set[int] = set()
        """Files that came out of the trash since this was last emptied: a look that passed their folder missed them."""

    # What the scan does

    async def last_id(self) -> int:
        """Of all files that were ever entered."""
        return await self.call(lambda db: int(db.execute("SELECT coalesce(max(id), 0) FROM files").fetchone()[0]))

    async def known_among(self, files: Sequence[Seen]) -> dict[tuple[str, str], tuple[int, int, int]]:
        """By folder and name, what is known of those that are: id, mtime, size."""

        def read(db: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int, int]]:
            found: dict[tuple[str, str], tuple[int, int, int]] = {}
            by_folder: dict[tuple[str, str], list[str]] = {}
            for file in files:
                by_folder.setdefault((file.kind, file.folder), []).append(file.name)
            for (kind, folder), names in by_folder.items():
                marks = ",".join("?" * len(names))
                statement = (
                    "SELECT name, id, mtime, size FROM files INDEXED BY files_here"
                    f" WHERE state = {HERE} AND kind = ? AND folder = ? AND name IN ({marks})"
                )
                for name, *rest in db.execute(statement, (kind, folder, *names)):
                    found[folder, name] = (rest[0], rest[1], rest[2])
            return found

        return await self.call(read)

    async def here_after(self, kind: str, id: int, last: int, most: int) -> list[tuple[int, str]]:
        """The next files of a kind that are thought to be here, by id, up to `last`: id and folder."""
        return await self.call(
            lambda db: db.execute(
                "SELECT id, folder FROM files NOT INDEXED"
                " WHERE id > ? AND id <= ? AND state = ? AND kind = ? ORDER BY id LIMIT ?",
                (id, last, HERE, kind, most),
            ).fetchall()
        )

    async def take(self, seen: Sequence[Seen]) -> list[int]:
        """Write down files that are new or have changed; one that was lost and is found keeps what was said of it."""

        def write(db: sqlite3.Connection) -> list[int]:
            return [_take(db, file) for file in seen]

        return await self.call(write)

    async def lose(self, ids: Sequence[int]) -> None:
        """These are not where they were. What a person said of them goes over to a file that is the same elsewhere."""

        def write(db: sqlite3.Connection) -> None:
            now = int(time.time())
            for id in (id for id in ids if id not in self.moving):
                statement = "UPDATE files SET state = ?, since = ? WHERE id = ? AND state = ?"
                if db.execute(statement, (GONE, now, id, HERE)).rowcount:
                    _hand_over(db, id)

        await self.call(write)

    async def unread(self, most: int) -> list[Known]:
        """The newest files of which it is not known what they say of themselves."""
        return await self._files(
            f"SELECT {_KNOWN} FROM files INDEXED BY files_unread WHERE read = 0 AND state = 0"
            " ORDER BY time DESC LIMIT ?",
            (most,),
        )

    async def unread_count(self) -> int:
        return await self.call(
            lambda db: int(
                db.execute(
                    "SELECT count(*) FROM files INDEXED BY files_unread WHERE read = 0 AND state = 0"
                ).fetchone()[0]
            )
        )

    async def write_facts(self, found: Sequence[tuple[Known, JsonObject | None, str]]) -> None:
        """What files say of themselves, or why that is not known."""

        def write(db: sqlite3.Connection) -> None:
            for file, described, problem in found:
                write_facts(db, file.id, file.folder, file.name, file.mtime, described, problem)

        await self.call(write)

    async def forget_old(self) -> list[int]:
        """Forget files that are gone for long; returns those that the trash has kept for long enough."""

        def write(db: sqlite3.Connection) -> list[int]:
            before = int(now_for_deleting()) - KEPT
            gone = [row[0] for row in db.execute("SELECT id FROM files WHERE state = ? AND since < ?", (GONE, before))]
            _forget(db, gone)
            return [
                row[0] for row in db.execute("SELECT id FROM files WHERE state = ? AND since < ?", (TRASHED, before))
            ]

        return await self.call(write)

    # What the page asks

    async def search(self, asked: Question) -> str:
        return await self.call(lambda db: search(db, asked))

    async def items(self, ids: Sequence[int], owner: str | None = None) -> list[JsonObject]:
        """What a tile shows, in the order of the ids; those that are not there any more are left out.

        owner: here and below, whose files alone; other people's are as if they were not there.
        """

        def read(db: sqlite3.Connection) -> list[JsonObject]:
            marks = ",".join("?" * len(ids))
            whose, owners = _whose(owner)
            rows = db.execute(
                f"SELECT {_TILE} FROM files WHERE id IN ({marks}) AND state <> {GONE}{whose}", [*ids, *owners]
            )
            found = {row[0]: _tile(row) for row in rows}
            return [found[id] for id in ids if id in found]

        return await self.call(read)

    async def item(self, id: int, owner: str | None = None) -> JsonObject | None:
        """All that is known of a file."""

        def read(db: sqlite3.Connection) -> JsonObject | None:
            whose, owners = _whose(owner)
            row = db.execute(
                f"SELECT {_TILE}, read FROM files WHERE id = ? AND state <> {GONE}{whose}", (id, *owners)
            ).fetchone()
            if row is None:
                return None
            names: dict[str, list[str]] = {"model": [], "lora": [], "tag": []}
            for role, name in db.execute("SELECT role, name FROM names WHERE file = ? ORDER BY name", (id,)):
                names[role].append(name)
            said = db.execute(
                "SELECT positive, negative, seed, sampler, scheduler, steps, cfg, nodes FROM facts WHERE file = ?",
                (id,),
            ).fetchone() or ("", "", "", "", "", None, None, "[]")
            keys = ("positive", "negative", "seed", "sampler", "scheduler", "steps", "cfg")
            facts = dict(zip(keys, said[:-1], strict=True))
            listed = {"models": names["model"], "loras": names["lora"], "tags": names["tag"]}
            return {**_tile(row), **facts, **listed, "nodes": json.loads(said[-1]), "read": bool(row[-1])}

        return await self.call(read)

    async def overview(self, owner: str | None = None) -> JsonObject:
        """What can be filtered by: models, LoRAs, tags and folders with their counts."""

        def read(db: sqlite3.Connection) -> JsonObject:
            whose, owners = _whose(owner)
            named = (
                f"SELECT names.name, count(*) AS n FROM names JOIN files ON files.id = file AND state = 0{whose}"
                " WHERE role = ? GROUP BY names.name ORDER BY n DESC, names.name LIMIT ?"
            )
            roles = {
                role: [list(row) for row in db.execute(named, (*owners, role, MOST_MODELS))]
                for role in ("model", "lora", "tag")
            }
            by = "INDEXED BY files_folder" if owner is None else ""
            folders = db.execute(
                f"SELECT kind, folder, count(*) FROM files {by} WHERE state = 0{whose} GROUP BY kind, folder"
                " ORDER BY folder LIMIT ?",
                (*owners, MOST_MODELS),
            )
            counts = dict(
                db.execute(f"SELECT state, count(*) FROM files WHERE 1{whose} GROUP BY state", owners).fetchall()
            )
            return {
                "models": roles["model"],
                "loras": roles["lora"],
                "tags": roles["tag"],
                "folders": [list(row) for row in folders],
                "files": counts.get(HERE, 0),
                "trashed": counts.get(TRASHED, 0),
            }

        return await self.call(read)

    async def rate(
        self, values: Sequence[tuple[int, int | None, bool | None]], owner: str | None = None
    ) -> list[JsonObject]:
        """Give files stars, or make them favourites; None leaves that as it is. Returns what was before."""

        def write(db: sqlite3.Connection) -> list[JsonObject]:
            before: list[JsonObject] = []
            whose, owners = _whose(owner)
            for id, rating, favourite in values:
                row = db.execute(f"SELECT rating, favourite FROM files WHERE id = ?{whose}", (id, *owners)).fetchone()
                if row is None:
                    continue
                before.append({"id": id, "rating": row[0], "favourite": bool(row[1])})
                db.execute(
                    "UPDATE files SET rating = coalesce(?, rating), favourite = coalesce(?, favourite) WHERE id = ?",
                    (rating, favourite, id),
                )
            return before

        return await self.call(write)

    async def tag(self, ids: Sequence[int], tag: str, on: bool, owner: str | None = None) -> list[int]:
        """Put a tag on files, or take it off; returns those for which that changed something."""

        def write(db: sqlite3.Connection) -> list[int]:
            whose, owners = _whose(owner)
            statement = (
                f"INSERT OR IGNORE INTO names (file, role, name) SELECT id, 'tag', ? FROM files WHERE id = ?{whose}"
                if on
                else "DELETE FROM names WHERE role = 'tag' AND name = ?"
                f" AND file IN (SELECT id FROM files WHERE id = ?{whose})"
            )
            return [id for id in ids if db.execute(statement, (tag, id, *owners)).rowcount]

        return await self.call(write)

    # The trash

    async def files(self, ids: Sequence[int], state: int, owner: str | None = None) -> list[Known]:
        """Where these files are, those of them that are in this state."""
        marks = ",".join("?" * len(ids))
        whose, owners = _whose(owner)
        statement = f"SELECT {_KNOWN} FROM files WHERE state = ? AND id IN ({marks}){whose}"
        return await self._files(statement, (state, *ids, *owners))

    async def all_in_trash(self, owner: str | None = None) -> list[int]:
        whose, owners = _whose(owner)
        statement = f"SELECT id FROM files WHERE state = ?{whose}"
        return await self.call(lambda db: [row[0] for row in db.execute(statement, (TRASHED, *owners))])

    async def bytes_in_trash(self, owner: str) -> int:
        """Of one person's files."""
        statement = "SELECT coalesce(sum(size), 0) FROM files WHERE owner = ? AND state = ?"
        return await self.call(lambda db: int(db.execute(statement, (owner, TRASHED)).fetchone()[0]))

    async def set_trashed(self, ids: Iterable[int]) -> None:
        now = int(time.time())
        rows = [(TRASHED, now, id) for id in ids]
        await self.call(lambda db: _done(db.executemany("UPDATE files SET state = ?, since = ? WHERE id = ?", rows)))

    async def set_restored(self, restored: Sequence[tuple[int, str, int, int]]) -> None:
        """These are back, under such a name, with such a time and size."""

        def write(db: sqlite3.Connection) -> None:
            for id, name, mtime, size in restored:
                kind, folder = db.execute("SELECT kind, folder FROM files WHERE id = ?", (id,)).fetchone()
                # The scan may have seen it before we came to say so.
                same = db.execute(
                    "SELECT id FROM files WHERE state = 0 AND kind = ? AND folder = ? AND name = ?",
                    (kind, folder, name),
                )
                _forget(db, [row[0] for row in same.fetchall()])
                db.execute(
                    "UPDATE files SET state = 0, since = NULL, name = ?, mtime = ?, size = ?, time = ? WHERE id = ?",
                    (name, mtime, size, mtime // 10**9, id),
                )

        self.back.update(id for id, *_ in restored)
        await self.call(write)

    async def forget(self, ids: Sequence[int]) -> None:
        """Nothing is known of these any more."""
        await self.call(lambda db: _forget(db, ids))

    async def _files(self, statement: str, values: Sequence[Any]) -> list[Known]:
        return await self.call(lambda db: [Known(*row) for row in db.execute(statement, values)])


_KNOWN = "id, kind, folder, name, mtime, size, width, height"


def _whose(owner: str | None) -> tuple[str, tuple[str, ...]]:
    """The end of a condition, and its values."""
    return ("", ()) if owner is None else (" AND owner = ?", (owner,))


def _take(db: sqlite3.Connection, file: Seen) -> int:
    values = (file.media, file.mtime, file.size, file.mtime // 10**9)
    place = (file.kind, file.folder, file.name)
    row = db.execute("SELECT id FROM files WHERE state = 0 AND kind = ? AND folder = ? AND name = ?", place).fetchone()
    if row is not None:
        id = int(row[0])
        db.execute("UPDATE files SET media = ?, mtime = ?, size = ?, time = ?, read = 0 WHERE id = ?", (*values, id))
        return id
    owner = owner_of(file.folder)
    lost = _same(db, GONE, file.size, file.mtime, file.name, owner)
    if lost is not None:
        db.execute(
            "UPDATE files SET state = 0, since = NULL, read = 0, kind = ?, folder = ?, name = ?, media = ?"
            " WHERE id = ?",
            (*place, file.media, lost),
        )
        return lost
    done = db.execute(
        "INSERT INTO files (kind, folder, name, media, mtime, size, time, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*place, *values, owner),
    )
    return int(done.lastrowid or 0)


def _same(db: sqlite3.Connection, state: int, size: int, mtime: int, name: str, owner: str) -> int | None:
    """A file that is this one, by size and time; a time in whole seconds says little, then the name must be equal.

    What a person said of a file goes along to their own alone.
    """
    row = db.execute(
        "SELECT id FROM files INDEXED BY files_same WHERE state = ? AND size = ? AND mtime = ?"
        " AND (name = ? OR ? % 1000000000 <> 0) AND owner = ? ORDER BY name = ? DESC LIMIT 1",
        (state, size, mtime, name, mtime, owner, name),
    ).fetchone()
    return None if row is None else int(row[0])


def _hand_over(db: sqlite3.Connection, id: int) -> None:
    """A rated file has moved, and was seen anew before it was missed: the new row gets the stars and tags."""
    size, mtime, name, rating, favourite, owner = db.execute(
        "SELECT size, mtime, name, rating, favourite, owner FROM files WHERE id = ?", (id,)
    ).fetchone()
    tagged = db.execute("SELECT 1 FROM names WHERE file = ? AND role = 'tag'", (id,)).fetchone()
    if not rating and not favourite and not tagged:
        return
    other = _same(db, HERE, size, mtime, name, owner)
    if other is None:
        return
    db.execute(
        "UPDATE files SET rating = max(rating, ?), favourite = max(favourite, ?) WHERE id = ?",
        (rating, favourite, other),
    )
    db.execute("UPDATE OR IGNORE names SET file = ? WHERE file = ? AND role = 'tag'", (other, id))
    _forget(db, [id])


def _forget(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    for id in ids:
        for statement in (
            "DELETE FROM words WHERE rowid = ?",
            "DELETE FROM facts WHERE file = ?",
            "DELETE FROM names WHERE file = ?",
            "DELETE FROM files WHERE id = ?",
        ):
            db.execute(statement, (id,))


def _tile(row: Sequence[Any]) -> JsonObject:
    id, kind, folder, name, media, at, size, width, height, rating, favourite, graph, since, mtime, problem = row[:15]
    return {
        "id": id,
        "type": kind,
        "subfolder": folder,
        "filename": name,
        "media": media,
        "time": at,
        "size": size,
        "width": width,
        "height": height,
        "rating": rating,
        "favourite": bool(favourite),
        "graph": graph,
        "since": since,
        "version": f"{mtime:x}-{size:x}",
        "problem": problem or "",
    }


def _done(_: object) -> None:
    return None
