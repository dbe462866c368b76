"""The device: its memory, what lies in it, and letting go of that."""

from __future__ import annotations

from aiohttp import web

from api.people import who
from api.replies import Refusal, read_object
from api.services import SERVICES
from api.worker_report import report_for
from graph.types import JsonObject

PATIENCE = 1.0
"""Seconds that the worker has to tell; then what is known from before is told."""


async def get_devices(request: web.Request) -> web.Response:
    """What lies where: `worker` as in /easel/status, `ram`, `models`, `cache` by type of node, `budgets`, `frozen`."""
    await request.app[SERVICES].worker.questions.stats(PATIENCE, detail=True)
    return _answer(request)


def _answer(request: web.Request) -> web.Response:
    import psutil

    services, person = request.app[SERVICES], who(request)
    worker = services.worker
    memory = psutil.virtual_memory()
    detail: JsonObject = worker.report.detail or {}
    cache: JsonObject = detail.get("cache") or {}
    return web.json_response(
        {
            "worker": report_for(person, worker.report, services.troubles.names),
            "ram": {"total": memory.total, "free": memory.available},
            "models": detail.get("models") or [],
            "cache": [{"class_type": name, **told} for name, told in cache.items()],
            "budgets": detail.get("budgets") or {},
            "frozen": detail.get("frozen") or 0,
        }
    )


async def post_devices(request: web.Request) -> web.Response:
    """`{"unload": id of a model}`, `{"drop": type of node}`, or `{"free": "models" | "cache"}`; the answer as of GET.

    While a job runs it is done after it. What the device holds is everybody's, so it takes an admin.
    """
    worker = request.app[SERVICES].worker
    body = await read_object(request)
    match body:
        case {"unload": str(model)}:
            await worker.questions.drop(model=model)
        case {"drop": str(class_type)}:
            await worker.questions.drop(class_type=class_type)
        case {"free": "models"}:
            await worker.questions.free(models=True, cache=False)
        case {"free": "cache"}:
            await worker.questions.free(models=False, cache=True)
        case _:
            raise Refusal(400, "invalid_request", "Say what to let go of: `unload`, `drop` or `free`.")
    return _answer(request)


OWN_ROUTES = [web.get("/easel/devices", get_devices), web.post("/easel/devices", post_devices)]
