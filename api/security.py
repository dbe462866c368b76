"""Who may talk to this server: hosts, origins, and the token.

A page of another site can make a browser send requests here, and, by pointing its own name at this machine, can even
pass as the same origin. So the Host header must be one of ours, the Origin, where a browser sends it, must be the host
itself or one that the person running the server named, and scripts, which send no Origin, work as ever.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
import socket
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from api.accounts.audit import note_done
from api.accounts.entry import Door, Entry, set_entry
from api.accounts.login_page import to_login, wants_page
from api.accounts.permits import scope_of
from api.accounts.store import AccountStore
from api.files_on_disk import write_whole
from api.flags import Flags
from api.people import set_who
from api.replies import Refusal

CORS_METHODS = "POST, GET, DELETE, PUT, PATCH, OPTIONS"
CORS_HEADERS = "Content-Type, Authorization, Comfy-User"
_YEAR = 365 * 24 * 3600


class TokenError(Exception):
    """The token file cannot be used."""


def is_loopback(address: str) -> bool:
    """Whether listening on this address lets only this machine in."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def token_for(flags: Flags, accounts: bool) -> str | None:
    """The token to ask for: from --token-file, or made and kept where other machines can reach us and there are no
    accounts, or None."""
    if flags.token_file is not None:
        return _read_token(flags.token_file)
    if accounts or all(is_loopback(address) for address in flags.listen):
        return None
    path = flags.user / "token"
    if not path.exists():
        try:
            write_whole(path, f"{secrets.token_urlsafe(24)}\n".encode(), private=True)
        except OSError as error:
            raise TokenError(f"no token could be written to {path}: {error.strerror}") from error
    return _read_token(path)


def _read_token(path: Path) -> str:
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise TokenError(f"the token file {path} cannot be read: {reason}") from error
    if len(token) < 8 or any(c.isspace() for c in token):
        raise TokenError(f"the token in {path} must be one word of 8 characters or more")
    return token


