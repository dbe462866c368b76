"""The folders that are needed: whether they are there, can be written, and how much room they have.

They are looked at every few seconds, before each job and before each upload, in threads of their own: a network drive
that is gone may answer after minutes. What is wrong is noted among the troubles and cleared when it is over, so that
jobs wait meanwhile and go on by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.clock import ClockWatch
from api.files_on_disk import FULL, READ_ONLY
from api.memory import memory_left
from api.replies import Refusal
from api.troubles import Kind, Troubles
from graph.types import JsonObject

log = logging.getLogger("easel")

LOOK_EVERY = 5.0
PATIENCE = 3.0
"""Seconds that a folder may take to answer; one that takes longer counts as gone until it does."""
FLOOR = 64 * 2**20
"""Bytes: with less room than this no job starts and no upload is taken."""
SMALL_DISK = 20
"""Of a disk that is small, this part counts as full instead."""
LEAST_MEMORY = 128 * 2**20
"""Bytes of memory below which the system is about to end processes."""
CLOCK_TOLD = 600.0
"""Seconds for which a page shows that the clock was set."""
TO_WRITE = ("output", "temp", "user")
"""What a job needs."""
WRITE_ERRORS = ("SaveError", "OSError", "PermissionError", "FileNotFoundError", "BlockingIOError", "TimeoutError")
"""How the types of errors end that a node meets where its file finds no place."""
FOLDER_KINDS: tuple[Kind, ...] = ("disk_full", "read_only", "gone")


class NotWell(Exception):
    """A folder cannot be written to. The text is for people."""

    def __init__(self, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind: Kind = kind


@dataclass
class Place:
    """A folder that is needed, as it was when the server started."""

    name: str
    path: Path
    mount: Path | None
    """Where the drive is attached that holds it; None for the system's own."""
    written: bool = True
    """Whether something is written there, and not only read."""
    free: int = 0
    total: int = 0
    doubted: bool = False
    """A write failed there: the next look writes too."""
    answer: asyncio.Future[None] | None = field(default=None, repr=False)

    @staticmethod
    def of(name: str, path: Path, *, written: bool = True) -> Place:
        return Place(name, path, mount_of(path), written)


def mount_of(path: Path) -> Path | None:
    """Where the drive is attached that holds it; None for the system's own."""
    mount = path.resolve()
    while not os.path.ismount(mount):
        mount = mount.parent
    return None if mount == mount.parent else mount


