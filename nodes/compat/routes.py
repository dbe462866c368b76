"""The HTTP routes that packs add: `PromptServer.instance.routes` and `.app`.

Each pack's handlers run in a thread with an event loop of its own, so that one which blocks holds up no other pack, no
job, and not the server. A thread listens on a private Unix socket (on Windows, on a port of this machine that asks for
a secret); the control process, told which routes there are, forwards there what its own do not match.
"""
# pyright: basic
# aiohttp's router and requests are used by hand here.

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractMatchInfo
from aiohttp.web_urldispatcher import UrlDispatcher

from graph.context import on_behalf_of
from graph.folders import FIRST_PERSON
from graph.packs import is_code
from nodes.compat.host import host, installed
from nodes.compat.own_modules import pack_of
from nodes.packs.approved import approved_file
from nodes.packs.restarts import Restarting, ask_for_renewal

log = logging.getLogger("worker")

SECRET = "X-Easel-Secret"
"""The header that a request from the control process has."""
PERSON = "X-Easel-Person"
"""Whose files a pack finds while it answers."""
NO_ROUTE = "X-Easel-No-Route"
"""The header of an answer that says: no route of this pack is meant."""
SETTLE = 0.2
"""Seconds for which a pack that adds routes later may go on, until the control process is told of them."""
ENDING = 1.0
"""Seconds that packs have for what they do when the server stops."""
TWIN = "/api"
MOST_BYTES = 100 * 1024 * 1024
"""Of a body that a handler reads at once, where the server sets no other bound."""

Tell = Callable[[dict[str, Any]], None]


class _Table(web.RouteTableDef):
    """As packs know it: decorators `get`, `post`, ... Each route is taken up at once, whenever it is added."""

    def __init__(self, take: Callable[[web.AbstractRouteDef, str], None]) -> None:
        super().__init__()
        self._take = take

    def route(self, method: str, path: str, **more: Any) -> Any:
        note = super().route(method, path, **more)

        def register(handler: Any) -> Any:
            note(handler)
            self._take(web.RouteDef(method, path, handler, more), _pack_of_handler(handler))
            return handler

        return register

    def static(self, prefix: str, path: Any, **more: Any) -> None:
        super().static(prefix, path, **more)
        self._take(web.StaticDef(prefix, path, more), _pack_of_folder(path))


class PackRoutes:
    """All that packs have added in this process. Served once `serve` was called; before that, collected."""

    def __init__(self) -> None:
        self.routes = _Table(self._take)
        self.app = web.Application()
        """Never started, so that packs may add to it at any time: its router and its signals are looked at."""
        self._ending: list[Any] = [self.app.on_shutdown, self.app.on_cleanup]
        """What is still to run when the server stops."""
        self._packs: dict[str, _Server] = {}
        self._seen: set[int] = set()
        self._at_first = self._signals()
        self._middlewares = 0
        """Of the application's, those that were told."""
        self._started = 0
        """Of what packs want to have run when the server starts, what was."""
        self._serving: tuple[Path | None, str, Tell, int] | None = None
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None

    def serve(self, config: Mapping[str, Any], tell: Tell) -> None:
        """Listen for each pack that has routes, and tell which there are; again after each change.

        config: the worker's: `routes` with the `folder` for sockets, None for ports, and the `secret`.
        """
        where = config.get("routes") or {}
        folder = where.get("folder")
        most = int(config.get("max_upload") or MOST_BYTES)
        self._serving = (None if folder is None else Path(folder), str(where.get("secret", "")), tell, most)
        self.publish()

    def publish(self) -> None:
        """Tell the control process of all routes."""
        if self._serving is None:
            return
        folder, secret, tell, most = self._serving
        with self._lock:
            self._collect()
            servers = [server for server in self._packs.values() if server.paths]
            told: list[dict[str, Any]] = []
            for number, server in enumerate(servers):
                address = server.listen(folder, number, secret, most)
                if address is not None:
                    told.append({"pack": server.pack, "routes": server.paths, **address})
            self._start()
        tell({"type": "routes", "packs": told})

    def added(self) -> int:
        """How many routes and functions packs have added so far."""
        own = sum(len(server.paths) for server in self._packs.values())
        return own + len(self.app.router.resources()) + len(self.app.middlewares) + self._signals() - self._at_first

    def _signals(self) -> int:
        app = self.app
        return sum(map(len, (app.on_startup, app.on_shutdown, app.on_cleanup, app.cleanup_ctx)))

    def close(self) -> None:
        """Have each pack's loop run what the pack has put into `app.on_shutdown` and `app.on_cleanup`, once."""
        functions, self._ending = self._ending, []
        ends: list[Future[None]] = []
        for pack, server in list(self._packs.items()):
            own = [function for signal in functions for function in signal if _pack_of_handler(function) == pack]
            if own:
                ends.append(asyncio.run_coroutine_threadsafe(self._end(own, pack), server.loop))
        wait(ends, ENDING)

    async def _end(self, functions: list[Callable[[web.Application], Any]], pack: str) -> None:
        for function in functions:
            await self._run_once(function, pack, "stops")

    def loop(self, names: Mapping[str, Any] | None = None) -> asyncio.AbstractEventLoop:
        """The event loop on which the handlers of the pack run whose code has these global names."""
        with self._lock:
            return self._server(_pack_of_file(str((names or {}).get("__file__", "")))).loop

    def _server(self, pack: str) -> _Server:
        if pack not in self._packs:
            self._packs[pack] = _Server(pack, self.app)
        return self._packs[pack]

    def _take(self, definition: web.AbstractRouteDef, pack: str) -> None:
        with self._lock:
            self._server(pack).add(definition)
        self._later()

    def _collect(self) -> None:
        """Take up what packs have put into `app` themselves."""
        for middleware in list(self.app.middlewares)[self._middlewares :]:
            self._middlewares += 1
            log.warning(
                "pack %s adds what is to see every request to the server (%s): Easel asks no pack about its requests, "
                "so this does nothing here.",
                _pack_of_handler(middleware),
                getattr(middleware, "__name__", "a middleware"),
            )
        for resource in list(self.app.router.resources()):
            if id(resource) in self._seen:
                continue
            self._seen.add(id(resource))
            pack = next((name for name in map(_pack_of_route, resource) if name), "")
            self._server(pack).add_resource(resource)

    def _start(self) -> None:
        """Have each pack's loop run what the pack has put into `app.on_startup`."""
        for function in list(self.app.on_startup)[self._started :]:
            self._started += 1
            server = self._server(_pack_of_handler(function))
            asyncio.run_coroutine_threadsafe(self._run_once(function, server.pack), server.loop)

    async def _run_once(self, function: Callable[[web.Application], Any], pack: str, when: str = "starts") -> None:
        try:
            found = function(self.app)
            if inspect.isawaitable(found):
                await found
        except Exception:
            log.exception("pack %s: what it runs when the server %s failed", pack, when)
        if when == "starts":
            self._later()  # it may have added routes

    def _later(self) -> None:
        if self._serving is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(SETTLE, self.publish)
        self._timer.daemon = True
        self._timer.start()


