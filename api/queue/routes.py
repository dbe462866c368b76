"""The queue and the history as pages steer them: order, edits, names, repeats, and what ended when."""

from __future__ import annotations

import uuid
from typing import cast

from aiohttp import web

from api.accounts.audit import about
from api.people import Person, who
from api.prompt import accept, ids_of, text_or_none
from api.queue.job_routes import unknown
from api.queue.past import Past
from api.queue.seeds import draw_seeds, member
from api.queue.summaries import LONGEST
from api.queue.waiting import NotWaiting
from api.queue.whose import own_of, seen_by
from api.replies import Refusal, read_object
from api.services import SERVICES, Services
from graph.types import JsonObject

PAGE = 50
STATES = ("success", "error", "interrupted")


async def get_queue(request: web.Request) -> web.Response:
    """How things stand, after the event `seq` of /easel/events."""
    services, person = request.app[SERVICES], who(request)
    return web.json_response({"seq": services.feed.last_for(person), **services.jobs.state(person)})


async def pause_queue(request: web.Request) -> web.Response:
    """`{"paused": bool}`: start no more jobs, or go on. Of anybody's, so it takes an admin."""
    jobs = request.app[SERVICES].jobs
    body = await read_object(request)
    if not isinstance(body.get("paused"), bool):
        raise Refusal(400, "invalid_request", "`paused` must be true or false.")
    jobs.pause(body["paused"], "paused from the page")
    return web.json_response(jobs.state(who(request)))


async def move(request: web.Request) -> web.Response:
    """`{"ids": [...], "to": "front" | "back"}`, or `"before"` or `"after"` with the id of another that waits."""
    line = request.app[SERVICES].jobs.line
    body = await read_object(request)
    ids = ids_of(body, "ids")
    places = [name for name in ("to", "before", "after") if body.get(name) is not None]
    if len(places) != 1 or ("to" in places and body["to"] not in ("front", "back")):
        raise Refusal(400, "invalid_request", "Say where: `to` is front or back, or `before` or `after` names a job.")
    where = str(body[places[0]])
    try:
        if places == ["to"]:
            await line.move(ids, None, where == "back", who(request))
        else:
            await line.move(ids, where, places == ["after"], who(request))
    except NotWaiting as gone:
        raise _too_late(str(gone)) from None
    return web.json_response({})


async def cancel(request: web.Request) -> web.Response:
    """`{"ids": [...]}` or `{"all": true}`, which means one's own: take waiting jobs out; gives the ids of those that
    were, to bring back."""
    line = request.app[SERVICES].jobs.line
    body = await read_object(request)
    gone = await line.remove(None if body.get("all") is True else ids_of(body, "ids"), who(request))
    return web.json_response({"removed": gone})


async def bring_back(request: web.Request) -> web.Response:
    """`{"ids": [...]}`: jobs that were taken out wait again."""
    body = await read_object(request)
    found = await request.app[SERVICES].jobs.line.bring_back(ids_of(body, "ids"), who(request))
    return web.json_response({"restored": found})


async def edit(request: web.Request) -> web.Response:
    """The body of `POST /prompt`: the waiting job runs this instead. 409 once it runs."""
    services = request.app[SERVICES]
    prompt_id = request.match_info["prompt_id"]
    body = await read_object(request)
    try:
        owner = services.jobs.line.waiting.find(prompt_id, who(request)).owner
    except NotWaiting:
        raise _too_late(prompt_id) from None
    found = await accept(services, body, owner)
    try:
        await services.jobs.line.edit(prompt_id, found.body, found.secrets)
    except NotWaiting:
        raise _too_late(prompt_id) from None
    return web.json_response({"prompt_id": prompt_id, "node_errors": found.node_errors})


async def rename(request: web.Request) -> web.Response:
    """`{"name": "..."}`"""
    body = await read_object(request)
    name = body.get("name")
    if not isinstance(name, str) or len(name) > LONGEST:
        raise Refusal(400, "invalid_request", f"`name` must be a text of at most {LONGEST} characters.")
    if not await request.app[SERVICES].jobs.rename(request.match_info["prompt_id"], name.strip(), who(request)):
        raise unknown()
    return web.json_response({})


