"""Pictures by id: sent before a graph that reads them, fetched after one that makes them. Files in the folder for
temporary files, kept in bounds here; the nodes that read and write them are in `nodes/krita.py`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

from api.krita.answers import refused
from api.packs.forward import FORWARD
from api.replies import as_refusal
from api.services import folders_of
from api.serving import UserFile
from graph import passed_images
from graph.errors import FileNameError
from graph.folders import Folders

ROOM = 100 * 2**20
"""Bytes of all pictures together, and of one."""
MOST = 10 * ROOM
"""Bytes that are never passed, however new the pictures are."""
UNUSED = 600.0
"""Seconds without use after which a picture goes first, once there is no room."""
SETTLING = 60.0
"""Seconds in which a picture is not let go: the graph that reads it, or the program that fetches it, is on its way."""
CHUNK = 256 * 1024
KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


@dataclass
class Coming:
    """Pictures that are being sent: many at once take no more room than one after the other."""

    bytes: int = 0
    """As they were announced; one of unknown size counts as the largest that there may be."""


COMING = web.AppKey("pictures that are being sent", Coming)


async def continue_later(request: web.Request) -> None:
    """A client that asks before it sends a body (`Expect: 100-continue`) is answered by `put`, behind the gate."""


async def put(request: web.Request) -> web.Response:
    """Keep the body under the id: 201; or, where it is there already, 200 without reading it."""
    folders = folders_of(request)
    try:
        path = passed_images.place(folders, request.match_info["id"])
    except FileNameError as error:
        return refused(400, str(error))
    asks = request.headers.get(hdrs.EXPECT, "").lower() == "100-continue"
    if await asyncio.to_thread(_touch, path):
        if not asks:
            await _pass_over(request)
        return _answer("cached", 200, close=asks)
    if (request.content_length or 0) > ROOM:
        if not asks:
            await _pass_over(request)
        return refused(413, f"The picture is larger than {ROOM >> 20} MB.", close=True)
    if asks:
        await _go_on(request)
    made = path.with_name(f"{path.stem}-{secrets.token_hex(4)}.new")
    coming, size = request.app[COMING], ROOM if request.content_length is None else request.content_length
    coming.bytes += size
    try:
        if not await asyncio.to_thread(make_room, folders, coming.bytes):
            await _pass_over(request)
            return refused(507, f"Pictures that were sent in the last minute take more than {MOST >> 20} MB.")
        if not await _store(request, made):
            return refused(413, f"The picture is larger than {ROOM >> 20} MB.", close=True)
        await asyncio.to_thread(made.replace, path)
    except OSError as error:
        raise as_refusal(error, f"The picture {request.match_info['id']}") from error
    finally:
        coming.bytes -= size
        with contextlib.suppress(OSError):
            made.unlink(missing_ok=True)
    return _answer("success", 201)


async def get(request: web.Request) -> web.StreamResponse:
    """A picture by its id."""
    folders = folders_of(request)
    id = request.match_info["id"]
    try:
        path = passed_images.place(folders, id)
    except FileNameError as error:
        return refused(400, str(error))
    if not await asyncio.to_thread(_touch, path):
        ways = request.app[FORWARD]  # a pack of this kind has pictures of its own
        if routes := ways.find(request.method, request.rel_url.raw_path):
            answer = await ways.answer(request, routes)
            if answer is not None:
                return answer
        return refused(404, f"There is no picture with the id {id}: it was never made, or was let go since.")
    kind = await asyncio.to_thread(_kind, path)
    return UserFile(path, media=kind, cache="no-store")


def make_room(folders: Folders, size: int) -> bool:
    """Let pictures go, the longest unused first, until `size` more fit; False where what is new leaves no room."""
    folder = passed_images.folder(folders)
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    there = sorted(_files(folder), key=lambda file: file[0])
    total = size + sum(bytes for _, bytes, _ in there)
    gone = False
    for used, bytes, path in there:
        if total <= ROOM or now - used < SETTLING:
            break
        path.unlink(missing_ok=True)
        total -= bytes
        gone = True
    if gone:
        passed_images.note_dropped(folders)
    return total <= MOST


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """When each picture was last used, its bytes, and where it is. Halves that a lost connection left are removed."""
    found: list[tuple[float, int, Path]] = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):
            status = entry.stat()
            if entry.name.endswith(".image"):
                found.append((status.st_mtime, status.st_size, Path(entry.path)))
            elif entry.name.endswith(".new") and time.time() - status.st_mtime > UNUSED:
                Path(entry.path).unlink()
    return found


def _touch(path: Path) -> bool:
    """Whether the picture is there; from now on it counts as used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(16)
    return next((kind for mark, kind in KINDS if start.startswith(mark)), "application/octet-stream")


async def _store(request: web.Request, path: Path) -> bool:
    """Write the body; False where it is too large."""
    size = 0
    file = await asyncio.to_thread(path.open, "wb")
    try:
        async for chunk in request.content.iter_chunked(CHUNK):
            size += len(chunk)
            if size > ROOM:
                return False
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)
    return True


async def _go_on(request: web.Request) -> None:
    writer = request.writer
    await writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    writer.output_size = 0  # what was written belongs to no answer


async def _pass_over(request: web.Request) -> None:
    """Read a body that nobody wants, as far as that is reasonable: a client that is still sending misses the answer."""
    left = 2 * ROOM
    if (request.content_length or 0) > left:
        return
    async for chunk in request.content.iter_any():
        left -= len(chunk)
        if left < 0:
            return


def _answer(status: str, code: int, *, close: bool = False) -> web.Response:
    response = web.json_response({"status": status}, status=code)
    if close:
        response.force_close()  # the body that was announced never comes
    return response
