"""Making a backup, also while Easel runs: databases by SQLite's own online copy, other files as they are at the moment.

Every file of Easel's is written whole, so that one which changes meanwhile is copied as it was before or after.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from api.backup.contents import INSIDE, LIST, SQLITE, BackupError, Contents, Member, files_of, why_not
from api.files_on_disk import FULL, whole_file
from api.unfinished import OLD, clear_if_old, is_unfinished

CHUNK = 2**20
COPIES = ".easel-backup-"
"""How the names of folders begin that hold a copy of a database for a moment."""
PATIENCE = 30.0
"""Seconds for which another program may hold a database."""
PACKED = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".webm", ".mkv", ".flac", ".mp3", ".zip", ".gz"})
"""Files that would not become smaller."""


def make(user: Path, target: Path, say: Callable[[str], None]) -> Contents:
    """Write the folder into one file, whole or not at all. Raises BackupError.

    say: told what is left out, and which database is damaged.
    """
    if not user.is_dir():
        raise BackupError(f"there is no folder {user}")
    if target.resolve().is_relative_to(user.resolve()):
        raise BackupError(f"{target} lies in the folder that is to be kept: name a place outside {user}")
    if target.is_dir() or (target.exists() and not zipfile.is_zipfile(target)):
        raise BackupError(f"{target} is there and is no backup of Easel's: name another file")
    contents = Contents(time.time())
    try:
        _clear(target.parent)
        with whole_file(target, private=True) as out, zipfile.ZipFile(out, "w", allowZip64=True) as archive:
            for name, path in files_of(user, say):
                if refused := why_not(name, user):
                    say(f"left out: {refused}")
                    continue
                try:
                    contents.files[name] = _add(archive, name, path, target.parent, contents, say)
                except FileNotFoundError:  # deleted since it was listed
                    continue
            archive.writestr(LIST, contents.to_bytes(), zipfile.ZIP_DEFLATED)
    except OSError as error:
        why = "the disk is full" if error.errno in FULL else error.strerror or str(error)
        raise BackupError(f"{error.filename or target}: {why}") from error
    return contents


def _clear(folder: Path) -> None:
    """Clear what backups left that were killed."""
    for path in folder.glob(f"{COPIES}*") if folder.is_dir() else ():
        if time.time() - path.stat().st_mtime > OLD:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(".*.part") if folder.is_dir() else ():
        if is_unfinished(path.name):
            clear_if_old(path)


def _add(
    archive: zipfile.ZipFile, name: str, path: Path, beside: Path, contents: Contents, say: Callable[[str], None]
) -> Member:
    with path.open("rb") as file:
        if file.read(len(SQLITE)) != SQLITE:
            file.seek(0)
            return _copy(archive, name, path, file)
    with _copied(path, beside) as (copy, version, problem):
        if problem:
            say(f"{name} is damaged ({problem}); it is in the backup as it is")
        contents.databases[name] = version
        with copy.open("rb") as file:
            return _copy(archive, name, path, file)


@contextmanager
def _copied(path: Path, beside: Path) -> Generator[tuple[Path, int, str]]:
    """A copy of a database as it is at one moment, its version, and what is wrong with it."""
    with tempfile.TemporaryDirectory(prefix=COPIES, dir=beside) as folder:
        copy = Path(folder) / "copy.db"
        try:
            source = sqlite3.connect(path.resolve().as_uri() + "?mode=rw", uri=True, timeout=PATIENCE)
            with closing(source), closing(sqlite3.connect(copy)) as target:
                source.backup(target)
                version = int(target.execute("PRAGMA user_version").fetchone()[0])
                said = str(target.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise BackupError(f"no copy of the database {path} fits into {beside}: the disk is full") from error
            if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise BackupError(f"the database {path} cannot be read: {error}") from error
            yield path, 0, str(error)
            return
        yield copy, version, "" if said == "ok" else said


def _copy(archive: zipfile.ZipFile, name: str, path: Path, file: IO[bytes]) -> Member:
    digest, size, status = hashlib.sha256(), 0, path.stat()
    about = zipfile.ZipInfo(INSIDE + name)
    about.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in PACKED else zipfile.ZIP_DEFLATED
    about.external_attr = stat.S_IMODE(status.st_mode) << 16
    with archive.open(about, "w", force_zip64=True) as out:
        while data := file.read(CHUNK):
            digest.update(data)
            size += len(data)
            out.write(data)
    return Member(size, digest.hexdigest(), max(0.0, status.st_mtime))
