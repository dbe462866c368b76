"""`GET /node_replacements`: which node types took the place of others, as node types say it themselves."""

from __future__ import annotations

from aiohttp import web

from api.services import SERVICES
from graph.registry import Catalogue
from graph.renamed import Renames
from graph.types import JsonObject


async def node_replacements(request: web.Request) -> web.Response:
    """By the old type, the one that took its place, with what became of its inputs and outputs.

    A type that is still there under its old name is not listed. Prompts that are posted are changed alike.
    """
    catalogue = request.app[SERVICES].worker.catalogue or Catalogue()
    found: dict[str, list[JsonObject]] = {}
    for old, (spec, renamed) in Renames(catalogue).all().items():
        found[old] = [renamed.replacement(spec)]
    return web.json_response(found)


ROUTES = [
    web.get("/node_replacements", node_replacements),
]
