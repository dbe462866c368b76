"""Routes that packs add: collected in the worker, served in threads of their own, forwarded by the control process."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, web
from aiohttp.test_utils import TestClient, TestServer

from api.packs.forward import FORWARD, Forward, forward
from api.replies import turn_errors_into_replies
from nodes.compat import own_modules
from nodes.compat.routes import PackRoutes
from nodes.packs import restarts
from tests.server.harness import until

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
async def served(routes: PackRoutes, *, patience: float = 5.0, ports: bool = False) -> AsyncIterator[Served]:
    """A control process of one route of its own, that forwards all others."""
    ways = Forward(patience)
    told: list[dict[str, Any]] = []

    async def ours(_: web.Request) -> web.Response:
        return web.Response(text="Easel's")

    app = web.Application(middlewares=[turn_errors_into_replies, forward])
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


@pytest.mark.parametrize("ports", [False, True])
def test_requests_and_answers_pass_both_ways(packs: Any, ports: bool) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes, ports=ports) as (client, _, _):
            private = {"Cookie": "easel_8188=secret", "Authorization": "Bearer secret", "Comfy-User": "me"}
            private["X-Easel-Person"] = "somebody_else"
            answer = await client.get("/quick/hello?a=1&b=%2F", headers=private)
            found = await answer.json()
            assert (found["path"], found["query"]) == ("/quick/hello", {"a": "1", "b": "/"})
            assert found["headers"]["comfy-user"] == "me"
            assert found["headers"]["x-easel-person"] == "default"
            assert not {"cookie", "authorization"} & set(found["headers"])
            assert (await client.get("/api/quick/hello")).status == 200
            answer = await client.get("/quick/item/a%2Fb")
            assert await answer.json() == "a/b"
            assert "Set-Cookie" not in answer.headers
            answer = await client.post("/quick/echo", json={"x": [1, 2]})
            assert (answer.status, answer.headers["X-Own"], await answer.json()) == (201, "yes", {"x": [1, 2]})
            assert await (await client.post("/quick/upload", data=b"x" * 3_000_000)).json() == 3_000_000
            form = FormData()
            form.add_field("name", "n")
            form.add_field("file", b"12345", filename="f.bin")
            assert await (await client.post("/quick/form", data=form)).json() == {"name": "n", "size": 5}
            assert await (await client.get("/quick/stream")).text() == "0\n1\n2\n"
            assert await (await client.get("/quick/rest/a/b")).text() == "a/b"
            assert await (await client.get("/quick/app")).text() == "added to the app"
            assert await (await client.get("/quick/files/a.txt")).text() == "a file"
            assert (await client.head("/quick/hello")).status == 200

    run(work)


def test_no_pack_leaves_a_service_worker_behind(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _):
            assert (await client.get("/quick/app")).status == 200
            assert (await client.get("/quick/app", headers={"Service-Worker": "script"})).status == 404

    run(work)


def takes(route: str, path: str) -> bool:
    ways = Forward()
    ways.take({"packs": [{"pack": "p", "socket": "s", "routes": [["GET", route]]}]})
    asyncio.run(ways.close())
    return bool(ways.find("GET", path))


@pytest.mark.parametrize(
    ("route", "fits", "others"),
    [
        ("/a b/é", ["/a%20b/%C3%A9"], ["/a", "/a%20b/%C3%A9/"]),
        ("/a/{}", ["/a/b"], ["/a/", "/a/b/c"]),
        ("/a/{}.json/x", ["/a/b.json/x", "/a/.json.json/x"], ["/a/.json/x", "/a/b/c.json/x"]),
        ("/a/{}-{}/x", ["/a/b-c/x"], ["/a/b-c", "/a/b-c/y", "/a//x"]),
        ("/a/{*}", ["/a/", "/a/b/c"], ["/a"]),
        ("/a/{*}/x", ["/a/b/c/x"], ["/a/b/c"]),
        ("/a/{*}/b/{*}", ["/a/1/2/b/3/4"], ["/a/1/2"]),
    ],
)
def test_which_paths_a_route_is_asked_for(route: str, fits: list[str], others: list[str]) -> None:
    assert all(takes(route, path) for path in fits)
    assert not any(takes(route, path) for path in others)


@pytest.mark.parametrize("route", ["/x/{}-{}-{}-{}/end", "/x/{*}/{*}/{*}/{*}/end", "/x/{*}-{}-{}/end", "/x/{*}{}x"])
def test_a_long_path_is_soon_looked_at(route: str) -> None:
    """With an expression that tries every way this would not end."""
    for path in ("/x/" + "-" * 8000, "/x/" + "/-" * 4000, "/x/" + "-/" * 4000):
        assert takes(route, path) in (True, False)


def test_a_websocket_passes_both_ways(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _), client.ws_connect("/quick/ws") as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "you said hello"
            await socket.send_str("again")
            assert await socket.receive_str() == "you said again"

    run(work)


def test_what_fails_names_the_pack(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _):
            answer = await client.get("/quick/raises")
            assert answer.status == 500
            said = (await answer.json())["error"]["message"]
            assert said == "The node pack quick could not answer this: ValueError: a fault of mine"
            answer = await client.get("/quick/gone")
            assert (answer.status, await answer.text()) == (410, "no more")
            for path in ("/quick/nothing", "/nowhere", "/quick/files/none.txt", "/api/nowhere"):
                assert (await client.get(path)).status == 404
            assert (await client.post("/quick/hello")).status == 404

    run(work)


def test_a_handler_that_blocks_holds_up_no_other_pack(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)
    packs(routes, "slow", BLOCKS)

    async def work() -> None:
        async with served(routes, patience=1.0) as (client, _, _):
            blocked = asyncio.ensure_future(client.get("/slow/3"))
            await asyncio.sleep(0.05)
            assert (await client.get("/quick/hello")).status == 200
            answer = await blocked
            assert answer.status == 503
            error = (await answer.json())["error"]
            assert error["details"] == "slow did not answer GET /slow/3 within 1 s."
            assert error["extra_info"] == {"pack": "slow"}

    run(work)


def test_easels_own_routes_come_first_and_it_is_told(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, ways, _):
            assert await (await client.get("/ours")).text() == "Easel's"
            assert await (await client.post("/ours")).text() == "the pack's post"
            (said,) = ways.shadowed("quick")
            assert said == "Its route GET /ours is never reached: Easel itself answers at this address."

    run(work)


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


def test_routes_may_be_added_and_replaced_later(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, ways, told):
            assert (await client.get("/slow/0")).status == 404
            await asyncio.to_thread(packs, routes, "slow", BLOCKS)
            await asyncio.to_thread(until, lambda: len(told) == 2)
            ways.take(told[-1])
            assert await (await client.get("/slow/0")).text() == "at last"
            await asyncio.to_thread(packs, routes, "slow", BLOCKS.replace("at last", "another"))
            await asyncio.to_thread(until, lambda: len(told) == 3)
            ways.take(told[-1])
            assert await (await client.get("/slow/0")).text() == "another"
            ways.take({"packs": []})
            assert (await client.get("/quick/hello")).status == 404

    run(work)


def test_while_the_process_is_gone_it_is_said_whose_route_it_was(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, ways, _):
            gone = [{"pack": "quick", "routes": [["GET", "/quick/hello"]], "socket": str(ways.folder) + "/gone.sock"}]
            ways.take({"packs": gone})
            answer = await client.get("/quick/hello")
            assert answer.status == 503
            assert (await answer.json())["error"]["extra_info"] == {"pack": "quick"}
            assert (await client.get("/quick/other")).status == 404

    run(work)


def test_nobody_else_is_served(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes, ports=True) as (_, ways, _):
            route = ways.routes[0]
            async with ClientSession() as session:
                assert (await session.get(f"http://127.0.0.1:{route.port}/quick/hello")).status == 403

    run(work)


def test_the_folder_of_the_sockets(tmp_path: Path) -> None:
    short = Forward(temp=Path(tempfile.gettempdir()))
    long = tmp_path / ("long" * 20)
    long.mkdir()
    other = Forward(temp=long)
    try:
        for ways in (short, other):
            assert ways.folder is not None
            assert ways.folder.stat().st_mode & 0o777 == 0o700
            assert len(str(ways.folder / "100-7fffffffffff.sock")) < 100
    finally:
        for ways in (short, other):
            asyncio.run(ways.close())
    assert short.folder is not None
    assert not short.folder.exists()


def test_the_loop_is_that_of_the_packs_handlers(packs: Any, tmp_path: Path) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)
    names = {"__file__": str(tmp_path / "custom_nodes" / "quick" / "other.py")}
    threads: list[str] = []
    routes.loop(names).call_soon_threadsafe(lambda: threads.append(threading.current_thread().name))
    until(lambda: threads)
    assert threads == ["routes of quick"]
