"""The help page of a node type: its docstring as markdown, what its inputs and outputs say, and a graph to try.

A pack may write more than a docstring holds, in files beside its code:

    help/NODE.md             the page, in place of the docstring; help/NODE.zh-CN.md in another language
    help/NODE.json           a graph that shows the node, in either file format
    help/*.png, *.jpg, ...   pictures that the page shows

Packs for the incumbent keep theirs as `docs/NODE.md` or `docs/NODE/LANGUAGE.md` in their web folder; these are read
too, and what has none is answered there as well.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aiohttp import hdrs, web

from api.node_docs import help_text
from api.pack_files import file_reply, webs_of
from api.packs.served import is_within, served
from api.replies import Refusal
from api.services import SERVICES, Services
from graph.errors import FileNameError
from graph.folders import inside
from graph.registry import Catalogue
from graph.spec import NodeSpec
from graph.types import JsonObject

FOLDER = "help"
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})
LARGEST = 2 * 2**20
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of a pack are that may hold help."""

    pack: str
    root: Path | None
    """The pack's folder; None where it is a single file."""
    webs: tuple[Path, ...] = ()

    @property
    def own(self) -> Path | None:
        return None if self.root is None else self.root / FOLDER

    def pages(self, node: str, language: str) -> Iterator[Path]:
        """Those that may be the page, the best first."""
        spoken = [language, language.partition("-")[0]] if _LANGUAGE.fullmatch(language) else []
        if self.own is not None:
            yield from (self.own / f"{node}.{one}.md" for one in spoken if one != "en")
            yield self.own / f"{node}.md"
        for web_folder in self.webs:
            yield from (web_folder / "docs" / node / f"{one}.md" for one in (*spoken, "en"))
            yield web_folder / "docs" / f"{node}.md"


async def get_help(request: web.Request) -> web.Response:
    """`{class_type, title, markdown, words, example, pictures, origin: {pack, module}}`; `?language=` for packs that
    have more than one. `words` is the markdown without tables of inputs and outputs, where nobody wrote a page.
    `example` is a graph or null; relative names of pictures in the markdown stand under `pictures`."""
    services = request.app[SERVICES]
    spec = _spec(services, request.match_info["class_type"])
    places = _places(services, spec)
    page, example = await asyncio.to_thread(_read, places, spec.class_type, request.query.get("language", ""))
    name = spec.class_type
    return web.json_response(
        {
            "class_type": name,
            "title": spec.title or name,
            "markdown": page if page is not None else help_text(spec),
            "words": page if page is not None else spec.help or spec.description,
            "example": example,
            "pictures": f"/easel/nodes/{name}/help/" if places.own is not None else None,
            "origin": {"pack": places.pack or None, "module": spec.module},
        },
        headers={hdrs.CACHE_CONTROL: "no-cache"},
    )


async def get_picture(request: web.Request) -> web.Response:
    """A picture that a help page shows."""
    services = request.app[SERVICES]
    root = _places(services, _spec(services, request.match_info["class_type"])).root
    try:
        path = inside(root, f"{FOLDER}/{request.match_info['file']}") if root is not None else None
    except (FileNameError, ValueError):
        path = None
    if path is None or path.suffix.lower() not in PICTURES:
        raise web.HTTPNotFound
    return await file_reply(path)


async def pack_docs(request: web.Request) -> web.Response:
    """`/extensions/PACK/docs/NODE.md` or `.../docs/NODE/en.md`: the pack's file, or what the node says of itself."""
    services = request.app[SERVICES]
    pack, name = request.match_info["pack"], request.match_info["file"]
    for packed in services.worker.report.packs:
        folder = webs_of(packed).get(pack)
        try:
            path = served(packed, inside(Path(folder), f"docs/{name}")) if folder is not None else None
        except (FileNameError, OSError, ValueError):
            raise web.HTTPNotFound from None
        if path is not None and await asyncio.to_thread(path.is_file):
            return await file_reply(path)
    node, _, language = name.removesuffix(".md").rpartition("/")
    node, language = (node, language) if node else (language, "")
    spec = (services.worker.catalogue or Catalogue()).get(node)
    if not name.endswith(".md") or spec is None or _pack_of(spec) != pack:
        raise web.HTTPNotFound
    page, _ = await asyncio.to_thread(_read, _places(services, spec), node, language)
    return web.Response(text=page if page is not None else help_text(spec), content_type="text/markdown")


def _spec(services: Services, name: str) -> NodeSpec:
    spec = (services.worker.catalogue or Catalogue()).get(name)
    if spec is None:
        raise Refusal(404, "not_found", "There is no node type of this name.", name[:200])
    return spec


def _pack_of(spec: NodeSpec) -> str:
    """The pack that a type is of; empty for a core node."""
    return spec.module.removeprefix("custom_nodes.") if spec.module.startswith("custom_nodes.") else ""


def _places(services: Services, spec: NodeSpec) -> Places:
    """Only of a pack that the worker has loaded, which is one that somebody approved."""
    name = _pack_of(spec)
    for report in services.worker.report.packs:
        if name and report.get("name") == name and spec.class_type in report.get("node_types", ()):
            path = Path(str(report["path"]))
            webs = tuple(Path(folder) for folder in webs_of(report).values())
            return Places(name, None if path.suffix == ".py" else path, webs)
    return Places(name, None)


def _read(places: Places, node: str, language: str) -> tuple[str | None, JsonObject | None]:
    """The page and the example that the pack keeps, as far as it does. A name that leads elsewhere has none."""
    if Path(node).name != node or node in (".", ".."):
        return None, None
    page = next((text for path in places.pages(node, language) if (text := _text(places, path)) is not None), None)
    graph = _text(places, places.own / f"{node}.json") if places.own is not None else None
    try:
        example: Any = json.loads(graph) if graph is not None else None
    except (ValueError, RecursionError):
        example = None
    return page, cast(JsonObject, example) if isinstance(example, dict) else None


def _text(places: Places, path: Path) -> str | None:
    """A file of the pack; None for what is none, or cannot be shown."""
    if places.root is None or not is_within(places.root, path):
        return None
    try:
        return path.read_text("utf-8") if path.stat().st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError, ValueError):
        return None


ROUTES = [
    web.get("/extensions/{pack}/docs/{file:.+}", pack_docs),
]
OWN_ROUTES = [
    web.get("/easel/nodes/{class_type}/help", get_help),
    web.get("/easel/nodes/{class_type}/help/{file:.+}", get_picture),
]
