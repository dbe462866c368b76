"""What people look at: /view, for the files of the input, output and temp folders."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from aiohttp import hdrs, web

from api.own_files import place
from api.pictures import PictureError
from api.replies import Refusal
from api.services import SERVICES, Services
from api.serving import UserFile, safe_headers
from api.uploads import upload_image, upload_mask
from graph.errors import FileNameError
from graph.folders import OWN_KINDS, split_annotation


async def view(request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    try:
        path = _file_to_view(request)
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
    return UserFile(path)


def _file_to_view(request: web.Request) -> Path:
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
        name_there = f"{request.query.get('subfolder', '')}/{base}".lstrip("/")
        path = place(request, kind, name_there, owner=request.query.get("owner", ""))
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
    return web.Response(body=picture, content_type=media, headers=safe_headers(path.name, media))


def _size(request: web.Request) -> int | None:
    text = request.query.get("size")
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 4 or not 1 <= int(text) <= 4096:
        raise Refusal(400, "invalid_request", "`size` must be a whole number from 1 to 4096.", text[:50])
    return int(text)


ROUTES = [
    web.get("/view", view),
    web.post("/upload/image", upload_image),
    web.post("/upload/mask", upload_mask),
]
