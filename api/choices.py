"""What the page shows beside what can be chosen: pictures beside model files, and a list of tags of one's own."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from pathlib import Path

from aiohttp import web

from api.model_files.index import ENDINGS
from api.pictures import PictureError
from api.replies import Refusal
from api.services import SERVICES, Services
from api.serving import UserFile, safe_headers
from api.userdata import user_root
from graph.errors import FileNameError
from graph.folders import NO_MODELS, Folders

PIXELS = 256
"""Along the longer edge of a picture that is sent."""
KEPT = 400
"""Pictures that are kept as they were sent."""
TAGS = ("tags.csv", "tags.txt")
LARGEST_TAGS = 64 * 1024 * 1024

Sent = OrderedDict[tuple[str, int], tuple[str, bytes]]
SENT = web.AppKey("sent", Sent)


async def model_pictures(request: web.Request) -> web.Response:
    """By kind, names of model files that have a picture, with the picture's time."""
    folders = request.app[SERVICES].folders
    return web.json_response(await asyncio.to_thread(_pictured, folders))


def _pictured(folders: Folders) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for kind in folders.kinds:
        if kind in NO_MODELS:
            continue
        listed: dict[Path, dict[str, int]] = {}
        for name in folders.list(kind):
            for root in folders.roots(kind):
                path = root / name
                times = listed.get(path.parent)
                if times is None:
                    times = listed[path.parent] = _times(path.parent)
                if path.name not in times:
                    continue  # it lies in another root
                time = next((times[path.stem + ending] for ending in ENDINGS if path.stem + ending in times), None)
                if time is not None:
                    found.setdefault(kind, {})[name] = time
                break
    return found


def _times(folder: Path) -> dict[str, int]:
    """What lies in a folder, with its time in seconds; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: int(entry.stat().st_mtime) for entry in entries}
    except OSError:
        return {}


async def model_picture(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    path = _picture_of(services, request.match_info["kind"], request.query.get("name", ""))
    sent = request.app[SENT]
    key = (str(path), path.stat().st_mtime_ns)
    if key not in sent:
        try:
            sent[key] = await services.pictures.convert(path, "webp", quality=80, size=PIXELS)
        except PictureError as error:
            raise Refusal(415, "invalid_picture", f"{path.name} cannot be shown: {error}.") from None
        if len(sent) > KEPT:
            sent.popitem(last=False)
    media, body = sent[key]
    # The page asks with the time that it was told, so another picture has another address.
    cached = "private, max-age=31536000, immutable" if "v" in request.query else "no-cache"
    return web.Response(body=body, content_type=media, headers=safe_headers(f"{path.stem}.webp", media, cached))


def _picture_of(services: Services, kind: str, name: str) -> Path:
    """Raises Refusal: 400 for a name that leaves its folder, 404 for a model that is not there or has no picture."""
    folders = services.folders
    try:
        model = None if kind in NO_MODELS or not folders.roots(kind) else folders.find(kind, name)
    except FileNameError as error:
        raise Refusal(400, error.type, str(error)) from None
    candidates = [] if model is None else [model.with_name(model.stem + ending) for ending in ENDINGS]
    for path in candidates:
        if path.is_file():
            return path
    raise Refusal(404, "not_found", f"There is no picture beside {name[:200]!r}.")


async def tags(request: web.Request) -> web.StreamResponse:
    """The list of tags, as it lies in the user's folder or beside it; nothing where there is none."""
    flags = request.app[SERVICES].flags
    for folder in (user_root(request), flags.user, flags.base):
        for name in TAGS:
            path = folder / name
            if path.is_file() and path.stat().st_size <= LARGEST_TAGS:
                response = UserFile(path, media="text/plain")
                response.charset = "utf-8"
                return response
    return web.Response(text="")


OWN_ROUTES = [
    web.get("/easel/model_pictures", model_pictures),
    web.get("/easel/model_picture/{kind}", model_picture),
    web.get("/easel/tags", tags),
]
