"""Pictures that guests send: bounded, decoded and written anew, so that nothing of the file is kept but its pixels."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import hdrs, web

from api.clock import now_for_deleting
from api.files_on_disk import write_whole
from api.pictures import PictureError
from api.replies import Refusal
from api.services import Services
from api.shares.store import Share
from graph.errors import FileNameError
from graph.folders import inside

LARGEST = 20 * 2**20
MOST_PIXELS = 40_000_000
MOST_BYTES = 2 * 2**30
"""Of all pictures that were sent through one link."""
PER_HOUR = 60
"""Through one link, or twice what it may run in that time, if that is more."""
KEPT_UNUSED = 24 * 3600.0
PATIENCE = 60.0
"""Seconds that a picture may take to come."""
KINDS = frozenset({"PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF", "MPO"})


@dataclass
class Turns:
    """Who may go on, of those who send pictures at once."""

    sending: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    """Each is held in memory."""
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time: the owner's pictures wait for the same process."""


async def take_picture(
    request: web.Request, services: Services, share: Share, guest: str, turns: Turns
) -> web.StreamResponse:
    """The body as a picture of this guest's, with the id that names it. Raises Refusal."""
    now = time.time()
    if await services.shares.recent_uploads(share.id, now) >= max(PER_HOUR, 2 * share.limits.per_hour):
        sentence = "Too many pictures were sent through this link. Try again later."
        raise Refusal(429, "too_many_pictures", sentence, headers={hdrs.RETRY_AFTER: "600"})
    root = services.folders.for_person(share.owner).root("input")
    folder = f"shares/{share.id}"
    if await asyncio.to_thread(_bytes_in, inside(root, folder)) > MOST_BYTES:
        raise Refusal(507, "too_many_pictures", "Through this link no more pictures can be sent: it holds enough.")
    async with turns.sending:
        data = await _received(request, min(LARGEST, services.flags.max_upload))
    id = secrets.token_urlsafe(16)
    name = f"{folder}/{id}.png"
    # The name begins as the start of the server knows leavings, so a power cut leaves none for ever.
    raw = root / f".upload-{id}"
    async with turns.decoding:
        try:
            await asyncio.to_thread(write_whole, raw, data)
            width, height = await _check(services, raw)
            _, pixels = await services.pictures.convert(raw, "png")
            await asyncio.to_thread(write_whole, inside(root, name), pixels)
        except PictureError as error:
            why = "it cannot be decoded" if str(root) in str(error) else str(error)
            raise Refusal(400, "invalid_picture", f"The picture was not taken: {why}.") from None
        finally:
            raw.unlink(missing_ok=True)
    await services.shares.add_upload(id, share, guest, name, now)
    for owner, old in await services.shares.forget_unused(now_for_deleting() - KEPT_UNUSED):
        with contextlib.suppress(OSError, FileNameError):
            inside(services.folders.for_person(owner).root("input"), old).unlink(missing_ok=True)
    return web.json_response({"picture": id, "width": width, "height": height}, status=201)


async def _check(services: Services, path: Path) -> tuple[int, int]:
    """Width and height. Raises PictureError and Refusal."""
    found = await services.pictures.check(path)
    width, height = int(found["width"]), int(found["height"])
    if found["format"] not in KINDS:
        raise Refusal(400, "invalid_picture", "Send a PNG, JPEG, WEBP, GIF, BMP or AVIF picture.")
    if width * height > MOST_PIXELS:
        sentence = f"The picture has {width} x {height} pixels: {MOST_PIXELS // 10**6} million are the most."
        raise Refusal(400, "invalid_picture", sentence)
    return width, height


def _bytes_in(folder: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder))
    except OSError:
        return 0


async def _received(request: web.Request, limit: int) -> bytes:
    too_large = Refusal(413, "body_too_large", f"The picture is larger than {limit / 2**20:g} MB.")
    if (request.content_length or 0) > limit:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > limit:
                    raise too_large
    except TimeoutError:
        raise Refusal(408, "too_slow", "The picture came too slowly. Try a smaller one.") from None
    if not data:
        raise Refusal(400, "invalid_picture", "The picture is empty.")
    return bytes(data)
