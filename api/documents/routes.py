"""Documents: what the page has open, kept as versions."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import zlib
from typing import Any, cast

from aiohttp import web

from api.documents.store import Content, DocumentStore, Sent, Thumbnail
from api.replies import Refusal, read_object
from api.services import SERVICES
from api.serving import safe_headers
from api.userdata import user_root

ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
REASON = re.compile(r"[a-z_]{1,32}")
LONGEST_NAME = 250
LONGEST_LABEL = 200
LARGEST_THUMBNAIL = 200 * 1024
PAGE = 100
LARGEST_PAGE = 500
WORKFLOW_LIMIT = 32 * 2**20
"""Bytes of one version's JSON, with its thumbnail."""

_PICTURES = ((b"RIFF", "image/webp"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


async def list_documents(request: web.Request) -> web.Response:
    """Newest first. `stored=NAME`: those saved as that file; `deleted=true`: those that were deleted."""
    limit = _number(request, "limit", PAGE, LARGEST_PAGE)
    found = await _store(request).documents(
        _owner(request),
        before=_number(request, "before", None, 2**62),
        limit=limit,
        stored=request.query.get("stored"),
        deleted=request.query.get("deleted") == "true",
    )
    return web.json_response({"documents": found, "next": found[-1]["rank"] if len(found) == limit else None})


async def get_document(request: web.Request) -> web.Response:
    found = await _store(request).document(_owner(request), _id(request))
    if found is None:
        raise _absent()
    return web.json_response(found)


async def add_version(request: web.Request) -> web.Response:
    id = _id(request)
    sent = await _sent(await read_object(request, WORKFLOW_LIMIT))
    taken = await _store(request).add(_owner(request), id, sent)
    if taken is None:
        raise _absent()
    if taken.conflict:
        raise Refusal(
            409,
            "conflict",
            "This graph was changed elsewhere in the meantime, so nothing was overwritten.",
            f"The newest version is {taken.version}.",
            extra_info=taken.to_json(),
        )
    return web.json_response({"version": taken.version, "time": taken.time})


async def list_versions(request: web.Request) -> web.Response:
    """Newest first."""
    limit = _number(request, "limit", PAGE, LARGEST_PAGE)
    before = _number(request, "before", None, 2**62)
    found = await _store(request).versions(_owner(request), _id(request), before=before, limit=limit)
    if found is None:
        raise _absent()
    return web.json_response({"versions": found, "next": found[-1]["version"] if len(found) == limit else None})


async def get_version(request: web.Request) -> web.Response:
    """One version with its `workflow`; `newest` is one too."""
    found = await _store(request).content(_owner(request), _id(request), _version(request))
    if found is None:
        raise _absent("There is no such version: it may have been thinned out.")
    said, packed = found

    def body() -> bytes:
        # The graph is JSON text already: joining spares parsing what may be megabytes.
        return json.dumps(said).encode()[:-1] + b', "workflow": ' + zlib.decompress(packed) + b"}"

    return web.Response(body=await asyncio.to_thread(body), content_type="application/json")


async def get_thumbnail(request: web.Request) -> web.Response:
    version = _version(request)
    found = None if version is None else await _store(request).thumbnail(_owner(request), _id(request), version)
    if found is None:
        raise _absent("This version has no picture.")
    return web.Response(
        body=found.data,
        content_type=found.media,
        # A version never changes.
        headers=safe_headers("thumbnail", found.media, "private, max-age=31536000, immutable"),
    )


async def label_version(request: web.Request) -> web.Response:
    """{"label": a name for it, or null}."""
    version = _version(request)
    body = await read_object(request, 64 * 1024)
    if "label" not in body:
        raise _wrong("`label` is missing.")
    label = _text(body, "label", LONGEST_LABEL)
    if version is None or not await _store(request).label(_owner(request), _id(request), version, label):
        raise _absent("There is no such version: it may have been thinned out.")
    return web.json_response({"version": version, "label": label})


async def rename_document(request: web.Request) -> web.Response:
    """{"name", "stored"}, either or both."""
    body = await read_object(request, 64 * 1024)
    changes = {key: _text(body, key, LONGEST_NAME) for key in ("name", "stored") if key in body}
    if not await _store(request).rename(_owner(request), _id(request), changes):
        raise _absent()
    return web.json_response(changes)


async def delete_document(request: web.Request) -> web.Response:
    """It can be brought back for 30 days."""
    if not await _store(request).delete(_owner(request), _id(request)):
        raise _absent()
    return web.Response(status=204)


async def restore_document(request: web.Request) -> web.Response:
    if not await _store(request).bring_back(_owner(request), _id(request)):
        raise _absent("This graph is not there any more: what is deleted is kept for 30 days.")
    return web.Response(status=204)


async def _sent(body: dict[str, Any]) -> Sent:
    """What a body says of a version. Raises Refusal (400)."""
    workflow = body.get("workflow")
    if not isinstance(workflow, dict) or not isinstance(cast("dict[str, Any]", workflow).get("nodes"), list):
        raise _wrong("`workflow` must be a graph: a JSON object with a list of nodes.")
    base = body.get("base")
    if base is not None and (not isinstance(base, int) or isinstance(base, bool) or not 0 <= base < 2**62):
        raise _wrong("`base` must be the number of a version, or null.")
    reason = body.get("reason", "autosave")
    if not isinstance(reason, str) or not REASON.fullmatch(reason):
        raise _wrong("`reason` must be a word of small letters.")
    return Sent(
        name=_text(body, "name", LONGEST_NAME),
        stored=_text(body, "stored", LONGEST_NAME),
        content=await asyncio.to_thread(Content.of, cast("dict[str, Any]", workflow)),
        base=base,
        writer=_text(body, "writer", 64),
        label=_text(body, "label", LONGEST_LABEL),
        reason=reason,
        thumbnail=_thumbnail(body.get("thumbnail")),
        origin=_text(body, "origin", 90),
    )


def _thumbnail(value: Any) -> Thumbnail | None:
    """A picture as the page's canvas gives it: a `data:` address, in base 64. Raises Refusal (400)."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith("data:image/") or ";base64," not in value[:64]:
        raise _wrong("`thumbnail` must be a data: address of a picture.")
    try:
        data = base64.b64decode(value[value.index(",") + 1 :], validate=True)
    except (binascii.Error, ValueError):
        raise _wrong("`thumbnail` is no base 64.") from None
    if len(data) > LARGEST_THUMBNAIL:
        raise _wrong(f"`thumbnail` is larger than {LARGEST_THUMBNAIL // 1024} kB.")
    media = next((media for start, media in _PICTURES if data.startswith(start)), None)
    if media is None:
        raise _wrong("`thumbnail` must be a WebP, PNG or JPEG picture.")
    return Thumbnail(data, media)


def _text(body: dict[str, Any], key: str, longest: int) -> str | None:
    """A text without what cannot be seen at its ends; None for none. Raises Refusal (400)."""
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(f"`{key}` must be a text or null.")
    if len(value) > longest:
        raise _wrong(f"`{key}` has more than {longest} letters.")
    return value.strip() or None


def _number(request: web.Request, key: str, default: Any, most: int) -> Any:
    text = request.query.get(key)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 1 <= int(text) <= 2**62:
        raise _wrong(f"`{key}` must be a number from 1 on.")
    return min(int(text), most)


def _version(request: web.Request) -> int | None:
    """The number that the address names; None for the newest. Raises Refusal (400)."""
    text = request.match_info["version"]
    if text == "newest":
        return None
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise _wrong("A version is a number, or `newest`.")
    return int(text)


def _id(request: web.Request) -> str:
    id = request.match_info["id"]
    if not ID.fullmatch(id):
        raise _wrong("A document's id has 8 to 64 letters, digits, - and _.")
    return id


def _store(request: web.Request) -> DocumentStore:
    return request.app[SERVICES].documents


def _owner(request: web.Request) -> str:
    return user_root(request).name


def _wrong(sentence: str) -> Refusal:
    return Refusal(400, "invalid_request", sentence)


def _absent(sentence: str = "There is no such graph here.") -> Refusal:
    return Refusal(404, "not_found", sentence)


OWN_ROUTES = [
    web.get("/easel/documents", list_documents),
    web.get("/easel/documents/{id}", get_document),
    web.patch("/easel/documents/{id}", rename_document),
    web.delete("/easel/documents/{id}", delete_document),
    web.post("/easel/documents/{id}/restore", restore_document),
    web.get("/easel/documents/{id}/versions", list_versions),
    web.post("/easel/documents/{id}/versions", add_version),
    web.get("/easel/documents/{id}/versions/{version}", get_version),
    web.patch("/easel/documents/{id}/versions/{version}", label_version),
    web.get("/easel/documents/{id}/versions/{version}/thumbnail", get_thumbnail),
]
