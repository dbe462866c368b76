"""Backups: whole while Easel runs, checked before anything is touched, and the former folder is kept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api.backup import exchange
from api.backup.command import known_versions
from api.backup.contents import INSIDE, LIST, BackupError
from api.backup.exchange import finish_exchange
from api.backup.make import make
from api.backup.restore import restore
from api.files_on_disk import move
from api.lock import FolderLock
from tests.server.disks import fill, mounted
from tests.server.harness import ROOT, running, say

KNOWN = {"journal.db": 3}


def quiet(_: str) -> None:
    pass


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A folder with a bit of everything."""
    folder = tmp_path / "base" / "user"
    (folder / "default" / "workflows").mkdir(parents=True)
    (folder / "default" / "workflows" / "été.json").write_text('{"nodes": []}')
    (folder / "token").write_text("secret")
    (folder / "token").chmod(0o600)
    (folder / "cache").mkdir()
    (folder / "cache" / "page.js").write_text("made again")
    (folder / "environments" / "x").mkdir(parents=True)
    (folder / "environments" / "x" / "pip").write_text("of this machine")
    (folder / ".abcdefgh.part").write_text("half")
    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE jobs (name TEXT)")
        db.execute("INSERT INTO jobs VALUES ('one')")
        db.execute("PRAGMA user_version = 3")
    return folder


@pytest.fixture
def backup(user: Path, tmp_path: Path) -> Path:
    make(user, tmp_path / "kept.zip", quiet)
    return tmp_path / "kept.zip"


def rewritten(backup: Path, change: Callable[[dict[str, bytes], dict[str, Any]], object]) -> Path:
    """The backup with other members, or another list."""
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    listed = json.loads(members.pop(LIST))
    change(members, listed)
    with zipfile.ZipFile(backup, "w") as archive:
        for name, data in {**members, LIST: json.dumps(listed).encode()}.items():
            archive.writestr(name, data)
    return backup