class Room:
    """folders: those that are written to, by name. models: those that are read; needed where they lie on other drives.
    floor: bytes that must be free.
    """

    def __init__(
        self, folders: Mapping[str, Path], troubles: Troubles, floor: int = FLOOR, models: Iterable[Path] = ()
    ) -> None:
        self._places = {name: Place.of(name, path) for name, path in folders.items()}
        drives = (Place.of("models", path, written=False) for path in models)
        self._drives = list({place.mount: place for place in drives if place.mount is not None}.values())
        self._troubles = troubles
        self._floor = floor
        self._clock = ClockWatch()
        self._clock_told = 0.0
        self._memory: JsonObject = {"free": 0, "total": 0}
        self._soon = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._also: list[Callable[[], object]] = []

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="room")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def also(self, look: Callable[[], object]) -> None:
        """Have something else looked at as often as the folders: called in a thread."""
        self._also.append(look)

    def doubt(self) -> None:
        """A write failed somewhere: look at once, and write to see."""
        for place in self._places.values():
            place.doubted = True
        self._soon.set()

    def heard(self, kind: str, data: Any, _: str | None) -> None:
        """An event of the queue: a job that could not write its result is no reason to let the next one fail too."""
        if kind == "execution_error" and str(data.get("exception_type", "")).endswith(WRITE_ERRORS):
            self.doubt()

    async def hindrance(self, *names: str) -> str:
        """Why these folders (those that a job needs, where none is named) cannot be written to; empty where they can.

        They are looked at now.
        """
        places = [self._places[name] for name in names or TO_WRITE if name in self._places]
        places += [] if names else self._drives
        await asyncio.gather(*(self._look(place) for place in places))
        found = (self._troubles.at(place.path) for place in places)
        return next((trouble.sentence for trouble in found if trouble is not None), "")

    async def take_upload(self, name: str) -> None:
        """Raises Refusal where a file that somebody sends would find no place in this folder."""
        if why := await self.hindrance(name):
            trouble = self._troubles.at(self._places[name].path)
            full = trouble is not None and trouble.kind == "disk_full"
            raise Refusal(507 if full else 503, "disk_full" if full else "folder_gone", why)

    def room(self, *, paths: bool = True) -> list[JsonObject]:
        """What `/easel/status` has as `room`. paths: whether to tell them, or what the folders are called."""
        names = self._troubles.names
        return [
            {
                "where": place.name,
                "path": str(place.path) if paths else names.instead(str(place.path)),
                "free": place.free,
                "total": place.total,
            }
            for place in (*self._places.values(), *self._drives)
        ]

    def memory(self) -> JsonObject:
        """What `/easel/status` has as `memory`."""
        return self._memory

    async def _watch(self) -> None:
        while True:
            self._soon.clear()
            try:
                await self._look_at_all()
            except Exception:  # a fault of ours must not end the watch for as long as the server runs
                log.exception("the folders could not be looked at")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), LOOK_EVERY)

    async def _look_at_all(self) -> None:
        for place in (*self._places.values(), *self._drives):
            await self._look(place)
        await asyncio.to_thread(self._look_at_memory)
        for look in self._also:
            await asyncio.to_thread(look)
        self._look_at_clock()

    async def _look(self, place: Place) -> None:
        """Look at one folder; one that has not answered the last time is not asked once more before it does."""
        loop = asyncio.get_running_loop()
        if place.answer is None or place.answer.done():
            answer = place.answer = loop.create_future()
            threading.Thread(target=self._ask, args=[place, loop, answer], daemon=True).start()
        done, _ = await asyncio.wait([place.answer], timeout=PATIENCE)
        if not done:
            self._troubles.note(
                "gone",
                place.path,
                f"The {place.name} folder {place.path} does not answer. Jobs wait until the drive that holds it does.",
            )

    def _ask(self, place: Place, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[None]) -> None:
        try:
            self._look_now(place)
        finally:
            with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
                loop.call_soon_threadsafe(_settle, answer)

    def _look_now(self, place: Place) -> None:
        known = self._troubles.at(place.path)
        try:
            look_at(place, self._floor, surely=place.doubted or known is not None)
        except NotWell as found:
            if known is None or known.kind != found.kind:
                log.error("%s", found)
            self._troubles.clear(place.path, [kind for kind in FOLDER_KINDS if kind != found.kind])
            self._troubles.note(found.kind, place.path, str(found))
        else:
            if known is not None:
                log.info("the %s folder %s can be written again", place.name, place.path)
            self._troubles.clear(place.path)
        place.doubted = False

    def _look_at_memory(self) -> None:
        free, total = memory_left()
        self._memory = {"free": free, "total": total}
        if free < LEAST_MEMORY:
            self._troubles.note(
                "memory",
                "memory",
                f"The machine has {free / 2**20:.0f} MB of memory left: the system may end processes. Close"
                " other programs, or let go of loaded models.",
            )
        else:
            self._troubles.clear("memory")

    def _look_at_clock(self) -> None:
        by = self._clock.jump()
        now = asyncio.get_running_loop().time()
        if by:
            self._clock_told = now
            direction = "forward" if by > 0 else "back"
            self._troubles.note(
                "clock",
                "clock",
                f"This machine's clock was set {direction} by {_in_words(abs(by))}. Jobs run on in their order; times"
                " that are shown may not fit each other.",
            )
        elif now - self._clock_told > CLOCK_TOLD:
            self._troubles.clear("clock")


def look_at(place: Place, floor: int, *, surely: bool) -> None:
    """Note how many bytes are free, and how many there are. Raises NotWell.

    surely: a file is written to see whether that works.
    """
    name, path = place.name, place.path
    try:
        if place.mount is not None and not os.path.ismount(place.mount):
            raise NotWell(
                "gone",
                f"The drive {place.mount} that holds the {name} folder is not there any more. Attach it again: jobs"
                " wait until then.",
            )
        if not place.written:
            usage = shutil.disk_usage(path)
            place.free, place.total = usage.free, usage.total
            return
        if not path.is_dir():
            if not path.parent.is_dir():
                raise NotWell("gone", f"The {name} folder {path} is not there any more. Jobs wait until it is back.")
            path.mkdir(exist_ok=True)  # somebody deleted it: what was in it is gone, and work goes on
        usage = shutil.disk_usage(path)
        place.free, place.total = usage.free, usage.total
        if surely:
            _write_a_little(path)
        elif not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "no right to write")
    except OSError as error:
        raise _not_well(error, name, path) from error
    floor = min(floor, usage.total // SMALL_DISK)
    if usage.free < floor:
        raise NotWell("disk_full", _full(name, path, usage.free, floor))


def _not_well(error: OSError, name: str, path: Path) -> NotWell:
    if error.errno in FULL:
        return NotWell("disk_full", _full(name, path, None, 0))
    if error.errno in READ_ONLY:
        return NotWell(
            "read_only", f"The {name} folder {path} cannot be written to by this user. Jobs wait until it can."
        )
    why = error.strerror or str(error)
    return NotWell(
        "gone",
        f"The {name} folder {path} does not answer ({why}). Jobs wait until the drive that holds it does.",
    )


def _full(name: str, path: Path, free: int | None, floor: int) -> str:
    left = "" if free is None else f" ({free / 2**20:.0f} MB left, {floor / 2**20:.0f} MB wanted)"
    return f"The disk that holds the {name} folder {path} is full{left}. Make room: jobs wait, and go on by themselves."


def _write_a_little(folder: Path) -> None:
    handle, made = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    try:
        os.write(handle, bytes(4096))
        os.fsync(handle)
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):
            Path(made).unlink()


def _settle(answer: asyncio.Future[None]) -> None:
    if not answer.done():
        answer.set_result(None)


def _in_words(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