async def again(request: web.Request) -> web.Response:
    """Queue what a job ran once more, as one's own: `{"seeds": "same" or "new", "front": bool, "client_id",
    "prompt_id"}`."""
    services = request.app[SERVICES]
    body = await read_object(request)
    if body.get("seeds", "same") not in ("same", "new"):
        raise Refusal(400, "invalid_request", "`seeds` must be same or new.")
    job = await _job(services, request.match_info["prompt_id"], who(request))
    extra: JsonObject = {name: value for name, value in job["extra"].items() if name != "client_id"}
    if isinstance(easel := extra.get("easel"), dict):
        known = cast(JsonObject, easel)
        extra["easel"] = {name: value for name, value in known.items() if name not in ("slot", "batch")}
    if body.get("seeds") == "new":
        draw_seeds(job["prompt"], member(extra.get("extra_pnginfo"), "workflow"), services.worker.catalogue)
    client_id = text_or_none(body, "client_id")
    found = await accept(
        services,
        {
            "prompt": job["prompt"],
            "extra_data": extra,
            **({"partial_execution_targets": job["targets"]} if job["targets"] else {}),
            **({"client_id": client_id} if client_id is not None else {}),
        },
        who(request).id,
    )
    prompt_id = text_or_none(body, "prompt_id") or str(uuid.uuid4())
    number = services.jobs.next_number(bool(body.get("front")))
    await services.jobs.submit(prompt_id, client_id, number, found.body, found.secrets)
    return web.json_response({"prompt_id": prompt_id, "number": number, "node_errors": found.node_errors})


async def get_history(request: web.Request) -> web.Response:
    """`?limit=&before=&document=&state=&owner=`: ended jobs, newest first; `before` is the `next` of the page before.
    `owner` leaves one person's of those that an admin sees."""
    query = request.query
    state = query.get("state") or None
    if state is not None and state not in STATES:
        raise Refusal(400, "invalid_request", f"`state` must be one of {', '.join(STATES)}.")
    limit, before = _count(request, "limit"), _count(request, "before")
    page = await Past(request.app[SERVICES].journal).page(
        PAGE if limit is None else limit,
        seen_by(who(request)) or query.get("owner") or None,
        before,
        query.get("document") or None,
        state,
    )
    return web.json_response(page)


async def post_history(request: web.Request) -> web.Response:
    """`{"remove": [...]}`, `{"remove": "all"}`, which means one's own, or `{"restore": [...]}`."""
    services, person = request.app[SERVICES], who(request)
    past = Past(services.journal)
    body = await read_object(request)
    if "restore" in body:
        back = await past.restore(ids_of(body, "restore"), seen_by(person))
        about(request, what=None)
        for owner, ids in back.items():
            services.feed.publish("history", {"restored": ids}, owner=owner)
        return web.json_response({})
    if "remove" not in body:
        raise Refusal(400, "invalid_request", "Say what to `remove` or to `restore`.")
    if body["remove"] == "all":
        gone = await past.remove(None, own_of(person))
    else:
        gone = await past.remove(ids_of(body, "remove"), seen_by(person))
    for owner, ids in gone.items():
        services.feed.publish("history", {"removed": ids}, owner=owner)
    removed = [id for ids in gone.values() for id in ids]
    about(request, jobs=removed, count=len(removed))
    return web.json_response({"removed": removed})


async def _job(services: Services, prompt_id: str, person: Person) -> JsonObject:
    found = await Past(services.journal).job(prompt_id, seen_by(person))
    if found is None:
        raise unknown()
    return found


def _too_late(prompt_id: str) -> Refusal:
    sentence = "This job does not wait any more: it runs, has ended or was taken out."
    return Refusal(409, "not_waiting", sentence, prompt_id)


def _count(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None or text == "":
        return None
    if not text.isdecimal():
        raise Refusal(400, "invalid_request", f"`{name}` must be a whole number.", text[:100])
    return min(int(text[:30]), 2**62)  # Python refuses to read thousands of digits


OWN_ROUTES = [
    web.get("/easel/queue", get_queue),
    web.post("/easel/queue", pause_queue),
    web.post("/easel/queue/move", move),
    web.post("/easel/queue/cancel", cancel),
    web.post("/easel/queue/restore", bring_back),
    web.put("/easel/queue/{prompt_id}", edit),
    web.post("/easel/jobs/{prompt_id}", rename),
    web.post("/easel/jobs/{prompt_id}/again", again),
    web.get("/easel/history", get_history),
    web.post("/easel/history", post_history),
]
