"""Graphs to begin with: the examples that come with Easel, and those that packs bring in `example_workflows`,
if they are approved.

What one is stands in its `extra.info` (`name`, `description`, `tags`); its picture lies beside it under the same name.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from aiohttp import web

from api.documents.store import count_nodes
from api.packs.known import Packs
from api.packs.served import files_in, is_within
from api.replies import Refusal
from api.services import SERVICES
from api.serving import UserFile

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "workflows"
FIRST = "default"
"""What a new person sees."""
IN_PACKS = "example_workflows"
PICTURES = {".webp": "image/webp", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
MOST = 2000
"""Of all packs together."""
LARGEST = 8 * 2**20


@dataclass(frozen=True)
class Template:
    """One that is there. `pack` is empty for ours."""

    name: str
    pack: str
    path: Path

    @property
    def picture(self) -> Path | None:
        beside = (self.path.with_suffix(ending) for ending in PICTURES)
        return next((path for path in beside if path.is_file() and is_within(self.path.parent.parent, path)), None)


_read: dict[Path, tuple[int, dict[str, Any]]] = {}
"""What was told of a file, by its time."""


async def list_templates(request: web.Request) -> web.Response:
    """Ours first, in order of their names."""
    return web.json_response(await asyncio.to_thread(_list, request.app[SERVICES].packs))


async def get_template(request: web.Request) -> web.Response:
    found = await _find(request)
    try:
        return web.json_response(json.loads(await asyncio.to_thread(found.path.read_bytes)))
    except (OSError, ValueError, RecursionError):
        raise Refusal(422, "invalid_json", f"The template “{found.name}” cannot be read: it is no JSON.") from None


async def get_picture(request: web.Request) -> web.StreamResponse:
    found = await _find(request)
    picture = found.picture
    if picture is None:
        raise Refusal(404, "not_found", f"The template “{found.name}” has no picture.")
    return UserFile(picture, media=PICTURES[picture.suffix])


async def _find(request: web.Request) -> Template:
    """Compared with what is there, so no name leads elsewhere. Raises Refusal."""
    name = request.match_info["name"].removesuffix(".json")
    pack = request.query.get("pack", "")
    for found in await asyncio.to_thread(_all, request.app[SERVICES].packs):
        if (found.pack, found.name) == (pack, name):
            return found
    raise Refusal(404, "not_found", f"There is no example graph {name[:100]!r}.")


def _all(packs: Packs) -> list[Template]:
    found = [
        Template(path.stem, "", path)
        for path in sorted(OWN.glob("*.json"), key=lambda path: (path.stem != FIRST, path.stem))
    ]
    for name, pack in packs.trusted():
        found += [Template(path.stem, name, path) for path in files_in(pack.path, IN_PACKS, "*.json")]
    return found[:MOST]


def _list(packs: Packs) -> list[dict[str, Any]]:
    return [told_of(template) for template in _all(packs)]


def told_of(template: Template) -> dict[str, Any]:
    try:
        status = template.path.stat()
    except OSError:
        status = None
    stamp = 0 if status is None else status.st_mtime_ns ^ status.st_size
    known = _read.get(template.path)
    if known is None or known[0] != stamp:
        size = 0 if status is None else status.st_size
        _read[template.path] = known = stamp, _info(template.path) if size < LARGEST else {}
    picture = template.picture
    query = f"?pack={quote(template.pack)}" if template.pack else ""
    return {
        "name": template.name,
        "pack": template.pack,
        "title": template.name.replace("_", " ").replace("-", " ").capitalize(),
        "description": "",
        "tags": [],
        "nodes": 0,
        "types": [],
        **known[1],
        "picture": None if picture is None else f"/easel/workflows/{quote(template.name)}/picture{query}",
    }


def _info(path: Path) -> dict[str, Any]:
    """What a file says of itself; a file that cannot be read is told by its name alone."""
    try:
        found: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {"broken": True}
    if not isinstance(found, dict):
        return {"broken": True}
    workflow = cast("dict[str, Any]", found)
    info = _object(_object(workflow.get("extra")).get("info"))
    nodes = workflow.get("nodes")
    types = {
        str(cast("dict[str, Any]", node).get("type"))
        for node in (cast("list[Any]", nodes) if isinstance(nodes, list) else [])
        if isinstance(node, dict)
    }
    said: dict[str, Any] = {"nodes": count_nodes(workflow), "types": sorted(types)}
    for key, field in (("title", "name"), ("description", "description")):
        if isinstance(info.get(field), str) and info[field].strip():
            said[key] = info[field].strip()[:500]
    tags = info.get("tags")
    if isinstance(tags, list):
        said["tags"] = [tag[:40] for tag in cast("list[Any]", tags) if isinstance(tag, str)][:12]
    return said


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


OWN_ROUTES = [
    web.get("/easel/workflows", list_templates),
    web.get("/easel/workflows/{name}/picture", get_picture),
    web.get("/easel/workflows/{name}", get_template),
]
