"""What there is: node types, models, devices, and how the server itself is."""

from __future__ import annotations

import os
import platform
import struct
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from aiohttp import web

from api.replies import Refusal
from api.services import SERVICES, Services
from api.socket import features
from graph.errors import FileNameError, ParseError
from graph.folders import MODEL_KINDS
from graph.json_input import load
from graph.registry import Catalogue
from graph.types import JsonObject

VERSION = "0.1.0"
SPOKEN = "0.3.64"
"""The incumbent's version whose protocol is spoken: clients ask for it before they use a route."""
FIRST_CATALOGUE = 300.0
"""Seconds that /object_info waits on the very first start, when no catalogue is on the disk yet."""
LARGEST_HEADER = 1024 * 1024


async def object_info(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    catalogue = await _catalogue(services)
    return web.json_response(catalogue.object_info(services.folders))


async def object_info_of(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    catalogue = await _catalogue(services)
    name = request.match_info["node_class"]
    spec = catalogue.get(name)
    return web.json_response({} if spec is None else {name: spec.object_info(services.folders)})


async def _catalogue(services: Services) -> Catalogue:
    catalogue = await services.worker.wait_for_catalogue(FIRST_CATALOGUE)
    if catalogue is None:
        said = services.worker.report.last_words
        raise Refusal(503, "no_catalogue", "No worker has said yet which nodes there are.", said)
    return catalogue


async def system_stats(request: web.Request) -> web.Response:
    import psutil

    services = request.app[SERVICES]
    memory = psutil.virtual_memory()
    device = await services.worker.stats(0.5)
    return web.json_response(
        {
            "system": {
                "os": os.name,
                "ram_total": memory.total,
                "ram_free": memory.available,
                "comfyui_version": SPOKEN,
                "easel_version": VERSION,
                "required_frontend_version": None,
                "installed_templates_version": None,
                "required_templates_version": None,
                "python_version": sys.version,
                "pytorch_version": services.worker.report.about.get("torch"),
                "embedded_python": False,
                "argv": ["server.py", *services.flags.argv],
            },
            "devices": [] if device is None else [device],
        }
    )


async def get_features(request: web.Request) -> web.Response:
    return web.json_response(features(request.app[SERVICES]))


async def status(request: web.Request) -> web.Response:
    """How the server, its queue and its worker are: what the page shows beside the canvas."""
    services = request.app[SERVICES]
    worker = services.worker
    return web.json_response(
        {
            "version": VERSION,
            "started": services.started,
            "system": platform.system(),
            "worker": worker.report.to_json(),
            "catalogue": "none" if worker.catalogue is None else "confirmed" if worker.confirmed else "stale",
            "precision": worker.report.about.get("precision", services.flags.precision),
            "queue": services.jobs.state(nodes=False),
        }
    )


async def embeddings(request: web.Request) -> web.Response:
    names = request.app[SERVICES].folders.list("embeddings")
    return web.json_response([str(PurePosixPath(name).with_suffix("")) for name in names])


async def models(request: web.Request) -> web.Response:
    kinds = request.app[SERVICES].folders.kinds
    hidden = ("input", "output", "temp")
    known = [*MODEL_KINDS, "custom_nodes"]
    return web.json_response([*known, *(kind for kind in kinds if kind not in known and kind not in hidden)])


async def models_of(request: web.Request) -> web.Response:
    folders = request.app[SERVICES].folders
    kind = request.match_info["folder"]
    if kind not in folders.kinds or kind in ("input", "output", "temp"):
        return web.Response(status=404)
    return web.json_response(folders.list(kind))


async def view_metadata(request: web.Request) -> web.Response:
    folders = request.app[SERVICES].folders
    name = request.query.get("filename", "")
    try:
        path = folders.find(request.match_info["folder"], name) if name.endswith(".safetensors") else None
    except FileNameError as error:
        raise Refusal(400, error.type, str(error)) from None
    found = None if path is None else _safetensors_metadata(path)
    return web.Response(status=404) if found is None else web.json_response(found)


def _safetensors_metadata(path: Path) -> JsonObject | None:
    """The `__metadata__` of a file's header; None where there is none or the header is no header."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            if len(start) < 8:
                return None
            (length,) = struct.unpack("<Q", start)
            if length > LARGEST_HEADER:
                return None
            header: Any = load(file.read(length))
    except (OSError, ParseError):
        return None
    found: Any = header.get("__metadata__") if isinstance(header, dict) else None  # pyright: ignore
    return found if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType]


async def extensions(_: web.Request) -> web.Response:
    return web.json_response([])


ROUTES = [
    web.get("/object_info", object_info),
    web.get("/object_info/{node_class}", object_info_of),
    web.get("/system_stats", system_stats),
    web.get("/features", get_features),
    web.get("/embeddings", embeddings),
    web.get("/models", models),
    web.get("/models/{folder}", models_of),
    web.get("/view_metadata/{folder}", view_metadata),
    web.get("/extensions", extensions),
]
OWN_ROUTES = [
    web.get("/easel/status", status),
]
