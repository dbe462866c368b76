"""A SQLite file that one thread owns.

Calls that wait for it at the same time share one transaction, and so one fsync: what a call wrote is on the disk (WAL,
synchronous=FULL) before it returns.
"""

from __future__ import annotations

import asyncio
import errno
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MOST_TOGETHER = 256
"""Calls in one transaction."""


class DatabaseError(Exception):
    """The file cannot be opened, read or written. `full` where the disk has no room."""

    def __init__(self, sentence: str, full: bool = False) -> None:
        super().__init__(sentence)
        self.full = full


class Database:
    """The file at `path`.

    what: what it is in a sentence, such as "journal".
    schema: for each version, from 1, the statements that bring the one before it there; the file keeps its version as
        PRAGMA user_version. Never change a version that has been given out: add one.
    """

    def __init__(self, path: Path, what: str, schema: Sequence[Sequence[str]]) -> None:
        self._path = path
        self._what = what
        self._schema = schema
        self._calls: queue.SimpleQueue[_Call[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=path.stem, daemon=True)
        self._opened: Future[None] = Future()
        self._closed = False

    def open(self) -> None:
        """Open or make the file, and bring its schema up to date. Blocks. Raises DatabaseError."""
        self._thread.start()
        self._opened.result()

    def close(self) -> None:
        """Finish what waits, and close the file."""
        self._closed = True
        if self._thread.is_alive():
            self._calls.put(None)
            self._thread.join()

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in the file's thread; returns once what it wrote is on the disk.

        Raises DatabaseError, or what `work` raised by a fault of its own; then nothing of it is written.
        """
        if self._closed:
            raise DatabaseError("the server is stopping; try again when it is back")
        call = _Call(work)
        self._calls.put(call)
        return await asyncio.wrap_future(call.done)

    def _serve(self) -> None:
        try:
            db = self._connect()
        except (sqlite3.Error, OSError, DatabaseError) as error:
            self._opened.set_exception(self._explained(error))
            return
        self._opened.set_result(None)
        with closing(db):
            while (call := self._calls.get()) is not None:
                calls = [call]
                while (
                    len(calls) < MOST_TOGETHER and not self._calls.empty() and (call := self._calls.get()) is not None
                ):
                    calls.append(call)
                self._together(db, [call for call in calls if call.done.set_running_or_notify_cancel()])
                if call is None:
                    break

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        version, known = int(db.execute("PRAGMA user_version").fetchone()[0]), len(self._schema)
        if version > known:
            raise DatabaseError(
                f"the {self._what} {self._path} was written by a newer Easel (schema {version}, here {known});"
                " start that one, or move the file away"
            )
        for statements in self._schema[version:]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {known}")
        db.execute("COMMIT")
        return db

    def _together(self, db: sqlite3.Connection, calls: list[_Call[Any]]) -> None:
        """Run calls in one transaction; answer them only when it is on the disk."""
        results: list[tuple[_Call[Any], Any, Exception | None]] = []
        try:
            db.execute("BEGIN IMMEDIATE")
            for call in calls:
                db.execute("SAVEPOINT one")
                try:
                    results.append((call, call.work(db), None))
                except Exception as error:  # whatever it is: the thread serves all others, and must not end with it
                    if not db.in_transaction:
                        raise
                    db.execute("ROLLBACK TO one")
                    results.append((call, None, self._explained(error)))
                db.execute("RELEASE one")
            db.execute("COMMIT")
        except Exception as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            results = [(call, None, self._explained(error)) for call in calls]
        for call, result, error in results:
            if error is None:
                call.done.set_result(result)
            else:
                call.done.set_exception(error)

    def _explained(self, error: Exception) -> Exception:
        if not isinstance(error, (sqlite3.Error, OSError, TypeError, ValueError)):
            return error
        code = getattr(error, "sqlite_errorcode", None)
        kind = None if code is None else code & 0xFF
        if kind == sqlite3.SQLITE_FULL or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
            return DatabaseError(f"the disk that holds {self._path} is full: make room, then try again", full=True)
        if kind == sqlite3.SQLITE_NOTADB:
            return DatabaseError(f"{self._path} is no {self._what} of Easel's: move it away, and a new one is made")
        return DatabaseError(f"the {self._what} {self._path} cannot be used: {error}")


class _Call(Generic[T]):
    """Work for the file's thread, and where its result goes."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.work = work
        self.done: Future[T] = Future()
