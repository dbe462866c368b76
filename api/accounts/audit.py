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
NOTED = {
    "DELETE /userdata/{file}": "file_deleted",
    "DELETE /easel/documents/{id}": "graph_deleted",
    "POST /easel/library/delete": "graphs_deleted",
    "POST /easel/gallery/trash": "files_trashed",
    "POST /easel/gallery/empty": "trash_emptied",
    "POST /history": "history_deleted",
    "POST /easel/history": "history_deleted",
    "POST /easel/shares": "share_made",
    "DELETE /easel/shares/{id}": "share_removed",
    "PUT /etn/upload/{folder}/{name}": "model_sent",
}
"""Routes that are noted once they have done it, with what stands in their address. All else notes itself."""
_ABOUT = "easel_audit"


def about(request: web.Request, **facts: Any) -> None:
    """What else is noted of one of these, when it is done; `what=None`: nothing, as nothing was deleted."""
    request[_ABOUT] = facts


async def note_done(request: web.Request, response: web.StreamResponse) -> None:
    """Note what a route has done, if it is one of these."""
    resource = request.match_info.route.resource
    path = "" if resource is None else resource.canonical.removeprefix("/api")
    what = NOTED.get(f"{request.method} {path}")
    if what is not None and response.status < 400:
        named = {"file" if part == "name" else part: text for part, text in request.match_info.items()}
        facts: dict[str, Any] = {"what": what, **named, **request.get(_ABOUT, {})}
        if facts["what"] is not None:
            await note(request, **facts)


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
