"""Shared links, as guests use them: routes that the token in their address opens, and nothing else does.

Each handler here is wrapped by `_open`, which finds the link and the guest. The gate (security.py) lets requests
without the server's own token through to exactly these handlers: it asks which one the router chose, never what a path
looks like.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import hdrs, web

from api import languages
from api.database import DatabaseError
from api.people import only
from api.prompt import CATALOGUE_PATIENCE, budget, device_of
from api.queue.journal import GUESTS_NUMBER, Body
from api.queue.leaving import may_run
from api.queue.summaries import About
from api.replies import Refusal, read_object
from api.services import SERVICES, Services
from api.serving import SANDBOX, SHOWN, disposition, media_type
from api.shares.files import NotGiven, bare, path_of, told
from api.shares.form import Form, Scalar, fill, judge, read_form
from api.shares.page import asset, error_page, page
from api.shares.pictures import Turns, take_picture
from api.shares.settle import settle_runs
from api.shares.store import Run, Share, Spent, digest
from graph.parse import parse, to_prompt
from graph.renamed import renames_of
from graph.types import JsonObject, NodeId
from graph.validate import validate

log = logging.getLogger("easel")

PREFIX = "/easel/share/{token:[A-Za-z0-9_-]{1,100}}"
COOKIE = "easel_guest"
YEAR = 365 * 24 * 3600
LARGEST_RUN = 1024 * 1024
"""Bytes of a guest's request to run."""
LARGEST_STRIPPED = 256 * 2**20
"""Bytes of a result that is read to take the graph out of it."""
WRONG_TOKENS = 20
WRONG_WITHIN = 60.0
MOST_ADDRESSES = 10_000
HEADERS = {hdrs.CACHE_CONTROL: "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@dataclass
class Door:
    """What is known of those who come with a token, as long as the server runs."""

    wrong: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One run at a time is judged against the limits."""
    pictures: Turns = field(default_factory=Turns)
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    """Results that are made ready at once."""

    def knock(self, address: str, now: float) -> float | None:
        """Note a wrong token; in how many seconds that address may try again, where it tried too often."""
        times = [at for at in self.wrong.pop(address, []) if 0 <= now - at < WRONG_WITHIN][-WRONG_TOKENS:]
        self.wrong[address] = [*times, now]
        while len(self.wrong) > MOST_ADDRESSES:
            del self.wrong[next(iter(self.wrong))]
        return times[0] + WRONG_WITHIN - now if len(times) >= WRONG_TOKENS else None


DOOR = web.AppKey("door", Door)


@dataclass(frozen=True)
class Guest:
    """Who asks, and through which link."""

    services: Services
    share: Share
    form: Form
    key: str | None
    """Hash of what the guest's browser keeps for this link; None where it keeps nothing yet."""

    @property
    def known(self) -> str:
        if self.key is None:
            raise Refusal(403, "no_guest", "This page needs cookies: without them your results cannot be told apart.")
        return self.key


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _open(handler: Callable[[web.Request, Guest], Awaitable[web.StreamResponse]]) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request, await _enter(request))
        except Refusal as refusal:
            refusal.headers = {**HEADERS, **(refusal.headers or {})}
            raise
        except (DatabaseError, OSError) as error:
            raise _failed(error) from error
        _mark(response)
        return response

    return guarded


def _failed(error: Exception) -> Refusal:
    """Why is for the owner alone: the sentences of such errors hold paths."""
    log.error("a guest's request failed: %s", error)
    return Refusal(503, "not_now", "The server cannot do this now. Try again later.", headers=HEADERS)


