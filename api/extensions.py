"""What packs add to the page: which of them do, and the files of their page folders (docs/extending-the-page.md)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

from api.packs.served import kind_of, served
from api.services import SERVICES
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

SCRIPT = "index.js"
MOST_FILES = 2000
"""Of one pack's folder that are looked at for its version."""


async def list_extensions(request: web.Request) -> web.Response:
    """Packs that the worker has loaded and that add to the page: `[{pack, script}]`, in the order in which they loaded.

    The address of a script names the state of its folder, so that a browser never keeps an old one.
    """
    found = await asyncio.to_thread(_listed, request.app[SERVICES].worker.report.packs)
    return web.json_response(found, headers={hdrs.CACHE_CONTROL: "no-cache"})


async def get_file(request: web.Request) -> web.Response:
    """A file of a pack's page folder. What is not there, and what lies elsewhere, is 404 alike."""
    found = {name: (folder, pack) for name, folder, pack in _folders(request.app[SERVICES].worker.report.packs)}
    if request.match_info["pack"] not in found:
        raise web.HTTPNotFound
    folder, pack = found[request.match_info["pack"]]
    try:
        path = served(pack, inside(folder, request.match_info["path"]))
        body = await asyncio.to_thread(path.read_bytes)
    except (FileNameError, OSError, ValueError):
        raise web.HTTPNotFound from None
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        hdrs.CACHE_CONTROL: "no-cache",
    }
    return web.Response(body=body, content_type=kind_of(path), headers=headers)


def _listed(packs: list[JsonObject]) -> list[JsonObject]:
    return [
        {"pack": name, "script": f"/easel/packs/{quote(name, safe='')}/{_version(folder)}/{SCRIPT}"}
        for name, folder, _ in _folders(packs)
    ]


def _folders(packs: list[JsonObject]) -> Iterator[tuple[str, Path, JsonObject]]:
    for pack in packs:
        if pack.get("page"):
            yield str(pack["name"]), Path(str(pack["page"])), pack


def _version(folder: Path) -> str:
    """The newest change in the folder, as an address can say it."""
    newest, looked = 0, 0
    for path, _, names in os.walk(folder):
        for name in names:
            looked += 1
            try:
                newest = max(newest, Path(path, name).stat().st_mtime_ns)
            except OSError:
                continue
        if looked > MOST_FILES:
            break
    return f"{newest:x}"


OWN_ROUTES = [
    web.get("/easel/extensions", list_extensions),
    web.get("/easel/packs/{pack}/{version}/{path:.+}", get_file),
]
