"""What packs run when the server starts and stops, do to its answers, and ask of its process."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from nodes.compat.routes import PackRoutes
from nodes.packs import restarts
from tests.server.harness import until
from tests.server.pack_routes import PACK, packs, run, served

__all__ = ["packs"]


AT_START = """
import asyncio
from aiohttp import web

seen = []

def add(server):
    @server.app.on_startup.append
    async def start(app):
        seen.append(asyncio.get_running_loop())
        app.router.add_get("/start/seen", told)

    def fails(app):
        raise OSError("no such thing")

    async def told(request):
        return web.json_response([len(seen), seen[0] is asyncio.get_running_loop()])

    server.app.on_startup.append(fails)
    inner = web.Application()
    inner.router.add_get("/page", told)
    server.app.add_subapp("/start/inner", inner)
"""


def test_what_a_pack_runs_when_the_server_starts(packs: Any, caplog: pytest.LogCaptureFixture) -> None:
    routes = PackRoutes()
    packs(routes, "starting", AT_START)

    async def work() -> None:
        async with served(routes) as (client, ways, told):
            await asyncio.to_thread(until, lambda: any("/start/seen" in str(message) for message in told))
            ways.take(told[-1])
            assert await (await client.get("/start/seen")).json() == [1, True], "run once, on the loop of its handlers"
            assert await (await client.get("/start/inner/page")).json() == [1, True]
        assert "pack starting: what it runs when the server starts failed" in caplog.text

    run(work)


AT_END = """
import os, sys
from aiohttp import web

said = []

def add(server):
    @server.routes.get("/ending/said")
    async def tell(request):
        return web.json_response(said)

    @server.routes.get("/ending/reboot")
    async def reboot(request):
        os.execv(sys.executable, [sys.executable, *sys.argv])

    @server.routes.get("/ending/exit")
    async def leave(request):
        sys.exit(0)

    async def stops(app):
        said.append("shut down")

    def cleans(app):
        said.append("cleaned up")

    async def marks(request, response):
        response.headers["X-Mark"] = request.path

    server.app.on_shutdown.append(stops)
    server.app.on_cleanup.append(cleans)
    server.app.on_response_prepare.append(marks)
"""


def test_what_a_pack_runs_when_the_server_stops_and_does_to_its_answers(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "ending", AT_END)
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _):
            answer = await client.get("/ending/said")
            assert (answer.headers["X-Mark"], await answer.json()) == ("/ending/said", [])
            assert "X-Mark" not in (await client.get("/quick/app")).headers, "another pack's"
            for _ in range(2):
                await asyncio.to_thread(routes.close)
            assert await (await client.get("/ending/said")).json() == ["shut down", "cleaned up"]

    run(work)


def test_a_route_that_starts_the_program_anew(packs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("execv", "execve"):
        monkeypatch.setattr(os, name, getattr(os, name))  # put back afterwards
    monkeypatch.setattr(restarts, "SOON", 0.0)
    asked: list[str] = []
    restarts.take_over(lambda: asked.append("renewal"))
    routes = PackRoutes()
    packs(routes, "ending", AT_END)

    async def work() -> None:
        async with served(routes) as (client, _, _):
            for number, path in enumerate(("/ending/reboot", "/ending/exit"), 1):
                answer = await client.get(path)
                assert answer.status == 200
                assert "The node pack ending asked for a restart" in await answer.text()
                await asyncio.to_thread(until, lambda number=number: len(asked) == number)

    run(work)


def test_the_loop_is_that_of_the_packs_handlers(packs: Any, tmp_path: Path) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)
    names = {"__file__": str(tmp_path / "custom_nodes" / "quick" / "other.py")}
    threads: list[str] = []
    routes.loop(names).call_soon_threadsafe(lambda: threads.append(threading.current_thread().name))
    until(lambda: threads)
    assert threads == ["routes of quick"]