class _Server:
    """One pack's routes, its thread, and where it listens."""

    def __init__(self, pack: str, theirs: web.Application) -> None:
        self.pack = pack
        self._theirs = theirs
        """What all packs add to."""
        self.router = UrlDispatcher()
        self.paths: list[list[str]] = []
        """(method, path) of each route; `{}` in a path stands for one part of it, `{*}` for any."""
        self.loop = asyncio.new_event_loop()
        self._definitions: list[web.AbstractRouteDef] = []
        self._resources: list[Any] = []
        self._address: dict[str, Any] | None = None
        self._secret = ""
        self._most = MOST_BYTES
        self._thread = threading.Thread(target=self._run, name=f"routes of {pack}", daemon=True)
        self._thread.start()

    def add(self, definition: web.AbstractRouteDef) -> None:
        """A route of the same method and path takes the place of an earlier one: a pack may be imported anew."""
        same, before = _same(definition), len(self._definitions)
        kept = [known for known in self._definitions if _same(known) != same]
        self._definitions = [*kept, definition]
        if len(kept) == before:
            self._register(definition)
        else:
            self.router, self.paths = UrlDispatcher(), []
            for known in self._definitions:
                self._register(known)
            for resource in self._resources:
                self._register_resource(resource)

    def _register(self, definition: web.AbstractRouteDef) -> None:
        try:
            for route in definition.register(self.router):
                self._note(route, getattr(definition, "path", None))
        except (ValueError, RuntimeError) as error:
            log.warning("pack %s: a route could not be added: %s", self.pack, error)

    def add_resource(self, resource: Any) -> None:
        self._resources.append(resource)
        self._register_resource(resource)

    def _register_resource(self, resource: Any) -> None:
        try:
            self.router.register_resource(resource)
        except (ValueError, RuntimeError) as error:
            log.warning("pack %s: a route could not be added: %s", self.pack, error)
            return
        for route in resource:
            self._note(route, None)

    def _note(self, route: Any, path: Any) -> None:
        resource = route.resource
        is_static = isinstance(resource, web.StaticResource)
        known = path if isinstance(path, str) and not is_static else None
        shown = _pattern(known) if known is not None else _loose(resource, is_static)
        self.paths.append([route.method, shown])

    def listen(self, folder: Path | None, number: int, secret: str, most: int) -> dict[str, Any] | None:
        """Where the pack's routes are reached; None where its thread does not answer."""
        if self._address is None:
            self._secret, self._most = secret, most
            try:
                self._address = asyncio.run_coroutine_threadsafe(self._open(folder, number), self.loop).result(5.0)
            except Exception as error:
                log.warning("pack %s: its routes cannot be served: %r", self.pack, error)
        return self._address

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _open(self, folder: Path | None, number: int) -> dict[str, Any]:
        app = web.Application(client_max_size=self._most)
        app.router.add_route("*", "/{path:.*}", self._answer)
        app.on_response_prepare.append(self._prepare)
        runner = web.AppRunner(app, handle_signals=False, access_log=None)
        await runner.setup()
        if folder is None:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return {"port": runner.addresses[0][1]}
        socket = folder / f"{number}-{id(self):x}.sock"
        await web.UnixSite(runner, str(socket)).start()
        return {"socket": str(socket)}

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        for function in self._theirs.on_response_prepare:
            if _pack_of_handler(function) == self.pack:
                try:
                    found = function(request, response)
                    if inspect.isawaitable(found):
                        await found
                except Exception:
                    log.exception("pack %s: what it does to its answers failed", self.pack)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(SECRET) != self._secret:
            raise web.HTTPForbidden
        match = await self._match(request)
        if match is None:
            return web.Response(status=404, headers={NO_ROUTE: "1"})
        match.add_app(request.app)
        request._match_info = match  # pyright: ignore[reportAttributeAccessIssue]  # as if the application had no other routes
        try:
            person = request.headers.get(PERSON, FIRST_PERSON)
            with on_behalf_of(person, host().folders.for_person(person) if installed() else None):
                return _approved_script(match) or await match.handler(request)
        except web.HTTPException:
            raise
        except Restarting as restarting:
            return web.Response(text=str(restarting))
        except SystemExit:  # would end this thread, where the pack means the whole of ComfyUI
            return web.Response(text=str(ask_for_renewal(self.pack)))
        except Exception as error:
            log.exception("pack %s: its route %s %s failed", self.pack, request.method, request.path)
            said = f"The node pack {self.pack} could not answer this: {type(error).__name__}: {error}"
            body = {"error": {"type": "pack_failed", "message": said, "details": self.pack, "extra_info": {}}}
            return web.json_response({**body, "node_errors": {}}, status=500)

    async def _match(self, request: web.Request) -> AbstractMatchInfo | None:
        """A route for the path as it is, or for what follows `/api`."""
        paths = [request.rel_url]
        if request.path.startswith(TWIN + "/"):
            paths.append(
                request.rel_url.with_path(request.rel_url.raw_path[len(TWIN) :], encoded=True, keep_query=True)
            )
        for path in paths:
            match = await self.router.resolve(request.clone(rel_url=path))
            if match.http_exception is None:
                return match
        return None


