"""Model files for the panel of models: all of them with what is known, one in detail, notes, pictures, hashes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from api.files_on_disk import move, write_whole
from api.model_files.facts import ModelFacts
from api.model_files.index import ENDINGS, PASSED_OVER, Found
from api.model_files.notes import ModelNotes, Notes
from api.model_files.sidecars import read_sidecars
from api.own_files import place
from api.pictures import PictureError
from api.replies import Refusal, as_refusal, read_object
from api.services import SERVICES
from api.userdata import user_root
from graph.errors import FileNameError
from graph.folders import OWN_KINDS

PICTURE_PIXELS = 768
OURS = ".preview.webp"
"""The ending of a picture that was set here; others' come before it, so they are set aside."""
ASIDE = ".before"
"""Added to the name of a picture that another took the place of."""

NOTES = web.AppKey("model notes", dict[Path, ModelNotes])


async def list_models(request: web.Request) -> web.Response:
    """By kind, its files: name, size, time, picture's time, kind, family, precision, star, tags. `unread`: how many
    files are still being read, `looks`: whether their sizes and times are, for whoever asks again."""
    services = request.app[SERVICES]
    facts = services.models
    found, (notes, _) = await asyncio.gather(services.model_index.files(), _notes_and_facts(request))
    unread: list[tuple[Path, str]] = []
    kinds = {kind: [_row(kind, file, facts, notes, unread) for file in files] for kind, files in found.items()}
    facts.want(unread)
    return web.json_response({"kinds": kinds, "unread": facts.unread, "looks": services.model_index.looks})


async def _notes_and_facts(request: web.Request) -> tuple[Notes, None]:
    return await _notes(request).all(), await request.app[SERVICES].models.open()


def _row(kind: str, file: Found, facts: ModelFacts, notes: Notes, unread: list[tuple[Path, str]]) -> list[Any]:
    brief = facts.known.get(file.path)
    if brief is None or brief.stamp != file.stamp:
        unread.append((Path(file.path), file.stamp))
        brief = None
    said = (brief.kind, brief.family, brief.precision) if brief else (None, None, None)
    note = notes.get(f"{kind}/{file.name}", {})
    return [
        file.name, file.size, file.mtime_ns // 10**9, file.picture, *said, bool(note.get("starred")),
        note.get("tags", []),
    ]  # fmt: skip


async def details(request: web.Request) -> web.Response:
    """All that is known of one file: `facts` (null while no worker can be asked), `sidecar`, `note`, `sha256`."""
    kind, name, path = _named(request)
    models = request.app[SERVICES].models
    await models.open()
    try:
        facts = await models.of(path)
        sha256 = await models.hash_of(path)
    except OSError:
        raise _gone(name) from None
    note = (await _notes(request).all()).get(f"{kind}/{name}", {})
    sidecar = await asyncio.to_thread(read_sidecars, path)
    return web.json_response({"facts": facts, "sidecar": sidecar, "note": note, "sha256": sha256})


async def set_note(request: web.Request) -> web.Response:
    """Change `starred`, `tags`, `note` or `triggers` of one model; what is not named stays."""
    kind, name, _ = _named(request)
    body = await read_object(request)
    return web.json_response(await _notes(request).change(f"{kind}/{name}", body))


async def get_hash(request: web.Request) -> web.Response:
    """`sha256`, or null; `progress` from 0 to 1 while it is worked out, or null."""
    _, name, path = _named(request)
    models = request.app[SERVICES].models
    await models.open()
    try:
        progress = models.progress(path)
        return web.json_response({"sha256": await models.hash_of(path), "progress": progress})
    except OSError as error:
        raise Refusal(409, "not_hashed", f"{name} could not be read to its end: {error}.") from None


async def start_hash(request: web.Request) -> web.Response:
    """Begin to work out a hash; GET tells how far it is."""
    _, name, path = _named(request)
    models = request.app[SERVICES].models
    await models.open()
    try:
        models.start_hash(path)
    except OSError:
        raise _gone(name) from None
    return web.json_response({}, status=202)


