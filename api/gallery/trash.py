"""The gallery's trash: files are moved there with their names, and back, and nothing is ever overwritten."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from api.files_on_disk import move_new
from api.gallery.schema import HERE, TRASHED
from api.gallery.store import GalleryStore, Known
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

log = logging.getLogger("easel")

MOST_COPIES = 10_000


@dataclass
class Moved:
    """What became of files that were to be moved."""

    done: list[int] = field(default_factory=list[int])
    failed: list[JsonObject] = field(default_factory=list[JsonObject])
    """id, name and why, of each that stayed where it was."""
    renamed: list[JsonObject] = field(default_factory=list[JsonObject])
    """id and name, of each that came back under another one."""
    names: list[str] = field(default_factory=list[str])
    """Of those in `done`, with their folders; for the audit log."""

    def to_json(self) -> JsonObject:
        return {"done": self.done, "failed": self.failed, "renamed": self.renamed}


class Trash:
    """Files of the folders `roots` in the trash `folder`: `folder/<id>/<name>`."""

    def __init__(self, store: GalleryStore, roots: Mapping[str, Path], folder: Path) -> None:
        self._store = store
        self._roots = roots
        self._folder = folder
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Mend what a power cut left between moving a file and writing that down, and empty what is old."""
        async with self._lock:
            there = await asyncio.to_thread(self._ids)
            stray = await self._store.files(there, HERE) if there else []
            await self._store.set_trashed(file.id for file in stray)
        await self.empty(await self._store.forget_old())

    async def put(self, ids: Sequence[int], owner: str | None = None) -> Moved:
        """Move files to the trash. owner: here and below, whose files alone."""
        async with self._lock:
            moved = Moved()
            files = await self._store.files(ids, HERE, owner)
            self._store.moving.update(file.id for file in files)
            try:
                for file in files:
                    await self._try(file, moved, lambda file: _move(self._place(file), self._kept(file)))
                await self._store.set_trashed(moved.done)
            finally:
                self._store.moving.difference_update(file.id for file in files)
            return moved

    async def restore(self, ids: Sequence[int], owner: str | None = None) -> Moved:
        """Move files back to where they were; one whose name is taken meanwhile gets a number."""
        async with self._lock:
            moved = Moved()
            back: list[tuple[int, str, int, int]] = []

            def bring(file: Known) -> None:
                target = _move(self._kept(file), self._place(file))
                status = target.stat()
                back.append((file.id, target.name, status.st_mtime_ns, status.st_size))
                if target.name != file.name:
                    moved.renamed.append({"id": file.id, "name": target.name})
                with suppress(OSError):
                    self._kept(file).parent.rmdir()

            for file in await self._store.files(ids, TRASHED, owner):
                await self._try(file, moved, bring)
            await self._store.set_restored(back)
            return moved

    async def empty(self, ids: Sequence[int] | None = None, owner: str | None = None) -> Moved:
        """Delete files of the trash for good: these, or all."""
        async with self._lock:
            moved = Moved()
            wanted = await self._store.all_in_trash(owner) if ids is None else ids
            for at in range(0, len(wanted), 500):
                for file in await self._store.files(wanted[at : at + 500], TRASHED, owner):
                    await self._try(file, moved, self._delete)
            await self._store.forget(moved.done)
            return moved

    def path(self, file: Known) -> Path:
        """Where a file of the trash lies."""
        return self._kept(file)

    async def _try(self, file: Known, moved: Moved, work: Callable[[Known], object]) -> None:
        try:
            await asyncio.to_thread(work, file)
        except FileNotFoundError:
            moved.failed.append({"id": file.id, "name": file.name, "why": "it is not there any more"})
        except (OSError, FileNameError) as error:
            log.warning("%s was not moved: %s", file.name, error)
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full" if full else getattr(error, "strerror", None) or str(error)
            moved.failed.append({"id": file.id, "name": file.name, "why": why})
        else:
            moved.done.append(file.id)
            moved.names.append("/".join(part for part in (file.kind, file.folder, file.name) if part))

    def _place(self, file: Known) -> Path:
        return inside(self._roots[file.kind], f"{file.folder}/{file.name}".lstrip("/"))

    def _kept(self, file: Known) -> Path:
        return self._folder / str(file.id) / file.name

    def _delete(self, file: Known) -> None:
        with suppress(FileNotFoundError):
            self._kept(file).unlink()
        with suppress(OSError):
            self._kept(file).parent.rmdir()

    def _ids(self) -> list[int]:
        with suppress(FileNotFoundError):
            return [int(path.name) for path in self._folder.iterdir() if path.name.isdecimal()][:30_000]
        return []


def _move(source: Path, target: Path) -> Path:
    """Move a file to a name that is free; returns its new path. Raises OSError; then it is where it was."""
    if not source.is_file():
        raise FileNotFoundError(errno.ENOENT, "it is not there any more", str(source))
    for number in range(MOST_COPIES):
        place = target if number == 0 else target.with_name(f"{target.stem} ({number}){target.suffix}")
        with suppress(FileExistsError):
            move_new(source, place)
            return place
    raise FileExistsError(errno.EEXIST, f"there are {MOST_COPIES} files named like it", str(target))
