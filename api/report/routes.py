"""A report to look at: `POST /easel/report`. Nothing is kept here, and nothing is sent anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from api.people import who
from api.replies import Refusal, read_object
from api.report.parts import (
    Part,
    graph_part,
    hiding_for,
    in_lines,
    log_part,
    packs_part,
    server_part,
)
from api.security import GATE
from api.services import SERVICES
from api.settings import FILE
from api.userdata import user_root
from graph.errors import ParseError
from graph.json_input import load

LARGEST = 16 * 2**20
"""Bytes of a graph with what the page says of itself."""
ADMINS = frozenset({"command_line", "room", "problems"})
"""What of the server's facts is the business of those who run it."""


async def make(request: web.Request) -> web.Response:
    """`{workflow?, client?}` gives `{parts: [{name, text}]}`: the files of a report, without what is nobody's business.

    What concerns the server's other people (its log, its command line) is in an admin's report only.
    """
    services, person = request.app[SERVICES], who(request)
    body = await read_object(request, LARGEST)
    client = body.get("client")
    if client is not None and not isinstance(client, dict):
        raise Refusal(400, "invalid_request", "`client` must be an object: what the page says of itself.")
    workflow = body.get("workflow")
    if workflow is not None and not isinstance(workflow, dict):
        raise Refusal(400, "invalid_request", "`workflow` must be an object: a graph as the page saves it.")
    settings, token = user_root(request) / FILE, request.app[GATE].door.token
    whole = person.may("admin")
    server = server_part(services, paths=whole)
    if not whole:
        server = {name: value for name, value in server.items() if name not in ADMINS}

    def parts() -> list[Part]:
        hiding = hiding_for(token, [account.name for account in services.accounts.people()])
        found = [
            Part("server.json", in_lines(hiding.value(server))),
            Part("packs.json", in_lines(hiding.value(packs_part(services)))),
            Part("settings.json", in_lines(hiding.value(_read(settings)))),
        ]
        if client:
            found.append(Part("page.json", in_lines(hiding.value(client))))
        if whole:
            found.append(Part("log.txt", hiding.text(log_part())))
        if workflow is not None:
            found.append(Part("graph.json", graph_part(workflow, services.worker.catalogue, hiding)))
        return found

    made = await asyncio.to_thread(parts)
    return web.json_response({"parts": [part.to_json() for part in made]})


def _read(path: Path) -> Any:
    try:
        return load(path.read_bytes())
    except (OSError, ParseError):
        return {}


OWN_ROUTES = [web.post("/easel/report", make)]
