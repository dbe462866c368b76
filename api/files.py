"""Files that people send and see: /view and the uploads. Every name goes through graph.folders."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import mimetypes
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import quote

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from api.files_on_disk import sync_folder, write_whole
from api.pictures import PictureError
from api.replies import Refusal, as_refusal
from api.services import SERVICES, Services
from graph.errors import FileNameError
from graph.folders import MEDIA_EXTENSIONS, OWN_KINDS, inside, split_annotation

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'"
SHOWN = frozenset({
    *("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif", "image/tiff"),
    *("video/mp4", "video/webm", "video/quicktime", "video/x-matroska", "video/ogg"),
    *("audio/mpeg", "audio/wav", "audio/x-wav", "audio/flac", "audio/x-flac", "audio/ogg", "audio/opus"),
    *("audio/mp4", "audio/aac", "audio/webm"),
})  # fmt: skip
"""What a browser may show in place; all else is offered as a download, since some of it could run."""
MORE_TYPES = {
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".flac": "audio/flac",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".safetensors": "application/octet-stream",
}
"""Types that Python's own table lacks on some systems."""
PICTURES = MEDIA_EXTENSIONS["image"]
CHUNK = 256 * 1024
WRITTEN_AT_ONCE = 2**20
"""Bytes of an upload that a thread writes together."""
MOST_COPIES = 10_000


