"""What packs bring for the incumbent's page and for other clients: scripts, words in languages, example graphs.

Only of packs that the worker has loaded, which are those that somebody approved. Ours are in `extensions.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from aiohttp import hdrs, web

from api.packs.known import as_folders
from api.packs.served import files_in, is_within, kind_of, served
from api.services import SERVICES
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

LOADED = frozenset({"loaded", "partly", "empty", "failed", "stale"})
"""States of a pack whose code was approved. Every other is none that files are served of."""
GRAPHS = ("example_workflows", "example", "examples", "workflow", "workflows")
"""Folders of a pack that may hold graphs to begin with."""
WORDS = {"nodeDefs.json": "nodeDefs", "commands.json": "commands", "settings.json": "settings"}
"""Files of `locales/CODE/` and where their words stand; those of `main.json` stand at the top."""
MOST_FILES = 5000
LARGEST_WORDS = 4 * 2**20
TEMPLATE_FILES = frozenset({".json", ".webp", ".jpg", ".jpeg", ".png", ".gif", ".mp4", ".webm", ".mp3", ".svg"})

SCRIPTS_OF_PAGE = web.AppKey("scripts of the page", Path)
"""The root of a front end that is served instead of ours: its own extensions are listed first."""


async def list_extensions(request: web.Request) -> web.Response:
    """Addresses of every `.js` file in packs' web folders: the incumbent's page imports each as a module."""
    packs = request.app[SERVICES].worker.report.packs
    root = request.app.get(SCRIPTS_OF_PAGE)
    found = await asyncio.to_thread(_scripts, packs, root)
    return web.json_response(found, headers={hdrs.CACHE_CONTROL: "no-cache"})


def _scripts(packs: list[JsonObject], root: Path | None) -> list[str]:
    found: list[str] = []
    if root is not None:
        found += [f"/extensions/{name}" for name in _js_files(root / "extensions")]
    for name, (folder, pack) in _web_folders(packs):
        found += [
            f"/extensions/{quote(name, safe='')}/{quote(file)}"
            for file in _js_files(folder)
            if _is_served(pack, folder / file)
        ]
    return found


def _is_served(pack: JsonObject, path: Path) -> bool:
    """Whether a script was approved with its pack."""
    try:
        return served(pack, path).is_file()
    except OSError:
        return False


def _js_files(folder: Path) -> list[str]:
    names: list[str] = []
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        prefix = os.path.relpath(path, folder).replace(os.sep, "/")
        for file in sorted(files):
            if file.endswith(".js") and len(names) < MOST_FILES:
                names.append(file if prefix == "." else f"{prefix}/{file}")
    return names


def _web_folders(packs: list[JsonObject]) -> Iterator[tuple[str, tuple[Path, JsonObject]]]:
    """The name under which it is served, and the folder with the report of its pack."""
    for pack in packs:
        if pack.get("state") in LOADED:
            for name, folder in webs_of(pack).items():
                yield name, (Path(folder), pack)


def webs_of(report: JsonObject) -> dict[str, str]:
    """A pack's folders of scripts for the incumbent's page, by the names under which they are served."""
    return as_folders(report.get("webs"))


def _loaded(packs: list[JsonObject]) -> Iterator[tuple[str, Path]]:
    """Name and folder of each pack that is a folder."""
    for pack in packs:
        path = Path(str(pack.get("path", "")))
        if pack.get("state") in LOADED and path.suffix != ".py":
            yield str(pack["name"]), path


async def extension_file(request: web.Request) -> web.Response:
    """A file of a pack's web folder, or of the front end's own extensions. What lies elsewhere is 404."""
    pack, name = request.match_info["pack"], request.match_info["path"]
    found = dict(_web_folders(request.app[SERVICES].worker.report.packs)).get(pack)
    if found is not None:
        folder, report = found
        try:
            return await file_reply(served(report, inside(folder, name)))
        except (FileNameError, OSError, ValueError):
            raise web.HTTPNotFound from None
    root = request.app.get(SCRIPTS_OF_PAGE)
    if root is None:
        raise web.HTTPNotFound
    folder = _existing(root / "extensions", pack, folder=True)
    return await file_reply(_existing(folder, name))


async def file_reply(path: Path) -> web.Response:
    """A file as it is, looked at again each time: packs change under the page."""
    try:
        body = await asyncio.to_thread(path.read_bytes)
    except OSError:
        raise web.HTTPNotFound from None
    kind = kind_of(path)
    text = kind.startswith("text/") or kind.endswith(("json", "xml"))
    # Pages that a pack brings may run scripts of files, which were approved with it, and none that stand in the page.
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "script-src 'self'",
        hdrs.CACHE_CONTROL: "no-cache",
    }
    return web.Response(body=body, content_type=kind, charset="utf-8" if text else None, headers=headers)


def _existing(root: Path, name: str, *, folder: bool = False) -> Path:
    try:
        path = inside(root, name)
        if (path.is_dir() and path.parent == root) if folder else path.is_file():
            return path
    except (FileNameError, OSError, ValueError):
        pass
    raise web.HTTPNotFound


async def words(request: web.Request) -> web.Response:
    """Packs' `locales/CODE/*.json`, merged by language."""
    packs = request.app[SERVICES].worker.report.packs
    return web.json_response(await asyncio.to_thread(_words, packs))


