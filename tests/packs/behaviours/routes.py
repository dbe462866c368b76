"""Routes of the pack's own, added while it is imported."""
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
# ComfyUI's names are there in the worker only.

from __future__ import annotations

from typing import Any

from aiohttp import web

from server import PromptServer

routes = PromptServer.instance.routes


@routes.get("/behaviours/hello/{name}")
async def hello(request: web.Request) -> web.Response:
    PromptServer.instance.send_sync("behaviours.hello", {"name": request.match_info["name"]})
    return web.json_response({"hello": request.match_info["name"], "private": [*_private(request)]})


@routes.post("/behaviours/size")
async def size(request: web.Request) -> web.Response:
    return web.json_response(len(await request.read()))


@routes.get("/behaviours/fails")
async def fails(request: web.Request) -> web.Response:
    raise ValueError("a fault of this route")


@routes.get("/queue")
async def shadowed(request: web.Request) -> web.Response:
    return web.Response(text="never seen")


def _private(request: web.Request) -> Any:
    return (name for name in ("Cookie", "Authorization") if name in request.headers)
