"""Accounts over the wire: everybody's own, and all of them for admins."""

from __future__ import annotations

import time
from typing import Any, cast

from aiohttp import web

from api.accounts.audit import note
from api.accounts.entry import Entry, entry_of
from api.accounts.keys import DAY, LONGEST_DAYS, LONGEST_TOKEN_NAME
from api.accounts.login import LOGINS, begin_session, check_password
from api.accounts.people import (
    NO_QUOTAS,
    Account,
    AccountError,
    read_name,
    read_password,
    read_quotas,
    read_role,
    read_scopes,
)
from api.accounts.refusals import refusal_of
from api.disk_use import DISK_USE
from api.people import who
from api.replies import Refusal, read_object
from api.services import SERVICES
from graph.types import JsonObject

# One's own


async def get_me(request: web.Request) -> web.Response:
    """Who asks, and what they may do. `accounts`: whether there are any, and so somebody to log out.

    `?use=true`: also how much of their quotas is used; their files are counted for it.
    """
    person, entry = who(request), entry_of(request)
    accounts = request.app[SERVICES].accounts
    answer: JsonObject = {
        "accounts": accounts.exist,
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "scopes": sorted(person.scopes),
        "by": entry.by,
        "quotas": accounts.quotas(person.id).to_json(),
    }
    if request.query.get("use") == "true":
        if accounts.quotas(person.id).disk_bytes is not None:
            await request.app[DISK_USE].used(person.id)
        answer["use"] = _use(request, person.id)
    return web.json_response(answer)


async def set_own_password(request: web.Request) -> web.Response:
    """`{old, new}`: another password; all other browsers are logged out."""
    entry = _at_browser(request)
    services = request.app[SERVICES]
    body = await read_object(request)
    try:
        new = read_password(body.get("new"), entry.person.name)
        await check_password(request, entry.person.name, str(body.get("old", "")))
        hash = await request.app[LOGINS].passwords.hash(new)
        await services.accounts.set_password(entry.person.id, hash, keep=entry.key, end_tokens=False)
    except AccountError as error:
        raise refusal_of(error) from None
    await note(request, "password_changed", account=entry.person.id)
    return web.json_response({})


async def list_sessions(request: web.Request) -> web.Response:
    """The browsers that are logged in; `this`: the one that asks."""
    entry = entry_of(request)
    found = request.app[SERVICES].accounts.sessions(entry.person.id)
    return web.json_response([{**one.to_json(), "this": one.id == entry.key} for one in found])


async def end_session(request: web.Request) -> web.Response:
    entry = _at_browser(request)
    id = request.match_info["id"]
    if not await request.app[SERVICES].accounts.end_session(entry.person.id, id):
        raise Refusal(404, "not_found", "There is no such login any more.")
    await note(request, "session_ended", session=id)
    return web.Response(status=204)


async def end_other_sessions(request: web.Request) -> web.Response:
    """Log all other browsers out."""
    entry = _at_browser(request)
    count = await request.app[SERVICES].accounts.end_other_sessions(entry.person.id, entry.key)
    await note(request, "sessions_ended", count=count)
    return web.json_response({"ended": count})


async def list_tokens(request: web.Request) -> web.Response:
    return web.json_response([one.to_json() for one in request.app[SERVICES].accounts.tokens(who(request).id)])


async def make_token(request: web.Request) -> web.Response:
    """`{name, scopes, days?}`: an API token; this answer alone has it."""
    entry = _at_browser(request)
    body = await read_object(request)
    name, days = body.get("name"), body.get("days")
    if not isinstance(name, str) or not name.strip().isprintable() or not 0 < len(name.strip()) <= LONGEST_TOKEN_NAME:
        raise Refusal(400, "invalid_name", f"`name` must be a text of 1 to {LONGEST_TOKEN_NAME} letters.")
    if days is not None and (
        isinstance(days, bool) or not isinstance(days, (int, float)) or not 0 < days <= LONGEST_DAYS
    ):
        raise Refusal(400, "invalid_request", f"`days` must be a number above 0, at most {LONGEST_DAYS}, or null.")
    try:
        scopes = read_scopes(body.get("scopes"))
        if not scopes <= entry.person.scopes:
            raise Refusal(403, "not_allowed", "A token cannot do more than you may do yourself.")
        expires = None if days is None else time.time() + cast("float", days) * DAY
        key, made = await request.app[SERVICES].accounts.make_token(entry.person.id, name.strip(), scopes, expires)
    except AccountError as error:
        raise refusal_of(error) from None
    await note(request, "token_made", token=made.id, scopes=sorted(scopes), expires=expires)
    return web.json_response({**made.to_json(), "token": key}, status=201)


async def revoke_token(request: web.Request) -> web.Response:
    entry = _at_browser(request)
    id = request.match_info["id"]
    if not await request.app[SERVICES].accounts.revoke_token(entry.person.id, id):
        raise Refusal(404, "not_found", "There is no such token any more.")
    await note(request, "token_revoked", token=id)
    return web.Response(status=204)


def _at_browser(request: web.Request) -> Entry:
    """Who asks, if they logged in: what a token may do should not make more tokens. Raises Refusal (403)."""
    entry = entry_of(request)
    if entry.by != "session":
        raise Refusal(403, "login_wanted", "This can only be done by a person who is logged in, not by a token.")
    return entry


# All of them, for admins


async def list_accounts(request: web.Request) -> web.Response:
    accounts = request.app[SERVICES].accounts
    return web.json_response({"accounts": [_row(request, account) for account in accounts.people()]})


