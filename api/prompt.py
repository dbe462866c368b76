"""Prompts, the queue and its history: the routes that programs use to run graphs."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from aiohttp import web

from api.accounts.audit import about
from api.aside import aside
from api.either_format import as_prompt
from api.people import who
from api.queue.journal import Body
from api.queue.summaries import About
from api.queue.whose import own_of, seen_by
from api.replies import Refusal, read_json, read_object
from api.secret_values import NEVER_SEEN
from api.security import hide_credentials
from api.services import SERVICES, Services
from api.webhooks.allowed import checked as checked_address
from graph.errors import ParseError
from graph.frozen import pins_of
from graph.parse import parse, to_prompt
from graph.registry import Catalogue
from graph.renamed import renames_of
from graph.types import Graph, JsonObject, NodeId
from graph.validate import Report, validate

CATALOGUE_PATIENCE = 5.0
"""Seconds that a prompt waits for the first catalogue; then it is accepted and validated before it runs."""
QUEUE_AT_ONCE = 100
"""Jobs of a long queue that are read together."""
PIECE = 128 * 1024
"""Letters of it that are sent together."""


@dataclass(frozen=True)
class Accepted:
    """A prompt that may run, ready for the journal."""

    body: Body
    secrets: JsonObject
    node_errors: JsonObject
    """Of outputs that are left out because they are at fault."""


async def post_prompt(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    body = await services.worker.questions.hand_over(await read_object(request))
    number = _number(services, body)
    client_id = text_or_none(body, "client_id")
    prompt_id = text_or_none(body, "prompt_id") or str(uuid.uuid4())
    found = await accept(services, body, who(request).id)
    number, gone = await services.jobs.submit(prompt_id, client_id, number, found.body, found.secrets)
    told = {"prompt_id": prompt_id, "number": number, "node_errors": found.node_errors}
    return web.json_response({**told, "replaced": gone} if gone else told)


async def accept(services: Services, body: JsonObject, owner: str) -> Accepted:
    """Read and check what `POST /prompt` is given, as a job of this person's, whatever it says itself.

    Raises Refusal.
    """
    folders = services.folders.for_person(owner)
    client_id = text_or_none(body, "client_id")
    body = await as_prompt(services, body, folders)
    if body.get("prompt") is None:
        raise Refusal(400, "no_prompt", "No prompt provided", "No prompt provided")
    posted: Any = body["prompt"]
    size = len(cast(JsonObject, posted)) if isinstance(posted, dict) else 0
    try:
        graph = await aside(size, lambda: parse(posted))
    except ParseError as error:
        problem = error.to_json()
        raise Refusal(400, problem["type"], problem["message"], problem["details"], problem["extra_info"]) from None
    targets = _targets(body)
    extra: Any = body.get("extra_data") or {}
    if not isinstance(extra, dict):
        raise Refusal(400, "invalid_prompt", "extra_data must be an object.")
    kept, secrets = hide_credentials(cast(JsonObject, extra))
    NEVER_SEEN.add(secrets)
    if kept.get("webhook") is not None:
        checked_address(kept["webhook"], services.flags.webhook_hosts)
    if client_id is not None:
        kept["client_id"] = client_id

    node_errors: JsonObject = {}
    catalogue = await services.worker.wait_for_catalogue(CATALOGUE_PATIENCE)
    if catalogue is None:
        checked = False
    else:
        graph, device, loading = renames_of(catalogue).graph(graph), device_of(services), services.worker.loads_packs
        check = partial(
            validate,
            graph,
            folders=folders,
            targets=targets,
            budget=budget(services),
            device=device,
            loading=loading,
        )
        report = await aside(size, partial(check, catalogue))
        if _may_be_old(report, catalogue):
            await services.worker.questions.refresh(CATALOGUE_PATIENCE, surely=True)
            catalogue = services.worker.catalogue or catalogue
            report = await aside(size, partial(check, catalogue))
        pins = pins_of(kept)
        if report.problems and pins:
            # What lies above frozen results may be at fault. The worker, which has them, looks again before it runs.
            lenient = await aside(size, partial(check, catalogue, given=pins))
            graph, targets, node_errors, checked = await _judge(services, lenient, owner)
            checked = checked and lenient.problems == report.problems
        else:
            graph, targets, node_errors, checked = await _judge(services, report, owner)
        # Which device there is shows only when the worker has started: then it looks again.
        checked = checked and (
            device is not None or not any(catalogue[n.class_type].needs for n in graph.nodes.values())
        )
    journaled = await aside(size, partial(_for_journal, graph, kept, targets, checked, owner))
    return Accepted(journaled, secrets, node_errors)


def _for_journal(
    graph: Graph, extra: JsonObject, targets: tuple[NodeId, ...] | None, checked: bool, owner: str
) -> Body:
    prompt = to_prompt(graph)
    return Body(
        prompt=_json(prompt),
        extra=_json(extra),
        targets=_json(list(targets or ())),
        checked=checked,
        about=About.of(prompt, extra),
        owner=owner,
    )


def _may_be_old(report: Report, catalogue: Catalogue) -> bool:
    """Whether a value was refused that a pack would offer by now: it takes its choices from files by itself."""
    return any(
        problem.type == "value_not_in_list" and catalogue[report.graph.nodes[problem.node].class_type].changing
        for problem in report.problems
    )


async def _judge(services: Services, report: Report, owner: str) -> tuple[Graph, tuple[NodeId, ...], JsonObject, bool]:
    """What is left to run, its errors, and whether every check was made. Raises Refusal where nothing is."""
    error, node_errors = report.error(), report.node_errors()
    if error is not None:
        raise _refused(error, node_errors)
    if not report.to_ask:
        return report.graph, report.targets, node_errors, True
    found = await services.worker.questions.check(to_prompt(report.graph), list(report.to_ask), owner)
    if found is None:
        return report.graph, report.targets, node_errors, False
    report = report.with_problems(found)
    if (error := report.error()) is not None:
        raise _refused(error, report.node_errors())
    return report.graph, report.targets, report.node_errors(), True


def budget(services: Services) -> int | None:
    """Bytes that a run may take: what the device has, as far as that is known yet."""
    device = services.worker.report.device
    total = device.get("vram_total") if device is not None else None
    return total if isinstance(total, int) and total > 0 else None


def device_of(services: Services) -> str | None:
    """The device that runs nodes, such as `cuda:0`; None while that is not known."""
    device = services.worker.report.about.get("device")
    return device if isinstance(device, str) else None


async def get_prompt(request: web.Request) -> web.Response:
    return web.json_response(request.app[SERVICES].jobs.status())


async def get_queue(request: web.Request) -> web.StreamResponse:
    """What runs and what waits, with all graphs."""
    services = request.app[SERVICES]
    running, pending = services.jobs.listed(who(request))
    items = services.journal.items
    begin = f'{{"queue_running":[{",".join(await items(running))}],"queue_pending":['
    if len(pending) <= QUEUE_AT_ONCE:
        return web.json_response(text=f"{begin}{','.join(await items(pending))}]}}")
    # Thousands of them are hundreds of megabytes: they go out piece by piece.
    body = web.StreamResponse()
    body.content_type, body.charset = "application/json", "utf-8"
    body.enable_compression()
    await body.prepare(request)
    piece = begin
    for at in range(0, len(pending), QUEUE_AT_ONCE):
        for text in await items(pending[at : at + QUEUE_AT_ONCE]):
            piece += text if piece is begin else f",{text}"
            if len(piece) > PIECE:
                await body.write(piece.encode())
                piece = ""
    await body.write(f"{piece}]}}".encode())
    await body.write_eof()
    return body


async def post_queue(request: web.Request) -> web.Response:
    jobs = request.app[SERVICES].jobs
    body = await read_object(request)
    if body.get("clear"):
        await jobs.remove(None, who(request))
    if "delete" in body:
        await jobs.remove(ids_of(body, "delete"), who(request))
    return web.Response()


async def get_history(request: web.Request) -> web.Response:
    journal = request.app[SERVICES].journal
    count, offset = _whole(request, "max_items"), _whole(request, "offset")
    text = await journal.history(seen_by(who(request)), count=count, offset=offset)
    return web.json_response(text=text)


async def get_history_entry(request: web.Request) -> web.Response:
    journal = request.app[SERVICES].journal
    text = await journal.history(seen_by(who(request)), request.match_info["prompt_id"])
    return web.json_response(text=text)


async def post_history(request: web.Request) -> web.Response:
    """`{"clear": true}`, which means one's own, `{"delete": [ids]}`, or both."""
    services = request.app[SERVICES]
    body = await read_object(request)
    clear, wanted = bool(body.get("clear")), ids_of(body, "delete") if "delete" in body else []
    gone: list[str] = []
    if wanted:  # first, as what is cleared cannot be named any more
        found = await services.journal.forget(wanted, seen_by(who(request)))
        for owner, ids in found.items():
            gone += ids
            services.feed.publish("history", {"removed": ids}, owner=owner)
    if clear:
        own = own_of(who(request))
        await services.journal.forget(None, own)
        services.feed.publish("history", {"cleared": True}, owner=own)
        about(request, jobs="all", **({"named": gone} if gone else {}))
    else:
        about(request, **({"jobs": gone} if wanted else {"what": None}))
    return web.Response()


