"""Graphs as pages save them, for programs: turned into prompts, with other values where they are wanted."""

from __future__ import annotations

from typing import Any, cast

from aiohttp import web

from api.either_format import as_prompt
from api.replies import Refusal, read_object
from api.services import SERVICES, folders_of
from graph.changes import ChangeError, change
from graph.types import JsonObject
from graph.workflow import is_workflow


async def convert(request: web.Request) -> web.Response:
    """`{"workflow": {...}, "changes": {"3.seed": 7, "Sampler.seed": 7}}`: gives `prompt`, in API format, and the
    `workflow`, both with the changes."""
    services = request.app[SERVICES]
    body = await read_object(request)
    workflow: Any = body.get("workflow")
    changes: Any = body.get("changes") or {}
    if not is_workflow(workflow):
        raise Refusal(400, "invalid_request", "`workflow` must be a graph as pages save it, with a list of `nodes`.")
    if not isinstance(changes, dict):
        raise Refusal(400, "invalid_request", "`changes` must be an object: values by node and input, such as 3.seed.")
    graph = cast(JsonObject, workflow)
    prompt = (await as_prompt(services, {"prompt": graph}, folders_of(request)))["prompt"]
    try:
        change(prompt, graph, cast(JsonObject, changes), services.worker.catalogue or {})
    except ChangeError as error:
        raise Refusal(400, error.type, str(error)) from None
    return web.json_response({"prompt": prompt, "workflow": graph})


OWN_ROUTES = [web.post("/easel/convert", convert)]
