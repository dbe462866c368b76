"""Databases that are locked, deleted, exchanged, damaged or newer: what is said, and that nothing is lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from api import database
from api.database import Database, DatabaseError
from api.troubles import Troubles

SCHEMA = (("CREATE TABLE words (word TEXT)",),)
T = TypeVar("T")


def add(word: str) -> Callable[[sqlite3.Connection], object]:
    return lambda db: db.execute("INSERT INTO words VALUES (?)", (word,)) and None


def words(db: sqlite3.Connection) -> list[str]:
    return [word for (word,) in db.execute("SELECT word FROM words ORDER BY rowid")]


class File:
    """A database, and the troubles that were told of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.troubles = Troubles(lambda _: None)
        self.base = Database(path, "list of words", SCHEMA)
        self.base.on_trouble = self.troubles.of_file
        self.base.open()

    def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return asyncio.run(self.base.call(work))

    def kinds(self) -> list[str]:
        return [trouble["kind"] for trouble in self.troubles.to_json()]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    found = File(tmp_path / "user" / "words.db")
    found.call(add("one"))
    yield found
    found.base.close()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program that has the file for itself."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        db.close()


def test_a_file_that_another_program_holds_is_tried_again(file: File, monkeypatch: pytest.MonkeyPatch) -> None:
    file.call(lambda db: db.execute("PRAGMA busy_timeout = 20") and None)
    with held(file.path):
        with pytest.raises(DatabaseError, match=r"list of words .* is held by another program"):
            file.call(add("two"))
        assert file.kinds() == ["locked"]
    file.base.look_again()  # as the server does every few seconds, although nobody writes
    assert file.call(words) == ["one"]
    assert file.kinds() == []
    file.call(add("two"))
    assert file.call(words) == ["one", "two"]


def test_a_file_that_was_deleted_is_written_anew(file: File) -> None:
    for path in list(file.path.parent.iterdir()):
        path.unlink()
    file.call(add("two"))
    with closing(sqlite3.connect(file.path)) as db:
        assert words(db) == ["one", "two"]
    assert file.kinds() == []


@pytest.mark.skipif(os.name != "posix", reason="of permissions of POSIX")
def test_a_private_file_stays_private(tmp_path: Path) -> None:
    """With what is beside it: one that was made readable, one that is new, and one that is written anew."""
    path = tmp_path / "keys.db"
    path.touch(mode=0o644)

    def modes() -> dict[str, int]:
        return {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}

    def private() -> dict[str, int]:
        return dict.fromkeys(["keys.db", "keys.db-wal", "keys.db-shm"], 0o600)

    for _ in range(2):
        keys = Database(path, "list of keys", SCHEMA, private=True)
        keys.open()
        asyncio.run(keys.call(add("one")))
        assert modes() == private()
        for each in list(tmp_path.iterdir()):
            each.unlink()
        asyncio.run(keys.call(add("two")))
        assert modes() == private()
        assert asyncio.run(keys.call(words)) == ["one", "two"]
        keys.close()
        path.unlink()


def test_a_file_whose_drive_is_gone_waits_for_it(file: File) -> None:
    away = file.path.parent.with_name("away")
    file.path.parent.rename(away)
    with pytest.raises(DatabaseError, match="not there any more"):
        file.call(add("lost"))
    assert file.kinds() == ["gone"]
    away.rename(file.path.parent)
    file.base.look_again()
    assert file.call(words) == ["one"]
    assert file.kinds() == []


def test_a_file_that_was_exchanged_is_opened_anew(file: File) -> None:
    for path in list(file.path.parent.iterdir()):
        path.unlink()
    other = File(file.path)
    other.call(add("another"))
    other.base.close()
    assert file.call(words) == ["another"]


def test_a_damaged_file_is_left_as_it_is(file: File, tmp_path: Path) -> None:
    file.base.close()
    data = bytearray(file.path.read_bytes())
    data[100:2000] = b"\xff" * 1900
    file.path.write_bytes(data)
    with pytest.raises(DatabaseError, match=r"damaged .* restore FILE") as error:
        File(file.path).call(words)
    assert error.value.kind == "damaged"
    assert str(file.path) in str(error.value)
    assert file.path.read_bytes()[100:2000] == b"\xff" * 1900


def test_a_file_that_lost_all_is_not_begun_anew_in_silence(
    file: File, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert caplog.messages == []
    (tmp_path / "empty.db").touch()
    File(tmp_path / "empty.db").base.close()
    assert caplog.messages == [f"the list of words {tmp_path / 'empty.db'} is empty: it begins anew"]


def test_a_newer_file_is_refused_and_left_as_it_is(file: File) -> None:
    file.call(lambda db: db.execute("PRAGMA user_version = 7") and None)
    file.base.close()
    with pytest.raises(DatabaseError, match=r"newer Easel \(schema 7, here 1\)"):
        Database(file.path, "list of words", SCHEMA).open()
    with closing(sqlite3.connect(file.path)) as db:
        assert words(db) == ["one"]


def test_a_migration_that_fails_changes_nothing(file: File) -> None:
    file.base.close()
    broken: Any = (*SCHEMA, ("DELETE FROM words", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(DatabaseError, match="nowhere"):
        Database(file.path, "list of words", broken).open()
    with closing(sqlite3.connect(file.path)) as db:
        assert words(db) == ["one"]
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_file_that_is_held_at_the_start_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HELD_AT_START", 0.05)
    path = tmp_path / "words.db"
    sqlite3.connect(path).close()
    with held(path), pytest.raises(DatabaseError, match=r"words\.db is held by another program.*start Easel again"):
        Database(path, "list of words", SCHEMA).open()