async def post_interrupt(request: web.Request) -> web.Response:
    """Stop the job that runs if it is one's own; with `prompt_id` only if it is that one; with `now` without waiting
    for it."""
    body: Any = await read_json(request) if request.can_read_body else {}
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_json", "The body must be a JSON object, or empty.")
    found: JsonObject = body  # pyright: ignore[reportUnknownVariableType]
    prompt_id = found.get("prompt_id")
    which = None if prompt_id is None else str(prompt_id)
    await request.app[SERVICES].jobs.interrupt(which, who(request), bool(found.get("now")))
    return web.Response()


async def post_free(request: web.Request) -> web.Response:
    """`{"unload_models"?, "free_memory"?}`: what the device holds is everybody's, so it takes an admin."""
    body = await read_object(request)
    unload, forget = bool(body.get("unload_models")), bool(body.get("free_memory"))
    if unload or forget:
        await request.app[SERVICES].worker.questions.free(models=True, cache=forget)
    return web.Response()


def _number(services: Services, body: JsonObject) -> float:
    given = body.get("number")
    if given is None:
        return services.jobs.next_number(bool(body.get("front")))
    try:
        number = float(given)
    except (TypeError, ValueError):
        raise Refusal(400, "invalid_prompt", "`number` must be a number.", repr(given)[:100]) from None
    if number != number or abs(number) > 2**53:
        raise Refusal(400, "invalid_prompt", "`number` is out of range.", repr(given)[:100])
    return int(number) if number.is_integer() else number


