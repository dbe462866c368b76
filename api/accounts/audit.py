"""Noting who did what, from routes; and /easel/audit, where admins read it."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from api.accounts.address import address_of
from api.accounts.entry import entry_of
from api.replies import Refusal
from api.services import SERVICES

AT_ONCE = 100


async def note(request: web.Request, what: str, **facts: Any) -> None:
    """Write down that who asks did this; no secret may be among the facts."""
    try:
        entry = entry_of(request)
        who = {"who": entry.person.id, "name": entry.person.name, "by": entry.by}
    except LookupError:
        who = {}
    facts = {**who, "address": address_of(request), **facts}
    await asyncio.to_thread(request.app[SERVICES].audit.write, what, facts)


async def get_audit(request: web.Request) -> web.Response:
    """`{"entries", "next"}`, newest first; `?before=` takes a `next`, `?limit=` how many."""
    try:
        limit = int(request.query.get("limit", AT_ONCE))
    except ValueError:
        raise Refusal(400, "invalid_request", "`limit` must be a whole number.") from None
    audit = request.app[SERVICES].audit
    entries, more = await asyncio.to_thread(audit.page, request.query.get("before") or None, limit)
    return web.json_response({"entries": entries, "next": more})


OWN_ROUTES = [web.get("/easel/audit", get_audit)]
