"""Graphs to begin with, where the incumbent's page looks for them: ours, and those of its templates packages.

A package of templates that is installed in Easel's environment is read as files; nothing of it is imported.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from api.pack_files import TEMPLATE_FILES, file_reply
from api.templates import OWN, PICTURES, Template, told_of
from graph.errors import FileNameError
from graph.folders import inside
from graph.types import JsonObject

PACKAGES = (
    "comfyui_workflow_templates_json",
    "comfyui_workflow_templates",
    "comfyui_workflow_templates_core",
    "comfyui_workflow_templates_media_image",
    "comfyui_workflow_templates_media_video",
    "comfyui_workflow_templates_media_api",
    "comfyui_workflow_templates_media_other",
)


def package_folder(package: str, inner: str) -> Path | None:
    """A folder in an installed package, found without importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    places = [] if spec is None else spec.submodule_search_locations or []
    return next((path for place in places if (path := Path(place, inner)).is_dir()), None)


@functools.cache
def _packages() -> tuple[Path, ...]:
    folders = (package_folder(package, "templates") for package in PACKAGES)
    return tuple(folder for folder in folders if folder is not None)


async def index(request: web.Request) -> web.Response:
    """Ours first, then those of the packages, in the shape that the incumbent's page reads."""
    language = request.match_info.get("language", "")
    return web.json_response(await asyncio.to_thread(_index, language))


def _index(language: str) -> list[JsonObject]:
    found = [_own()]
    wanted = [f"index.{language}.json", "index.json"] if language else ["index.json"]
    for folder in _packages():
        for name in wanted:
            try:
                listed: Any = json.loads(inside(folder, name).read_bytes())
            except (FileNameError, OSError, ValueError):
                continue
            found += [group for group in listed if isinstance(group, dict)] if isinstance(listed, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            break
        if len(found) > 1:
            break  # the others hold files of the same templates
    return found


def _own() -> JsonObject:
    templates = [Template(path.stem, "", path) for path in sorted(OWN.glob("*.json"))]
    return {
        "moduleName": "default",
        "title": "Easel",
        "type": "image",
        "templates": [_entry(template) for template in templates],
    }


def _entry(template: Template) -> JsonObject:
    said = told_of(template)
    picture = template.picture
    return {
        "name": template.name,
        "title": said["title"],
        "description": said["description"],
        "tags": said["tags"],
        "mediaType": "image",
        "mediaSubtype": "webp" if picture is None else picture.suffix.removeprefix("."),
    }


async def file(request: web.Request) -> web.Response:
    """A graph, or its picture, which is called `NAME-1.webp` there."""
    name = request.match_info["file"]
    if Path(name).suffix.lower() not in TEMPLATE_FILES:
        raise web.HTTPNotFound
    suffix = Path(name).suffix
    own = name.removesuffix(f"-1{suffix}") + suffix if suffix in PICTURES and name.endswith(f"-1{suffix}") else name
    for folder, wanted in ((OWN, own), *((folder, name) for folder in _packages())):
        try:
            path = inside(folder, wanted)
            if path.is_file():
                return await file_reply(path)
        except (FileNameError, OSError, ValueError):
            continue
    raise web.HTTPNotFound


ROUTES = [
    web.get("/templates/index.json", index),
    web.get("/templates/index.{language:[A-Za-z-]+}.json", index),
    web.get("/templates/{file:.+}", file),
]
