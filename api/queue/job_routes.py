"""One job by its id: how it stands, and what can be done with it. Under /jobs as newer clients know it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aiohttp import web

from api.people import ALONE, Person, who
from api.prompt import ids_of
from api.queue.listing import STATES, Wanted, list_jobs, one_job
from api.queue.past import Past
from api.queue.seeds import member
from api.queue.shown import wait_ms
from api.queue.waiting import NotWaiting
from api.queue.whose import seen_by
from api.replies import Refusal, read_object
from api.services import SERVICES, Services
from graph.types import JsonObject

LARGEST = 2**53


async def get_job(request: web.Request) -> web.Response:
    """How a job stands: `state` (waiting, running, success, error, interrupted, removed), `position` (0 runs, 1 is
    next), `progress`, times in seconds since 1970, `ms`, `outputs`, `error`; and what it runs: `prompt`, `workflow`,
    `targets`, `about`."""
    services, person = request.app[SERVICES], who(request)
    prompt_id = request.match_info["prompt_id"]
    found = await Past(services.journal).job(prompt_id, seen_by(person))
    if found is None:
        raise unknown()
    extra: JsonObject = found.pop("extra")
    workflow = member(extra.get("extra_pnginfo"), "workflow")
    stands = await standing(services, prompt_id, person)
    return web.json_response({"prompt_id": prompt_id, **stands, **found, "workflow": workflow})


async def standing(services: Services, prompt_id: str, person: Person) -> JsonObject:
    """A job's state, place, progress, times and results; it must be in the journal, and this person see it."""
    jobs = services.jobs
    facts = await Past(services.journal).times(prompt_id, seen_by(person))
    if (running := jobs.running_for(person, prompt_id)) is not None:
        return {**facts, **running.standing(), "state": "running", "position": 0}
    if (place := jobs.place(prompt_id, person)) is not None:
        entry = jobs.line.waiting.find(prompt_id, person)
        return {
            **facts,
            "state": "waiting",
            "position": place,
            "priority": entry.number,
            "expected_ms": jobs.line.paces.expected(entry.about.work),
            "wait_ms": wait_ms(jobs.line, jobs.running_for(ALONE), place),
        }
    return facts


async def delete_job(request: web.Request) -> web.Response:
    """Cancel a job: `was` says whether it waited (it is out of the queue now) or runs (it is told to stop)."""
    services = request.app[SERVICES]
    prompt_id = request.match_info["prompt_id"]
    was = await _cancel(services, prompt_id, who(request))
    if was is None:
        if await Past(services.journal).job(prompt_id, seen_by(who(request))) is None:
            raise unknown()
        raise Refusal(409, "ended", "This job has ended or was taken out before: there is nothing to cancel.")
    return web.json_response({"prompt_id": prompt_id, "was": was})


async def _cancel(services: Services, prompt_id: str, person: Person) -> str | None:
    if await services.jobs.remove([prompt_id], person):
        return "waiting"
    return "running" if await services.jobs.interrupt(prompt_id, person) else None


