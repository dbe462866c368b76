"""Files of the user's: saved workflows and whatever else clients keep under /userdata."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web

from api.disk_use import DISK_USE
from api.files_on_disk import move, sync_folder, write_whole
from api.people import who
from api.replies import Refusal, as_refusal
from api.services import SERVICES
from api.serving import UserFile
from graph.errors import FileNameError
from graph.folders import inside

MOST_FILES = 100_000
"""Of one listing."""
TICK = 1_000_000
"""Nanoseconds by which a file's time goes on where the system's clock did not between two writes."""
LONGEST_TICK = 4_000_000_000
"""No disk keeps times in longer steps than two seconds."""

Info = dict[str, int | float]
"""`size`, `modified` and `created`, as clients know them."""

_guard = threading.Lock()
_turns: WeakValueDictionary[Path, threading.Lock] = WeakValueDictionary()
"""Of files that are being written; held by whoever writes."""


def user_root(request: web.Request) -> Path:
    """The folder of the user who asks; made when something is first written to it."""
    return request.app[SERVICES].flags.user / who(request).id


async def list_files(request: web.Request) -> web.Response:
    """/userdata: files in a folder. Ours: with `absent=empty` one that is not there has none; browsers log a 404."""
    folder = request.query.get("dir")
    if not folder:
        return web.Response(status=400, text="Directory not provided")
    try:
        path = inside(user_root(request), folder)
    except (FileNameError, ValueError):
        return web.Response(status=403, text="Invalid directory")
    if not path.is_dir():
        if request.query.get("absent") == "empty":
            return web.json_response([])
        return web.Response(status=404, text="Directory not found")
    recurse, full, split = (request.query.get(n, "").lower() == "true" for n in ("recurse", "full_info", "split"))
    names = await asyncio.to_thread(_names, path, recurse)
    if full:
        listed: list[Any] = [{"path": name, **info} for name in names if (info := _info(path / name)) is not None]
    elif split:
        listed = [[name, *name.split("/")] for name in names]
    else:
        listed = names
    return web.json_response(listed)


async def list_tree(request: web.Request) -> web.Response:
    """/v2/userdata: files and folders under `path`, folders first."""
    root = user_root(request)
    try:
        start = inside(root, request.query.get("path", ""))
    except (FileNameError, ValueError):
        return web.json_response({"error": "Invalid path"}, status=400)
    if not start.exists():
        if start == root:
            return web.json_response([])
        return web.json_response({"error": "Requested path not found"}, status=404)
    if not start.is_dir():
        return web.json_response({"error": "Requested path is not a directory"}, status=400)
    return web.json_response(await asyncio.to_thread(_tree, root, start))


async def get_file(request: web.Request) -> web.StreamResponse:
    path = _existing(request, "file")
    return UserFile(path)


async def file_time(request: web.Request) -> web.Response:
    """When a file was written last: what `modified` of a later write is compared with; null where it is not there."""
    try:
        path = inside(user_root(request), request.query.get("file", ""))
    except FileNameError as error:
        raise Refusal(403, error.type, str(error)) from None
    info = _info(path) if path.is_file() else None
    return web.json_response({"modified": info and info["modified"]})


async def post_file(request: web.Request) -> web.Response:
    """Ours: with `modified=TIME` a file that is not as it was then stays as it is."""
    root = user_root(request)
    path = _inside(request, "file")
    _refuse_taken(request, path)
    _refuse_changed(request, path)
    limit, use, person = request.app[SERVICES].flags.max_upload, request.app[DISK_USE], who(request).id
    async with use.room_for(person, limit if request.content_length is None else request.content_length):
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise Refusal(413, "body_too_large", f"The file is larger than {limit / 2**20:g} MB.")
        try:
            info = await asyncio.to_thread(_write, request, path, bytes(body))
        except OSError as error:
            raise as_refusal(error, path.name) from error
        use.add(person, len(body))
    return _written(request, root, path, info)


def _write(request: web.Request, path: Path, data: bytes) -> Info | None:
    """What is known of the file then. Raises HTTPConflict or Refusal where somebody was here while the data came."""
    with _alone_with(path):
        _refuse_taken(request, path)
        _refuse_changed(request, path)
        before = path.stat().st_mtime_ns if path.exists() else None
        write_whole(path, data)
        if before is not None:
            _make_later(path, before)
        return _info(path)


def _make_later(path: Path, before: int) -> None:
    """Whoever knows the file as it was must not take it for the same: nor after three writes within one tick of the
    clock, nor after the clock was set back, nor on a disk that keeps times in steps of two seconds."""
    step = TICK
    while (status := path.stat()).st_mtime_ns <= before and step < LONGEST_TICK:
        os.utime(path, ns=(status.st_atime_ns, before + step))
        step *= 2


async def delete_file(request: web.Request) -> web.Response:
    path = _existing(request, "file")
    try:
        await asyncio.to_thread(_delete, path)
    except FileNotFoundError:
        raise web.HTTPNotFound from None
    except OSError as error:
        raise as_refusal(error, path.name) from error
    request.app[DISK_USE].forget()
    return web.Response(status=204)


def _delete(path: Path) -> None:
    with _alone_with(path):
        path.unlink()
        sync_folder(path.parent)


async def move_file(request: web.Request) -> web.Response:
    root = user_root(request)
    source = _existing(request, "file")
    target = _inside(request, "dest")
    _refuse_taken(request, target)
    try:
        info = await asyncio.to_thread(_move, request, source, target)
    except OSError as error:
        raise as_refusal(error, target.name) from error
    return _written(request, root, target, info)


def _move(request: web.Request, source: Path, target: Path) -> Info | None:
    """Raises HTTPNotFound or HTTPConflict where somebody was here before."""
    with _alone_with(source, target):
        if not source.is_file():
            raise web.HTTPNotFound
        _refuse_taken(request, target)
        move(source, target)
        return _info(target)


@contextmanager
def _alone_with(*paths: Path) -> Generator[None]:
    """No other request writes to these files meanwhile: what is found of them holds until they are written."""
    with _guard:
        locks = [_turns.setdefault(path, threading.Lock()) for path in sorted({*paths})]
    with ExitStack() as held:
        for lock in locks:
            held.enter_context(lock)
        yield


def _inside(request: web.Request, part: str) -> Path:
    """The path that this part of the address names. Raises HTTPForbidden or Refusal."""
    name = request.match_info[part]
    root = user_root(request)
    if len(name.replace("\\", "/").rpartition("/")[2].encode("utf-8", "replace")) > 240:
        raise Refusal(400, "invalid_file_name", "The file's name is longer than 240 bytes.")
    try:
        path = inside(root, name)
    except FileNameError as error:
        raise Refusal(403, error.type, str(error)) from None
    if path == root:
        raise Refusal(400, "invalid_file_name", "The file has no name.")
    return path


def _existing(request: web.Request, part: str) -> Path:
    path = _inside(request, part)
    if not path.is_file():
        raise web.HTTPNotFound
    return path


def _refuse_taken(request: web.Request, path: Path) -> None:
    """Raises HTTPConflict where a file is there that the writer would keep."""
    if request.query.get("overwrite") == "false" and path.exists():
        raise web.HTTPConflict(text="File already exists")


def _refuse_changed(request: web.Request, path: Path) -> None:
    """Raises Refusal (412) where the file is not as the writer knows it."""
    known = request.query.get("modified")
    if known is None:
        return
    if not path.is_file():
        raise Refusal(412, "file_gone", f"{path.name} was deleted or moved in the meantime.")
    try:
        as_known = path.stat().st_mtime == float(known)
    except ValueError:
        raise Refusal(400, "invalid_request", "`modified` must be a file's time.") from None
    if not as_known:
        raise Refusal(412, "file_changed", f"{path.name} was changed by somebody else in the meantime.")


def _written(request: web.Request, root: Path, path: Path, info: Info | None) -> web.Response:
    name = path.relative_to(root).as_posix()
    full = request.query.get("full_info", "").lower() == "true"
    return web.json_response((info and {"path": name, **info}) if full else name)


def _info(path: Path) -> Info | None:
    try:
        status = path.stat()
    except OSError:  # deleted since it was listed
        return None
    return {"size": status.st_size, "modified": status.st_mtime, "created": status.st_ctime}


def _names(folder: Path, recurse: bool) -> list[str]:
    """Files under `folder`, relative, with `/`; hidden ones are parts of writes that are still going on."""
    names: list[str] = []
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if recurse else []
        prefix = os.path.relpath(path, folder).replace(os.sep, "/")
        for file in sorted(files):
            if not file.startswith(".") and len(names) < MOST_FILES:
                names.append(file if prefix == "." else f"{prefix}/{file}")
    return names


def _tree(root: Path, start: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path, folders, files in os.walk(start):
        folders[:] = [f for f in folders if not f.startswith(".")]
        here = Path(path)
        for name in folders:
            place = (here / name).relative_to(root).as_posix()
            found.append({"name": name, "path": place, "type": "directory"})
        for name in files:
            place = (here / name).relative_to(root).as_posix()
            info = None if name.startswith(".") else _info(here / name)
            if info is not None and len(found) < MOST_FILES:
                info.pop("created")
                found.append({"name": name, "type": "file", "path": place, **info})
    return sorted(found, key=lambda item: (item["type"] != "directory", item["name"].lower()))


ROUTES = [
    web.get("/userdata", list_files),
    web.get("/v2/userdata", list_tree),
    # `move` before the others: a file's name may hold slashes, where a client leaves them unescaped.
    web.post("/userdata/{file:.+}/move/{dest:.+}", move_file),
    web.get("/userdata/{file:.+}", get_file),
    web.post("/userdata/{file:.+}", post_file),
    web.delete("/userdata/{file:.+}", delete_file),
]

OWN_ROUTES = [
    web.get("/easel/userdata_time", file_time),
]
