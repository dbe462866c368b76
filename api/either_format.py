"""A graph that was posted, in either file format, as the body that `POST /prompt` is known by."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from api.replies import Refusal
from api.services import Services
from graph.errors import ParseError
from graph.folders import Folders
from graph.types import JsonObject
from graph.workflow import is_workflow, to_api

PATIENCE = 60.0
"""Seconds that a graph's file waits for the first catalogue: without one nobody knows which value is whose."""


async def as_prompt(services: Services, body: JsonObject, folders: Folders) -> JsonObject:
    """The body with `prompt` in API format, as the person who has these folders means it. Raises Refusal.

    `prompt` may hold a graph's file instead, as `workflow` may, and the body itself may be a file of either format.
    """
    found = _graph_in(body)
    if found is None:
        return body
    graph, rest = found
    if not is_workflow(graph):
        return {**rest, "prompt": graph}
    catalogue = await services.worker.wait_for_catalogue(PATIENCE)
    if catalogue is None:
        raise Refusal(503, "no_catalogue", "No worker has said yet which nodes there are.")
    try:
        prompt = await asyncio.to_thread(to_api, graph, catalogue, folders)
    except ParseError as error:
        problem = error.to_json()
        raise Refusal(400, problem["type"], problem["message"], problem["details"], problem["extra_info"]) from None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        sentence = "This file looks like a graph's, and cannot be read as one."
        raise Refusal(400, "invalid_workflow", sentence, f"{type(error).__name__}: {error}"[:300]) from None
    return {**rest, "prompt": prompt, "extra_data": _with_workflow(rest.get("extra_data"), graph)}


def _graph_in(body: JsonObject) -> tuple[JsonObject, JsonObject] | None:
    """A graph that does not stand where it usually does, and what was said besides; None where all is as usual."""
    given: Any = body.get("prompt")
    if given is None and isinstance(body.get("workflow"), dict):
        rest = {name: value for name, value in body.items() if name != "workflow"}
        return cast(JsonObject, body["workflow"]), rest
    if given is None:
        return (body, {}) if is_workflow(body) or _is_prompt(body) else None
    if is_workflow(given):
        return cast(JsonObject, given), body
    if not isinstance(given, dict):
        kind = "a list" if isinstance(given, list) else "a text" if isinstance(given, str) else "a number or the like"
        sentence = (
            f"`prompt` is {kind}, and must be a graph: a file as the page saves it, with `nodes` as a list, or API"
            " format, an object of nodes by id, each with `class_type` and `inputs`."
        )
        raise Refusal(400, "invalid_prompt", sentence)
    return None


def _is_prompt(body: JsonObject) -> bool:
    return bool(body) and all(isinstance(node, dict) and "class_type" in node for node in body.values())


def _with_workflow(extra: Any, workflow: JsonObject) -> Any:
    """`extra_data` with the graph's file where pictures keep it, unless the client gave another."""
    if extra is not None and not isinstance(extra, dict):
        return extra  # refused where it is read
    known = cast(JsonObject, extra or {})
    info: Any = known.get("extra_pnginfo")
    if info is not None and not isinstance(info, dict):
        return known
    return {**known, "extra_pnginfo": {"workflow": workflow, **cast(JsonObject, info or {})}}