def _words(packs: list[JsonObject]) -> JsonObject:
    found: JsonObject = {}
    for _, folder in _loaded(packs):
        try:
            languages = sorted(path for path in (folder / "locales").iterdir() if path.is_dir())
        except OSError:
            continue
        for language in languages:
            said = _object_in(folder, language / "main.json")
            for file, place in WORDS.items():
                if part := _object_in(folder, language / file):
                    said = _merged(said, {place: part})
            if said:
                found[language.name] = _merged(found.get(language.name, {}), said)
    return found


def _object_in(pack: Path, path: Path) -> JsonObject:
    """An object from a file of the pack; empty for what is none, so that one pack's slip costs no other its words."""
    try:
        if not is_within(pack, path) or path.stat().st_size > LARGEST_WORDS:
            return {}
        found: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return cast(JsonObject, found) if isinstance(found, dict) else {}


def _merged(one: JsonObject, other: JsonObject) -> JsonObject:
    merged = dict(one)
    for name, value in other.items():
        there: Any = merged.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            merged[name] = _merged(cast(JsonObject, there), cast(JsonObject, value))
        else:
            merged[name] = value
    return merged


async def pack_templates(request: web.Request) -> web.Response:
    """By pack, names of the graphs to begin with that it brings, without `.json`."""
    packs = request.app[SERVICES].worker.report.packs
    return web.json_response(await asyncio.to_thread(_templates, packs))


def _templates(packs: list[JsonObject]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, folder in _loaded(packs):
        graphs = [path.stem for part in GRAPHS for path in files_in(folder, part, "*.json")]
        if graphs:
            found[name] = list(dict.fromkeys(graphs))
    return found


async def pack_template_file(request: web.Request) -> web.Response:
    """A graph of a pack's, or the picture beside it."""
    pack, name = request.match_info["pack"], request.match_info["file"]
    folder = dict(_loaded(request.app[SERVICES].worker.report.packs)).get(pack)
    if folder is None or Path(name).suffix.lower() not in TEMPLATE_FILES:
        raise web.HTTPNotFound
    for part in GRAPHS:
        try:
            return await file_reply(_existing(folder, f"{part}/{name}"))
        except web.HTTPNotFound:
            continue
    raise web.HTTPNotFound


async def subgraphs(request: web.Request) -> web.Response:
    """By id, the graphs of packs that newer clients offer as nodes."""
    packs = request.app[SERVICES].worker.report.packs
    found = await asyncio.to_thread(_subgraphs, packs)
    return web.json_response({id: _told(pack, path) for id, (pack, path) in found.items()})


async def subgraph(request: web.Request) -> web.Response:
    packs = request.app[SERVICES].worker.report.packs
    found = (await asyncio.to_thread(_subgraphs, packs)).get(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    pack, path = found
    try:
        text = await asyncio.to_thread(path.read_text, "utf-8")
    except (OSError, UnicodeDecodeError):
        raise web.HTTPNotFound from None
    return web.json_response({**_told(pack, path), "data": text})


def _told(pack: str, path: Path) -> JsonObject:
    return {"source": "custom_node", "name": path.stem, "info": {"node_pack": f"custom_nodes.{pack}"}}


def _subgraphs(packs: list[JsonObject]) -> dict[str, tuple[str, Path]]:
    return {
        hashlib.sha256(f"{pack}/{path.name}".encode()).hexdigest(): (pack, path)
        for pack, folder in _loaded(packs)
        for path in files_in(folder, "subgraphs", "*.json")
    }


ROUTES = [
    web.get("/extensions", list_extensions),
    web.get("/extensions/{pack}/{path:.+}", extension_file),
    web.get("/i18n", words),
    web.get("/global_subgraphs", subgraphs),
    web.get("/global_subgraphs/{id}", subgraph),
    web.get("/workflow_templates", pack_templates),
    web.get("/workflow_templates/{pack}/{file:.+}", pack_template_file),
]
