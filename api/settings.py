"""The user's settings, one JSON object in a file, and who the users are."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from aiohttp import web

from api.files_on_disk import move, write_whole
from api.replies import Refusal, as_refusal, read_json, read_object
from api.services import SERVICES
from api.userdata import user_root
from graph.errors import ParseError
from graph.json_input import load
from graph.types import JsonObject

log = logging.getLogger("easel")

FILE = "comfy.settings.json"
"""Named as clients and people who come from elsewhere know it."""
LARGEST = 4 * 2**20


async def get_all(request: web.Request) -> web.Response:
    return web.json_response(_read(_file(request)))


async def get_one(request: web.Request) -> web.Response:
    return web.json_response(_read(_file(request)).get(request.match_info["id"]))


async def post_all(request: web.Request) -> web.Response:
    await _merge(request, await read_object(request, LARGEST))
    return web.Response()


async def post_one(request: web.Request) -> web.Response:
    await _merge(request, {request.match_info["id"]: await read_json(request, LARGEST)})
    return web.Response()


async def get_users(request: web.Request) -> web.Response:
    """As of a server with one user, whose name nobody has to say: who asks is known, and of others nothing is told."""
    return web.json_response({"storage": "server", "migrated": user_root(request).is_dir()})


async def post_users(request: web.Request) -> web.Response:
    raise Refusal(400, "single_user", "Accounts are not made here, but on Easel's own page or by server.py account.")


async def _merge(request: web.Request, changes: JsonObject) -> None:
    path = _file(request)
    async with request.app[SERVICES].settings_lock:  # of two changes at once, both must be there afterwards
        merged = json.dumps({**_read(path), **changes}, indent=2).encode()
        if len(merged) > LARGEST:
            raise Refusal(400, "body_too_large", f"The settings would grow beyond {LARGEST // 2**20} MB.")
        try:
            load(merged)  # what can be read alone may be too deep as a part of all
        except ParseError as error:
            raise Refusal(400, "invalid_json", str(error), error.details) from None
        try:
            await asyncio.to_thread(write_whole, path, merged)
        except OSError as error:
            raise as_refusal(error, "The settings") from error


def _file(request: web.Request) -> Path:
    return user_root(request) / FILE


def _read(path: Path) -> JsonObject:
    """What the file holds; an empty object where there is none. A damaged file is set aside, not overwritten."""
    try:
        found: Any = load(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ParseError) as error:
        log.warning("the settings in %s cannot be read (%s)", path, error)
        _set_aside(path)
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _set_aside(path: Path) -> None:
    kept = path.with_suffix(".damaged.json")
    try:
        move(path, kept)
        log.warning("they were moved to %s", kept)
    except OSError as error:
        log.warning("they could not be moved to %s: %s", kept, error)


ROUTES = [
    web.get("/settings", get_all),
    web.get("/settings/{id}", get_one),
    web.post("/settings", post_all),
    web.post("/settings/{id}", post_one),
    web.get("/users", get_users),
    web.post("/users", post_users),
]
