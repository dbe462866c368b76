"""The page's files: served under an address that names their content, so that browsers keep them for ever.

`/` is `web/index.html` with three things written in: `{{web}}` becomes that address, `<!--easel:importmap-->` the
packages that `web/importmap.json` names, and `<!--easel:modulepreload-->` links to every module that `main.js` will
import, so that they load at once and not one level after another. A file that changes gives a new address at the next
load of `/`: nothing has to be restarted.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import mimetypes
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from aiohttp import hdrs, web

from graph.errors import FileNameError
from graph.folders import inside

INDEX = "index.html"
MAIN = "main.js"
COMPRESSED = frozenset({".js", ".mjs", ".css", ".json", ".svg", ".html", ".md", ".txt", ".map", ".wasm"})
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".md": "text/markdown",
}
_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^'"();]*?['"]([^'"]+)['"]""", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass
class Asset:
    """One file in memory, plain and, once somebody asked for it, compressed."""

    stamp: tuple[int, int]
    type: str
    plain: bytes
    compressible: bool

    @cached_property
    def zipped(self) -> bytes | None:
        """None where compressing does not pay."""
        return gzip.compress(self.plain, 9, mtime=0) if self.compressible and len(self.plain) > 512 else None


class Page:
    """The files under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._assets: dict[str, Asset] = {}
        self._stamps: tuple[tuple[str, int, int], ...] = ()
        self._imports: dict[str, str] = {}
        self.version = ""
        self._index: tuple[bytes, str] | None = None

    def index(self) -> tuple[bytes, str]:
        """The page and its content policy. Raises FileNotFoundError where there is none."""
        if not self._look() and self._index is not None:
            return self._index
        base = f"/w/{self.version}"
        script = ""
        allowed = "'self'"
        if self._imports:
            imports = {name: f"{base}/{path}" for name, path in self._imports.items()}
            body = json.dumps({"imports": imports}, separators=(",", ":"))
            script = f'<script type="importmap">{body}</script>'
            allowed += f" 'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
        links = "\n".join(f'<link rel="modulepreload" href="{base}/{path}">' for path in self._modules())
        text = (self.root / INDEX).read_text("utf-8")
        text = text.replace("{{web}}", base)
        text = text.replace("<!--easel:importmap-->", script).replace("<!--easel:modulepreload-->", links)
        policy = (
            f"default-src 'none'; script-src {allowed}; style-src 'self' 'unsafe-inline'; font-src 'self';"
            " img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self';"
            " manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        )
        self._index = text.encode(), policy
        return self._index

    def asset(self, name: str) -> Asset | None:
        """A file of the page, from memory while it is unchanged."""
        try:
            path = inside(self.root, name)
            status = path.stat()
        except (FileNameError, OSError, ValueError):
            return None
        if not path.is_file():
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        found = self._assets.get(name)
        if found is None or found.stamp != stamp:
            plain = path.read_bytes()
            suffix = path.suffix.lower()
            kind = TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
            found = self._assets[name] = Asset(stamp, kind, plain, suffix in COMPRESSED)
        return found

    def _look(self) -> bool:
        """Notice whether anything changed: the version names every file's size and time."""
        stamps = tuple(sorted(self._walk()))
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        self.version = hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]
        try:
            found: Any = json.loads((self.root / "importmap.json").read_bytes())
            self._imports = {str(k): str(v).removeprefix("./") for k, v in found.get("imports", found).items()}
        except FileNotFoundError:
            self._imports = {}
        return True

    def _walk(self) -> list[tuple[str, int, int]]:
        stamps: list[tuple[str, int, int]] = []
        stack = [str(self.root)]
        while stack:
            folder = stack.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError:
                continue
            for entry in entries:
                if entry.name == "node_modules":  # pinned by package-lock.json, which is among the files
                    continue
                if entry.is_dir():
                    stack.append(entry.path)
                else:
                    status = entry.stat()
                    stamps.append((os.path.relpath(entry.path, self.root), status.st_mtime_ns, status.st_size))
        return stamps

    def _modules(self) -> list[str]:
        """Every module that `main.js` imports, itself first, in the order in which they are met."""
        found: dict[str, None] = {}
        waiting = [MAIN]
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            asset = self.asset(name)
            if asset is None:
                continue
            found[name] = None
            for target in _IMPORT.findall(_COMMENT.sub("", asset.plain.decode("utf-8", "replace"))):
                if target.startswith("."):
                    waiting.append(_join(name, target))
                elif target in self._imports:
                    waiting.append(self._imports[target])
        return list(found)


PAGE = web.AppKey("page", Page)


async def get_index(request: web.Request) -> web.Response:
    try:
        body, policy = request.app[PAGE].index()
    except FileNotFoundError:
        return web.Response(status=404, text="The page is not here: web/index.html is missing.\n")
    headers = {
        hdrs.CACHE_CONTROL: "no-cache",
        "Content-Security-Policy": policy,
        "X-Frame-Options": "SAMEORIGIN",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


async def get_asset(request: web.Request) -> web.Response:
    page = request.app[PAGE]
    asset = page.asset(request.match_info["path"])
    if asset is None:
        raise web.HTTPNotFound
    # A page that was open before a change still asks under its old address: it gets the file, but must not keep it.
    current = request.match_info["version"] == page.version
    headers = {
        hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable" if current else "no-store",
        hdrs.VARY: "Accept-Encoding",
    }
    body = asset.plain
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "") and (zipped := asset.zipped) is not None:
        body = zipped
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    text = asset.type.startswith("text/") or asset.type.endswith(("json", "xml"))
    return web.Response(body=body, content_type=asset.type, charset="utf-8" if text else None, headers=headers)


async def get_icon(request: web.Request) -> web.Response:
    asset = request.app[PAGE].asset("icons/easel.svg")
    if asset is None:
        raise web.HTTPNotFound
    return web.Response(body=asset.plain, content_type=asset.type, headers={hdrs.CACHE_CONTROL: "max-age=86400"})


def _join(module: str, target: str) -> str:
    return os.path.normpath(PurePosixPath(module).parent / target).replace(os.sep, "/")


OWN_ROUTES = [
    web.get("/", get_index),
    web.get("/w/{version}/{path:.+}", get_asset),
    web.get("/favicon.ico", get_icon),
]
