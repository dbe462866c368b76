"""Shared links, as their owner makes, lists, changes and ends them. Guests' side: shares_guest.py."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, cast

from aiohttp import web

from api.people import only, who
from api.queue.whose import seen_by
from api.replies import Refusal, read_object
from api.services import SERVICES, Services
from api.shares.form import read_form
from api.shares.settle import settle_runs
from api.shares.store import Limits, Share
from graph.errors import FileNameError, ParseError
from graph.folders import Folders, inside
from graph.parse import parse, to_prompt
from graph.types import JsonObject

LARGEST = 8 * 2**20
"""Bytes of a prompt with its form."""
LONGEST_NAME = 200
MOST_SHARES = 1000
DAY = 86400.0
LONGEST = 3650 * DAY


async def list_shares(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    found: list[JsonObject] = []
    for share in await services.shares.all(seen_by(who(request))):
        waiting = await services.shares.open_runs(share.id)
        found.append({**share.to_json(), "waiting": len(waiting)})
    return web.json_response({"shares": found, "now": time.time()})


async def make_share(request: web.Request) -> web.Response:
    """Freeze a prompt with its form; the answer alone has the token."""
    services = request.app[SERVICES]
    body = await read_object(request, LARGEST)
    try:
        prompt = to_prompt(parse(body.get("prompt")))
    except ParseError as error:
        raise Refusal(400, "invalid_prompt", f"The graph cannot be shared: {error}") from None
    form: Any = body.get("form")
    read_form(form, prompt)
    if len(await services.shares.all(who(request).id)) >= MOST_SHARES:
        raise Refusal(409, "too_many_shares", f"There are {MOST_SHARES} links already: remove some first.")
    now = time.time()
    id, token = await services.shares.add(
        who(request).id, _name(body, ""), _limits(body, None, now), body.get("tells_graph") is True, prompt, form, now
    )
    return web.json_response({"id": id, "token": token, "path": f"/easel/share/{token}"}, status=201)


async def change_share(request: web.Request) -> web.Response:
    """`revoked`, `name`, and the limits, each where it is given; `expires_in` counts from now."""
    services = request.app[SERVICES]
    share = await _found(request, services)
    body = await read_object(request, 65536)
    now = time.time()
    revoked = share.revoked
    if isinstance(body.get("revoked"), bool):
        revoked = (share.revoked or now) if body["revoked"] else None
    if revoked is not None:
        # What runs may end; what waits is nobody's wish any more.
        open_runs = await services.shares.open_runs(share.id)
        await services.jobs.remove([run.prompt_id for run in open_runs], only(share.owner))
    await services.shares.change(share.id, _name(body, share.name), _limits(body, share.limits, now), revoked)
    changed = await _found(request, services)
    return web.json_response(changed.to_json())


async def remove_share(request: web.Request) -> web.Response:
    """The link, the list of its runs and its guests' pictures go; results in the output folder stay."""
    services = request.app[SERVICES]
    share = await _found(request, services)
    runs = await services.shares.open_runs(share.id)
    await services.jobs.remove([run.prompt_id for run in runs], only(share.owner))
    names = await services.shares.remove(share.id)
    await asyncio.to_thread(remove_uploads, services.folders.for_person(share.owner), names)
    return web.Response(status=204)


async def list_runs(request: web.Request) -> web.Response:
    """All runs of a link, with what they were given and the files that they made."""
    services = request.app[SERVICES]
    share = await _found(request, services)
    await settle_runs(services, share)
    guests: dict[str, int] = {}
    found: list[JsonObject] = []
    runs = await services.shares.runs(share.id)
    for run in reversed(runs):
        guests.setdefault(run.guest, len(guests) + 1)
    for run in runs:
        found.append({
            "id": run.id,
            "prompt_id": run.prompt_id,
            "guest": guests[run.guest],
            "created": run.created,
            "ended": run.ended,
            "state": run.state or "open",
            "given": run.given,
            "results": run.results,
        })  # fmt: skip
    return web.json_response({"runs": found})


def remove_uploads(folders: Folders, names: list[str]) -> None:
    """Pictures of guests'. Blocks."""
    for name in names:
        with contextlib.suppress(OSError, FileNameError):
            path = inside(folders.root("input"), name)
            path.unlink(missing_ok=True)
            path.parent.rmdir()  # where it was the last one


async def _found(request: web.Request, services: Services) -> Share:
    share = await services.shares.by_id(seen_by(who(request)), request.match_info["id"])
    if share is None:
        raise Refusal(404, "not_found", "There is no such shared link.")
    return share


def _name(body: JsonObject, otherwise: str) -> str:
    name = body.get("name", otherwise)
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise Refusal(400, "invalid_request", f"`name` must be a text of at most {LONGEST_NAME} letters.")
    return name.strip()


def _limits(body: JsonObject, before: Limits | None, now: float) -> Limits:
    usual = before or Limits(now + 7 * DAY, 100, 20, 3)
    expires = usual.expires
    if "expires_in" in body:
        given = body["expires_in"]
        expires = None if given is None else now + _count(given, "expires_in", 1, LONGEST)
    most_runs = usual.most_runs
    if "most_runs" in body:
        given = body["most_runs"]
        most_runs = None if given is None else int(_count(given, "most_runs", 1, 10**6))
    return Limits(
        expires,
        most_runs,
        int(_count(body.get("per_hour", usual.per_hour), "per_hour", 1, 10_000)),
        int(_count(body.get("most_waiting", usual.most_waiting), "most_waiting", 1, 100)),
    )


def _count(given: Any, name: str, least: float, most: float) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not least <= given <= most:
        raise Refusal(400, "invalid_request", f"`{name}` must be a number from {least:g} to {most:.0f}.")
    return cast(float, given)


OWN_ROUTES = [
    web.get("/easel/shares", list_shares),
    web.post("/easel/shares", make_share),
    web.patch("/easel/shares/{id}", change_share),
    web.delete("/easel/shares/{id}", remove_share),
    web.get("/easel/shares/{id}/runs", list_runs),
]
