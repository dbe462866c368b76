"""Keeps the gallery's index like the folders: looks through them in a thread, then reads what new files say.

A file is known by its name, size and time. What has been found is in the index before it is read, so that a hundred
thousand files are there to be seen within seconds and can be searched a little later; the server goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.database import DatabaseError
from api.gallery.schema import media_of
from api.gallery.store import GalleryStore, Known, Seen
from api.pictures import PictureError, Pictures
from api.unfinished import clear_if_old, is_unfinished
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

log = logging.getLogger("easel")

TOGETHER = 1000
"""New files that are written down at once."""
READ_TOGETHER = 192
"""Files that the picture process describes at once."""
YOUNG = 3.0
"""A file that was written so many seconds ago may still be being written: the folders are looked through once more."""
AFTER_START = 2.0
AFTER_TROUBLE = 30.0
MOST_DEEP = 64
"""Folders inside of folders."""


@dataclass
class Look:
    """What a look through a folder found out against the index."""

    new: list[Seen] = field(default_factory=list[Seen])
    lost: list[int] = field(default_factory=list[int])
    problems: list[str] = field(default_factory=list[str])
    """A sentence for each folder that could not be read; what is known of its files stays."""
    young: bool = False


def look(root: Path, kind: str, known: Sequence[tuple[int, str, str, int, int]]) -> Look:
    """Look through a folder. Links to folders are not followed: what they lead to is shown by nobody else either."""
    found = Look()
    before = {(folder, name): (id, mtime, size) for id, folder, name, mtime, size in known}
    unread: list[str] = []
    now = time.time()
    waiting = [("", 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not _can_be_named(entry.name):
                        if is_unfinished(entry.name):
                            clear_if_old(Path(entry.path))
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if depth < MOST_DEEP:
                            waiting.append((f"{folder}/{entry.name}" if folder else entry.name, depth + 1))
                        continue
                    media = media_of(entry.name)
                    if media is None:
                        continue
                    status = _status(root, entry)
                    if status is None:
                        continue
                    mtime, size = status
                    found.young = found.young or mtime > (now - YOUNG) * 1e9
                    was = before.pop((folder, entry.name), None)
                    if was is None or was[1:] != (mtime, size):
                        found.new.append(Seen(kind, folder, entry.name, media, mtime, size))
        except FileNotFoundError:
            if not folder:
                unread.append("")
        except OSError as error:
            unread.append(folder)
            found.problems.append(f"The folder {root / folder} cannot be read: {error.strerror}.")
    for (folder, _), (id, _, _) in before.items():
        if not any(not of or folder == of or folder.startswith(f"{of}/") for of in unread):
            found.lost.append(id)
    return found


def _can_be_named(name: str) -> bool:
    """Not where the disk holds bytes that are no text: no address could name it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _status(root: Path, entry: os.DirEntry[str]) -> tuple[int, int] | None:
    """Time and size of a file; None where it is none, is gone again, or is a link that leads out."""
    try:
        if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(os.path.realpath(root)):
            return None
        if not entry.is_file():
            return None
        status = entry.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class Scan:
    """Looks through `roots` (kind → folder) when asked. `tell` hears when the index has changed."""

    def __init__(
        self, store: GalleryStore, roots: Mapping[str, Path], reader: Pictures, tell: Callable[[], None]
    ) -> None:
        self.problems: list[str] = []
        self.working = False
        self.unread = 0
        """Files that are in the index, and of which it is not known yet what they say."""
        self._store = store
        self._roots = roots
        self._reader = reader
        self._tell = tell
        self._wanted = asyncio.Event()
        self._changed = False
        self._named: dict[tuple[str, str, str], None] = {}
        self._look_wanted = True
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._serve(), name="gallery")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def look_again(self) -> None:
        """Look through the folders soon."""
        self._look_wanted = True
        self._wanted.set()

    def notice(self, kind: str, folder: str, name: str) -> None:
        """A file was just written: take it at once."""
        if kind in self._roots and media_of(name):
            self._named[kind, folder, name] = None
            self._wanted.set()

    async def _serve(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), AFTER_START)
        while True:
            self._wanted.clear()
            try:
                await self._work()
            except DatabaseError as error:
                log.error("the gallery: %s", error)
                self._look_wanted = True
                await asyncio.sleep(AFTER_TROUBLE)
                continue
            except Exception:  # a fault of ours must not end the scan for as long as the server runs
                log.exception("the gallery could not be brought up to date")
                await asyncio.sleep(AFTER_TROUBLE)
                continue
            await self._reader.stop()
            await self._wanted.wait()

    async def _work(self) -> None:
        self.working = True
        try:
            while self._named or self._look_wanted:
                await self._take_named()
                if self._look_wanted:
                    self._look_wanted = False
                    await self._look_through()
            while files := await self._store.unread(READ_TOGETHER):
                self.unread = await self._store.unread_count()
                await self._read(files)
                self._tell_changed()
                if self._named:
                    await self._take_named()
            self.unread = 0
        finally:
            self.working = False
        if self._changed:
            self._changed = False
            self._tell()  # that it is done

    async def _take_named(self) -> None:
        names, self._named = list(self._named), {}
        if not names:
            return
        seen = await asyncio.to_thread(lambda: [file for name in names if (file := self._seen(*name)) is not None])
        ids = await self._store.take(seen)
        if ids:
            # They are the newest, and somebody waits for them.
            await self._read(await self._store.files(ids, 0))
            self._tell_changed()

    def _tell_changed(self) -> None:
        self._changed = True
        self._tell()

    def _seen(self, kind: str, folder: str, name: str) -> Seen | None:
        media = media_of(name)
        try:
            path = inside(self._roots[kind], f"{folder}/{name}".lstrip("/"))
            status = path.stat()
        except (OSError, FileNameError, ValueError):
            return None
        if media is None or not path.is_file() or not _can_be_named(folder + name):
            return None
        return Seen(kind, folder, name, media, status.st_mtime_ns, status.st_size)

    async def _look_through(self) -> None:
        problems: list[str] = []
        young = False
        for kind, root in self._roots.items():
            known = await self._store.known(kind)
            found = await asyncio.to_thread(look, root, kind, known)
            for at in range(0, len(found.lost), TOGETHER):
                await self._store.lose(found.lost[at : at + TOGETHER])
            found.new.sort(key=lambda file: -file.mtime)
            for at in range(0, len(found.new), TOGETHER):
                await self._store.take(found.new[at : at + TOGETHER])
                self._tell_changed()
            if found.lost:
                self._tell_changed()
            problems += found.problems
            young = young or found.young
        self.problems = problems
        if young:
            asyncio.get_running_loop().call_later(YOUNG, self.look_again)

    async def _read(self, files: Sequence[Known]) -> None:
        """Read what files say of themselves; one that ends the picture process is told from the others."""
        pictures = [file for file in files if media_of(file.name) == "image"]
        others = [file for file in files if media_of(file.name) != "image"]
        found: list[tuple[Known, JsonObject | None, str]] = [(file, None, "") for file in others]
        if pictures:
            try:
                described = await self._reader.describe([self._path(file) for file in pictures])
                found += [_described(file, one) for file, one in zip(pictures, described, strict=True)]
            except PictureError:
                for file in pictures:
                    try:
                        found.append(_described(file, (await self._reader.describe([self._path(file)]))[0]))
                    except PictureError as error:
                        found.append((file, None, f"It cannot be read: {error}."))
        await self._store.write_facts(found)

    def _path(self, file: Known) -> Path:
        return self._roots[file.kind] / file.folder / file.name


def _described(file: Known, said: JsonObject) -> tuple[Known, JsonObject | None, str]:
    return (file, None, f"It cannot be read: {said['error']}.") if "error" in said else (file, said, "")
