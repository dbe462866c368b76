"""A SQLite file that one thread owns.

Calls that wait for it at the same time share one transaction, and so one fsync: what a call wrote is on the disk (WAL,
synchronous=FULL) before it returns.

A file that another program holds is tried again; one that was taken away while it is open is written anew from what is
open, once its folder is there; one that was exchanged is opened anew. What keeps it from being used is told, and told
again when it is over.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from api.files_on_disk import DISK_GONE, FULL, READ_ONLY, whole_path
from api.troubles import Kind

log = logging.getLogger("easel")

T = TypeVar("T")

MOST_TOGETHER = 256
"""Calls in one transaction."""
HELD_AT_START = 15.0
HELD = 5.0
"""Seconds for which another program may hold the file before that is told; then it is tried once more."""
SIDES = ("-wal", "-shm")
"""What SQLite keeps beside the file."""
PRIVATE = 0o600


class DatabaseError(Exception):
    """The file cannot be opened, read or written.

    full: the disk has no room. kind: what is wrong, where it is something that may pass.
    """

    def __init__(self, sentence: str, full: bool = False, kind: Kind | None = None) -> None:
        super().__init__(sentence)
        self.full = full
        self.kind: Kind | None = "disk_full" if full else kind


class Database:
    """The file at `path`.

    what: what it is in a sentence, such as "journal".
    schema: for each version, from 1, the statements that bring the one before it there; the file keeps its version as
        PRAGMA user_version. Never change a version that has been given out: add one.
    private: only this user may read it, and what SQLite keeps beside it.
    """

    def __init__(self, path: Path, what: str, schema: Sequence[Sequence[str]], *, private: bool = False) -> None:
        self._path = path
        self._private = private
        self._what = what
        self._schema = schema
        self._calls: queue.SimpleQueue[_Call[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=path.stem, daemon=True)
        self._opened: Future[None] = Future()
        self._closed = False
        self._identity = (0, 0)
        self._wrong = False
        self.on_trouble: Callable[[Path, Kind | None, str], None] = _nothing
        """Told, in the file's thread, what keeps it from being used, in a sentence; with None once that is over."""

    @property
    def path(self) -> Path:
        return self._path

    @property
    def newest(self) -> int:
        """The version of the schema that this Easel knows."""
        return len(self._schema)

    def look_again(self) -> None:
        """Where something was wrong, see whether it still is: what nobody writes to would stay wrong for ever."""
        if self._wrong and not self._closed:
            self._calls.put(_Call(_write_nothing))

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
        except Exception as error:  # whatever it is: who waits for this thread would wait for ever
            self._opened.set_exception(self._explained(error, "stop that, then start Easel again"))
            return
        self._opened.set_result(None)
        with closing(_Held(db)) as held:
            while (call := self._calls.get()) is not None:
                calls = [call]
                while (
                    len(calls) < MOST_TOGETHER and not self._calls.empty() and (call := self._calls.get()) is not None
                ):
                    calls.append(call)
                self._serve_all(held, [call for call in calls if call.done.set_running_or_notify_cancel()])
                if call is None:
                    break

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size == 0 and not self._beside(SIDES[0]).exists():
            log.warning("the %s %s is empty: it begins anew", self._what, self._path)
        if self._private:
            self._keep_private()
        db = sqlite3.connect(self._path, timeout=HELD_AT_START, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        self._identity = _identity(self._path)
        return db

    def _keep_private(self) -> None:
        """Before SQLite opens the file: what it makes beside it gets the file's permissions."""
        self._path.touch(mode=PRIVATE)
        for path in (self._path, *map(self._beside, SIDES)):
            with suppress(FileNotFoundError):
                path.chmod(PRIVATE)

    def _beside(self, side: str) -> Path:
        return self._path.with_name(self._path.name + side)

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Bring the schema up to date, all or nothing."""
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
        db.execute(f"PRAGMA busy_timeout = {int(HELD * 1000)}")

    def _serve_all(self, held: _Held, calls: list[_Call[Any]]) -> None:
        """Run calls together and answer them; where another program holds the file, once more."""
        results = self._try(held, calls)
        wrong = _wrong(results)
        if wrong is not None:
            self._tell(wrong)
            if wrong.kind == "locked":
                results = self._try(held, calls)
                wrong = _wrong(results)
        if wrong is None and self._wrong:
            self._tell(None)
        for call, result, error in results:
            if error is None:
                call.done.set_result(result)
            else:
                call.done.set_exception(error)

    def _tell(self, wrong: DatabaseError | None) -> None:
        self._wrong = wrong is not None
        self.on_trouble(self._path, wrong and wrong.kind, str(wrong or ""))

    def _try(self, held: _Held, calls: list[_Call[Any]]) -> list[_Result]:
        try:
            self._hold_on(held)
        except Exception as error:
            return [(call, None, self._explained(error)) for call in calls]
        return self._together(held.db, calls)

    def _hold_on(self, held: _Held) -> None:
        """See to it that what is open is the file at the path: what is written to one that was deleted is lost."""
        try:
            if _identity(self._path) == self._identity:
                return
        except FileNotFoundError:
            if not self._path.parent.is_dir() or self._path.parent.stat().st_dev != self._identity[0]:
                raise DatabaseError(
                    f"the {self._what} {self._path} is not there any more: attach the drive that holds it again",
                    kind="gone",
                ) from None
            log.warning("the %s %s was deleted while Easel runs: it is written anew", self._what, self._path)
            self._write_anew(held.db)
        else:
            log.warning("the %s %s is another file now: it is opened anew", self._what, self._path)
        held.take(self._connect())

    def _write_anew(self, db: sqlite3.Connection) -> None:
        """Put what is open where the file was."""
        with whole_path(self._path, private=self._private) as made:
            with closing(sqlite3.connect(made)) as copy:
                db.backup(copy)
            for side in SIDES:  # of the file that is gone: SQLite would play them onto the new one
                self._beside(side).unlink(missing_ok=True)

    def _together(self, db: sqlite3.Connection, calls: list[_Call[Any]]) -> list[_Result]:
        """Run calls in one transaction; what they gave may be told once this returns: it is on the disk."""
        results: list[_Result] = []
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
            return [(call, None, self._explained(error)) for call in calls]
        return results

    def _explained(self, error: Exception, held: str = "it is tried again") -> Exception:
        """held: what follows where another program has the file."""
        if not isinstance(error, (sqlite3.Error, OSError, TypeError, ValueError)):
            return error
        code = getattr(error, "sqlite_errorcode", None)
        number = error.errno if isinstance(error, OSError) else None
        what = f"the {self._what} {self._path}"
        if isinstance(error, UnicodeError):  # sqlite3, telling what it found in a damaged schema
            return DatabaseError(f"{what} is damaged. {self._way_out()}", kind="damaged")
        if code is not None and code == sqlite3.SQLITE_READONLY_DBMOVED:
            return DatabaseError(f"{what} was moved away while Easel runs: put it back", kind="gone")
        match None if code is None else code & 0xFF:
            case sqlite3.SQLITE_FULL:
                number = errno.ENOSPC
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
                number = errno.EACCES
            case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN:
                number = errno.EIO
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return DatabaseError(
                    f"{what} is held by another program, such as one that makes backups: {held}",
                    kind="locked",
                )
            case sqlite3.SQLITE_NOTADB:
                return DatabaseError(f"{self._path} is no {self._what} of Easel's. {self._way_out()}", kind="damaged")
            case sqlite3.SQLITE_CORRUPT:
                return DatabaseError(f"{what} is damaged ({error}). {self._way_out()}", kind="damaged")
            case _:
                pass
        if number in FULL:
            return DatabaseError(f"the disk that holds {self._path} is full: make room, then try again", full=True)
        if number in READ_ONLY:
            return DatabaseError(f"{what} cannot be written by this user", kind="read_only")
        if number in DISK_GONE:
            return DatabaseError(f"{what} cannot be reached ({error}): is the drive that holds it there?", kind="gone")
        return DatabaseError(f"{what} cannot be used: {error}")

    def _way_out(self) -> str:
        name = self._path.name
        return (
            "Nothing in it was changed. Put a backup in its place (python3 server.py restore FILE), or stop Easel and"
            f" move {name}, {name}-wal and {name}-shm to another folder: at the next start an empty one is made."
        )


class _Call(Generic[T]):
    """Work for the file's thread, and where its result goes."""

    def __init__(self, work: Callable[[sqlite3.Connection], T]) -> None:
        self.work = work
        self.done: Future[T] = Future()


_Result = tuple[_Call[Any], Any, Exception | None]
"""A call, what it gave, and what went wrong."""


class _Held:
    """The connection, which may be exchanged for another."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def take(self, db: sqlite3.Connection) -> None:
        self.close()
        self.db = db

    def close(self) -> None:
        try:
            self.db.close()
        except sqlite3.Error as error:
            log.warning("a database could not be closed: %s", error)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _wrong(results: Sequence[_Result]) -> DatabaseError | None:
    """What is wrong with the file itself; a call that is at fault on its own says nothing of it."""
    errors = (error for _, _, error in results if isinstance(error, DatabaseError) and error.kind is not None)
    return next(errors, None)


def _write_nothing(db: sqlite3.Connection) -> None:
    """Write what is there already."""
    db.execute(f"PRAGMA user_version = {db.execute('PRAGMA user_version').fetchone()[0]}")


def _nothing(path: Path, kind: Kind | None, sentence: str) -> None:
    pass
