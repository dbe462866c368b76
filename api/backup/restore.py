"""Putting a backup in place: all of it is checked and lies beside the folder before that is touched.

Then the folder is set aside and the new one gets its name. Where that is cut off between the two steps, the next start
finishes it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from api.backup.contents import INSIDE, LARGEST_LIST, LIST, BackupError, Contents, Member
from api.backup.exchange import clear_unfinished, exchange, finish_exchange, prefix
from api.files_on_disk import FULL, make_folder, whole_file
from api.lock import FolderLock, FolderTaken
from graph.errors import FileNameError
from graph.folders import inside

CHUNK = 2**20


def restore(source: Path, user: Path, known: Mapping[str, int]) -> tuple[Contents, Path | None]:
    """Put the backup in the folder's place; gives its list, and where the former folder is. Raises BackupError.

    known: the newest version of each database that this Easel can read.
    """
    lock = FolderLock(user)
    there = False
    try:
        finish_exchange(user)
        there = user.is_dir()
        make_folder(user.parent)
        lock.take()
    except FolderTaken as error:
        raise BackupError(f"another Easel ({error}) works with {user}: stop it first") from error
    except OSError as error:
        raise BackupError(f"the folder {user} cannot be used: {error.strerror or error}") from error
    try:
        if os.path.ismount(user):
            raise BackupError(
                f"{user} is where a drive is attached, so it cannot be exchanged: restore into another folder by"
                " --user-directory, and move the files"
            )
        clear_unfinished(user)
        made = Path(tempfile.mkdtemp(prefix=prefix(user), dir=user.parent))
        try:
            contents = _unpack(source, made, known)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        made.chmod(stat.S_IMODE(user.stat().st_mode))
        aside = exchange(user, made, lock)
        if not there:
            shutil.rmtree(aside, ignore_errors=True)
        return contents, aside if there else None
    except OSError as error:
        why = "the disk is full" if error.errno in FULL else error.strerror or str(error)
        raise BackupError(f"{error.filename or user}: {why}") from error
    finally:
        lock.release()
        if not there and user.is_dir() and [path.name for path in user.iterdir()] == ["server.lock"]:
            shutil.rmtree(user, ignore_errors=True)


def _unpack(source: Path, folder: Path, known: Mapping[str, int]) -> Contents:
    """Write all files below the folder and compare them with the list. Raises BackupError, OSError."""
    try:
        with zipfile.ZipFile(source) as archive:
            contents = _listed(archive)
            _check_versions(contents, known)
            _check_room(contents, folder)
            for name, member in contents.files.items():
                _write(archive, name, member, inside(folder, name))
    except FileNotFoundError as error:
        raise BackupError(f"there is no file {source}") from error
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise BackupError(f"{source} is no whole backup of Easel's ({error}); nothing was changed") from error
    except FileNameError as error:
        raise BackupError(f"{source} is refused: {error} Nothing was changed") from error
    except BackupError as error:
        raise BackupError(f"{source} is refused: {error}; nothing was changed") from error
    if hasattr(os, "sync"):
        os.sync()  # once for all files: each by itself would take minutes
    return contents


def _listed(archive: zipfile.ZipFile) -> Contents:
    """The list, once it names exactly what is in the file."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if names.count(LIST) != 1:
        raise BackupError("it is no backup of Easel's: the list of its files is not in it")
    if archive.getinfo(LIST).file_size > LARGEST_LIST:
        raise BackupError("the list of its files is too long")
    contents = Contents.read(archive.read(LIST))
    if sorted(names) != sorted([LIST, *(INSIDE + name for name in contents.files)]):
        raise BackupError("what is in it is not what its list says")
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise BackupError(f"{member.filename[:100]!r} in it is no plain file")
    return contents


def _check_versions(contents: Contents, known: Mapping[str, int]) -> None:
    for name, version in contents.databases.items():
        if version > known.get(name, version):
            raise BackupError(
                f"its {name} was written by a newer Easel (schema {version}, here {known[name]}): use that one"
            )


def _check_room(contents: Contents, folder: Path) -> None:
    size = sum(member.size for member in contents.files.values())
    free = shutil.disk_usage(folder).free
    if any(member.size < 0 for member in contents.files.values()) or size > free:
        raise BackupError(f"its files take {size / 2**20:,.0f} MB, and the disk has {free / 2**20:,.0f} MB left")


def _write(archive: zipfile.ZipFile, name: str, member: Member, path: Path) -> None:
    digest, left = hashlib.sha256(), member.size
    lasts = not hasattr(os, "sync")
    with archive.open(INSIDE + name) as file, whole_file(path, private=True, lasting=lasts) as out:
        while data := file.read(CHUNK):
            left -= len(data)
            if left < 0:
                break
            digest.update(data)
            out.write(data)
    path.chmod(((archive.getinfo(INSIDE + name).external_attr >> 16) & 0o777) | 0o600)
    os.utime(path, (member.modified, member.modified))
    if left or digest.hexdigest() != member.sha256:
        raise BackupError(f"{name} in it is not as it was written")