class Gate:
    """Decides on each request before anything else sees it."""

    def __init__(self, flags: Flags, token: str | None, accounts: AccountStore | None = None) -> None:
        self.accounts = accounts
        self._listens_beyond = not all(is_loopback(address) for address in flags.listen)
        self.door = Door(token, flags.token_file is not None, flags.port, not self._listens_beyond, accounts)
        self._hosts = {"localhost", "127.0.0.1", "::1", *(_host_name(name) for name in flags.allow_host)}
        if self._listens_beyond:
            self._hosts |= {socket.gethostname().lower(), *(a.strip("[]").lower() for a in flags.listen)}
        self._origins = {origin.rstrip("/").lower() for origin in flags.allow_origin}
        self._secure = flags.tls is not None
        self._proxies = flags.proxies
        self._visits: dict[asyncio.Transport, Entry] = {}

    def allows_origin(self, origin: str) -> bool:
        """Whether pages of this origin were named on the command line."""
        return origin != "null" and ("*" in self._origins or origin.lower() in self._origins)

    def check_source(self, request: web.Request) -> None:
        """Raise Refusal (403) for a host that is not ours, or a page that is not."""
        host = request.headers.get(hdrs.HOST, "")
        if not self._knows(host):
            raise Refusal(
                403,
                "forbidden_host",
                f"This server is not known as {host[:200]!r}.",
                "If that name is right, start the server with --allow-host and this name.",
            )
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None:
            if not self.allows_origin(origin) and not _same_origin(origin, host, self._is_secure(request)):
                raise Refusal(
                    403,
                    "forbidden_origin",
                    f"Pages of {origin[:200]!r} may not call this server.",
                    "If they should, start the server with --allow-origin and this origin.",
                )
        elif request.headers.get("Sec-Fetch-Site") == "cross-site" and not _is_navigation(request):
            raise Refusal(403, "forbidden_origin", "Another site's page may not load this.")

    def greet(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the browser the cookie that stands for the token."""
        if self.door.takes_token:
            self.set_cookie(request, response, self.door.token_cookie, self.door.token_value, _YEAR)

    def set_cookie(self, request: web.Request, response: web.StreamResponse, name: str, value: str, lasts: int) -> None:
        response.set_cookie(
            name, value, max_age=lasts, path="/", httponly=True, samesite="Strict", secure=self._is_secure(request)
        )

    def _is_secure(self, request: web.Request) -> bool:
        """Whether the browser came by TLS: to us, or to a proxy of ours."""
        told = request.headers.getall("X-Forwarded-Proto", ()) if request.remote in self._proxies else ()
        last = ",".join(told).rpartition(",")[2]  # what stands before it anybody could have written
        return self._secure or last.strip().lower() == "https"

    def login(self, request: web.Request) -> web.Response:
        """Answer `/?token=...`: to the bare address with the cookie set, or 401."""
        if self.door.takes_token and not self.door.is_token(request.query["token"]):
            raise _unauthorized("The token in this address is not the right one.")
        rest = request.rel_url.without_query_params("token")
        response = web.Response(status=303, headers={hdrs.LOCATION: str(rest), hdrs.CACHE_CONTROL: "no-store"})
        self.greet(request, response)
        return response

    def stranger(self, request: web.Request) -> web.Response:
        """What somebody is answered who brings nothing that is known: a person, the login; a program, why."""
        if not self.door.asks_for_names:
            return _unauthorized("This server asks for its token.").reply()
        if wants_page(request):
            return to_login(request)
        headers = {"WWW-Authenticate": 'Bearer realm="Easel"'}  # Basic would have browsers ask in their own way
        details = "Programs send an API token as `Authorization: Bearer TOKEN`."
        return Refusal(401, "unauthorized", "Log in first.", details, headers=headers).reply()

    @contextmanager
    def visit(self, entry: Entry, request: web.Request) -> Generator[None]:
        """A connection that stays open is cut as soon as what opened it is not good any more."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the connection has ended")
        self._visits[transport] = entry
        try:
            yield
        finally:
            self._visits.pop(transport, None)

    def sweep(self) -> None:
        """Cut connections of those who may not stay, or may do something else by now."""
        accounts = self.accounts
        if not self._visits or accounts is None:
            return
        keys = accounts.open_keys()
        for transport, entry in list(self._visits.items()):
            account = accounts.account(entry.person.id)
            changed = entry.by in ("session", "token") and (account is None or account.role != entry.person.role)
            if changed or not self.door.still(entry, keys):
                transport.abort()

    def _knows(self, host: str) -> bool:
        name = _host_name(host)
        if not name:
            return False
        if name in self._hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # A number cannot be pointed elsewhere as a name can, so it is no rebinding.
        return self._listens_beyond or address.is_loopback


GATE = web.AppKey("gate", Gate)


def middleware(gate: Gate, for_all: Collection[Any] = ()) -> Any:
    """The gate in front of every route.

    for_all: handlers that look for themselves who comes (shared links, the login). What counts is which handler the
        router chose: a path that merely looks like one of theirs opens nothing.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
        gate.check_source(request)
        origin = request.headers.get(hdrs.ORIGIN)
        foreign = origin is not None and gate.allows_origin(origin)
        if foreign and request.method == hdrs.METH_OPTIONS:
            return web.Response()
        if request.method == hdrs.METH_GET and request.path == "/" and "token" in request.query:
            return gate.login(request)
        if request.match_info.handler in for_all:
            return await handler(request)
        entry = gate.door.enter(request)
        if entry is None:
            return gate.stranger(request)
        scope = scope_of(request)
        if not entry.person.may(scope):
            raise _not_allowed(scope)
        set_who(request, entry.person)
        set_entry(request, entry)
        if _may_stay(request):
            with gate.visit(entry, request):
                response = await handler(request)
        else:
            response = await handler(request)
        await note_done(request, response)
        if request.path == "/" and entry.by in ("alone", "server") and not response.prepared:
            # Who came by HTTP Basic goes on by cookie: not every browser sends Basic to a socket.
            gate.greet(request, response)
        return response

    return guard


def _may_stay(request: web.Request) -> bool:
    """Whether the answer may go on for long: a websocket, or what a pack streams."""
    socket = request.method == hdrs.METH_GET and request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    return socket or request.match_info.http_exception is not None


async def mark(gate: Gate, request: web.Request, response: web.StreamResponse) -> None:
    """Headers that every answer has. Called just before they are sent."""
    headers = response.headers
    headers["Server"] = "Easel"
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and gate.allows_origin(origin):
        headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = CORS_METHODS
        headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = CORS_HEADERS
        headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        headers.add(hdrs.VARY, "Origin")
    else:
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")


def hide_credentials(extra: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a prompt's extra_data into what may be written and what is kept in memory only."""
    secret = {name: value for name, value in extra.items() if _is_secret(name)}
    return {name: value for name, value in extra.items() if name not in secret}, secret


