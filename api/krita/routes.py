"""The plugin's routes, each under `/api` and without."""

from __future__ import annotations

from typing import Any, cast

from aiohttp import web

from api.krita import images, models
from api.krita.answers import refused
from api.krita.shared_graphs import SharedGraphs
from api.packs.forward import gives_way
from api.people import who
from api.replies import Refusal, read_object
from api.services import SERVICES
from graph.types import JsonObject

SHARED = web.AppKey("graphs shared with Krita", SharedGraphs)
LONGEST_NAME = 200
LARGEST_GRAPH = 8 * 2**20
"""Bytes of a graph that is shared: it is held in memory, and sent to each who subscribed."""


def install(app: web.Application) -> None:
    app[SHARED] = SharedGraphs(app[SERVICES].hub)
    app[images.COMING] = images.Coming()


@gives_way
async def languages(request: web.Request) -> web.Response:
    """From which languages prompts can be translated: from none, so the plugin offers none."""
    return web.json_response([])


@gives_way
async def translate(request: web.Request) -> web.Response:
    """English stays as it is. For another language the plugin hears that it cannot be done, and takes its text as it
    is; a text that came back unchanged would pass for a translation."""
    language, words = request.match_info["language"], request.match_info["text"]
    if language.lower().partition("-")[0] == "en":
        return web.json_response(words)
    return refused(501, f"Easel does not translate from {language[:20]!r}. A pack with its own route for it can.")


async def publish(request: web.Request) -> web.Response:
    """`{"name", "client_id", "workflow"}`: share a graph with all who subscribed."""
    body = await _body(request, "name", "client_id", "workflow")
    if isinstance(body, web.Response):
        return body
    if not isinstance(workflow := body["workflow"], dict):
        return refused(400, "`workflow` must be a graph: a JSON object.")
    shared, owner = request.app[SHARED], who(request).id
    shared.publish(owner, _short(body["name"]), _short(body["client_id"]), cast(JsonObject, workflow))
    return web.json_response({"status": "success"})


async def subscribe(request: web.Request) -> web.Response:
    """`{"client_id"}`: be told of graphs that are shared, on the websocket of this id."""
    body = await _body(request, "client_id")
    if isinstance(body, web.Response):
        return body
    request.app[SHARED].subscribe(who(request).id, _short(body["client_id"]))
    return web.json_response({"status": "success"})


async def unsubscribe(request: web.Request) -> web.Response:
    """`{"client_id"}`: be told no more."""
    body = await _body(request, "client_id")
    if isinstance(body, web.Response):
        return body
    if not request.app[SHARED].unsubscribe(who(request).id, _short(body["client_id"])):
        return refused(400, "Nobody with this client_id is subscribed.")
    return web.json_response({"status": "success"})


async def _body(request: web.Request, *names: str) -> dict[str, Any] | web.Response:
    """The body, which must have these members; or the answer that says which it lacks."""
    try:
        body = await read_object(request, LARGEST_GRAPH)
    except Refusal as refusal:
        return refused(refusal.status, refusal.body["error"]["message"])
    missing = [name for name in names if body.get(name) is None]
    return refused(400, f"`{missing[0]}` is missing.") if missing else body


def _short(value: Any) -> str:
    return str(value)[:LONGEST_NAME]


def _both(method: str, path: str, handler: Any, **options: Any) -> list[web.RouteDef]:
    return [web.route(method, f"{before}/etn/{path}", handler, **options) for before in ("", "/api")]


OWN_ROUTES = [
    *_both("GET", "languages", languages),
    *_both("GET", "translate/{language}/{text:.*}", translate),
    *_both("GET", "model_info", models.model_info),
    *_both("GET", "model_info/{folder}", models.model_info),
    *_both("PUT", "upload/{folder}/{name}", models.upload),
    *_both("GET", "image/{id}", images.get),
    *_both("PUT", "image/{id}", images.put, expect_handler=images.continue_later),
    *_both("POST", "workflow/publish", publish),
    *_both("POST", "workflow/subscribe", subscribe),
    *_both("POST", "workflow/unsubscribe", unsubscribe),
]
