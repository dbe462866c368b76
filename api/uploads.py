"""What people send: pictures and other files, and masks painted on pictures.

A file is received into a temporary one, looked at, and only then put in its place, whole. It must be what its name
says: a picture is decoded by the picture process, which bounds its pixels, and of video and sound the beginning is
looked at. Whatever else clients send is kept as it is, and served as a download.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from api.disk_use import DISK_USE
from api.files_on_disk import copy_whole, make_folder, move, move_new, open_unnamed, write_whole
from api.media_headers import LOOKED_AT, objection, what
from api.own_files import as_seen, place
from api.people import who
from api.pictures import PictureError
from api.replies import Refusal, as_refusal
from api.services import SERVICES, Services, folders_of
from graph.errors import FileNameError, ParseError
from graph.folders import MEDIA_EXTENSIONS, OWN_KINDS, split_annotation
from graph.json_input import load

PICTURES = MEDIA_EXTENSIONS["image"]
CHUNK = 256 * 1024
WRITTEN_AT_ONCE = 2**20
"""Bytes of an upload that a thread writes together."""
MOST_COPIES = 10_000
MOST_PARTS = 64
LONGEST_FIELD = 65536
_SUFFIX = re.compile(r"\.[0-9A-Za-z]{1,15}")


@dataclass
class Upload:
    """A form as it came: its file, in a temporary place on the disk where it will stay, and its other fields."""

    path: Path
    name: str
    digest: str
    size: int
    fields: dict[str, str] = field(default_factory=dict[str, str])


async def upload_image(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    async with _received(services, request) as upload:
        kind, target = _destination(request, upload)
        await _check(services, upload)
        target = await asyncio.to_thread(_settle, upload, target, _overwrites(upload))
        return _uploaded(request, kind, target, upload.size)


async def upload_mask(request: web.Request) -> web.Response:
    """Give a picture that is there the painted one's alpha channel, under the upload's name."""
    services = request.app[SERVICES]
    async with _received(services, request) as upload:
        kind, target = _destination(request, upload)
        original = _original(request, upload)
        if original is None:
            # As clients know it: the answer names the file, and nothing is written.
            return _uploaded(request, kind, target, 0)
        try:
            merged = await services.pictures.mask(original, upload.path)
        except PictureError as error:
            raise Refusal(400, "invalid_picture", f"The mask cannot be applied: {error}.") from None
        upload.digest, upload.size = hashlib.sha256(merged).hexdigest(), len(merged)
        try:
            await asyncio.to_thread(write_whole, upload.path, merged)
        except OSError as error:
            raise as_refusal(error, upload.name) from error
        target = await asyncio.to_thread(_settle, upload, target, _overwrites(upload))
        return _uploaded(request, kind, target, upload.size)


@asynccontextmanager
async def _received(services: Services, request: web.Request) -> AsyncGenerator[Upload]:
    """Read the form, its file to a temporary one in the input folder, which is gone afterwards."""
    if request.content_type != "multipart/form-data":
        raise Refusal(400, "invalid_request", "An upload must be a multipart form with the file as `image`.")
    limit = services.flags.max_upload
    if (request.content_length or 0) > limit + 2**20:
        raise _too_large(limit)
    await services.room.take_upload("input")
    folder = folders_of(request).root("input")
    size = limit if request.content_length is None else request.content_length
    upload: Upload | None = None
    async with request.app[DISK_USE].room_for(who(request).id, size):
        try:
            await asyncio.to_thread(make_folder, folder)
            upload = await _read(request, folder, limit)
            yield upload
        except OSError as error:
            raise as_refusal(error, upload.name if upload else "The upload") from error
        finally:
            _forget(upload)


async def _read(request: web.Request, folder: Path, limit: int) -> Upload:
    """The form. Raises Refusal, OSError; then no file is left."""
    upload: Upload | None = None
    fields: dict[str, str] = {}
    parts = 0
    try:
        async for part in await request.multipart():
            parts += 1
            if not isinstance(part, BodyPartReader) or parts > MOST_PARTS:
                raise Refusal(400, "invalid_request", "A form within the form, or one of many parts, is not read.")
            if part.name == "image" and part.filename:
                if upload is not None:
                    raise Refusal(400, "invalid_request", "The form has more than one file: send them one by one.")
                upload = await _receive(part, folder, limit)
            elif part.name:
                fields[part.name] = await _text(part)
    except BaseException as error:
        _forget(upload)
        if isinstance(error, ValueError | HttpProcessingError):  # aiohttp: the form is broken
            raise Refusal(400, "invalid_request", "The form cannot be read.", str(error)[:200]) from None
        raise
    if upload is None:
        raise Refusal(400, "invalid_request", "The form has no file named `image`.")
    upload.fields = fields
    return upload


def _forget(upload: Upload | None) -> None:
    """Delete the temporary file, where it is still that."""
    if upload is not None:
        with suppress(OSError):
            upload.path.unlink(missing_ok=True)


async def _text(part: BodyPartReader) -> str:
    found = b""
    while chunk := await part.read_chunk(LONGEST_FIELD):
        found += chunk
        if len(found) > LONGEST_FIELD:
            raise Refusal(400, "invalid_request", "A field of the form is longer than 64 kB.", (part.name or "")[:100])
    return found.decode("utf-8", "replace")


async def _receive(part: BodyPartReader, folder: Path, limit: int) -> Upload:
    name = PurePosixPath((part.filename or "").replace("\\", "/")).name
    size = waiting = 0
    suffix = Path(name).suffix
    file = await asyncio.to_thread(open_unnamed, folder, suffix if _SUFFIX.fullmatch(suffix) else "")
    try:
        with file:
            sink = _Sink(file)
            chunks: list[bytes] = []
            while chunk := await part.read_chunk(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
                waiting += len(chunk)
                if waiting >= WRITTEN_AT_ONCE:
                    await asyncio.to_thread(sink.take, chunks)
                    chunks, waiting = [], 0
            await asyncio.to_thread(sink.finish, chunks)
    except BaseException:
        with suppress(OSError):
            os.unlink(file.name)  # noqa: PTH108
        raise
    return Upload(Path(file.name), name, sink.digest.hexdigest(), size)


class _Sink:
    """A file that is being received, and the hash of what has come. Its methods block."""

    def __init__(self, file: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def take(self, chunks: list[bytes]) -> None:
        for chunk in chunks:
            self.digest.update(chunk)
            self._file.write(chunk)
        self._file.flush()

    def finish(self, chunks: list[bytes]) -> None:
        self.take(chunks)
        os.fsync(self._file.fileno())


def _destination(request: web.Request, upload: Upload) -> tuple[str, Path]:
    """The kind of folder, and where the file is to lie. Raises Refusal."""
    kind = upload.fields.get("type", "input")
    if kind not in OWN_KINDS:
        raise Refusal(400, "invalid_request", "`type` must be input, temp or output.", kind[:50])
    if not upload.name.strip(". "):
        raise Refusal(400, "invalid_file_name", "The file has no name.")
    subfolder = upload.fields.get("subfolder", "").strip("/\\")
    try:
        return kind, place(request, kind, f"{subfolder}/{upload.name}" if subfolder else upload.name, new=True)
    except (FileNameError, ValueError) as error:
        raise Refusal(400, "invalid_file_name", str(error)) from None


async def _check(services: Services, upload: Upload) -> None:
    """Refuse what is not what its name says, or would burst when opened."""
    head = await asyncio.to_thread(_head, upload.path)
    if Path(upload.name).suffix.lower() not in PICTURES:
        if why := objection(upload.name, head):
            raise Refusal(400, "invalid_file", f"{upload.name} was not taken: {why}.")
        return
    try:
        await services.pictures.check(upload.path)
    except PictureError as error:
        is_what = what(head)
        seems = f"; its content is {is_what}" if is_what and not is_what.endswith("picture") else ""
        why = f"{error}{seems}"
        raise Refusal(400, "invalid_picture", f"{upload.name} was not taken: {why}.") from None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LOOKED_AT)


def _original(request: web.Request, upload: Upload) -> Path | None:
    try:
        reference: Any = load(upload.fields.get("original_ref", ""))
        name, kind = split_annotation(str(reference["filename"]), str(reference.get("type", "output")))
        subfolder = str(reference.get("subfolder") or "")
    except (ParseError, TypeError, KeyError, AttributeError):
        raise Refusal(400, "invalid_request", "`original_ref` must be JSON that names a file.") from None
    if kind not in OWN_KINDS:
        raise Refusal(400, "invalid_request", "The original's type must be output, input or temp.", kind[:50])
    try:
        path = place(request, kind, f"{subfolder}/{name}".lstrip("/"))
    except FileNameError as error:
        raise Refusal(400, error.type, str(error)) from None
    return path if path.is_file() else None


def _overwrites(upload: Upload) -> bool:
    return upload.fields.get("overwrite", "").lower() in ("true", "1")


def _settle(upload: Upload, target: Path, overwrite: bool) -> Path:
    """Move the upload to its place: over the file, to the equal file that is there, or to a name of its own."""
    if overwrite:
        _move(upload.path, target)
        return target
    for number in range(MOST_COPIES):
        place = target if number == 0 else _numbered(target, number)
        try:
            move_new(upload.path, place)
        except FileExistsError:
            if place.is_file() and _digest(place) == upload.digest:
                return place
        else:
            return place
    raise Refusal(409, "too_many_copies", f"There are {MOST_COPIES} files named like {target.name} already.")


def _numbered(target: Path, number: int) -> Path:
    """`name (1).png`; the name is cut where it would be too long with the number."""
    end = f" ({number}){target.suffix}"
    stem = target.stem.encode()[: 255 - len(end.encode())].decode("utf-8", "ignore")
    return target.with_name(stem + end)


def _move(source: Path, target: Path) -> None:
    """Put the file in the target's place, whole, also where that is another file system."""
    try:
        move(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_whole(source, target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _uploaded(request: web.Request, kind: str, target: Path, size: int) -> web.Response:
    """What clients are told: where the file is, as who sent it names it."""
    services, person = request.app[SERVICES], who(request)
    relative = os.path.relpath(target.parent, services.folders.root(kind)).replace(os.sep, "/")
    stored = "" if relative == "." else relative
    services.gallery.notice(kind, stored, target.name)
    request.app[DISK_USE].add(person.id, size)
    return web.json_response({"name": target.name, "subfolder": as_seen(person, stored), "type": kind})


def _too_large(limit: int) -> Refusal:
    return Refusal(
        413,
        "body_too_large",
        f"The file is larger than {limit / 2**20:g} MB, as --max-upload-size has it.",
    )
