"""What is known of model files: read by the worker once a file, kept until the file changes; hashes, likewise."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.database import Database, DatabaseError
from api.workers import LocalWorker
from graph.types import JsonObject

log = logging.getLogger("easel")

SCHEMA = (
    (
        "CREATE TABLE files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, kind TEXT NOT NULL, family TEXT NOT NULL,"
        " precision TEXT NOT NULL, facts TEXT NOT NULL)",
        "CREATE TABLE hashes (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, sha256 TEXT NOT NULL)",
    ),
)
TOGETHER = 32
"""Files that are written down at a time."""
TRIES = 3
WAIT = 2.0
"""Seconds until a worker that is not there is asked again."""
CHUNK = 4 << 20


def stamp_of(path: Path) -> str:
    """By which a file is told from its former self. Raises OSError."""
    found = path.stat()
    return f"{found.st_size}:{found.st_mtime_ns}"


@dataclass(frozen=True)
class Brief:
    """What the list of models shows of a file."""

    stamp: str
    kind: str
    family: str
    precision: str


@dataclass
class Hashing:
    """A file whose hash is being worked out."""

    path: Path
    size: int
    done: int = 0


class ModelFacts:
    """What the worker read of model files, in a file of its own.

    known: by path, what is kept of each, for lists; whoever uses it compares the stamp.
    """

    def __init__(self, path: Path, worker: LocalWorker) -> None:
        self._path = path
        self._worker = worker
        self._db: Database | None = None
        self._opening = asyncio.Lock()
        self._opened = False
        self.known: dict[str, Brief] = {}
        self._waiting: dict[Path, str] = {}
        """Files that nobody has read yet, with their stamps, in the order in which they are."""
        self._task: asyncio.Task[None] | None = None
        self._hashing: dict[Path, tuple[Hashing, asyncio.Task[str]]] = {}
        self._one_hash = asyncio.Lock()

    async def open(self) -> None:
        """Open the file when a person first looks at models: the start of the server waits for nothing of it.

        Where it cannot be opened, all is read anew and kept as long as the server runs.
        """
        async with self._opening:
            if self._opened:
                return
            self._opened = True
            db = Database(self._path, "list of models", SCHEMA)
            try:
                await asyncio.to_thread(db.open)
                rows = await db.call(
                    lambda db: db.execute("SELECT path, stamp, kind, family, precision FROM files").fetchall()
                )
            except DatabaseError as error:
                log.warning("what model files say will not be kept: %s", error)
                return
            self.known = {path: Brief(*rest) for path, *rest in rows}
            self._db = db

    async def stop(self) -> None:
        """End what goes on, and close the file."""
        tasks: list[asyncio.Task[Any]] = [task for _, task in self._hashing.values()]
        if self._task is not None:
            tasks.append(self._task)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._db is not None:
            self._db.close()

    @property
    def unread(self) -> int:
        """Files that wait to be read."""
        return len(self._waiting)

    def want(self, files: Iterable[tuple[Path, str]]) -> None:
        """Have these files, with their stamps, read in the background."""
        self._waiting.update(files)
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._read(), name="model facts")

    async def _read(self) -> None:
        tries = 0
        done: list[tuple[Path, str, JsonObject]] = []
        while self._waiting:
            path, stamp = next(iter(self._waiting.items()))
            facts = await self._worker.questions.describe(path)
            if facts is None and tries < TRIES and self._worker.report.state in ("ready", "busy"):
                tries += 1
                continue
            if facts is None and tries < TRIES:
                await self._keep(done)
                done = []
                await asyncio.sleep(WAIT)
                continue
            tries = 0
            self._waiting.pop(path, None)
            done.append((path, stamp, facts or {"problem": f"{path.name}: reading it takes too long."}))
            if len(done) >= TOGETHER:
                await self._keep(done)
                done = []
        await self._keep(done)

    async def _keep(self, found: list[tuple[Path, str, JsonObject]]) -> None:
        if not found:
            return
        rows: list[tuple[str, ...]] = []
        for path, stamp, facts in found:
            brief = Brief(stamp, *(str(facts.get(name, "")) for name in ("kind", "family", "precision")))
            self.known[str(path)] = brief
            rows.append((str(path), stamp, brief.kind, brief.family, brief.precision, json.dumps(facts)))
        if self._db is None:
            return
        try:
            await self._db.call(lambda db: db.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?)", rows))
        except DatabaseError as error:  # it is read again next time
            log.warning("what model files say could not be kept: %s", error)

    async def of(self, path: Path) -> JsonObject | None:
        """All facts of one file, read now if they must be; None while no worker can be asked. Raises OSError."""
        stamp = await asyncio.to_thread(stamp_of, path)
        row = await self._row("SELECT facts FROM files WHERE path = ? AND stamp = ?", path, stamp)
        if row is not None:
            return json.loads(row)
        facts = await self._worker.questions.describe(path)
        if facts is not None:
            self._waiting.pop(path, None)
            await self._keep([(path, stamp, facts)])
        return facts

    # Hashes

    async def hash_of(self, path: Path) -> str | None:
        """The file's SHA-256, if it was worked out since the file last changed. Raises OSError."""
        stamp = await asyncio.to_thread(stamp_of, path)
        return await self._row("SELECT sha256 FROM hashes WHERE path = ? AND stamp = ?", path, stamp)

    async def _row(self, question: str, path: Path, stamp: str) -> str | None:
        if self._db is None:
            return None
        row = await self._db.call(lambda db: db.execute(question, (str(path), stamp)).fetchone())
        return None if row is None else row[0]

    async def hashes(self) -> dict[str, str]:
        """Paths by hash, of all files that were ever hashed."""
        if self._db is None:
            return {}
        return dict(await self._db.call(lambda db: db.execute("SELECT sha256, path FROM hashes").fetchall()))

    def progress(self, path: Path) -> float | None:
        """How much of a file is hashed, 0 to 1; None where that does not go on. Raises what stopped it: OSError."""
        if path not in self._hashing:
            return None
        hashing, task = self._hashing[path]
        if not task.done():
            return hashing.done / max(1, hashing.size)
        del self._hashing[path]
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
        return None

    def start_hash(self, path: Path) -> None:
        """Work out a file's hash in the background; one file after another. Raises OSError."""
        if path in self._hashing and not self._hashing[path][1].done():
            return
        hashing = Hashing(path, path.stat().st_size)
        self._hashing[path] = (hashing, asyncio.create_task(self._hash(hashing), name="model hash"))

    async def _hash(self, hashing: Hashing) -> str:
        async with self._one_hash:
            path = hashing.path
            stamp = await asyncio.to_thread(stamp_of, path)
            digest = hashlib.sha256()
            with await asyncio.to_thread(path.open, "rb") as file:
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    await asyncio.to_thread(digest.update, chunk)
                    hashing.done += len(chunk)
            if await asyncio.to_thread(stamp_of, path) != stamp:
                raise OSError(f"{path.name} changed while it was read")
            row = (str(path), stamp, digest.hexdigest())
            if self._db is not None:
                await self._db.call(lambda db: db.execute("INSERT OR REPLACE INTO hashes VALUES (?,?,?)", row))
            return row[2]
