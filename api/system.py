"""What there is: node types, devices, and how the server itself is."""

from __future__ import annotations

import os
import platform
import sys

from aiohttp import web

from api.replies import Refusal
from api.services import SERVICES, Services
from api.socket import features
from graph.registry import Catalogue

VERSION = "0.1.0"
SPOKEN = "0.3.64"
"""The incumbent's version whose protocol is spoken: clients ask for it before they use a route."""
FIRST_CATALOGUE = 300.0
"""Seconds that /object_info waits on the very first start, when no catalogue is on the disk yet."""


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


ROUTES = [
    web.get("/object_info", object_info),
    web.get("/object_info/{node_class}", object_info_of),
    web.get("/system_stats", system_stats),
    web.get("/features", get_features),
]
OWN_ROUTES = [
    web.get("/easel/status", status),
]
