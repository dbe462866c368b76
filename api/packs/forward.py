"""Requests for routes that packs have added, passed on to the device process and their answers back.

A request comes here after the gate (host, origin, token) and only if no route of ours is meant. Both ways are streamed.
What would let a pack speak as the person, cookies and tokens, is left out, and a pack sets no cookies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import (
    ClientConnectionError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    UnixConnector,
    WSMsgType,
    hdrs,
    web,
)
from aiohttp.web import AbstractResource, UrlDispatcher

from api.people import who
from api.replies import Refusal
from graph.types import JsonObject

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PATIENCE = 30.0
"""Seconds that a pack may take until its answer begins."""
SECRET = "X-Easel-Secret"
PERSON = "X-Easel-Person"
"""Whose files a pack finds while it answers."""
NO_ROUTE = "X-Easel-No-Route"
_SAFE = "/%:@!$&'()*+,;=~"
"""What stands in a path as it is."""
LONGEST_FOLDER = 60
"""Bytes of a path that leave enough of the hundred that the name of a socket may have."""
LARGEST_WORD = 64 * 1024 * 1024
"""Bytes of one message on a pack's websocket."""

HOP = frozenset(
    name.lower()
    for name in (
        *(hdrs.CONNECTION, hdrs.KEEP_ALIVE, hdrs.PROXY_AUTHENTICATE, hdrs.PROXY_AUTHORIZATION, hdrs.TE),
        *(hdrs.TRAILER, hdrs.TRANSFER_ENCODING, hdrs.UPGRADE),
    )
)
"""Headers that speak of one connection only."""
PRIVATE = frozenset({"cookie", "authorization", "expect", SECRET.lower(), PERSON.lower()})
NOT_BACK = frozenset({"set-cookie", "server", "date", "service-worker-allowed", NO_ROUTE.lower()})


@dataclass(frozen=True, slots=True)
class Route:
    """One route of a pack."""

    method: str
    path: str
    """`{}` in it stands for one part, `{*}` for any."""
    pattern: re.Pattern[str]
    pack: str
    socket: str | None
    port: int | None

    def takes(self, method: str, path: str) -> bool:
        fits = self.method in ("*", method) or (self.method == hdrs.METH_GET and method == hdrs.METH_HEAD)
        return fits and self.pattern.fullmatch(path) is not None


