"""What the incumbent's own page asks the server about itself; the log's routes of this kind are in `log.py`."""

from __future__ import annotations

import asyncio
import heapq
import os
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from api.people import who
from api.services import SERVICES, folders_of
from graph.folders import OWN_KINDS

MOST_FILES = 20_000


async def folder_paths(request: web.Request) -> web.Response:
    """Kinds of model files, each with its folders: where they lie, and to who is no admin what they are called."""
    kinds = request.app[SERVICES].folders.kinds
    paths = who(request).may("admin")
    listed = {
        name: [str(root) if paths else name for root in kind.roots]
        for name, kind in kinds.items()
        if name not in OWN_KINDS
    }
    return web.json_response(listed)


async def files(request: web.Request) -> web.Response:
    """Names of the files at the top of a folder, newest first."""
    kind = request.match_info["kind"]
    if kind not in OWN_KINDS:
        return web.json_response({"error": "Invalid directory type"}, status=400)
    return web.json_response(await asyncio.to_thread(_newest, folders_of(request).root(kind)))


def _newest(folder: Path) -> list[str]:
    """Of a million files only those that are told are held in memory."""
    try:
        with os.scandir(folder) as entries:
            return [name for _, name in heapq.nsmallest(MOST_FILES, _aged(entries))]
    except OSError:
        return []


def _aged(entries: Iterator[os.DirEntry[str]]) -> Iterator[tuple[float, str]]:
    """Each file's time, the newest being least, and its name."""
    for entry in entries:
        try:
            if not entry.name.startswith(".") and entry.is_file():
                yield -entry.stat().st_mtime, entry.name
        except OSError:
            continue  # it has just gone


OWN_ROUTES = [
    web.get("/internal/folder_paths", folder_paths),
    web.get("/internal/files/{kind}", files),
]