async def view(request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    try:
        path = _file_to_view(services, request)
    except Refusal as refusal:
        # Ours: a page that asks whether there is one wants no error in its console.
        if refusal.status == 404 and request.query.get("absent") == "empty":
            return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-cache"})
        raise
    preview, channel = request.query.get("preview"), request.query.get("channel", "rgba")
    if channel not in ("rgba", "rgb", "a"):
        raise Refusal(400, "invalid_request", "`channel` must be rgba, rgb or a.", channel[:50])
    size = _size(request)
    if preview is not None or channel != "rgba" or size is not None:
        return await _converted(services, path, preview, channel, size)
    media = media_type(path)
    response = web.FileResponse(path, chunk_size=CHUNK)
    response.content_type = media
    response.headers[hdrs.CONTENT_DISPOSITION] = disposition(path.name, shown=media in SHOWN)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers[hdrs.CACHE_CONTROL] = "no-cache"
    return response


def _file_to_view(services: Services, request: web.Request) -> Path:
    """The file that the query names. Raises Refusal: 400 for bad names, 403 outside the folder, 404 for none."""
    name = request.query.get("filename", "")
    if not name:
        raise Refusal(404, "not_found", "`filename` names the file to view; it is missing.")
    name, kind = split_annotation(name, request.query.get("type", "output"))
    if kind not in OWN_KINDS:
        raise Refusal(400, "invalid_request", "`type` must be output, input or temp.", kind[:50])
    if name.startswith(("/", "\\")) or ".." in name:
        raise Refusal(400, "invalid_file_name", f"The name {name[:100]!r} would leave its folder.")
    base = PurePosixPath(name.replace("\\", "/")).name
    try:
        path = inside(services.folders.root(kind), f"{request.query.get('subfolder', '')}/{base}".lstrip("/"))
        found = path.is_file()
    except FileNameError as error:
        raise Refusal(403, error.type, str(error)) from None
    except (OSError, ValueError):
        found = False
    if not found:
        raise Refusal(404, "not_found", f"There is no file {name[:200]!r} in the {kind} folder.")
    return path  # pyright: ignore[reportPossiblyUnboundVariable]


async def _converted(
    services: Services, path: Path, preview: str | None, channel: str, size: int | None
) -> web.Response:
    wanted, _, rest = (preview or "").partition(";")
    format = "png" if channel != "rgba" else wanted if wanted in ("webp", "jpeg") else "webp"
    quality = min(max(int(rest[:9]), 1), 100) if rest.isdecimal() else 90
    try:
        media, picture = await services.pictures.convert(path, format, quality=quality, channel=channel, size=size)
    except PictureError as error:
        raise Refusal(415, "invalid_picture", f"{path.name} cannot be shown: {error}.") from None
    headers = {
        hdrs.CONTENT_DISPOSITION: disposition(path.name, shown=True),
        hdrs.CACHE_CONTROL: "no-cache",
        "Content-Security-Policy": SANDBOX,
    }
    return web.Response(body=picture, content_type=media, headers=headers)


def media_type(path: Path) -> str:
    """From the name alone; what is not known is nobody's to interpret."""
    suffix = path.suffix.lower()
    return MORE_TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


def disposition(name: str, *, shown: bool) -> str:
    """`filename="x"`, as clients know it, or an attachment."""
    plain = "".join(c if 32 <= ord(c) < 127 and c not in '"\\' else "_" for c in name)
    start = "" if shown else "attachment; "
    extended = f"; filename*=UTF-8''{quote(name)}" if plain != name else ""
    return f'{start}filename="{plain}"{extended}'


def _size(request: web.Request) -> int | None:
    text = request.query.get("size")
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 4096:
        raise Refusal(400, "invalid_request", "`size` must be a whole number from 1 to 4096.", text[:50])
    return int(text)


# Uploads


@dataclass
class Upload:
    """A form as it came: its file, in a temporary place on the disk where it will stay, and its other fields."""

    path: Path
    name: str
    digest: str
    fields: dict[str, str] = field(default_factory=dict[str, str])


async def upload_image(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    async with _received(services, request) as upload:
        kind, folder = _destination(services, upload)
        target = inside(folder, upload.name)
        await _check_picture(services, upload)
        target = await asyncio.to_thread(_settle, upload, target, _overwrites(upload))
        return _uploaded(services, kind, target)


async def upload_mask(request: web.Request) -> web.Response:
    """Give a picture that is there the painted one's alpha channel, under the upload's name."""
    services = request.app[SERVICES]
    async with _received(services, request) as upload:
        kind, folder = _destination(services, upload)
        target = inside(folder, upload.name)
        original = _original(services, upload)
        if original is None:
            # As clients know it: the answer names the file, and nothing is written.
            return _uploaded(services, kind, target)
        try:
            merged = await services.pictures.mask(original, upload.path)
        except PictureError as error:
            raise Refusal(400, "invalid_picture", f"The mask cannot be applied: {error}.") from None
        upload.digest = hashlib.sha256(merged).hexdigest()
        try:
            await asyncio.to_thread(write_whole, upload.path, merged)
        except OSError as error:
            raise as_refusal(error, upload.name) from error
        target = await asyncio.to_thread(_settle, upload, target, _overwrites(upload))
        return _uploaded(services, kind, target)


@asynccontextmanager
async def _received(services: Services, request: web.Request) -> AsyncGenerator[Upload]:
    """Read the form, its file to a temporary one in the input folder, which is gone afterwards."""
    if request.content_type != "multipart/form-data":
        raise Refusal(400, "invalid_request", "An upload must be a multipart form with the file as `image`.")
    limit = services.flags.max_upload
    if (request.content_length or 0) > limit + 2**20:
        raise _too_large(limit)
    await services.room.take_upload("input")
    folder = services.folders.root("input")
    upload: Upload | None = None
    fields: dict[str, str] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Refusal(400, "invalid_request", "A form within the form is not read.")
            if part.name == "image" and part.filename and upload is None:
                upload = await _receive(part, folder, limit)
            elif part.name:
                fields[part.name] = (await part.read_chunk(65536)).decode("utf-8", "replace")
        if upload is None:
            raise Refusal(400, "invalid_request", "The form has no file named `image`.")
        upload.fields = fields
        yield upload
    except (ValueError, HttpProcessingError) as error:  # aiohttp: the form is broken
        raise Refusal(400, "invalid_request", "The form cannot be read.", str(error)[:200]) from None
    except OSError as error:
        raise as_refusal(error, upload.name if upload else "The upload") from error
    finally:
        if upload is not None:
            with suppress(OSError):
                upload.path.unlink(missing_ok=True)


async def _receive(part: BodyPartReader, folder: Path, limit: int) -> Upload:
    name = PurePosixPath((part.filename or "").replace("\\", "/")).name
    size = waiting = 0
    handle, path = tempfile.mkstemp(prefix=".upload-", suffix=Path(name).suffix[:16], dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
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
            os.unlink(path)  # noqa: PTH108
        raise
    return Upload(Path(path), name, sink.digest.hexdigest())


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


def _destination(services: Services, upload: Upload) -> tuple[str, Path]:
    kind = upload.fields.get("type", "input")
    if kind not in OWN_KINDS:
        raise Refusal(400, "invalid_request", "`type` must be input, temp or output.", kind[:50])
    try:
        folder = inside(services.folders.root(kind), upload.fields.get("subfolder", "").strip("/\\"))
        inside(folder, upload.name)
    except (FileNameError, ValueError) as error:
        raise Refusal(400, "invalid_file_name", str(error)) from None
    if not upload.name.strip(". "):
        raise Refusal(400, "invalid_file_name", "The file has no name.")
    return kind, folder


async def _check_picture(services: Services, upload: Upload) -> None:
    """Refuse what calls itself a picture and is none, or would burst when opened."""
    if Path(upload.name).suffix.lower() not in PICTURES:
        return
    try:
        await services.pictures.check(upload.path)
    except PictureError as error:
        raise Refusal(400, "invalid_picture", f"{upload.name} was not taken: {error}.") from None


def _original(services: Services, upload: Upload) -> Path | None:
    try:
        reference: Any = json.loads(upload.fields.get("original_ref", ""))
        name, kind = split_annotation(str(reference["filename"]), str(reference.get("type", "output")))
        subfolder = str(reference.get("subfolder") or "")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refusal(400, "invalid_request", "`original_ref` must be JSON that names a file.") from None
    if kind not in OWN_KINDS:
        raise Refusal(400, "invalid_request", "The original's type must be output, input or temp.", kind[:50])
    try:
        path = inside(services.folders.root(kind), f"{subfolder}/{name}".lstrip("/"))
    except FileNameError as error:
        raise Refusal(400, error.type, str(error)) from None
    return path if path.is_file() else None


def _overwrites(upload: Upload) -> bool:
    return upload.fields.get("overwrite", "").lower() in ("true", "1")


def _settle(upload: Upload, target: Path, overwrite: bool) -> Path:
    """Move the upload to its place: over the file, to the equal file that is there, or to a name of its own."""
    target.parent.mkdir(parents=True, exist_ok=True)
    upload.path.chmod(0o644)
    if overwrite:
        _move(upload.path, target)
        return target
    for number in range(MOST_COPIES):
        place = target if number == 0 else target.with_name(f"{target.stem} ({number}){target.suffix}")
        try:
            os.link(upload.path, place)  # fails where the name is taken, unlike a rename: nothing is overwritten
        except FileExistsError:
            if place.is_file() and _digest(place) == upload.digest:
                return place
            continue
        except OSError:
            if place.exists():
                continue
            _move(upload.path, place)  # another file system, or one without links
        sync_folder(place.parent)
        return place
    raise Refusal(409, "too_many_copies", f"There are {MOST_COPIES} files named like {target.name} already.")


def _move(source: Path, target: Path) -> None:
    """Put the file in the target's place, whole, also where that is another file system."""
    try:
        source.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_whole(target, source.read_bytes())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _uploaded(services: Services, kind: str, target: Path) -> web.Response:
    relative = os.path.relpath(target.parent, services.folders.root(kind)).replace(os.sep, "/")
    subfolder = "" if relative == "." else relative
    services.gallery.notice(kind, subfolder, target.name)
    return web.json_response({"name": target.name, "subfolder": subfolder, "type": kind})


def _too_large(limit: int) -> Refusal:
    return Refusal(
        413,
        "body_too_large",
        f"The file is larger than {limit / 2**20:g} MB, as --max-upload-size has it.",
    )


ROUTES = [
    web.get("/view", view),
    web.post("/upload/image", upload_image),
    web.post("/upload/mask", upload_mask),
]