class Forward:
    """Which routes packs have, and the way to them. `folder` is where the device process puts its sockets."""

    def __init__(self, patience: float = PATIENCE, temp: Path | None = None) -> None:
        """temp: where the folder may lie, if the names of sockets in it are short enough."""
        self.patience = patience
        self.secret = secrets.token_urlsafe(24)
        self.folder: Path | None = None if os.name == "nt" else _private_folder(temp)
        self.routes: list[Route] = []
        self.router: UrlDispatcher | None = None
        """Of Easel's own routes, which come first."""
        self._sessions: dict[str, ClientSession] = {}

    def config(self) -> JsonObject:
        """For the device process."""
        return {"folder": None if self.folder is None else str(self.folder), "secret": self.secret}

    def take(self, header: Mapping[str, Any]) -> None:
        """All routes that there are now, as the device process tells them. While it starts anew the old ones hold."""
        self.routes = [
            Route(method, path, _pattern(path), str(entry["pack"]), entry.get("socket"), entry.get("port"))
            for entry in header["packs"]
            for method, path in entry["routes"]
        ]

    def shadowed(self, pack: str) -> list[str]:
        """A sentence for each of a pack's routes that is never reached, as one of Easel's own has its address."""
        return [
            f"Its route {route.method} {route.path} is never reached: Easel itself answers at this address."
            for route in self.routes
            if route.pack == pack and self._is_ours(route)
        ]

    def _is_ours(self, route: Route) -> bool:
        path = route.path.replace("{*}", "x").replace("{}", "x")
        return self.router is not None and any(
            own.method in ("*", route.method)
            and own.resource is not None
            and own.handler not in GIVING_WAY
            and _covers(own.resource, path)
            for own in self.router.routes()
        )

    def find(self, method: str, path: str) -> list[Route]:
        """Routes that may be meant by a path as it is on the wire; those of one pack count once."""
        paths = [path, path[4:]] if path.startswith("/api/") else [path]
        found = [route for path in paths for route in self.routes if route.takes(method, path)]
        return list({route.pack: route for route in reversed(found)}.values())[::-1]

    async def answer(self, request: web.Request, routes: list[Route]) -> web.StreamResponse | None:
        """The answer of the first pack that has this route after all; None where none has.

        No pack answers with a service worker: that would go on in the browser when the pack is approved no more.
        """
        if "Service-Worker" in request.headers:
            return None
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self._join_sockets(request, routes[0])
        for route in routes:
            response = await self._pass_on(request, route)
            if response is not None or request.can_read_body:  # a body is read once
                return response
        return None

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        if self.folder is not None:
            await asyncio.to_thread(shutil.rmtree, self.folder, True)

    # One request

    async def _pass_on(self, request: web.Request, route: Route) -> web.StreamResponse | None:
        sending = _Sending(request)
        session = self._session(route)
        headers = {**_to_pass(request.headers), **self._own_headers(request)}
        asked = asyncio.ensure_future(
            session.request(
                request.method,
                _address(route, request),
                headers=headers,
                data=sending.parts() if request.can_read_body else None,
                allow_redirects=False,
            )
        )
        try:
            answer = await self._begun(asked, sending, route)
        except ClientError as error:
            raise _gone(route, error) from error
        finally:
            if not asked.done():
                asked.cancel()
        try:
            if answer.status == 404 and NO_ROUTE in answer.headers:
                return None
            return await _give_back(request, answer, route)
        finally:
            answer.close()

    async def _begun(self, asked: asyncio.Future[ClientResponse], sending: _Sending, route: Route) -> ClientResponse:
        """The answer's beginning. Time counts from when the last of the request's body was taken."""
        clock = asyncio.get_running_loop().time
        while True:
            left = sending.moved + self.patience - clock()
            done, _ = await asyncio.wait({asked}, timeout=max(0.0, left))
            if done:
                return asked.result()
            if clock() - sending.moved >= self.patience:
                raise Refusal(
                    503,
                    "pack_busy",
                    "A node pack did not answer in time.",
                    f"{route.pack} did not answer {request_line(sending.request)} within {self.patience:g} s.",
                    {"pack": route.pack},
                )

    async def _join_sockets(self, request: web.Request, route: Route) -> web.StreamResponse:
        headers = {
            name: value
            for name, value in _to_pass(request.headers).items()
            if not name.lower().startswith("sec-websocket-")
        } | self._own_headers(request)
        try:
            async with asyncio.timeout(self.patience):
                theirs = await self._session(route).ws_connect(
                    _address(route, request),
                    headers=headers,
                    max_msg_size=LARGEST_WORD,
                )
        except TimeoutError:
            raise Refusal(503, "pack_busy", "A node pack did not answer in time.", route.pack) from None
        except ClientError as error:
            raise _gone(route, error) from error
        ours = web.WebSocketResponse(max_msg_size=LARGEST_WORD, compress=False)
        await ours.prepare(request)
        try:
            ways = [asyncio.ensure_future(_pump(ours, theirs)), asyncio.ensure_future(_pump(theirs, ours))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        finally:
            await theirs.close()
            await ours.close()
        return ours

    def _own_headers(self, request: web.Request) -> dict[str, str]:
        return {SECRET: self.secret, PERSON: who(request).id}

    def _session(self, route: Route) -> ClientSession:
        key = route.socket or str(route.port)
        if key not in self._sessions:
            connector = UnixConnector(path=route.socket) if route.socket else TCPConnector()
            self._sessions[key] = ClientSession(
                connector=connector,
                timeout=ClientTimeout(total=None, sock_connect=5.0),
                auto_decompress=False,
                skip_auto_headers=(hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
                cookie_jar=DummyCookieJar(),
            )
        return self._sessions[key]


def _private_folder(temp: Path | None) -> Path:
    """A new folder that only this user can enter."""
    if temp is not None and len(os.fsencode(temp)) <= LONGEST_FOLDER:
        return Path(tempfile.mkdtemp(prefix=".routes-", dir=temp))
    return Path(tempfile.mkdtemp(prefix="easel-routes-"))


FORWARD = web.AppKey("forward", Forward)


@web.middleware
async def forward(request: web.Request, handler: Any) -> web.StreamResponse:
    """Pass on what no route of ours is meant by; stands behind the gate."""
    if request.match_info.http_exception is None:
        return await handler(request)
    ways = request.app[FORWARD]
    routes = ways.find(request.method, request.rel_url.raw_path)
    answer = await ways.answer(request, routes) if routes else None
    return await handler(request) if answer is None else answer


GIVING_WAY: set[Any] = set()
"""Handlers of ours that a pack's route of the same address takes the place of."""


def gives_way(handler: Handler) -> Handler:
    """Make it one of these."""

    async def either(request: web.Request) -> web.StreamResponse:
        ways = request.app[FORWARD]
        routes = ways.find(request.method, request.rel_url.raw_path)
        answer = await ways.answer(request, routes) if routes else None
        return await handler(request) if answer is None else answer

    GIVING_WAY.add(either)
    return either


def request_line(request: web.Request) -> str:
    return f"{request.method} {request.path[:200]}"


class _Sending:
    """A request's body on its way."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.moved = asyncio.get_running_loop().time()

    async def parts(self) -> AsyncIterator[bytes]:
        async for part in self.request.content.iter_any():
            self.moved = asyncio.get_running_loop().time()
            yield part
            self.moved = asyncio.get_running_loop().time()


async def _give_back(request: web.Request, answer: ClientResponse, route: Route) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in HOP and name.lower() not in NOT_BACK:
            response.headers.add(name, value)
    await response.prepare(request)
    try:
        async for part in answer.content.iter_any():
            await response.write(part)
    except ClientConnectionError as error:  # the headers are out: all that is left is to end short
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError(f"{route.pack} ended its answer early") from error
    with contextlib.suppress(ConnectionResetError):
        await response.write_eof()
    return response


async def _pump(source: Any, target: Any) -> None:
    async for message in source:
        if message.type == WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await target.send_bytes(message.data)


def _covers(resource: AbstractResource, path: str) -> bool:
    """Whether a resource has this address."""
    info = resource.get_info()
    pattern = info.get("pattern")
    return info.get("path") == path or (pattern is not None and pattern.fullmatch(path) is not None)


def _address(route: Route, request: web.Request) -> Any:
    """The same path and query, to the letter."""
    address = request.url.with_scheme("http")
    return (
        address.with_host("pack").with_port(80)
        if route.socket
        else address.with_host("127.0.0.1").with_port(route.port)
    )


def _to_pass(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP | PRIVATE}


def _gone(route: Route, error: ClientError) -> Refusal:
    return Refusal(
        503,
        "pack_gone",
        "A node pack cannot answer now, since its process is starting anew.",
        f"{route.pack}: {error}",
        {"pack": route.pack},
    )


def _pattern(path: str) -> re.Pattern[str]:
    """Of our own making: a pack's own expressions are never run here.

    It may take more paths than the pack's router does, which decides; but it is soon done with each, however long: so
    what follows a second `{*}`, or a second `{}` in one part of the path, is not looked at.
    """
    pieces = path.split("{*}")
    known = ["/".join(map(_part, piece.split("/"))) for piece in pieces[:2]]
    return re.compile(".*".join([*known, ""] if len(pieces) > 2 else known))


def _part(part: str) -> str:
    """What lies between two slashes, as an expression."""
    before, *rest = (re.escape(quote(text, safe=_SAFE)) for text in part.split("{}"))
    if not rest:
        return before
    return before + ("[^/]+" + rest[0] if len(rest) == 1 and rest[0] else "[^/]++")
