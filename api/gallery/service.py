"""The gallery's parts together, from start to stop, and how pages hear that it has changed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from api.database import DatabaseError
from api.gallery.scan import Scan
from api.gallery.schema import TRASHED
from api.gallery.search import Question
from api.gallery.store import GalleryStore, Known
from api.gallery.thumbs import Thumbs
from api.gallery.trash import Trash
from api.hub import Feed, Hub, text
from api.people import FIRST
from api.pictures import Pictures
from graph.folders import own_folder
from graph.types import JsonObject

TELL_EVERY = 0.5
"""Seconds between two messages to pages: a scan changes the index many times a second."""
LOOK_EVERY = 20.0
"""Seconds after which a page that opens the gallery has the folders looked through again."""
COUNT_EVERY = 5.0
EMPTY_EVERY = 24 * 3600.0
ANSWERS_KEPT = 16


class Gallery:
    """An index of the files under `roots` (kind → folder)."""

    def __init__(self, user: Path, roots: Mapping[str, Path], script: Path, hub: Hub, feed: Feed) -> None:
        self.roots = roots
        self.store = GalleryStore(user / "gallery.db")
        self.trash = Trash(self.store, roots, user / "trash")
        self.thumbs = Thumbs(script, user / "cache" / "thumbs")
        self.change = 0
        """Grows with each change of the index."""
        self._reader = Pictures(script)
        self._scan = Scan(self.store, roots, self._reader, self.tell)
        self._hub = hub
        self._told = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._looked = 0.0
        self._answers: dict[Question, tuple[int, str]] = {}
        self._overviews: dict[str | None, tuple[int, float, JsonObject]] = {}
        self._emptying: asyncio.Task[None] | None = None
        feed.watch(self._hear)

    def start(self) -> None:
        self._scan.start()
        self._emptying = asyncio.create_task(self._empty_old(), name="trash")

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._emptying is not None:
            self._emptying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._emptying
        await self._scan.stop()
        await self.thumbs.stop()
        await self._reader.stop()

    async def search(self, asked: Question) -> str:
        """The answer, from memory while nothing has changed."""
        kept = self._answers.get(asked)
        if kept is not None and kept[0] == self.change:
            return kept[1]
        change = self.change
        found = await self.store.search(asked)
        self._answers.pop(asked, None)
        self._answers[asked] = change, found
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.pop(next(iter(self._answers)))
        return found

    def look_again(self, now: bool = False) -> None:
        """Look through the folders, unless that was done a moment ago."""
        if now or time.monotonic() - self._looked > LOOK_EVERY or not self._looked:
            self._looked = time.monotonic()
            self._scan.look_again()

    def notice(self, kind: str, folder: str, name: str) -> None:
        """A file was just written."""
        self._scan.notice(kind, folder, name)

    def state(self) -> JsonObject:
        scan = self._scan
        return {"change": self.change, "scanning": scan.working, "unread": scan.unread, "problems": scan.problems}

    async def overview(self, owner: str | None = None) -> JsonObject:
        """What can be filtered by. While files are read it may be a moment old: it counts all there is of an owner."""
        now = time.monotonic()
        change, at, found = self._overviews.pop(owner, (-1, 0.0, {}))
        if change != self.change and (not self._scan.working or now - at > COUNT_EVERY):
            change, at, found = self.change, now, await self.store.overview(owner)
        self._overviews[owner] = change, at, found
        while len(self._overviews) > ANSWERS_KEPT:
            self._overviews.pop(next(iter(self._overviews)))
        return {**found, **self.state()}

    def tell(self) -> None:
        """The index has changed: pages hear of it, at most every so often."""
        self.change += 1
        if self._timer is None:
            wait = max(0.0, self._told + TELL_EVERY - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._tell_pages)

    def path(self, file: Known, state: int) -> Path:
        """Where a file lies; it need not exist."""
        return self.trash.path(file) if state == TRASHED else self.roots[file.kind] / file.folder / file.name

    def _tell_pages(self) -> None:
        self._timer = None
        self._told = time.monotonic()
        state = self.state()
        message = text("easel_gallery", state)
        for_others = text("easel_gallery", {**state, "problems": []})  # they name folders of the server
        for listener in self._hub.listeners():
            if listener.flags.get("easel_nodes") is True:  # a page of ours; other clients know no such message
                listener.put(message if listener.person.may("admin") else for_others, replaces="easel_gallery")

    def _hear(self, kind: str, data: Any, owner: str | None = None) -> None:
        """A node's results name the files that it wrote, in its owner's folders."""
        output = data.get("output") if kind == "executed" else None
        for value in cast("dict[str, Any]", output).values() if isinstance(output, dict) else ():
            for file in cast("list[Any]", value) if isinstance(value, list) else ():
                if isinstance(file, dict):
                    named = cast("dict[str, Any]", file)
                    parts = (named.get("type", "output"), named.get("subfolder") or "", named.get("filename"))
                    if all(isinstance(part, str) for part in parts):
                        folder = f"{own_folder(owner or FIRST)}/{parts[1]}".replace("\\", "/").strip("/")
                        self.notice(str(parts[0]), folder, str(parts[2]))

    async def _empty_old(self) -> None:
        while True:
            with contextlib.suppress(DatabaseError, OSError):
                await self.trash.start()
            await asyncio.sleep(EMPTY_EVERY)
