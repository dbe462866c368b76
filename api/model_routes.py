"""Model files as clients of the incumbent's protocol ask for them: kinds, names, what a file says, its picture."""

from __future__ import annotations

import asyncio
import base64
import binascii
import struct
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any, cast

from aiohttp import web

from api.choices import SENT
from api.model_files.index import ENDINGS
from api.people import who
from api.pictures import PictureError
from api.replies import Refusal
from api.services import SERVICES, Services
from api.serving import safe_headers
from graph.errors import FileNameError, ParseError
from graph.folders import MODEL_KINDS, NO_MODELS, OWN_KINDS, Folders, inside
from graph.json_input import load
from graph.types import JsonObject

LARGEST_HEADER = 1024 * 1024
LARGEST_COVER = 16 * 1024 * 1024
"""Bytes of a header that is read for the picture in it."""
PREVIEW_PIXELS = 512
NO_FILES = frozenset({*NO_MODELS, "configs"})
"""Kinds that the list of folders leaves out, as clients expect."""
COVERS = ("ssmd_cover_images", "modelspec.thumbnail")


async def embeddings(request: web.Request) -> web.Response:
    names = request.app[SERVICES].folders.list("embeddings")
    return web.json_response([str(PurePosixPath(name).with_suffix("")) for name in names])


async def models(request: web.Request) -> web.Response:
    kinds = request.app[SERVICES].folders.kinds
    known = [*MODEL_KINDS, "custom_nodes"]
    return web.json_response([*known, *(kind for kind in kinds if kind not in known and kind not in OWN_KINDS)])


async def models_of(request: web.Request) -> web.Response:
    folders = request.app[SERVICES].folders
    kind = request.match_info["folder"]
    if kind not in folders.kinds or kind in OWN_KINDS:
        return web.Response(status=404)
    return web.json_response([] if kind in NO_MODELS else folders.list(kind))


async def folders_of_models(request: web.Request) -> web.Response:
    """Kinds with the folders that hold their files: where they lie, and to who is no admin what they are called."""
    paths = who(request).may("admin")
    kinds = request.app[SERVICES].folders.kinds
    return web.json_response(
        [
            {"name": name, "folders": [str(root) if paths else name for root in kind.roots]}
            for name, kind in kinds.items()
            if name not in NO_FILES
        ]
    )


async def files_of_models(request: web.Request) -> web.Response:
    """The files of a kind, with their size, times, and which of its folders they lie in."""
    folders = request.app[SERVICES].folders
    kind = request.match_info["folder"]
    if kind not in folders.kinds or kind in NO_MODELS:
        return web.Response(status=404)
    return web.json_response(await asyncio.to_thread(_files, folders, kind))


def _files(folders: Folders, kind: str) -> list[JsonObject]:
    roots = folders.roots(kind)
    found: list[JsonObject] = []
    for name in folders.list(kind):
        for index, root in enumerate(roots):
            try:
                status = (root / name).stat()
            except OSError:
                continue  # it lies in another root
            found.append(
                {
                    "name": name,
                    "pathIndex": index,
                    "modified": status.st_mtime,
                    "created": status.st_ctime,
                    "size": status.st_size,
                }
            )
            break
    return found


async def model_preview(request: web.Request) -> web.Response:
    """The picture of a model as WEBP: one beside it, or the one in its header. No name leads out of the folder."""
    services = request.app[SERVICES]
    model = _named(services.folders, request.match_info)
    beside = (model.with_name(model.stem + ending) for ending in ENDINGS)
    picture = await asyncio.to_thread(lambda: next((path for path in beside if path.is_file()), None))
    source = picture or model
    try:
        key = (f"preview:{source}", source.stat().st_mtime_ns)
    except OSError:
        raise web.HTTPNotFound from None
    sent = request.app[SENT]
    if key not in sent:
        try:
            sent[key] = await _preview(services, model, picture)
        except PictureError:
            raise web.HTTPNotFound from None
    media, body = sent[key]
    return web.Response(body=body, content_type=media, headers=safe_headers(f"{model.stem}.webp", media))


async def _preview(services: Services, model: Path, picture: Path | None) -> tuple[str, bytes]:
    if picture is not None:
        return await services.pictures.convert(picture, "webp", quality=85, size=PREVIEW_PIXELS)
    cover = await asyncio.to_thread(_cover, model)
    if cover is None:
        raise web.HTTPNotFound
    with tempfile.TemporaryDirectory(prefix="easel-cover-") as folder:
        file = Path(folder, "cover")
        await asyncio.to_thread(file.write_bytes, cover)
        return await services.pictures.convert(file, "webp", quality=85, size=PREVIEW_PIXELS)


def _named(folders: Folders, parts: Any) -> Path:
    """The model that an address names; the file need not be there. Raises HTTPNotFound or Refusal."""
    kind, index, name = parts["folder"], parts["path_index"], parts["filename"]
    roots = () if kind in NO_MODELS else folders.roots(kind)
    if not index.isdecimal() or int(index[:6]) >= len(roots):
        raise web.HTTPNotFound
    root = roots[int(index[:6])]
    try:
        path = inside(root, name, follow=folders.kind(kind).follow)
    except (FileNameError, ValueError) as error:
        raise Refusal(400, "invalid_file_name", str(error)) from None
    if path == root:
        raise web.HTTPNotFound
    return path


def _cover(model: Path) -> bytes | None:
    metadata = _safetensors_metadata(model, LARGEST_COVER) if model.suffix == ".safetensors" else None
    for name in COVERS:
        text: Any = (metadata or {}).get(name)
        if not isinstance(text, str):
            continue
        if text.startswith("["):
            try:
                listed: Any = load(text.encode())
            except ParseError:
                continue
            text = cast("list[Any]", listed)[0] if isinstance(listed, list) and listed else None
        if isinstance(text, str):
            try:
                return base64.b64decode(text.rpartition(",")[2])
            except (binascii.Error, ValueError):
                continue
    return None


async def view_metadata(request: web.Request) -> web.Response:
    folders = request.app[SERVICES].folders
    kind, name = request.match_info["folder"], request.query.get("filename", "")
    try:
        path = folders.find(kind, name) if kind not in NO_MODELS and name.endswith(".safetensors") else None
    except FileNameError as error:
        raise Refusal(400, error.type, str(error)) from None
    found = None if path is None else _safetensors_metadata(path)
    return web.Response(status=404) if found is None else web.json_response(found)


def _safetensors_metadata(path: Path, largest: int = LARGEST_HEADER) -> JsonObject | None:
    """The `__metadata__` of a file's header; None where there is none or the header is no header."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            if len(start) < 8:
                return None
            (length,) = struct.unpack("<Q", start)
            if length > largest:
                return None
            header: Any = load(file.read(length))
    except (OSError, ParseError):
        return None
    found: Any = header.get("__metadata__") if isinstance(header, dict) else None  # pyright: ignore
    return found if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType]


ROUTES = [
    web.get("/embeddings", embeddings),
    web.get("/models", models),
    web.get("/models/{folder}", models_of),
    web.get("/view_metadata/{folder}", view_metadata),
    web.get("/experiment/models", folders_of_models),
    web.get("/experiment/models/{folder}", files_of_models),
    web.get("/experiment/models/preview/{folder}/{path_index}/{filename:.+}", model_preview),
]
