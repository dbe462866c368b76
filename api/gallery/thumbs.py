"""Small pictures for the gallery: made by picture processes, kept on the disk, the newest wish first.

A page that is scrolled wishes for more than it will show. So what is wished for last is made first, what nobody waits
for any more is dropped, and the number of wishes is bounded.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from api.files_on_disk import write_whole
from api.pictures import PictureError, Pictures

log = logging.getLogger("easel")

SIZES = (256, 512)
"""Pixels of the longer side."""
QUALITY = 80
MOST_WISHES = 256
MOST_BYTES = 2 * 2**30
"""On the disk; then those that were not looked at for longest go, down to nine tenths."""
LOOK_EVERY = 64 * 2**20
"""Bytes written until the folder's size is looked at again."""
IDLE = 30.0
"""Seconds without a wish after which the picture processes end."""
USED_AGAIN = 24 * 3600
"""A small picture's time is when it was last used, to so many seconds."""


class Dropped(Exception):
    """Nobody waits for it any more, or too many newer ones were wished for."""


class _Wish:
    def __init__(self, path: Path, size: int, place: Path) -> None:
        self.path = path
        self.size = size
        self.place = place
        self.waiting: list[Callable[[], bool]] = []
        self.done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()


class Thumbs:
    """Small pictures under `folder`. `get` raises PictureError, Dropped and FileNotFoundError."""

    def __init__(self, script: Path, folder: Path, processes: int | None = None) -> None:
        count = processes or max(1, min(4, (os.cpu_count() or 2) // 2))
        self._makers = [Pictures(script) for _ in range(count)]
        self._folder = folder
        self._wishes: dict[Path, _Wish] = {}
        self._wished = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._written = LOOK_EVERY
        self._told_full = False

    async def get(self, path: Path, size: int, waits: Callable[[], bool]) -> bytes:
        """A WEBP of the picture that fits into `size`; `waits` says whether somebody still wants it."""
        status = await asyncio.to_thread(path.stat)
        key = hashlib.sha256(f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0{size}".encode()).hexdigest()
        place = self._folder / key[:2] / f"{key[2:34]}.webp"
        kept = await asyncio.to_thread(_read, place)
        if kept is not None:
            return kept
        wish = self._wishes.pop(place, None) or _Wish(path, size, place)
        wish.waiting.append(waits)
        self._wishes[place] = wish  # the last one is taken first
        if len(self._wishes) > MOST_WISHES:
            oldest = self._wishes.pop(next(iter(self._wishes)))
            oldest.done.set_exception(Dropped())
            oldest.done.exception()  # it may be that nobody listens
        self._start()
        self._wished.set()
        return await asyncio.shield(wish.done)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for maker in self._makers:
            await maker.stop()

    def _start(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._serve(maker), name="thumbs") for maker in self._makers]

    async def _serve(self, maker: Pictures) -> None:
        while True:
            while not self._wishes:
                self._wished.clear()
                try:
                    await asyncio.wait_for(self._wished.wait(), IDLE)
                except TimeoutError:
                    await maker.stop()
                    await self._wished.wait()
            _, wish = self._wishes.popitem()
            if wish.done.done():
                continue
            if not any(waits() for waits in wish.waiting):
                wish.done.set_exception(Dropped())
                wish.done.exception()
                continue
            try:
                await self._make(maker, wish)
            except Exception:  # a fault of ours takes one picture, never all that come after it
                log.exception("no small picture of %s", wish.path)
                if not wish.done.done():
                    wish.done.set_exception(PictureError("the server failed to make it"))
                    wish.done.exception()

    async def _make(self, maker: Pictures, wish: _Wish) -> None:
        try:
            _, picture = await maker.convert(wish.path, "webp", quality=QUALITY, size=wish.size)
        except PictureError as error:
            wish.done.set_exception(error)
            wish.done.exception()
            return
        wish.done.set_result(picture)
        try:
            await asyncio.to_thread(_write, wish.place, picture)
            self._told_full = False
        except OSError as error:  # it was made, and is made again next time
            if not self._told_full:
                log.warning("small pictures are not kept: %s", error)
            self._told_full = True
        self._written += len(picture)
        if self._written > LOOK_EVERY:
            self._written = 0
            await asyncio.to_thread(trim, self._folder, MOST_BYTES)


def _read(place: Path) -> bytes | None:
    """What is kept; None where there is none, or a power cut left half of it."""
    try:
        data = place.read_bytes()
        if data[:4] != b"RIFF" or int.from_bytes(data[4:8], "little") + 8 != len(data):
            return None
        if place.stat().st_mtime < time.time() - USED_AGAIN:
            os.utime(place)
    except OSError:
        return None
    return data


def _write(place: Path, data: bytes) -> None:
    """Whole or not at all; not for ever: what a power cut takes is made again."""
    write_whole(place, data, lasting=False)


def trim(folder: Path, most: int) -> int:
    """Delete those that were not used for longest where all take more than `most` bytes; returns what is left."""
    kept: list[tuple[float, int, Path]] = []
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                status = Path(path, name).stat()
                kept.append((status.st_mtime, status.st_size, Path(path, name)))
                total += status.st_size
    if total <= most:
        return total
    for _, size, place in sorted(kept):
        if total <= most * 9 // 10:
            break
        with suppress(OSError):
            place.unlink()
            total -= size
    return total
