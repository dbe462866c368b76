"""The page's files: served under an address that names their content, so that browsers keep them for ever.

`/` is `web/index.html` with three things written in: `{{web}}` becomes that address, `<!--easel:modulepreload-->` links
to every module that `main.js` will import, so that they load at once and not one level after another, and
`<!--easel:importmap-->` the packages that `web/importmap.json` names. A file that changes gives a new address at the
next load of `/`: nothing has to be restarted.

What lies under that address are the sources joined into few files (`joined.py`), or, with --page-sources and where they
cannot be joined, the sources themselves.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import mimetypes
import os
import re
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from aiohttp import hdrs, web

from api.joined import MAIN, STYLE, STYLESHEET, Joined, Joiner
from graph.errors import FileNameError
from graph.folders import inside

INDEX = "index.html"
PRELOAD = "<!--easel:modulepreload-->"
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
    """The files under `root`. Without a joiner they are served as they lie there."""

    def __init__(self, root: Path, joiner: Joiner | None = None) -> None:
        self.root = root
        self.joiner = joiner
        self._assets: dict[Path, Asset] = {}
        self._stamps: tuple[tuple[str, int, int], ...] = ()
        self._imports: dict[str, str] = {}
        self._tree = ""
        self._index: tuple[str, bytes, str] | None = None
        self.version = ""

    async def index(self) -> tuple[bytes, str]:
        """The page and its content policy. Raises FileNotFoundError where there is none."""
        self._look()
        text, joined, left = self._text(), None, 3
        while self.joiner is not None and left:
            left -= 1
            joined = await self.joiner.joined(self._tree, [name for name, _, _ in self._stamps], text)
            if not self._look():
                break
            text = self._text()  # what changed meanwhile is in it or not: once more
        if self._index is not None and self._index[0] == (joined.version if joined else self._tree):
            return self._index[1:]
        if joined is not None:
            await asyncio.to_thread(self._warm, joined)
        self.version = joined.version if joined else self._tree
        self._index = self.version, *self._write(text, joined)
        return self._index[1:]

    def _text(self) -> str:
        return (self.root / INDEX).read_text("utf-8")

    def _write(self, text: str, joined: Joined | None) -> tuple[bytes, str]:
        base = f"/w/{self.version}"
        script = ""
        allowed = "'self'"
        if joined is not None:
            style = f'<link rel="stylesheet" href="{base}/{STYLE}">\n'
            text = STYLESHEET.sub("", text).replace(PRELOAD, style + PRELOAD)
        elif self._imports:
            imports = {name: f"{base}/{path}" for name, path in self._imports.items()}
            body = json.dumps({"imports": imports}, separators=(",", ":"))
            script = f'<script type="importmap">{body}</script>'
            allowed += f" 'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
        modules = self._modules() if joined is None else joined.preload
        links = "\n".join(f'<link rel="modulepreload" href="{base}/{path}">' for path in modules)
        text = text.replace("{{web}}", base).replace("<!--easel:importmap-->", script).replace(PRELOAD, links)
        policy = (
            f"default-src 'none'; script-src {allowed}; style-src 'self' 'unsafe-inline'; font-src 'self';"
            " img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self';"
            " manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        )
        return text.encode(), policy

    def served(self, version: str, name: str) -> tuple[Asset, bool] | None:
        """The file that this address means, and whether it will mean the same for ever."""
        joined = self.joiner.find(version) if self.joiner else None
        if joined is not None and name in joined.files:
            asset = self._read(joined.folder / name)
            return (asset, True) if asset else None
        asset = self.asset(name)
        # A page that was open before a change still asks under its old address: it gets the file, but must not keep it.
        return (asset, version == self.version) if asset else None

    def asset(self, name: str) -> Asset | None:
        """A source of the page, from memory while it is unchanged."""
        try:
            return self._read(inside(self.root, name))
        except (FileNameError, ValueError):
            return None

    def _read(self, path: Path) -> Asset | None:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                return None
            stamp = (status.st_mtime_ns, status.st_size)
            found = self._assets.get(path)
            if found is None or found.stamp != stamp:
                suffix = path.suffix.lower()
                kind = TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
                found = self._assets[path] = Asset(stamp, kind, path.read_bytes(), suffix in COMPRESSED)
            return found
        except (OSError, ValueError):
            return None

    def _warm(self, joined: Joined) -> None:
        """Have the files in memory and compressed before they are asked for."""
        for name in joined.files:
            asset = None if name.endswith(".map") else self._read(joined.folder / name)
            if asset is not None:
                _ = asset.zipped

    def _look(self) -> bool:
        """Notice whether anything changed: the version names every file's size and time."""
        stamps = tuple(sorted(self._walk()))
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        self._tree = hashlib.sha256(repr(stamps).encode()).hexdigest()[:16]
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
    """The page; where another front end takes its place at `/`, it is here at /easel/page."""
    try:
        body, policy = await request.app[PAGE].index()
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
    found = request.app[PAGE].served(request.match_info["version"], request.match_info["path"])
    if found is None:
        raise web.HTTPNotFound
    asset, forever = found
    return await asset_reply(request, asset, "public, max-age=31536000, immutable" if forever else "no-store")


async def asset_reply(request: web.Request, asset: Asset, caching: str) -> web.Response:
    """A file, compressed where the browser takes it."""
    headers = {hdrs.CACHE_CONTROL: caching, hdrs.VARY: "Accept-Encoding"}
    body = asset.plain
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        # A source map is megabytes: nobody else waits while it is compressed.
        zipped = asset.zipped if "zipped" in vars(asset) else await asyncio.to_thread(lambda: asset.zipped)
        if zipped is not None:
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
    web.get("/easel/page", get_index),
    web.get("/w/{version}/{path:.+}", get_asset),
    web.get("/favicon.ico", get_icon),
]
