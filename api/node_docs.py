"""Help of node types as the incumbent's page asks for it: `/docs`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from api.pack_files import file_reply
from api.services import SERVICES
from api.template_files import package_folder
from graph.errors import FileNameError
from graph.folders import inside
from graph.spec import InputSpec, NodeSpec

PACKAGE = "comfyui_embedded_docs"
"""The incumbent's package of help texts: read as files where somebody has installed it."""


async def node_help(request: web.Request) -> web.Response:
    """Markdown: `/docs/NODE/LANGUAGE.md`, or a file that it shows. What a package does not have is made of the node's
    own words."""
    node, name = request.match_info["node"], request.match_info["file"]
    folder = await asyncio.to_thread(package_folder, PACKAGE, "docs")
    if folder is not None:
        try:
            path = inside(folder, f"{node}/{name}")
            if path.is_file():
                return await file_reply(path)
        except (FileNameError, OSError, ValueError):
            raise web.HTTPNotFound from None
    catalogue = request.app[SERVICES].worker.catalogue
    spec = None if catalogue is None else catalogue.get(node)
    if spec is None or Path(name).suffix != ".md" or "/" in name:
        raise web.HTTPNotFound
    return web.Response(text=help_text(spec), content_type="text/markdown", charset="utf-8")


def help_text(spec: NodeSpec) -> str:
    """What a node type says of itself, as Markdown."""
    parts = [f"# {spec.title or spec.class_type}", spec.help or spec.description, *_tables(spec)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _tables(spec: NodeSpec) -> Iterator[str]:
    if spec.inputs:
        rows = (
            f"| `{_cell(one.name)}` | {_cell(one.type)} | {_cell(one.options.get('tooltip') or '')} | {_range(one)} |"
            for one in spec.inputs
        )
        yield "## Inputs"
        yield "\n".join(("| Name | Type | What for | Values |", "|---|---|---|---|", *rows))
    if spec.outputs:
        rows = (f"| `{_cell(one.name)}` | {_cell(one.type)} | {_cell(one.tooltip or '')} |" for one in spec.outputs)
        yield "## Outputs"
        yield "\n".join(("| Name | Type | What it is |", "|---|---|---|", *rows))


def _range(one: InputSpec) -> str:
    options = one.options
    said = [f"{word} {options[name]}" for name, word in (("min", "from"), ("max", "to")) if name in options]
    if "default" in options:
        said.append(f"default `{_cell(options['default'])[:80]}`")
    return ", ".join(said)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


ROUTES = [
    web.get("/docs/{node}/{file:.+}", node_help),
]
