"""What a backup holds, and how it says so: a zip with the files under `user/` and a list of them with their hashes."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from api.unfinished import is_unfinished
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

VERSION = 1
LIST = "easel-backup.json"
"""The last member of the zip."""
LARGEST_LIST = 256 * 2**20
INSIDE = "user/"
MADE_AGAIN = frozenset({"cache", "environments", "server.lock"})
"""What of the folder is left out: what Easel makes anew, and what says that it runs."""
SQLITE = b"SQLite format 3\0"
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file: the copy that a backup has is whole without."""


class BackupError(Exception):
    """No backup is made, or none is put in place. The text says why, and that nothing was changed."""


@dataclass(frozen=True)
class Member:
    size: int
    sha256: str
    modified: float
    """Seconds since 1970."""


@dataclass
class Contents:
    """The list in a backup."""

    made: float
    """Seconds since 1970."""
    files: dict[str, Member] = field(default_factory=dict[str, Member])
    """By their names below the folder, with `/`."""
    databases: dict[str, int] = field(default_factory=dict[str, int])
    """The schema's version of each file that is a database."""

    def to_bytes(self) -> bytes:
        files = {name: [member.size, member.sha256, member.modified] for name, member in self.files.items()}
        data: JsonObject = {"version": VERSION, "made": self.made, "databases": self.databases, "files": files}
        return json.dumps(data, ensure_ascii=False, indent=0).encode()

    @staticmethod
    def read(data: bytes) -> Contents:
        """Raises BackupError."""
        try:
            found = cast("Mapping[str, Any]", json.loads(data))
            version = int(found["version"])
            if version > VERSION:
                raise BackupError(
                    f"it was made by a newer Easel (its version is {version}, and {VERSION} is known here)"
                )
            files = {
                str(name): Member(int(size), str(sha256), _time(modified))
                for name, (size, sha256, modified) in found["files"].items()
            }
            databases = {str(name): int(number) for name, number in found["databases"].items()}
            return Contents(_time(found["made"]), files, databases)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise BackupError(f"its list of files cannot be read ({error})") from error


def _time(value: Any) -> float:
    """Seconds since 1970, such as systems have them; ValueError for others."""
    if not 0 <= float(value) < 2**36:
        raise ValueError("a time in it is none")
    return float(value)


def files_of(user: Path, say: Callable[[str], None]) -> Iterator[tuple[str, Path]]:
    """The files that belong in a backup, with their names; `why_not` may refuse one.

    say: told of links, and of what else is no plain file: they are passed over. Raises BackupError, OSError where a
    folder or a file cannot be looked at: a backup without it would look whole.
    """
    for at, folders, files in os.walk(user, onerror=_unlisted):
        here = Path(at)
        prefix = here.relative_to(user).as_posix()
        if here == user:
            folders[:] = [name for name in folders if name not in MADE_AGAIN]
            files = [name for name in files if name not in MADE_AGAIN]
        folders.sort()
        for name in sorted([*folders, *files]):
            path = here / name
            whole = name if prefix == "." else f"{prefix}/{name}"
            try:
                mode = path.lstat().st_mode
                if stat.S_ISLNK(mode) or (sys.version_info >= (3, 12) and path.is_junction()):
                    say(f"left out: {whole!r} is a link, and what is at {str(path.readlink())!r} is not in the backup")
                elif stat.S_ISREG(mode):
                    if not is_unfinished(name) and not _is_beside(path):
                        yield whole, path
                elif not stat.S_ISDIR(mode):
                    say(f"left out: {whole!r} is no plain file")
            except FileNotFoundError:  # deleted since it was listed
                continue


def _unlisted(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise BackupError(f"the folder {error.filename} cannot be listed: {error.strerror or error}") from error


def _is_beside(path: Path) -> bool:
    ending = next((ending for ending in BESIDE if path.name.endswith(ending)), None)
    if ending is None:
        return False
    database = path.with_name(path.name.removesuffix(ending))
    if not database.is_file():
        return False
    with database.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def why_not(name: str, folder: Path) -> str:
    """Why a file of this name could not be put back; empty where it could."""
    try:
        inside(folder, name)
    except FileNameError as error:
        return str(error)
    return ""