async def hashes(request: web.Request) -> web.Response:
    """Files by hash, of those whose hash is known: `{sha256: [kind, name]}`."""
    services = request.app[SERVICES]
    await services.models.open()
    known = await services.models.hashes()

    found = await services.model_index.files() if known else {}
    by_path = {file.path: [kind, file.name] for kind, files in found.items() for file in files}
    return web.json_response({sha256: by_path[path] for sha256, path in known.items() if path in by_path})


async def set_picture(request: web.Request) -> web.Response:
    """Put a picture of the server beside a model, small; one that is there is set aside until `delete_picture`."""
    services = request.app[SERVICES]
    _, name, model = _named(request)
    body = await read_object(request)
    picture = _picture_named(request, body)
    try:
        _, data = await services.pictures.convert(picture, "webp", quality=85, size=PICTURE_PIXELS)
    except PictureError as error:
        raise Refusal(415, "invalid_picture", f"{picture.name} cannot be shown: {error}.") from None
    try:
        await asyncio.to_thread(_put_picture, model, data)
    except OSError as error:
        raise as_refusal(error, f"The picture of {name}") from None
    services.model_index.forget()
    return web.json_response({})


async def delete_picture(request: web.Request) -> web.Response:
    """Take away the picture that was set here; the one before it comes back."""
    _, name, model = _named(request)
    try:
        await asyncio.to_thread(_take_picture, model)
    except OSError as error:
        raise as_refusal(error, f"The picture of {name}") from None
    request.app[SERVICES].model_index.forget()
    return web.json_response({})


def _put_picture(model: Path, data: bytes) -> None:
    for ending in ENDINGS:
        other = model.with_name(model.stem + ending)
        if other.is_file() and ending != OURS:
            move(other, other.with_name(other.name + ASIDE))
    write_whole(model.with_name(model.stem + OURS), data)


def _take_picture(model: Path) -> None:
    model.with_name(model.stem + OURS).unlink(missing_ok=True)
    for ending in ENDINGS:
        aside = model.with_name(model.stem + ending + ASIDE)
        if aside.is_file():
            move(aside, aside.with_name(model.stem + ending))


def _picture_named(request: web.Request, body: dict[str, Any]) -> Path:
    kind, name, subfolder = (str(body.get(key, "")) for key in ("type", "filename", "subfolder"))
    if kind not in OWN_KINDS or not name:
        raise Refusal(400, "invalid_picture", "Name a picture of the server: filename, subfolder, type.")
    path = place(request, kind, f"{subfolder}/{name}".lstrip("/"))
    if not path.is_file():
        raise Refusal(404, "not_found", f"There is no picture {name[:200]!r} any more.")
    return path


def _named(request: web.Request) -> tuple[str, str, Path]:
    """Kind, name and path of the model that a request is about. Raises Refusal."""
    kind, name = request.match_info["kind"], request.query.get("name", "")
    folders = request.app[SERVICES].folders
    try:
        path = None if kind in PASSED_OVER or kind not in folders.kinds else folders.find(kind, name)
    except FileNameError as error:
        raise Refusal(400, error.type, str(error)) from None
    if path is None:
        raise _gone(name)
    return kind, name, path


def _gone(name: str) -> Refusal:
    return Refusal(404, "not_found", f"There is no model {name[:200]!r} any more: it was moved, renamed or deleted.")


def _notes(request: web.Request) -> ModelNotes:
    folder = user_root(request)
    return request.app[NOTES].setdefault(folder, ModelNotes(folder))


OWN_ROUTES = [
    web.get("/easel/model_library", list_models),
    web.get("/easel/model_library/hashes", hashes),
    web.get("/easel/model_library/{kind}/details", details),
    web.post("/easel/model_library/{kind}/note", set_note),
    web.get("/easel/model_library/{kind}/hash", get_hash),
    web.post("/easel/model_library/{kind}/hash", start_hash),
    web.post("/easel/model_library/{kind}/picture", set_picture),
    web.delete("/easel/model_library/{kind}/picture", delete_picture),
]
