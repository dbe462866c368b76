"""All model files as they lie on the disk, kept: no request lists folders or looks at each file."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from api.unfinished import clear_if_old, is_unfinished
from graph.folders import OWN_KINDS, Folders, State

ENDINGS = tuple(f"{middle}{ending}" for middle in ("", ".preview") for ending in (".png", ".jpg", ".jpeg", ".webp"))
"""Of the picture of `name.safetensors`, the first that is there: `name.png`, ..., `name.preview.png`, ..."""
PASSED_OVER = frozenset({*OWN_KINDS, "custom_nodes", "configs", "diffusers"})
"""Kinds that hold no model files."""
FRESH = 1.0
"""Seconds after which files are looked at anew, beside the answer, for those that were written over in their place."""

Files = dict[str, list["Found"]]


@dataclass(frozen=True)
class Found:
    """A model file as it lies on the disk."""

    name: str
    path: str
    size: int
    mtime_ns: int
    picture: int
    """Seconds of the picture beside it; 0 for none."""

    @property
    def stamp(self) -> str:
        return f"{self.size}:{self.mtime_ns}"


class ModelIndex:
    """Files that come and go show in their folders, which are looked at for each request; files that were only written
    over do not, so each is looked at beside, when somebody asks and the last look is a while ago."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._kept: Files = {}
        self._state: State | None = None
        self._looked = 0.0
        self._lock = asyncio.Lock()
        self._beside: asyncio.Task[None] | None = None

    async def files(self) -> Files:
        """By kind. Where files came or went, as they are now."""
        kinds = kinds_of(self._folders)
        async with self._lock:
            state = await asyncio.to_thread(self._folders.state, kinds)
            if state != self._state:
                await self._look(state)
            elif time.monotonic() - self._looked > FRESH and not self.looks:
                self._beside = asyncio.create_task(self._look_beside())
            return self._kept

    @property
    def looks(self) -> bool:
        """Whether files are being looked at, and may prove to be others."""
        return self._beside is not None and not self._beside.done()

    def forget(self) -> None:
        """Something was put beside a model."""
        self._state = None

    async def stop(self) -> None:
        if self._beside is not None:
            await asyncio.gather(self._beside, return_exceptions=True)

    async def _look_beside(self) -> None:
        state = self._state
        kept = await asyncio.to_thread(find_models, self._folders)
        if state == self._state:  # else somebody who asked meanwhile has looked
            self._kept, self._looked = kept, time.monotonic()

    async def _look(self, state: State) -> None:
        self._kept = await asyncio.to_thread(find_models, self._folders)
        self._state, self._looked = state, time.monotonic()


def kinds_of(folders: Folders) -> list[str]:
    """Those that hold model files."""
    return [kind for kind in folders.kinds if kind not in PASSED_OVER]


def find_models(folders: Folders) -> Files:
    """All model files by kind; a folder that cannot be read holds none. Ten thousand files cost one look each."""
    found: Files = {}
    for kind in kinds_of(folders):
        entries: dict[str, dict[str, os.stat_result]] = {}
        roots = [str(root) for root in folders.roots(kind)]
        entries.update((root, _entries(root)) for root in roots)
        files = (_find(roots, name, entries) for name in folders.list(kind))
        found[kind] = [file for file in files if file is not None]
    return found


def _find(roots: list[str], name: str, entries: dict[str, dict[str, os.stat_result]]) -> Found | None:
    # Texts, and no paths: those of twenty thousand files take ten times as long.
    inner, _, file = name.replace("/", os.sep).rpartition(os.sep)
    for root in roots:
        folder = f"{root}{os.sep}{inner}" if inner else root
        beside = entries.get(folder)
        if beside is None:
            beside = entries[folder] = _entries(folder)
        status = beside.get(file)
        if status is None:
            continue  # it lies in another root, or has just gone
        stem = file.rpartition(".")[0] or file
        times = (beside[stem + ending] for ending in ENDINGS if stem + ending in beside)
        picture = next((int(other.st_mtime) for other in times), 0)
        return Found(name, f"{folder}{os.sep}{file}", status.st_size, status.st_mtime_ns, picture)
    return None


def _entries(folder: str) -> dict[str, os.stat_result]:
    """What is in a folder; and what a crash left half written there goes."""
    found: dict[str, os.stat_result] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_unfinished(entry.name):
                    clear_if_old(Path(entry.path))
                    continue
                try:
                    found[entry.name] = entry.stat()
                except OSError:
                    continue  # a link that leads nowhere, or it has just gone
    except OSError:
        return {}
    return found
