"""Packs under development: those that --dev-pack names, and those that `server.py new-node` made.

`user/development.json` lists the latter by their paths. They are trusted as their author is, and imported anew when one
of their files is saved.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from api.files_on_disk import move, write_whole
from graph.packs import PackOnDisk, named_packs

log = logging.getLogger("easel")

VERSION = 1
LOOK_EVERY = 0.4
SETTLED = 0.1
"""Seconds for which a file must stay as it is: editors write in pieces."""

Stamp = tuple[tuple[str, int, int], ...]


class Development:
    """The list of packs that were made here. `server.py new-node` writes the file while a server may run."""

    def __init__(self, user: Path) -> None:
        self.file = user / "development.json"
        self._mark: tuple[int, int] | None = None
        self._paths: frozenset[str] = frozenset()

    def __contains__(self, path: Path) -> bool:
        return str(path.resolve()) in self.paths()

    def paths(self) -> frozenset[str]:
        """Read again whenever the file is another. A damaged one lists nothing, and is put aside."""
        try:
            state = self.file.stat()
            mark = (state.st_mtime_ns, state.st_size)
        except OSError:
            mark = None
        if mark != self._mark:
            self._paths, self._mark = frozenset() if mark is None else self._read(), mark
        return self._paths

    def _read(self) -> frozenset[str]:
        try:
            data: Any = json.loads(self.file.read_bytes())
            if data["version"] != VERSION:
                raise ValueError(f"it is of version {data['version']}")
            return frozenset(str(path) for path in data["paths"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            aside = self.file.with_name("development.json.damaged")
            log.warning(
                "%s cannot be read (%s): no pack counts as made here; it is kept as %s", self.file, error, aside.name
            )
            with contextlib.suppress(OSError):
                move(self.file, aside)
            return frozenset()

    def add(self, path: Path) -> None:
        """List a pack. Raises OSError."""
        self._write({*self.paths(), str(path.resolve())})

    def remove(self, path: Path) -> None:
        """Take a pack off the list, if it is on it. Raises OSError."""
        if path in self:
            self._write(set(self.paths()) - {str(path.resolve())})

    def _write(self, paths: Iterable[str]) -> None:
        data = {"version": VERSION, "paths": sorted(paths)}
        write_whole(self.file, json.dumps(data, indent=1).encode())


class DevWatch:
    """Looks at the code of packs under development, and has those imported anew whose files were saved.

    taken_up: called with the names of packs that are new or were saved.
    """

    def __init__(
        self,
        development: Development,
        roots: Sequence[Path],
        names: Sequence[str],
        taken_up: Callable[[list[str]], Awaitable[None]],
    ) -> None:
        self._development = development
        self._roots = roots
        self._names = frozenset(names)
        self._taken_up = taken_up
        self._seen: dict[str, Stamp] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """What is there now is what the worker imports when it starts."""
        self._seen = await asyncio.to_thread(self._look)
        self._task = asyncio.create_task(self._watch(), name="packs under development")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            found = await asyncio.to_thread(self._look)
            while found != self._seen and found != (found := await self._again()):
                continue
            changed = [name for name, stamp in found.items() if self._seen.get(name) != stamp]
            self._seen = found
            if changed:
                try:
                    await self._taken_up(changed)
                except Exception:  # a fault of ours must not end the watch
                    log.exception("the packs %s could not be imported anew", ", ".join(changed))

    async def _again(self) -> dict[str, Stamp]:
        await asyncio.sleep(SETTLED)
        return await asyncio.to_thread(self._look)

    def _look(self) -> dict[str, Stamp]:
        """By name: the Python files of each pack under development, with their sizes and times."""
        made = self._development.paths()
        if not made and not self._names:
            return {}
        found: dict[str, Stamp] = {}
        for name, pack in named_packs(self._roots):
            if str(pack.path.resolve()) in made or {name, pack.path.name} & self._names:
                found[name] = _stamp(pack)
        return found


def _stamp(pack: PackOnDisk) -> Stamp:
    """Like `PackOnDisk.stamp`, without the page's scripts; a file that is being replaced counts as gone."""
    found: list[tuple[str, int, int]] = []
    for path in pack.code_files():
        if path.suffix == ".py":
            with contextlib.suppress(OSError):
                state = path.stat()
                found.append((str(path), state.st_size, state.st_mtime_ns))
    return tuple(found)