_CREDENTIALS = (
    *("auth_token", "api_key", "apikey", "api_token", "access_token", "password", "passwd", "secret"),
    *("authorization", "credential", "cookie"),
)


def _is_secret(name: str) -> bool:
    words = name.lower()
    return any(part in words for part in _CREDENTIALS)


def _unauthorized(message: str) -> Refusal:
    details = "Send it as `Authorization: Bearer TOKEN`, as the password of HTTP Basic, or open /?token=TOKEN once."
    return Refusal(401, "unauthorized", message, details, headers={hdrs.WWW_AUTHENTICATE: 'Basic realm="Easel"'})


def _host_and_port(host: str) -> tuple[str, int | None] | None:
    """The name in a Host header, lower case and without brackets, and the port, if it says one; None for nonsense."""
    found = _HOST.fullmatch(host.strip())
    if found is None:
        return None
    name = found["six"] or found["bare"] or found["name"]
    return name.lower(), int(found["port"]) if found["port"] else None


_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>\d{1,5}))?|(?P<bare>[0-9A-Fa-f:.]+)")
"""An IPv6 address stands in brackets there, and without them on the command line."""


def _host_name(host: str) -> str:
    found = _host_and_port(host)
    return "" if found is None else found[0]


def _same_origin(origin: str, host: str, secure: bool) -> bool:
    """Whether this is the origin of pages of the server's that is called so.

    secure: whether the browser speaks TLS with us: then a page that came without may be anybody's.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    default = {"https": 443, "http": None if secure else 80}.get(parts.scheme)
    ours = _host_and_port(host)
    # An origin is a scheme, a name and a port; what has more was written by no browser.
    if default is None or ours is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    return (_host_name(parts.netloc), port or default) == (ours[0], ours[1] or default)


def _is_navigation(request: web.Request) -> bool:
    """A person following a link from elsewhere: harmless, since no GET changes anything."""
    headers = request.headers
    return (
        request.method == hdrs.METH_GET
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


_NOT_ALLOWED = {
    "read": "You may not look at this.",
    "run": "You may look here, but not run graphs or change what runs.",
    "write": "You may look here, but not change or keep anything.",
    "admin": "Only an admin of this server may do this.",
}


def _not_allowed(scope: str) -> Refusal:
    return Refusal(403, "not_allowed", _NOT_ALLOWED[scope], f"It wants the scope `{scope}`.", {"scope": scope})


def addresses(flags: Flags, port: int) -> Iterable[str]:
    """What to type into a browser, one for each address listened on."""
    scheme = "https" if flags.tls else "http"
    for address in flags.listen:
        names = {"0.0.0.0": ("127.0.0.1", socket.gethostname()), "::": ("::1",)}.get(address, (address,))
        for name in names:
            yield f"{scheme}://{f'[{name}]' if ':' in name and not name.startswith('[') else name}:{port}/"
