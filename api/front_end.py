"""Another built front end in the place of ours: `--page`, a folder or an installed Python package (decisions/0017).

Its files are served under `/` wherever no route of the server's has that address; our own page stays at /easel/page.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from api.page import INDEX, Page, asset_reply

FOLDERS = ("", "static", "dist", "build")
"""Where a front end's index.html may lie in what was named."""
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:;"
    " worker-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self';"
    " frame-ancestors 'self'"
)
"""It may run what it brings, packs' scripts among it, and reach this server only."""
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.(js|mjs|css|woff2?|svg|png|webp)$")


class NoFrontEnd(Exception):
    """What was named is none. The text says what to do."""


@dataclass
class FrontEnd:
    """A built front end. version: of its package, empty for a folder."""

    root: Path
    version: str = ""
    files: Page = field(init=False)

    def __post_init__(self) -> None:
        self.files = Page(self.root)


FRONT_END = web.AppKey("front end", FrontEnd)


def find_front_end(name: str) -> FrontEnd:
    """The front end that `--page` names. The package is not imported. Raises NoFrontEnd."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        root = _root(folder)
        if root is None:
            raise NoFrontEnd(f"--page {name}: there is no {INDEX} in this folder, nor in its static, dist or build.")
        return FrontEnd(root.resolve())
    if not re.fullmatch(r"[\w.-]+", name):
        raise NoFrontEnd(f"--page {name}: there is no such folder.")
    module = name.replace("-", "_")
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    places = [] if spec is None else spec.submodule_search_locations or []
    for place in places:
        root = _root(Path(place))
        if root is not None:
            return FrontEnd(root, _version(name))
    if places:
        raise NoFrontEnd(f"--page {name}: the package has no {INDEX}, so it is no built front end.")
    raise NoFrontEnd(
        f"--page {name}: there is no folder and no installed package of this name. Install it into Easel's environment,"
        f" such as by .venv/bin/pip install {name}"
    )


def _root(folder: Path) -> Path | None:
    return next((root for inner in FOLDERS if (root := folder / inner).joinpath(INDEX).is_file()), None)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


async def index(front_end: FrontEnd, request: web.Request) -> web.Response:
    asset = front_end.files.asset(INDEX)
    if asset is None:
        return web.Response(status=404, text="The front end has no index.html any more.\n")
    response = await asset_reply(request, asset, "no-cache")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@web.middleware
async def serve_files(request: web.Request, handler: Any) -> web.StreamResponse:
    """Files of the front end, where no route has the address: packs' routes and the server's come first."""
    front_end = request.app.get(FRONT_END)
    if front_end is not None and request.method in (hdrs.METH_GET, hdrs.METH_HEAD) and _is_open(request):
        name = request.path.lstrip("/")
        hidden = name.startswith(("api/", "easel/")) or any(part.startswith(".") for part in name.split("/"))
        asset = None if hidden else front_end.files.asset(name)
        if asset is not None:
            lasting = _HASHED.search(name) is not None
            return await asset_reply(request, asset, "public, max-age=31536000, immutable" if lasting else "no-cache")
    return await handler(request)


def _is_open(request: web.Request) -> bool:
    """Whether no route, or only one that takes every address, was found."""
    found = request.match_info
    resource = None if found.http_exception is not None else found.route.resource
    return resource is None or resource.canonical.startswith("/{")
