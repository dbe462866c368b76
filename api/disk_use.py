"""How much of the disk each person's files take, against what they may have (`Quotas.disk_bytes`).

What they sent, saved and had made counts: all under their input, output and user folders, and in the gallery's trash.
It is added up by walking the folders, kept for a while, and carried on with what is known to have come.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from api.accounts.people import Quotas
from api.people import FIRST
from api.replies import Refusal
from graph.folders import PEOPLE, Folders

KEPT = 30.0
"""Seconds that a sum is taken for; more where adding it up takes long."""
SHARE = 50
"""A sum is kept for so many times as long as it took."""
COUNTED = ("input", "output")


@dataclass
class _Sum:
    bytes: int
    until: float
    coming: int = 0
    """Bytes of uploads that are on their way."""
    sent: int = 0
    """Bytes that came by `add`, ever: what comes during a count is counted once, or twice until the next, never not."""
    counted: bool = False
    """Whether it was ever added up."""
    outdated: int = 0
    """How often what was counted was no longer so: a sum that is being added up then is out of date as well."""
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)


class DiskUse:
    """quotas: what a person may have. user: holds a folder for each. in_trash: bytes of a person's files there."""

    def __init__(
        self,
        folders: Folders,
        user: Path,
        quotas: Callable[[str], Quotas],
        in_trash: Callable[[str], Awaitable[int]],
    ) -> None:
        self._folders = folders
        self._user = user
        self._quotas = quotas
        self._in_trash = in_trash
        self._sums: dict[str, _Sum] = {}

    async def used(self, person: str) -> int:
        """Bytes of a person's files."""
        return (await self._sum(person)).bytes

    def last_known(self, person: str) -> int | None:
        """Bytes of a person's files as they were last counted, without looking; None where they never were."""
        found = self._sums.get(person)
        return found.bytes if found is not None and found.counted else None

    async def left(self, person: str) -> int | None:
        """Bytes that may still come, never below 0; None where nothing bounds them."""
        most = self._quotas(person).disk_bytes
        if most is None:
            return None
        found = await self._sum(person)
        return max(0, most - found.bytes - found.coming)

    @asynccontextmanager
    async def room_for(self, person: str, size: int) -> AsyncGenerator[None]:
        """Hold room for an upload while it comes. Raises Refusal (507) where there is none."""
        most = self._quotas(person).disk_bytes
        if most is None:
            yield
            return
        found = await self._sum(person)
        if found.bytes + found.coming + size > most:
            raise used_up(found.bytes + found.coming, most, size)
        found.coming += size
        try:
            yield
        finally:
            found.coming -= size

    def add(self, person: str, size: int) -> None:
        """So many bytes have come."""
        if (found := self._sums.get(person)) is not None:
            found.bytes += size
            found.sent += size

    def heard(self, kind: str, data: Any, owner: str | None) -> None:
        """A job has ended: what it made is counted when it is next asked for."""
        if kind == "job_ended" and (found := self._sums.get(owner or FIRST)) is not None:
            _outdate(found)

    def forget(self) -> None:
        """Files have gone, of whomever."""
        for found in self._sums.values():
            _outdate(found)

    async def _sum(self, person: str) -> _Sum:
        found = self._sums.setdefault(person, _Sum(0, 0.0))
        async with found.counting:
            now = time.monotonic()
            if now >= found.until:
                sent, outdated = found.sent, found.outdated
                folders = self._folders.for_person(person)
                roots = [self._user / person, *(root for kind in COUNTED for root in folders.roots(kind))]
                there = await asyncio.to_thread(lambda: sum(map(_bytes_under, roots)))
                in_trash = await self._in_trash(person)
                found.bytes = there + in_trash + found.sent - sent
                found.counted = True
                took = time.monotonic() - now
                found.until = now + max(KEPT, took * SHARE) if outdated == found.outdated else 0.0
            return found


def _outdate(sum: _Sum) -> None:
    sum.until = 0.0
    sum.outdated += 1


def used_up(used: int, most: int, more: int) -> Refusal:
    sentence = f"Your files take {_words(used)} of the {_words(most)} that you may have, and this one {_words(more)}."
    advice = "Delete some for good in the gallery's trash or among the inputs, or ask an admin for more."
    return Refusal(507, "quota", sentence, advice, extra_info={"used": used, "quota": most, "size": more})


def _words(size: int) -> str:
    for unit, bytes in (("GB", 2**30), ("MB", 2**20)):
        if size >= bytes:
            return f"{size / bytes:.1f} {unit}"
    return f"{size / 1024:.0f} kB"


def _bytes_under(root: Path) -> int:
    """Of all files under a folder; those of other people below it are not counted, nor what links lead to."""
    total = 0
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if folder != str(root) or entry.name != PEOPLE:
                            waiting.append(entry.path)
                        continue
                    with suppress(OSError):  # the file is gone meanwhile; the others are not
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:  # the folder is
            continue
    return total


DISK_USE = web.AppKey("disk use", DiskUse)
