"""Logging in and out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from api.accounts.address import address_of
from api.accounts.audit import note
from api.accounts.keys import SESSION_ENDS
from api.accounts.login_page import LOGIN, login_page, safe_next, style, too_many
from api.accounts.passwords import Passwords, is_old
from api.accounts.people import Account, AccountError, key_of
from api.accounts.refusals import refusal_of
from api.accounts.tries import Tries
from api.replies import Refusal, read_object
from api.security import GATE
from api.services import SERVICES

LARGEST_FORM = 16 * 1024


@dataclass
class Logins:
    """What is known of tries, as long as the server runs."""

    tries: Tries = field(default_factory=Tries)
    passwords: Passwords = field(default_factory=Passwords)


LOGINS = web.AppKey("logins", Logins)


async def get_login(request: web.Request) -> web.Response:
    """The form; who needs none is sent on."""
    next, gate = request.query.get("next", "/"), request.app[GATE]
    if gate.door.enter(request) is not None:
        return _go_on(next)
    if not gate.door.asks_for_names:
        return gate.stranger(request)
    return await login_page(request, next)


async def post_login(request: web.Request) -> web.Response:
    """A form `name`, `password`, `next`, or the same as JSON, which is answered as JSON."""
    given, as_json = await _given(request)
    name, password, next = (given.get(part, "") for part in ("name", "password", "next"))
    try:
        account = await check_password(request, name, password)
        response = web.json_response(_told(account)) if as_json else _go_on(next)
        await begin_session(request, response, account)
    except Refusal as refusal:
        if as_json:
            raise
        return await login_page(request, next, refusal, name[:64])
    return response


async def check_password(request: web.Request, name: str, password: str) -> Account:
    """Whose name and password these are. Raises Refusal: 401, 403, or 429 after too many wrong ones."""
    services, logins = request.app[SERVICES], request.app[LOGINS]
    accounts = services.accounts
    if not accounts.exist:
        raise Refusal(409, "no_accounts", "There are no accounts here: nobody has to log in.")
    address, key = address_of(request), key_of(name)[:100]
    account = accounts.named(name)
    # A name that nobody has is not written down: it may be a password in the wrong field.
    facts = {"account": account.id, "account_name": account.name} if account is not None else {}
    wait, news = logins.tries.begin(key, address)
    if wait:
        if news:  # a line for each would let a stranger turn the log over until nothing else is in it
            await note(request, "login_limited", **facts)
        raise too_many(wait)
    # The same is done for a name that nobody has, so that it takes as long.
    hash = await accounts.password("" if account is None else account.id)
    right = await logins.passwords.fits(hash, password)
    if account is None or hash is None or not right:
        await note(request, "login_failed", **facts)
        raise Refusal(401, "wrong_password", "The name or the password is wrong.")
    logins.tries.right(key, address)
    if account.disabled:
        await note(request, "login_failed", **facts, disabled=True)
        raise Refusal(403, "disabled", "This account is switched off. Ask an admin.")
    if is_old(hash):
        await accounts.renew_hash(account.id, hash, await logins.passwords.hash(password))
    return account


async def begin_session(request: web.Request, response: web.StreamResponse, account: Account) -> None:
    """Log the browser in by the cookie of a new session; the one it had ends. Raises Refusal where the account has just
    been switched off or removed."""
    accounts, gate = request.app[SERVICES].accounts, request.app[GATE]
    if (before := gate.door.session(request)) is not None:
        await accounts.end_session(before.person.id, before.key)
    agent = request.headers.get(hdrs.USER_AGENT, "").encode("ascii", "replace").decode()
    try:
        key, made = await accounts.begin_session(account.id, agent, address_of(request))
    except AccountError as error:
        raise refusal_of(error) from None
    gate.set_cookie(request, response, gate.door.session_cookie, key, int(SESSION_ENDS))
    await note(request, "login", account=account.id, account_name=account.name, session=made.id)


async def logout(request: web.Request) -> web.Response:
    """End this browser's session, and take the cookie of the server's token from it."""
    accounts, gate = request.app[SERVICES].accounts, request.app[GATE]
    as_json = request.headers.get(hdrs.ACCEPT, "").startswith("application/json")
    response = web.json_response({}) if as_json else web.Response(status=303, headers={hdrs.LOCATION: LOGIN})
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if (entry := gate.door.session(request)) is not None:
        await accounts.end_session(entry.person.id, entry.key)
        await note(request, "logout", account=entry.person.id, account_name=entry.person.name, session=entry.key)
    for name in (gate.door.session_cookie, gate.door.token_cookie):
        response.del_cookie(name, path="/")
    return response


def _told(account: Account) -> dict[str, Any]:
    person = account.person()
    return {"id": person.id, "name": person.name, "role": person.role, "scopes": sorted(person.scopes)}


def _go_on(next: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: safe_next(next), hdrs.CACHE_CONTROL: "no-store"})


async def _given(request: web.Request) -> tuple[dict[str, str], bool]:
    """The fields, and whether they came as JSON. Raises Refusal (400)."""
    if request.content_type == "application/json":
        fields = await read_object(request, LARGEST_FORM)
        return {name: value for name, value in fields.items() if isinstance(value, str)}, True
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise Refusal(400, "body_too_large", "This is too long for a name and a password.")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=9)), False
    except ValueError:
        raise Refusal(400, "invalid_request", "`name` and `password` must be given, as a form or as JSON.") from None


FOR_ALL = frozenset({get_login, post_login, logout, style})
"""Handlers that need nobody to be logged in."""
OWN_ROUTES = [
    web.get(LOGIN, get_login),
    web.post(LOGIN, post_login),
    web.get(f"{LOGIN}/style.css", style),
    web.post("/easel/logout", logout),
]