ROUTES = PackRoutes()
"""Of this process."""


def publish(config: Mapping[str, Any], tell: Tell) -> None:
    """Serve what packs have added so far; for the worker, after packs were imported."""
    ROUTES.serve(config, tell)


def _approved_script(match: AbstractMatchInfo) -> web.StreamResponse | None:
    """What answers a request for code in a folder that a pack serves as it lies: the code that was approved.

    None for everything else. Raises HTTPNotFound for code that was not approved with its pack.
    """
    folder, name = match.get_info().get("directory"), match.get("filename", "")  # pyright: ignore[reportAttributeAccessIssue]
    if folder is None or not is_code(name):
        return None
    path = os.path.realpath(os.path.join(folder, name))
    if not path.startswith(os.path.realpath(folder) + os.sep):
        return None
    try:
        kept = approved_file(path)
    except ImportError:
        raise web.HTTPNotFound from None
    return None if kept is None else web.FileResponse(kept)


def _same(definition: web.AbstractRouteDef) -> tuple[str, str]:
    """What two definitions of one route have in common."""
    path = getattr(definition, "path", "")
    prefix = getattr(definition, "prefix", None)
    return (str(getattr(definition, "method", "")), str(path)) if prefix is None else ("static", str(prefix))


def _pattern(path: str) -> str:
    """`/a/{name}/{rest:.+}` as `/a/{}/{*}`."""
    found, at = "", 0
    while at < len(path):
        if path[at] != "{":
            found += path[at]
            at += 1
            continue
        depth, end = 1, at + 1
        while end < len(path) and depth:
            depth += {"{": 1, "}": -1}.get(path[end], 0)
            end += 1
        found += "{*}" if ":" in path[at:end] else "{}"
        at = end
    return found


def _loose(resource: Any, is_static: bool) -> str:
    """A path of which not all is known: what is left open may be anything."""
    return resource.canonical + "/{*}" if is_static else re.sub(r"\{[^}]*\}", "{*}", resource.canonical)


def _pack_of_handler(handler: Any) -> str:
    inner = inspect.unwrap(getattr(handler, "func", handler))
    inner = getattr(inner, "__func__", inner)
    names = getattr(inner, "__globals__", None)
    if names is None:
        names = vars(sys.modules.get(getattr(inner, "__module__", ""), sys))
    return _pack_of_file(str(names.get("__file__", "")))


def _pack_of_folder(path: Any) -> str:
    return _pack_of_file(str(Path(path) / "any"))


def _pack_of_file(file: str) -> str:
    found = pack_of({"__file__": file})
    return found.name.removesuffix(".py") if found is not None else ""


def _pack_of_route(route: Any) -> str:
    info = route.get_info()
    return _pack_of_folder(info["directory"]) if "directory" in info else _pack_of_handler(route.handler)