def state(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(backup: Path, user: Path, sentence: str) -> None:
    """The restore says so, and all is as it was."""
    before = state(user.parent)
    before.pop("user/server.lock", None)
    with pytest.raises(BackupError, match=sentence):
        restore(backup, user, KNOWN)
    after = state(user.parent)
    after.pop("user/server.lock", None)
    assert after == before


def test_what_is_in_it(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        assert sorted(archive.namelist()) == [
            LIST,
            f"{INSIDE}default/workflows/été.json",
            f"{INSIDE}journal.db",
            f"{INSIDE}token",
        ]
    if os.name == "posix":
        assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backup.parent.iterdir() if path.name.startswith(".")] == []


def test_rows_that_are_only_in_the_log_are_in_the_backup(user: Path, tmp_path: Path) -> None:
    db = sqlite3.connect(user / "journal.db", isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("INSERT INTO jobs VALUES ('two')")
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO jobs VALUES ('not yet')")
    make(user, tmp_path / "kept.zip", quiet)
    db.execute("ROLLBACK")
    db.close()
    shutil.rmtree(user)
    restore(tmp_path / "kept.zip", user, KNOWN)
    with closing(sqlite3.connect(user / "journal.db")) as again:
        assert again.execute("SELECT name FROM jobs").fetchall() == [("one",), ("two",)]


def test_a_damaged_database_is_kept_as_it_is_and_told(user: Path, tmp_path: Path) -> None:
    damaged = b"SQLite format 3\0" + b"?" * 5000
    (user / "packs.db").write_bytes(damaged)
    told: list[str] = []
    make(user, tmp_path / "kept.zip", told.append)
    [line] = told
    assert line.startswith("packs.db is damaged")
    restore(tmp_path / "kept.zip", user, KNOWN)
    assert (user / "packs.db").read_bytes() == damaged


def test_a_folder_that_cannot_be_listed_is_not_left_out(
    user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("workflows"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(BackupError, match="workflows cannot be listed: Permission denied"):
        make(user, tmp_path / "kept.zip", quiet)
    assert not (tmp_path / "kept.zip").exists()


def test_a_name_like_those_that_sqlite_uses_is_a_file_of_its_own(user: Path, tmp_path: Path) -> None:
    for name in ("notes", "notes-journal", "plain-wal", "journal.db-wal"):
        (user / name).write_text(name)
    contents = make(user, tmp_path / "kept.zip", quiet)
    assert {"notes", "notes-journal", "plain-wal"} <= set(contents.files)
    assert "journal.db-wal" not in contents.files


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_what_is_no_plain_file_is_told(user: Path, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "kept.json").write_text("{}")
    (user / "default" / "elsewhere").symlink_to(tmp_path / "away")
    (user / "file").symlink_to(tmp_path / "away" / "kept.json")
    os.mkfifo(user / "pipe")
    told: list[str] = []
    contents = make(user, tmp_path / "kept.zip", told.append)
    assert len(contents.files) == 3
    assert told == [
        f"left out: 'file' is a link, and what is at '{tmp_path / 'away' / 'kept.json'}' is not in the backup",
        "left out: 'pipe' is no plain file",
        f"left out: 'default/elsewhere' is a link, and what is at '{tmp_path / 'away'}' is not in the backup",
    ]


def test_restored_where_nothing_is(backup: Path, user: Path) -> None:
    before = state(user)
    modified = (user / "token").stat().st_mtime
    shutil.rmtree(user.parent)
    contents, former = restore(backup, user, KNOWN)
    assert former is None
    assert len(contents.files) == 3
    found = state(user)
    assert found["token"] == before["token"]
    assert (user / "token").stat().st_mtime == modified
    assert found["default/workflows/été.json"] == before["default/workflows/été.json"]
    assert [path.name for path in user.parent.iterdir()] == ["user"]
    if os.name == "posix":
        assert (user / "token").stat().st_mode & 0o777 == 0o600


def test_restored_over_a_folder_that_is_kept(backup: Path, user: Path) -> None:
    (user / "token").write_text("another")
    (user / "later.txt").write_text("later")
    (user.parent / ".user.restoring-half").mkdir()  # of one that was killed
    _, former = restore(backup, user, KNOWN)
    assert former is not None
    assert (user / "token").read_text() == "secret"
    assert not (user / "later.txt").exists()
    assert (former / "later.txt").read_text() == "later"
    assert (former / "token").read_text() == "another"
    assert (user / "environments" / "x" / "pip").read_text() == "of this machine"
    assert sorted(path.name for path in user.parent.iterdir()) == ["user", former.name]


def test_a_restore_that_was_cut_off_is_finished(backup: Path, user: Path) -> None:
    _, former = restore(backup, user, KNOWN)
    assert former is not None
    user.rename(user.with_name(".user.restoring-abcd.whole"))  # as it is between the two steps
    finish_exchange(user)
    assert (user / "token").read_text() == "secret"


def test_a_server_that_starts_between_the_two_steps_finishes_it(
    backup: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(source: Path, target: Path) -> None:
        move(source, target)
        if source == user:
            monkeypatch.setattr(exchange, "move", move)
            finish_exchange(user)

    monkeypatch.setattr(exchange, "move", moved)
    (user / "token").write_text("another")
    _, former = restore(backup, user, KNOWN)
    assert former is not None
    assert (user / "token").read_text() == "secret"
    assert (former / "token").read_text() == "another"
    assert (user / "environments" / "x" / "pip").read_text() == "of this machine"


def test_a_server_that_begins_an_empty_folder_between_the_two_steps_is_told_of(
    backup: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(source: Path, target: Path) -> None:
        move(source, target)
        if source == user:
            FolderLock(user).take()

    monkeypatch.setattr(exchange, "move", moved)
    with pytest.raises(BackupError, match="started meanwhile") as caught:
        restore(backup, user, KNOWN)
    [former] = user.parent.glob("user.before-*")
    assert str(former) in str(caught.value)
    assert (former / "token").read_text() == "secret"


def test_a_folder_that_cannot_be_put_back_is_told(backup: Path, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_source: Path, _target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    user.rename(user.with_name(".user.restoring-abcd.whole"))
    monkeypatch.setattr(exchange, "move", refuses)
    with pytest.raises(BackupError, match="cannot be used: Permission denied"):
        restore(backup, user, KNOWN)


def test_not_over_a_server_that_runs(backup: Path, user: Path) -> None:
    lock = FolderLock(user)
    lock.take()
    try:
        with pytest.raises(BackupError, match="stop it first"):
            restore(backup, user, KNOWN)
    finally:
        lock.release()
    assert (user / "cache" / "page.js").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file(backup: Path, user: Path, share: float) -> None:
    data = backup.read_bytes()
    backup.write_bytes(data[: int(len(data) * share)])
    refused(backup, user, "no whole backup")


def test_a_byte_that_is_another(backup: Path, user: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        at = archive.getinfo(f"{INSIDE}journal.db").header_offset + 200
    data = bytearray(backup.read_bytes())
    data[at] ^= 0xFF
    backup.write_bytes(data)
    refused(backup, user, "no whole backup|not as it was written")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "C:/x", "nul", "default\\..\\..\\x", ""])
def test_a_name_that_leads_out(backup: Path, user: Path, name: str) -> None:
    def change(members: dict[str, bytes], listed: dict[str, Any]) -> None:
        members[INSIDE + name] = members.pop(f"{INSIDE}token")
        listed["files"][name] = listed["files"].pop("token")

    refused(rewritten(backup, change), user, "refused")
    assert not (user.parent.parent / "outside").exists()


def test_members_that_the_list_does_not_name(backup: Path, user: Path) -> None:
    refused(rewritten(backup, lambda members, _: members.update({f"{INSIDE}more": b"x"})), user, "not what its list")


def test_contents_that_are_not_those_of_the_list(backup: Path, user: Path) -> None:
    refused(rewritten(backup, lambda members, _: members.update({f"{INSIDE}token": b"forged"})), user, "token in it")


def test_a_link_in_it(backup: Path, user: Path) -> None:
    rewritten(backup, lambda members, _: members.pop(f"{INSIDE}token"))
    link = zipfile.ZipInfo(f"{INSIDE}token")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(backup, "a") as archive:
        archive.writestr(link, "secret")
    refused(backup, user, "no plain file")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "newer Easel"),
        ({"databases": {"journal.db": 4}}, "journal.db was written by a newer Easel"),
        ({"files": {}}, "not what its list"),
        ({"files": None}, "cannot be read"),
        ({"files": {"token": [1e400, "", 0]}}, "cannot be read"),
        ({"files": {"token": [6, "", float("nan")]}}, "cannot be read"),
        ({"made": -1}, "cannot be read"),
    ],
)
def test_a_list_that_is_not_for_us(backup: Path, user: Path, change: dict[str, Any], sentence: str) -> None:
    refused(rewritten(backup, lambda _, listed: listed.update(change)), user, sentence)


def test_a_file_that_would_fill_the_disk(backup: Path, user: Path) -> None:
    def change(_: dict[str, bytes], listed: dict[str, Any]) -> None:
        listed["files"]["token"][0] = 2**60

    refused(rewritten(backup, change), user, "MB left")


def test_no_zip_at_all(user: Path, tmp_path: Path) -> None:
    (tmp_path / "kept.zip").write_text("words")
    refused(tmp_path / "kept.zip", user, "no whole backup")
    refused(tmp_path / "missing.zip", user, "there is no file")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a", "b")
    refused(tmp_path / "other.zip", user, "no backup of Easel's")


def test_a_backup_is_not_written_over_something_else(user: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BackupError, match="name another file"):
        make(user, tmp_path / "notes.txt", quiet)
    with pytest.raises(BackupError, match="name a place outside"):
        make(user, user / "kept.zip", quiet)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_a_killed_backup_left_goes(user: Path, tmp_path: Path) -> None:
    left = [tmp_path / ".easel-backup-abcd", tmp_path / ".abcd_123.part", tmp_path / ".easel-backup-young"]
    for path in left:
        path.mkdir() if "backup" in path.name else path.touch()
    for path in left[:2]:
        os.utime(path, (1e9, 1e9))
    make(user, tmp_path / "kept.zip", quiet)
    assert [path.exists() for path in left] == [False, False, True]


def test_a_full_disk_leaves_the_backup_before(user: Path, tmp_path: Path) -> None:
    (user / "large.bin").write_bytes(os.urandom(2 * 2**20))
    with mounted(tmp_path / "small", 4) as small:
        make(user, small / "kept.zip", quiet)
        before = (small / "kept.zip").read_bytes()
        with pytest.raises(BackupError, match="the disk is full"):
            make(user, small / "kept.zip", quiet)
        assert (small / "kept.zip").read_bytes() == before
        assert [path.name for path in small.iterdir()] == ["kept.zip"]
        shutil.copytree(user, small / "b" / "user", ignore=shutil.ignore_patterns("large.bin"))
        fill(small, leave=100_000)
        with pytest.raises(BackupError, match="MB left"):
            restore(small / "kept.zip", small / "b" / "user", KNOWN)
        assert (small / "b" / "user" / "token").read_text() == "secret"


def test_a_disk_that_is_full_of_a_databases_copy(user: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(user / "journal.db", isolation_level=None)) as db:
        db.execute("INSERT INTO jobs VALUES (zeroblob(5000000))")
    with mounted(tmp_path / "small", 3) as small:
        with pytest.raises(BackupError, match=r"journal\.db.*the disk is full"):
            make(user, small / "kept.zip", quiet)
        assert list(small.iterdir()) == []


def test_all_databases_have_versions() -> None:
    assert set(known_versions()) == {
        "journal.db",
        "documents.db",
        "shares.db",
        "gallery.db",
        "models.db",
        "accounts.db",
    }
    assert min(known_versions().values()) >= 1


def test_while_the_server_runs(base: Path, tmp_path: Path) -> None:
    def run(verb: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "server.py"), verb, str(tmp_path / "kept.zip")]
        return subprocess.run([*command, "--base-directory", str(base)], capture_output=True, text=True, check=False)

    with running(base) as server:
        server.wait_until_ready()
        kept = server.prompt(say("kept"))
        result = server.result(kept)
        assert server.request("POST", "/userdata/workflows%2Fa.json", raw=b'{"nodes": []}').status == 200
        done = run("backup")
        assert done.returncode == 0, done.stderr
        assert "holds secrets" in done.stdout
        later = server.prompt(say("later"))
        server.result(later)
        over = run("restore")
        assert over.returncode == 1
        assert "stop it first" in over.stderr
        server.stop()
    done = run("restore")
    assert done.returncode == 0, done.stderr
    with running(base) as server:
        assert server.get("/history").json() == {kept: result}
        assert server.get("/userdata/workflows%2Fa.json").json() == {"nodes": []}