def _mark(response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers[name] = value


async def _enter(request: web.Request) -> Guest:
    """Raises Refusal: 403 for a token that opens nothing, 410 for a link that has ended, 429 after many wrong ones."""
    services, token = request.app[SERVICES], request.match_info["token"]
    share = await services.shares.by_token(token)
    now = time.time()
    if share is None:
        wait = request.app[DOOR].knock(request.remote or "", time.monotonic())
        if wait is not None:
            raise _wait(429, "too_many_tries", "Too many wrong links were tried from here. Wait a minute.", wait)
        raise Refusal(403, "no_share", "This link opens nothing. Perhaps a part of it is missing.")
    if share.revoked is not None or not may_run(services.accounts, share.owner):
        raise Refusal(410, "revoked", "This link was ended by the person who shared it.")
    if share.limits.expires is not None and share.limits.expires <= now:
        raise Refusal(410, "expired", "This link has expired. Ask for a new one.")
    kept = request.cookies.get(COOKIE, "")
    key = digest(kept).hex() if 20 <= len(kept) <= 100 else None
    return Guest(services, share, read_form(share.form, share.prompt), key)


async def get_page(request: web.Request) -> web.StreamResponse:
    """The page, and for a browser that comes for the first time the cookie that its results go by."""
    try:
        guest = await _enter(request)
    except (Refusal, DatabaseError) as error:
        refusal = error if isinstance(error, Refusal) else _failed(error)
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        response = await error_page(request.app[SERVICES], refusal, accepted)
        _mark(response)
        return response
    response = page(guest.services, request.match_info["token"])
    if guest.key is None:
        response.set_cookie(
            COOKIE,
            secrets.token_urlsafe(24),
            max_age=YEAR,
            path=f"/easel/share/{request.match_info['token']}",
            httponly=True,
            samesite="Lax",  # a link in a message is a navigation from elsewhere, and must find the guest again
            secure=guest.services.flags.tls is not None,
        )
    _mark(response)
    return response


@_open
async def get_asset(request: web.Request, guest: Guest) -> web.StreamResponse:
    return await asset(guest.services, request.match_info["path"], request.headers.get(hdrs.ACCEPT_ENCODING, ""))


@_open
async def get_words(request: web.Request, guest: Guest) -> web.StreamResponse:
    """The page's words in the guest's language."""
    return await languages.get_language(request)


@_open
async def get_form(_request: web.Request, guest: Guest) -> web.StreamResponse:
    limits, share = guest.share.limits, guest.share
    left = None if limits.most_runs is None else max(0, limits.most_runs - share.used)
    return web.json_response({"form": guest.form.shown, "name": share.name, "left": left, "expires": limits.expires})


@_open
async def post_run(request: web.Request, guest: Guest) -> web.StreamResponse:
    """`{"values": {input id: value}}`; what is not named keeps the value that the form has."""
    known, services, share = guest.known, guest.services, guest.share
    body = await read_object(request, LARGEST_RUN)
    values, shown = await _values(guest, body.get("values", {}))
    prompt = fill(guest.form, share.prompt, values)
    graph = parse(prompt)
    catalogue = await services.worker.wait_for_catalogue(CATALOGUE_PATIENCE)
    targets = tuple(NodeId(node) for node in guest.form.outputs)
    checked = False
    if catalogue is not None:
        graph = renames_of(catalogue).graph(graph)
        folders = services.folders.for_person(share.owner)
        report = validate(graph, catalogue, folders, targets, budget(services), device=device_of(services))
        if report.problems or report.error() is not None:
            raise Refusal(409, "cannot_run", "This cannot run here at present. The person who shared it can see why.")
        graph, targets, checked = report.graph, report.targets, not report.to_ask
    prompt_id, title = str(uuid.uuid4()), share.name or str(guest.form.shown["title"])
    extra: JsonObject = {
        "client_id": f"share-{share.id}",
        "easel": {"name": title, "share": {"id": share.id, "name": share.name}},
    }
    ready = to_prompt(graph)
    journaled = Body(
        prompt=json.dumps(ready),
        extra=json.dumps(extra),
        targets=json.dumps(list(targets)),
        checked=checked,
        about=About.of(ready, extra),
        owner=share.owner,
    )
    async with request.app[DOOR].turn:
        await settle_runs(services, share)
        if len(await services.shares.open_runs(share.id)) >= share.limits.most_waiting:
            raise _wait(429, "waiting", "Enough runs wait through this link. Try again when one is done.", 10)
        try:
            run = await services.shares.reserve(share, known, prompt_id, shown, time.time())
        except Spent as spent:
            raise _spent(spent) from None
        try:
            await services.jobs.submit(prompt_id, f"share-{share.id}", GUESTS_NUMBER, journaled, {})
        except DatabaseError:
            await services.shares.give_back(run)
            raise
        except Refusal:  # the owner's quota, of which guests need not know more
            await services.shares.give_back(run)
            raise _wait(429, "waiting", "Enough runs wait through this link. Try again later.", 600) from None
    return web.json_response({"run": run}, status=201)


async def _values(guest: Guest, given: Any) -> tuple[dict[str, Scalar], JsonObject]:
    """Values for the prompt, and the same to be shown again. Raises Refusal (400)."""
    if not isinstance(given, dict):
        raise Refusal(400, "invalid_request", "`values` must be an object of values by input.")
    values: dict[str, Scalar] = {}
    shown: JsonObject = {}
    for id, value in cast(JsonObject, given).items():
        found = guest.form.inputs.get(id)
        if found is None:
            raise Refusal(400, "invalid_value", "The form has no such input.", id[:40])
        if found.control == "image":
            if value is None:
                continue
            name = await guest.services.shares.upload(guest.share.id, guest.known, str(value)[:100])
            if name is None:
                raise Refusal(400, "invalid_value", f"{found.label}: send the picture again.", extra_info={"input": id})
            values[id], shown[id] = name, str(value)
        else:
            values[id] = shown[id] = judge(found, value)
    return values, shown


@_open
async def get_runs(_request: web.Request, guest: Guest) -> web.StreamResponse:
    """This guest's runs, newest first, with how far they are and what came of them."""
    if guest.key is None:
        return web.json_response({"runs": [], "left": None})
    await settle_runs(guest.services, guest.share)
    listed = [_tell(guest, run) for run in await guest.services.shares.runs(guest.share.id, guest.key)]
    limits = guest.share.limits
    left = None if limits.most_runs is None else max(0, limits.most_runs - guest.share.used)
    return web.json_response({"runs": listed, "left": left})


def _tell(guest: Guest, run: Run) -> JsonObject:
    found: JsonObject = {"id": run.id, "created": run.created, "given": run.given, "results": told(run.results)}
    if run.state is not None:
        return {**found, "state": run.state}
    jobs, them = guest.services.jobs, only(guest.share.owner)
    running = jobs.running_for(them, run.prompt_id)
    if running is None:
        return {**found, "state": "waiting", "before": jobs.place(run.prompt_id, them)}
    states = list(running.board.nodes.values())
    now = next((node for node in states if node.get("state") == "running"), None)
    steps = {"step": now["value"], "steps": now["max"]} if now and now.get("max", 0) > 1 else {}
    done = sum(node.get("state") == "finished" for node in states)
    return {**found, "state": "running", "done": done, **steps}


@_open
async def stop_run(request: web.Request, guest: Guest) -> web.StreamResponse:
    """Take one's own run out of the queue, or stop it. It was one of the runs that the link had."""
    run = await _run(request, guest)
    jobs, them = guest.services.jobs, only(guest.share.owner)
    if jobs.place(run.prompt_id, them):
        await jobs.remove([run.prompt_id], them)
        await guest.services.shares.settle(run.id, "stopped", [], time.time())
    else:
        await jobs.interrupt(run.prompt_id, them)
    return web.Response(status=204)


@_open
async def get_file(request: web.Request, guest: Guest) -> web.StreamResponse:
    """One result of one's own run, by its place in the list."""
    run = await _run(request, guest)
    index = int(request.match_info["index"])
    if index >= len(run.results) or "filename" not in run.results[index]:
        raise Refusal(404, "not_found", "There is no such result.")
    path = path_of(guest.services.folders.for_person(guest.share.owner), run.results[index])
    if path is None:
        raise Refusal(410, "gone", "This result is no longer kept.")
    media, data = media_type(path), None
    if not guest.share.tells_graph:
        try:
            async with request.app[DOOR].reading:
                if path.stat().st_size > LARGEST_STRIPPED:
                    raise NotGiven("This result is too large to be given through the link.")
                media, data = await bare(guest.services.pictures, path, await asyncio.to_thread(path.read_bytes))
        except NotGiven as error:
            raise Refusal(403, "not_given", str(error)) from None
    ending = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}.get(media, path.suffix)
    shown = media in SHOWN and request.query.get("save") != "1"
    headers = {
        hdrs.CONTENT_DISPOSITION: disposition(f"result-{run.id[:6]}-{index + 1}{ending}", shown=shown),
        "Content-Security-Policy": SANDBOX,
    }
    response = web.FileResponse(path, headers=headers) if data is None else web.Response(body=data, headers=headers)
    response.content_type = media if media in SHOWN else "application/octet-stream"
    return response


