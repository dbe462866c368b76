"""Packs over the wire: which there are and how they fare, and the approval of their code."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from api.accounts.audit import note
from api.accounts.entry import entry_of
from api.packs.approvals import CodeChanged
from api.packs.environments import InstallError
from api.packs.known import Known, installed_names, row
from api.people import who
from api.replies import Refusal, as_refusal, read_object
from api.services import SERVICES, Services
from graph.types import JsonObject


async def list_packs(request: web.Request) -> web.Response:
    """Every pack, in the order in which they load."""
    services = request.app[SERVICES]
    known = await asyncio.to_thread(services.packs.all)
    found = await asyncio.to_thread(_listed, services, known)
    return web.json_response(found if who(request).may("admin") else services.troubles.names.within(found))


async def approve(request: web.Request) -> web.Response:
    """Approve one pack: `{code, hash}`; it is loaded without a restart of the server."""
    body = await read_object(request)
    return await _approve(request, body, [(request.match_info["pack"], body.get("hash"))])


async def approve_many(request: web.Request) -> web.Response:
    """Approve several with one code: `{code, packs: [{name, hash}]}`; all of them, or none."""
    body = await read_object(request)
    asked = body.get("packs")
    if not isinstance(asked, list) or not asked:
        raise Refusal(400, "invalid_packs", "`packs` must be a list of objects with name and hash.")
    wanted: list[tuple[str, object]] = []
    for item in asked:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):  # pyright: ignore
            raise Refusal(400, "invalid_packs", "`packs` must be a list of objects with name and hash.")
        wanted.append((str(item["name"]), item.get("hash")))  # pyright: ignore[reportUnknownArgumentType,reportUnknownMemberType]
    return await _approve(request, body, wanted)


async def forget(request: web.Request) -> web.Response:
    """Take an approval back, or that it was made here: the pack is off as soon as no job runs."""
    services = request.app[SERVICES]
    known = await find_pack(services, request.match_info["pack"])
    try:
        await asyncio.to_thread(services.packs.approvals.forget, known.pack.path)
        await asyncio.to_thread(services.packs.development.remove, known.pack.path)
    except OSError as error:
        raise as_refusal(error, "The list of approved packs") from error
    services.worker.renew()
    services.packs.changed()
    await note(request, "pack_forgotten", pack=known.name, hash=known.hash)
    now = await find_pack(services, known.name)
    return web.json_response((await asyncio.to_thread(_listed, services, [now]))["packs"][0])


async def plan(request: web.Request) -> web.Response:
    """What an installation would fetch, for a pack that is approved; it is asked of the package index."""
    services = request.app[SERVICES]
    known = await _approved(services, request.match_info["pack"])
    try:
        found = await services.packs.environments.plan(known.pack, known.needs, known.copy)
    except InstallError as error:
        raise Refusal(502, "no_plan", str(error)) from None
    return web.json_response({"needs": known.needs.hash, "fetch": [one.to_json() for one in found]})


async def install(request: web.Request) -> web.Response:
    """Install what an approved pack asks for: `{code, needs}`, the latter as the plan said. Answers at once."""
    services = request.app[SERVICES]
    body = await read_object(request)
    known = await _approved(services, request.match_info["pack"])
    if body.get("needs") != known.needs.hash:
        raise _changed(known)
    if services.installer.busy:
        raise Refusal(409, "installing", "Something is being installed already. Wait until that is done.")
    by_code = _check_code(request, body)
    services.installer.start(known)
    await note(request, "pack_install", pack=known.name, hash=known.hash, needs=known.needs.hash)
    if by_code:
        await _show_next(services, known)
    return web.json_response(services.installer.to_json(), status=202)


async def _approved(services: Services, name: str) -> Known:
    known = await find_pack(services, name)
    if known.trust is None:
        raise Refusal(409, "not_approved", f"The pack {known.name} is not approved: that comes first.")
    return known


def _check_code(request: web.Request, body: JsonObject) -> bool:
    """Whether the terminal's code was given. An admin who is logged in needs none: they answer by their name. A token
    does, whatever its scopes: it may lie in a script. Raises Refusal."""
    services = request.app[SERVICES]
    if entry_of(request).by == "session":
        return False
    if services.code.wait:
        seconds = int(services.code.wait) + 1
        raise Refusal(429, "too_many_codes", f"Too many wrong codes were given. Try again in {seconds} seconds.")
    if not services.code.use(body.get("code")):
        sentence = "This code is wrong, or was used: each is good once. Have the terminal show one, and type that."
        raise Refusal(403, "wrong_code", sentence)
    return True


async def _show_next(services: Services, done: Known | None = None) -> None:
    """A code was used: if another pack than `done` wants one too, have the terminal show it."""
    every = await asyncio.to_thread(services.packs.all)
    if any(_wants_code(known) for known in every if done is None or known.pack != done.pack):
        services.code.show()


def _wants_code(known: Known) -> bool:
    return bool(known.hash) and (known.trust is None or known.changed or not known.installed)


async def show_code(request: web.Request) -> web.Response:
    """Print the one-time code on the terminal once more."""
    request.app[SERVICES].code.show()
    return web.json_response({})


async def _approve(request: web.Request, body: JsonObject, wanted: list[tuple[str, object]]) -> web.Response:
    services = request.app[SERVICES]
    every = {known.name: known for known in await asyncio.to_thread(services.packs.all)}
    found = [(_named(every, name), hash) for name, hash in wanted]
    for known, hash in found:
        if hash != known.hash:
            raise _changed(known)
    by_code = _check_code(request, body)
    before = {known.name: _state_of(services, known) for known, _ in found}
    try:
        seen = {known.pack: known.hash for known, _ in found}
        by = "page" if by_code else f"page, {who(request).name}"
        await asyncio.to_thread(services.packs.approvals.approve, seen, by)
    except CodeChanged as error:
        raise _changed(next(known for known, _ in found if known.pack.name == str(error))) from None
    except OSError as error:
        raise as_refusal(error, "The approval") from error
    now = [known for known in await asyncio.to_thread(services.packs.all) if known.name in before]
    failed = any(before[known.name] in ("failed", "partly") for known in now)
    await services.worker.take_up(now, again=failed)
    services.packs.changed()
    await note(request, "packs_approved", packs=[f"{known.name} {known.hash}" for known, _ in found])
    if by_code:
        await _show_next(services)
    return web.json_response({"packs": (await asyncio.to_thread(_listed, services, now))["packs"]})


def _changed(known: Known) -> Refusal:
    return Refusal(
        409,
        "code_changed",
        f"The code of the pack {known.name} is not the one that was shown. Look at it again.",
        extra_info={"hash": known.hash},
    )


async def find_pack(services: Services, name: str) -> Known:
    """Raises Refusal (404)."""
    return _named({known.name: known for known in await asyncio.to_thread(services.packs.all)}, name)


def _named(every: Mapping[str, Known], name: str) -> Known:
    if name not in every:
        raise Refusal(404, "no_such_pack", f"There is no pack {name[:100]} any more.")
    return every[name]


def _listed(services: Services, every: list[Known]) -> JsonObject:
    there = installed_names()
    rows = [_row_of(services, known, there) for known in every]
    worker, installing = services.worker, services.installer.to_json()
    return {"packs": rows, "importing": worker.importing, "installing": installing, "catalogue": worker.catalogues}


_ANEW: JsonObject = {"state": "waiting", "problems": []}


def _row_of(services: Services, known: Known, there: frozenset[str]) -> JsonObject:
    report: JsonObject | None = _report_of(services, known)
    if report is not None and report["state"] in ("failed", "partly") and services.worker.tries_anew(known.pack.path):
        report = {**report, **_ANEW}  # a fresh process may find what this one missed
    found = row(known, report, there)
    return {**found, "notes": [*found["notes"], *services.forward.shadowed(known.name)]}


def _report_of(services: Services, known: Known) -> JsonObject | None:
    return next((one for one in services.worker.report.packs if one["path"] == str(known.pack.path)), None)


def _state_of(services: Services, known: Known) -> object:
    return (_report_of(services, known) or {}).get("state")


OWN_ROUTES = [
    web.get("/easel/packs", list_packs),
    web.post("/easel/packs/approve", approve_many),
    web.post("/easel/packs/code", show_code),
    web.post("/easel/packs/{pack}/approve", approve),
    web.post("/easel/packs/{pack}/forget", forget),
    web.post("/easel/packs/{pack}/plan", plan),
    web.post("/easel/packs/{pack}/install", install),
]