async def change_job(request: web.Request) -> web.Response:
    """`{"priority": NUMBER}` (lower runs first, as `number` of POST /prompt) or `{"position": 1, 2, ...}`."""
    services, person = request.app[SERVICES], who(request)
    prompt_id = request.match_info["prompt_id"]
    body = await read_object(request)
    named = [name for name in ("priority", "position") if name in body]
    if len(named) != 1:
        raise Refusal(400, "invalid_request", "Say what to change: `priority` or `position`, one of them.")
    value = body[named[0]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refusal(400, "invalid_request", f"`{named[0]}` must be a number.", repr(value)[:100])
    line = services.jobs.line
    try:
        if named == ["priority"]:
            if abs(value) > LARGEST:
                raise Refusal(400, "invalid_request", "`priority` must be a number between -2**53 and 2**53.")
            await line.renumber(prompt_id, int(value) if float(value).is_integer() else value, person)
        else:
            if value != int(value) or value < 1:
                raise Refusal(400, "invalid_request", "`position` must be a whole number from 1.", repr(value)[:100])
            await line.place(prompt_id, int(value), person)
    except NotWaiting:
        if await Past(services.journal).job(prompt_id, seen_by(person)) is None:
            raise unknown() from None
        sentence = "This job does not wait any more: it runs, has ended or was taken out."
        raise Refusal(409, "not_waiting", sentence, prompt_id) from None
    return web.json_response({"prompt_id": prompt_id, **await standing(services, prompt_id, person)})


async def jobs_list(request: web.Request) -> web.Response:
    """Waiting, running and ended jobs, `?status=&workflow_id=&sort_by=&sort_order=&limit=&offset=`."""
    services = request.app[SERVICES]
    try:
        wanted = _wanted(request)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    jobs, total = await list_jobs(services.journal, wanted, services.jobs.running_seq)
    page = {
        "offset": wanted.offset,
        "limit": wanted.limit,
        "total": total,
        "has_more": wanted.offset + len(jobs) < total,
    }
    return web.json_response({"jobs": jobs, "pagination": page})


def _wanted(request: web.Request) -> Wanted:
    """Raises ValueError, whose text is the answer that clients of this route expect."""
    query = request.query
    states = [state.strip().lower() for state in query.get("status", "").split(",") if state.strip()] or list(STATES)
    if unknown_ones := [state for state in states if state not in STATES]:
        raise ValueError(f"Unknown status: {', '.join(unknown_ones)[:200]}. Known: {', '.join(STATES)}.")
    sort, order = query.get("sort_by", "created_at").lower(), query.get("sort_order", "desc").lower()
    if sort not in ("created_at", "execution_duration"):
        raise ValueError("sort_by must be created_at or execution_duration.")
    if order not in ("asc", "desc"):
        raise ValueError("sort_order must be asc or desc.")
    limit = _whole(query, "limit")
    if limit is not None and limit < 1:
        raise ValueError("limit must be 1 or more.")
    return Wanted(
        states=states,
        workflow=query.get("workflow_id") or None,
        by_duration=sort == "execution_duration",
        newest_first=order == "desc",
        limit=limit,
        offset=max(0, _whole(query, "offset") or 0),
        owner=seen_by(who(request)),
    )


def _whole(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return max(-1, min(int(text[:30]), LARGEST))
    except ValueError:
        raise ValueError(f"{name} must be a whole number.") from None


async def jobs_one(request: web.Request) -> web.Response:
    """A job with its graph, its results and how it ended."""
    services = request.app[SERVICES]
    id, owner = request.match_info["job_id"], seen_by(who(request))
    found = await one_job(services.journal, id, services.jobs.running_seq, owner)
    if found is None:
        return web.json_response({"error": "Job not found"}, status=404)
    return web.json_response(found)


async def jobs_cancel_one(request: web.Request) -> web.Response:
    """Cancel a job, whatever its state; one that has ended is left as it is."""
    was = await _cancel(request.app[SERVICES], request.match_info["job_id"], who(request))
    return web.json_response({"cancelled": was is not None})


async def jobs_cancel(request: web.Request) -> web.Response:
    """`{"job_ids": [...]}`: cancel each."""
    services = request.app[SERVICES]
    ids = ids_of(await read_object(request), "job_ids")
    return web.json_response({"cancelled": any([await _cancel(services, id, who(request)) is not None for id in ids])})


def unknown() -> Refusal:
    return Refusal(404, "not_found", "There is no such job any more.")


ROUTES = [
    web.get("/jobs", jobs_list),
    web.post("/jobs/cancel", jobs_cancel),
    web.get("/jobs/{job_id}", jobs_one),
    web.post("/jobs/{job_id}/cancel", jobs_cancel_one),
]
OWN_ROUTES = [
    web.get("/easel/jobs/{prompt_id}", get_job),
    web.delete("/easel/jobs/{prompt_id}", delete_job),
    web.patch("/easel/jobs/{prompt_id}", change_job),
]