async def _run(request: web.Request, guest: Guest) -> Run:
    await settle_runs(guest.services, guest.share)
    run = await guest.services.shares.run(guest.share.id, request.match_info["run"], guest.known)
    if run is None:
        raise Refusal(404, "not_found", "There is no such run of yours.")
    return run


@_open
async def post_picture(request: web.Request, guest: Guest) -> web.StreamResponse:
    """A picture as the body, for the form's inputs that take one; its id is such an input's value."""
    if not any(found.control == "image" for found in guest.form.inputs.values()):
        raise Refusal(403, "no_pictures", "This form takes no pictures.")
    return await take_picture(request, guest.services, guest.share, guest.known, request.app[DOOR].pictures)


def _spent(spent: Spent) -> Refusal:
    if spent.kind == "per_hour":
        sentence = "This link has run as often as it may in one hour. Try again later."
        return _wait(429, "per_hour", sentence, spent.retry or 60)
    if spent.kind == "used_up":
        return Refusal(403, "used_up", "All runs of this link are used up. Ask the person who shared it for more.")
    return Refusal(410, "revoked", "This link has ended.")


def _wait(status: int, kind: str, sentence: str, seconds: float) -> Refusal:
    return Refusal(status, kind, sentence, headers={hdrs.RETRY_AFTER: str(math.ceil(seconds))})


OWN_ROUTES = [
    web.get(PREFIX, get_page),
    web.get(PREFIX + "/", get_page),
    web.get(PREFIX + "/w/{path:.+}", get_asset),
    web.get(PREFIX + "/language", get_words),
    web.get(PREFIX + "/form", get_form),
    web.get(PREFIX + "/runs", get_runs),
    web.post(PREFIX + "/runs", post_run),
    web.post(PREFIX + "/runs/{run:[A-Za-z0-9_-]+}/stop", stop_run),
    web.get(PREFIX + "/runs/{run:[A-Za-z0-9_-]+}/{index:[0-9]{1,4}}", get_file),
    web.post(PREFIX + "/pictures", post_picture),
]
FOR_GUESTS = frozenset(route.handler for route in OWN_ROUTES)
"""The gate lets these be asked without the server's token: each looks at its own."""