async def add_account(request: web.Request) -> web.Response:
    """`{name, password, role?, quotas?}`. Who makes the first account is logged in to it."""
    services = request.app[SERVICES]
    accounts = services.accounts
    first = not accounts.exist
    body = await read_object(request)
    try:
        name = read_name(body.get("name"))
        role = read_role(body.get("role", "artist"))
        quotas = read_quotas(_quotas(body))
        if accounts.named(name) is not None:
            raise AccountError("name_taken", f"There is an account {name} already.")
        hash = await request.app[LOGINS].passwords.hash(read_password(body.get("password"), name))
        account = await accounts.add(name, hash, role, quotas)
    except AccountError as error:
        raise refusal_of(error) from None
    await note(request, "account_add", account=account.id, account_name=account.name, role=account.role)
    response = web.json_response(_row(request, account), status=201)
    if first:
        await begin_session(request, response, account)
    return response


async def change_account(request: web.Request) -> web.Response:
    """`{name?, role?, disabled?, quotas?}`."""
    accounts = request.app[SERVICES].accounts
    body = await read_object(request)
    disabled = body.get("disabled")
    if disabled is not None and not isinstance(disabled, bool):
        raise Refusal(400, "invalid_request", "`disabled` must be true or false.")
    try:
        before = _account(request)
        quotas = _quotas(body)
        account = await accounts.change(
            before.id,
            name=read_name(body["name"]) if "name" in body else None,
            role=read_role(body["role"]) if "role" in body else None,
            disabled=disabled,
            quotas=read_quotas(quotas, before.quotas) if quotas else None,
        )
    except AccountError as error:
        raise refusal_of(error) from None
    changed = {name: value for name, value in account.to_json().items() if value != before.to_json()[name]}
    await note(request, "account_changed", account=account.id, account_name=before.name, changed=changed)
    return web.json_response(_row(request, account))


async def remove_account(request: web.Request) -> web.Response:
    """The account goes; what belongs to it stays on the disk, and admins see it."""
    try:
        account = await request.app[SERVICES].accounts.remove(request.match_info["id"])
    except AccountError as error:
        raise refusal_of(error) from None
    await note(request, "account_remove", account=account.id, account_name=account.name)
    return web.Response(status=204)


async def reset_password(request: web.Request) -> web.Response:
    """`{password}`: another one, where somebody has forgotten theirs or another has it; their browsers are logged out
    and their API tokens end: who could log in may have made some."""
    body = await read_object(request)
    try:
        account = _account(request)
        hash = await request.app[LOGINS].passwords.hash(read_password(body.get("password"), account.name))
        entry = entry_of(request)
        keep = entry.key if entry.by == "session" and entry.person.id == account.id else None
        tokens = await request.app[SERVICES].accounts.set_password(account.id, hash, keep=keep, end_tokens=True)
    except AccountError as error:
        raise refusal_of(error) from None
    await note(request, "password_reset", account=account.id, account_name=account.name, tokens_ended=tokens)
    return web.json_response({"tokens_ended": tokens})


def _account(request: web.Request) -> Account:
    """Raises AccountError."""
    found = request.app[SERVICES].accounts.account(request.match_info["id"])
    if found is None:
        raise AccountError("no_such_account", "There is no such account.")
    return found


def _quotas(body: JsonObject) -> dict[str, Any]:
    quotas = body.get("quotas", {})
    if not isinstance(quotas, dict):
        raise Refusal(400, "invalid_request", "`quotas` must be an object.")
    return cast("dict[str, Any]", quotas)


def _use(request: web.Request, person: str) -> JsonObject:
    """How much is used of the quotas that a person has. Of files: as they were last counted, null where never."""
    quotas = request.app[SERVICES].accounts.quotas(person)
    found: JsonObject = {}
    if quotas == NO_QUOTAS:
        return found
    use = request.app[SERVICES].jobs.line.use(person)
    if quotas.most_queued is not None:
        found["queued"] = use.queued
    if quotas.disk_bytes is not None:
        found["disk_bytes"] = request.app[DISK_USE].last_known(person)
    if quotas.gpu_seconds_per_day is not None:
        found |= {"spent_seconds": use.spent_seconds, "open_seconds": use.open_seconds, "room_in": use.room_in}
    return found


def _row(request: web.Request, account: Account) -> JsonObject:
    accounts = request.app[SERVICES].accounts
    sessions, tokens = accounts.sessions(account.id), accounts.tokens(account.id)
    used = [at for at in (*(one.used for one in sessions), *(one.used for one in tokens)) if at is not None]
    return {
        **account.to_json(),
        "sessions": len(sessions),
        "tokens": len(tokens),
        "used": max(used, default=None),
        "use": _use(request, account.id),
    }


OWN_ROUTES = [
    web.get("/easel/accounts/me", get_me),
    web.post("/easel/accounts/me/password", set_own_password),
    web.get("/easel/accounts/me/sessions", list_sessions),
    web.delete("/easel/accounts/me/sessions", end_other_sessions),
    web.delete("/easel/accounts/me/sessions/{id}", end_session),
    web.get("/easel/accounts/me/tokens", list_tokens),
    web.post("/easel/accounts/me/tokens", make_token),
    web.delete("/easel/accounts/me/tokens/{id}", revoke_token),
    web.get("/easel/accounts", list_accounts),
    web.post("/easel/accounts", add_account),
    web.patch("/easel/accounts/{id}", change_account),
    web.delete("/easel/accounts/{id}", remove_account),
    web.post("/easel/accounts/{id}/password", reset_password),
]