def text_or_none(body: JsonObject, name: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    text = str(value)
    if len(text) > 1000:
        raise Refusal(400, "invalid_prompt", f"`{name}` is longer than 1000 characters.")
    return text


def _targets(body: JsonObject) -> tuple[NodeId, ...] | None:
    given: Any = body.get("partial_execution_targets")
    if given is None:
        return None
    if not isinstance(given, list):
        raise Refusal(400, "invalid_prompt", "`partial_execution_targets` must be a list of node ids.")
    return tuple(NodeId(str(id)) for id in given)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def ids_of(body: JsonObject, name: str) -> list[str]:
    given: Any = body.get(name)
    if not isinstance(given, list):
        raise Refusal(400, "invalid_request", f"`{name}` must be a list of prompt ids.")
    return [str(id) for id in given]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _whole(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        raise Refusal(400, "invalid_request", f"`{name}` must be a whole number.", text[:100]) from None
    return None if number < 0 else min(number, 2**31)


def _refused(error: JsonObject, node_errors: JsonObject) -> Refusal:
    return Refusal(
        400, error["type"], error["message"], error["details"], error.get("extra_info"), node_errors=node_errors
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


ROUTES = [
    web.get("/prompt", get_prompt),
    web.post("/prompt", post_prompt),
    web.get("/queue", get_queue),
    web.post("/queue", post_queue),
    web.get("/history", get_history),
    web.get("/history/{prompt_id}", get_history_entry),
    web.post("/history", post_history),
    web.post("/interrupt", post_interrupt),
    web.post("/free", post_free),
]
