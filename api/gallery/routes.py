"""The gallery's routes: search, what is known of files, stars and tags, small pictures, the trash."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from aiohttp import hdrs, web

from api.accounts.audit import about
from api.disk_use import DISK_USE
from api.gallery.schema import HERE, TRASHED, owner_of
from api.gallery.search import BadQuestion, question
from api.gallery.service import Gallery
from api.gallery.thumbs import SIZES, Dropped
from api.own_files import as_seen, as_stored
from api.people import who
from api.pictures import PictureError
from api.replies import Refusal, read_object
from api.services import SERVICES
from api.serving import UserFile, safe_headers
from graph.types import JsonObject

MOST_ITEMS = 500
"""Tiles of one answer."""
MOST_CHANGED = 10_000
"""Files of one request that changes them."""
FOR_EVER = "private, max-age=31536000, immutable"


def _gallery(request: web.Request) -> Gallery:
    return request.app[SERVICES].gallery


def _owner(request: web.Request) -> str | None:
    """Whose files alone this person sees; None for those of all."""
    person = who(request)
    return None if person.alone or person.may("admin") else person.id


def _seen(request: web.Request, tile: JsonObject) -> JsonObject:
    """A file as the person names it: `subfolder` is what /view takes from them."""
    person = who(request)
    if person.alone:
        return tile
    return {**tile, "subfolder": as_seen(person, tile["subfolder"]), "owner": owner_of(tile["subfolder"])}


async def search(request: web.Request) -> web.Response:
    """Two lines: all ids in order, and their times where the order is by time; `Easel-Change` says of when it is."""
    try:
        asked = question(request.query)
    except BadQuestion as error:
        raise Refusal(400, "invalid_request", str(error)) from None
    folder = None if asked.folder is None else as_stored(who(request), asked.folder)
    asked = replace(asked, owner=_owner(request), folder=folder, alone=asked.folder == "")
    gallery = _gallery(request)
    change = gallery.change
    found = await gallery.search(asked)
    headers = {"Easel-Change": str(change), hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(text=found, content_type="text/plain", headers=headers)


async def items(request: web.Request) -> web.Response:
    """What tiles show: `ids`, up to 500, with commas."""
    text = request.query.get("ids", "")
    if not re.fullmatch(r"\d{1,15}(,\d{1,15})*", text) or text.count(",") >= MOST_ITEMS:
        raise Refusal(400, "invalid_request", f"`ids` must be up to {MOST_ITEMS} numbers with commas between them.")
    found = await _gallery(request).store.items([int(id) for id in text.split(",")], _owner(request))
    return web.json_response({"items": [_seen(request, tile) for tile in found]})


async def item(request: web.Request) -> web.Response:
    """All that is known of one file; `{"item": null}` where it is gone."""
    found = await _gallery(request).store.item(int(request.match_info["id"]), _owner(request))
    return web.json_response({"item": None if found is None else _seen(request, found)})


async def overview(request: web.Request) -> web.Response:
    """Models, LoRAs, tags and folders with counts, and how the index is. Has the folders looked through again."""
    gallery = _gallery(request)
    gallery.look_again()
    found, person = await gallery.overview(_owner(request)), who(request)
    if not person.alone:
        folders = [[kind, as_seen(person, folder), count] for kind, folder, count in found["folders"]]
        found = {**found, "folders": folders, "problems": found["problems"] if person.may("admin") else []}
    return web.json_response(found)


async def scan(request: web.Request) -> web.Response:
    """Look through the folders now."""
    _gallery(request).look_again(now=True)
    person, found = who(request), _gallery(request).state()
    return web.json_response(found if person.may("admin") else {**found, "problems": []})


async def rate(request: web.Request) -> web.Response:
    """`{"ids", "rating"?, "favourite"?}`, or `{"values": [{"id", "rating"?, "favourite"?}]}`; gives what was before."""
    body = await read_object(request)
    values = body.get("values")
    if values is None:
        values = [{**body, "id": id} for id in _ids(body)]
    if not isinstance(values, list) or len(cast("list[Any]", values)) > MOST_CHANGED:
        raise Refusal(400, "invalid_request", f"`values` must be a list of at most {MOST_CHANGED}.")
    gallery = _gallery(request)
    before = await gallery.store.rate([_rating(value) for value in cast("list[Any]", values)], _owner(request))
    gallery.tell()
    return web.json_response({"before": before})


def _rating(value: Any) -> tuple[int, int | None, bool | None]:
    said = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    id, rating, favourite = said.get("id"), said.get("rating"), said.get("favourite")
    if not isinstance(id, int) or not 0 <= id < 2**63:
        raise Refusal(400, "invalid_request", "`id` must be a file's number.")
    if rating is not None and (not isinstance(rating, int) or not 0 <= rating <= 5):
        raise Refusal(400, "invalid_request", "`rating` must be a whole number from 0 to 5.")
    if favourite is not None and not isinstance(favourite, bool):
        raise Refusal(400, "invalid_request", "`favourite` must be true or false.")
    return id, rating, favourite


async def tag(request: web.Request) -> web.Response:
    """`{"ids", "tag", "on"}`: gives the ids of those for which that changed something."""
    body = await read_object(request)
    name = body.get("tag")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 100 or not isinstance(body.get("on"), bool):
        raise Refusal(400, "invalid_request", "A tag is a word of 1 to 100 letters, and `on` true or false.")
    gallery = _gallery(request)
    clean = name.strip().replace("\0", "").encode("utf-8", "replace").decode()
    changed = await gallery.store.tag(_ids(body), clean, body["on"], _owner(request))
    gallery.tell()
    return web.json_response({"changed": changed})


async def put_in_trash(request: web.Request) -> web.Response:
    """`{"ids"}`: moves files to the trash."""
    gallery = _gallery(request)
    moved = await gallery.trash.put(_ids(await read_object(request)), _owner(request))
    about(request, files=moved.names, count=len(moved.done))
    gallery.tell()
    return web.json_response(moved.to_json())


async def restore(request: web.Request) -> web.Response:
    """`{"ids"}`: moves files back from the trash."""
    gallery = _gallery(request)
    moved = await gallery.trash.restore(_ids(await read_object(request)), _owner(request))
    gallery.tell()
    return web.json_response(moved.to_json())


async def empty(request: web.Request) -> web.Response:
    """`{"ids"}`, or `{"all": true}`: deletes files of the trash for good."""
    body = await read_object(request)
    gallery = _gallery(request)
    moved = await gallery.trash.empty(None if body.get("all") is True else _ids(body), _owner(request))
    request.app[DISK_USE].forget()
    about(request, files=moved.names, count=len(moved.done))
    gallery.tell()
    return web.json_response(moved.to_json())


async def thumb(request: web.Request) -> web.Response:
    """A small WEBP of `id`, for ever under `v`. Empty where the picture is gone or none: browsers log errors."""
    id, size = request.query.get("id", ""), request.query.get("size", "256")
    if not re.fullmatch(r"\d{1,15}", id) or size not in map(str, SIZES):
        raise Refusal(400, "invalid_request", f"`id` must be a file's number, and `size` one of {list(SIZES)}.")
    gallery = _gallery(request)
    for state in (HERE, TRASHED):
        for file in await gallery.store.files([int(id)], state, _owner(request)):
            try:
                picture = await gallery.thumbs.get(gallery.path(file, state), int(size), lambda: _is_there(request))
            except (PictureError, OSError):
                break
            except Dropped:
                raise Refusal(503, "dropped", "Newer pictures were asked for.", headers={"Retry-After": "1"}) from None
            known = request.query.get("v") == f"{file.mtime:x}-{file.size:x}"
            headers = safe_headers(f"{file.name}.webp", "image/webp", FOR_EVER if known else "no-cache")
            return web.Response(body=picture, content_type="image/webp", headers=headers)
    return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})


async def file(request: web.Request) -> web.StreamResponse:
    """The whole file of `id`, also from the trash, where /view does not reach."""
    gallery = _gallery(request)
    for found in await gallery.store.files([int(request.match_info["id"])], TRASHED, _owner(request)):
        path = gallery.path(found, TRASHED)
        if path.is_file():
            return UserFile(path)
    return web.Response(status=204)


def _is_there(request: web.Request) -> bool:
    """Whether the client still waits: browsers close the connection of what was scrolled away."""
    return request.transport is not None and not request.transport.is_closing()


def _ids(body: dict[str, Any]) -> Sequence[int]:
    ids = body.get("ids")
    listed = cast("list[Any]", ids) if isinstance(ids, list) else []
    whole = [id for id in listed if isinstance(id, int) and not isinstance(id, bool) and 0 <= id < 2**63]
    if not listed or len(whole) != len(listed) or len(listed) > MOST_CHANGED:
        raise Refusal(400, "invalid_request", f"`ids` must be a list of 1 to {MOST_CHANGED} numbers of files.")
    return whole


OWN_ROUTES = [
    web.get("/easel/gallery/search", search),
    web.get("/easel/gallery/items", items),
    web.get(r"/easel/gallery/item/{id:\d{1,15}}", item),
    web.get("/easel/gallery/overview", overview),
    web.post("/easel/gallery/scan", scan),
    web.post("/easel/gallery/rate", rate),
    web.post("/easel/gallery/tag", tag),
    web.post("/easel/gallery/trash", put_in_trash),
    web.post("/easel/gallery/restore", restore),
    web.post("/easel/gallery/empty", empty),
    web.get("/easel/gallery/thumb", thumb),
    web.get(r"/easel/gallery/trashed/{id:\d{1,15}}", file),
]
