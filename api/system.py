"""Devices, and how the server itself is."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence

from aiohttp import web

from api.people import who
from api.services import SERVICES, Services
from api.socket import features
from api.worker_report import report_for

VERSION = "0.1.0"
FRONT_END_SPOKEN = "1.27.10"
SPOKEN = "0.3.64"
"""The incumbent's version whose protocol is spoken: clients ask for it before they use a route."""


async def system_stats(request: web.Request) -> web.Response:
    import psutil

    services = request.app[SERVICES]
    argv = services.flags.argv
    memory = psutil.virtual_memory()
    device = await services.worker.questions.stats(0.5)
    return web.json_response(
        {
            "system": {
                "os": os.name,
                "ram_total": memory.total,
                "ram_free": memory.available,
                "comfyui_version": SPOKEN,
                "easel_version": VERSION,
                "required_frontend_version": _front_end_version(services),
                "installed_templates_version": None,
                "required_templates_version": None,
                "python_version": sys.version,
                "pytorch_version": services.worker.report.about.get("torch"),
                "embedded_python": False,
                "argv": ["server.py", *(argv if who(request).may("admin") else _flags_of(argv))],
            },
            "devices": [] if device is None else [device],
        }
    )


def _flags_of(argv: Sequence[str]) -> list[str]:
    """What was asked for, without the paths and hosts that it was asked with."""
    return [word.partition("=")[0] for word in argv if word.startswith("--")]


def _front_end_version(services: Services) -> str:
    """Clients read a version here and compare it with their own: what is served is what is right."""
    return (services.front_end and services.front_end.version) or FRONT_END_SPOKEN


async def get_features(request: web.Request) -> web.Response:
    return web.json_response(features(request.app[SERVICES]))


async def status(request: web.Request) -> web.Response:
    """How the server, its queue and its worker are: what the page shows beside the canvas."""
    services, whole = request.app[SERVICES], who(request).may("admin")
    worker = services.worker
    return web.json_response(
        {
            "version": VERSION,
            "started": services.started,
            "system": platform.system(),
            "worker": report_for(who(request), worker.report, services.troubles.names),
            "catalogue": "none" if worker.catalogue is None else "confirmed" if worker.confirmed else "stale",
            "precision": worker.report.about.get("precision", services.flags.precision),
            "queue": services.jobs.state(who(request), nodes=False),
            "problems": services.troubles.to_json(paths=whole),
            "room": services.room.room(paths=whole),
            "memory": services.room.memory(),
        }
    )


ROUTES = [
    web.get("/system_stats", system_stats),
    web.get("/features", get_features),
]
OWN_ROUTES = [
    web.get("/easel/status", status),
]
