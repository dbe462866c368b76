"""Packs that add routes, and a control process that forwards to them: for the tests of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from api.packs.forward import FORWARD, Forward, forward
from api.people import ALONE, Person, set_who
from api.replies import turn_errors_into_replies
from nodes.compat import own_modules
from nodes.compat.routes import PackRoutes

Served = tuple[TestClient[Any, Any], Forward, "list[dict[str, Any]]"]

PACK = """
import asyncio, time
from aiohttp import web

def add(server):
    routes = server.routes

    @routes.get("/quick/hello")
    async def hello(request):
        return web.json_response({"path": request.path, "query": dict(request.query),
                                  "headers": {k.lower(): v for k, v in request.headers.items()}})

    @routes.get("/quick/item/{name}")
    async def item(request):
        response = web.json_response(request.match_info["name"])
        response.set_cookie("easel_8188", "stolen")
        return response

    @routes.post("/quick/echo")
    async def echo(request):
        body = await request.json()
        return web.json_response(body, status=201, headers={"X-Own": "yes"})

    @routes.post("/quick/upload")
    async def upload(request):
        size = 0
        async for part in request.content.iter_any():
            size += len(part)
        return web.json_response(size)

    @routes.post("/quick/form")
    async def form(request):
        found = await request.post()
        return web.json_response({"name": found["name"], "size": len(found["file"].file.read())})

    @routes.get("/quick/stream")
    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(3):
            await response.write(b"%d\\n" % number)
            await asyncio.sleep(0.01)
        return response

    @routes.get("/quick/ws")
    async def ws(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str("you said " + message.data)
        return socket

    @routes.get("/quick/raises")
    async def raises(request):
        raise ValueError("a fault of mine")

    @routes.get("/quick/gone")
    async def gone(request):
        raise web.HTTPGone(text="no more")

    @routes.post("/ours")
    async def other_method(request):
        return web.Response(text="the pack's post")

    @routes.get("/ours")
    async def shadowed(request):
        return web.Response(text="the pack's")

    @routes.get("/quick/rest/{rest:.*}")
    async def rest(request):
        return web.Response(text=request.match_info["rest"])

    async def added(request):
        return web.Response(text="added to the app")
    server.app.router.add_get("/quick/app", added)
    server.app.add_routes([web.static("/quick/files", __file__.rpartition("/")[0] + "/files")])
"""
BLOCKS = """
import time
from aiohttp import web

def add(server):
    @server.routes.get("/slow/{seconds}")
    async def slow(request):
        time.sleep(float(request.match_info["seconds"]))
        return web.Response(text="at last")
"""


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Callable[[PackRoutes, str, str], None]]:
    """Imports a pack's code from a folder of its own, as the worker does."""
    folder = tmp_path / "custom_nodes"
    own_modules.install([folder])

    def add(routes: PackRoutes, name: str, code: str) -> None:
        (folder / name / "files").mkdir(parents=True, exist_ok=True)
        (folder / name / "files" / "a.txt").write_text("a file")
        file = folder / name / "__init__.py"
        file.write_text(code)
        names: dict[str, Any] = {"__file__": str(file), "__name__": name}
        exec(compile(code, str(file), "exec"), names)
        names["add"](routes)

    yield add
    own_modules.uninstall()


@asynccontextmanager
async def served(
    routes: PackRoutes, *, patience: float = 5.0, ports: bool = False, person: Person | None = ALONE
) -> AsyncIterator[Served]:
    """A control process of one route of its own, that forwards all others.

    person: who asks, as the gate has found out; None for nobody, as where it had no say.
    """
    ways = Forward(patience)
    told: list[dict[str, Any]] = []

    async def ours(_: web.Request) -> web.Response:
        return web.Response(text="Easel's")

    @web.middleware
    async def gate(request: web.Request, handler: Any) -> web.StreamResponse:
        if person is not None:
            set_who(request, person)
        return await handler(request)

    app = web.Application(middlewares=[turn_errors_into_replies, gate, forward])
    app[FORWARD] = ways
    app.router.add_get("/ours", ours)
    ways.router = app.router
    where = {**ways.config(), **({"folder": None} if ports else {})}
    await asyncio.to_thread(routes.serve, {"routes": where}, told.append)
    ways.take(told[-1])
    client = TestClient(TestServer(app))
    await client.start_server()
    try:
        yield client, ways, told
    finally:
        await client.close()
        await ways.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(_run(work))


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()
