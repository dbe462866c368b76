"""Keeps the gallery's index like the folders: looks through them in a thread, then reads what new files say.

A file is known by its name, size and time. What has been found is in the index before it is read, so that a hundred
thousand files are there to be seen within seconds and can be searched a little later; the server goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from api.database import DatabaseError
from api.gallery.schema import media_of
from api.gallery.store import GalleryStore, Known, Seen
from api.gallery.walk import YOUNG, Walk, can_be_named
from api.pictures import PictureError, Pictures
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

log = logging.getLogger("easel")

TOGETHER = 1000
"""Files that are compared with the index, and written down, at once."""
READ_TOGETHER = 192
"""Files that the picture process describes at once."""
AFTER_START = 2.0
AFTER_TROUBLE = 30.0


class Marks:
    """Which ids were seen, one bit each."""

    def __init__(self, last: int) -> None:
        self._bits = bytearray((last >> 3) + 1)
        self._last = last

    def add(self, id: int) -> None:
        if id <= self._last:
            self._bits[id >> 3] |= 1 << (id & 7)

    def __contains__(self, id: int) -> bool:
        return bool(self._bits[id >> 3] & (1 << (id & 7)))


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
        self._marks = Marks(0)
        """What the look that goes on has seen."""
        self._named: dict[tuple[str, str, str], None] = {}
        self._look_wanted = True
        self._asked = asyncio.Event()
        """Somebody wants it looked through now, whatever went wrong a moment ago."""
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
        self._asked.set()

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
            self._asked.clear()
            try:
                await self._work()
            except DatabaseError as error:
                log.error("the gallery: %s", error)
                self._look_wanted = True
                await self._rest()
                continue
            except Exception:  # a fault of ours must not end the scan for as long as the server runs
                log.exception("the gallery could not be brought up to date")
                await self._rest()
                continue
            await self._reader.stop()
            await self._wanted.wait()

    async def _rest(self) -> None:
        """After trouble, which may last: but who has made room and looks again need not wait."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), AFTER_TROUBLE)

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
        for id in ids:
            self._marks.add(id)
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
        if media is None or not path.is_file() or not can_be_named(folder + name):
            return None
        return Seen(kind, folder, name, media, status.st_mtime_ns, status.st_size)

    async def _look_through(self) -> None:
        problems: list[str] = []
        young = False
        for kind, root in self._roots.items():
            walk = Walk(root, kind, TOGETHER)
            await self._take_all(walk, kind)
            problems += walk.problems
            young = young or walk.young
        self.problems = problems
        if young:
            asyncio.get_running_loop().call_later(YOUNG, self.look_again)

    async def _take_all(self, walk: Walk, kind: str) -> None:
        """Have the index hold what a look through a folder finds, and no more."""
        last = await self._store.last_id()
        marks = self._marks = Marks(last)
        self._store.back.clear()
        while files := await asyncio.to_thread(walk.next):
            known = await self._store.known_among(files)
            new: list[Seen] = []
            for file in files:
                id, *was = known.get((file.folder, file.name), (0, 0, 0))
                marks.add(id)
                if was != [file.mtime, file.size]:
                    new.append(file)
            if new:
                new.sort(key=lambda file: -file.mtime)
                for id in await self._store.take(new):
                    marks.add(id)  # one that was lost and is found
                self._tell_changed()
        at = 0
        while rows := await self._store.here_after(kind, at, last, TOGETHER):
            at = rows[-1][0]
            back = self._store.back
            lost = [id for id, folder in rows if id not in marks and id not in back and walk.was_read(folder)]
            if lost:
                await self._store.lose(lost)
                self._tell_changed()

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
