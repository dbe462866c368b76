"""The page's words in other languages: files that come with Easel (`web/languages/`) and those of one's own.

A file `xx.json` in the folder `languages` of the user folder is a language, or, where Easel has that one, what replaces
sentences of it. `xx.nodes.json` beside it holds the names and the help of nodes. What is in no file stays English, so a
file with holes is of use; one that cannot be read is left out, and the page tells where it is
broken. docs/translating.md.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from aiohttp import hdrs, web

from api.services import SERVICES, Services
from graph.errors import ParseError
from graph.json_input import load
from graph.types import JsonObject

CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""A language as browsers name it: `de`, `pt-BR`, `zh-Hans`."""
NODES = ".nodes"
LARGEST = 16 * 2**20
MOST_ASKED = 20
_SCRIPTS = {
    "zh": "hans",
    "zh-cn": "hans",
    "zh-sg": "hans",
    "zh-my": "hans",
    "zh-tw": "hant",
    "zh-hk": "hant",
    "zh-mo": "hant",
}


class BadFile(Exception):
    """A language file that cannot be used; the text says why, with line and column where they help."""


@dataclass(frozen=True)
class Source:
    """Where a language's words lie: at most two files, the latter over the former."""

    code: str
    paths: tuple[Path, ...]


async def list_languages(request: web.Request) -> web.Response:
    """What can be chosen, English first: code, the language's own name, whether a file of the user's is in it."""
    services = request.app[SERVICES]
    listed = await asyncio.to_thread(lambda: [_listed(services, code) for code in _codes(services)])
    english = {"code": "en", "name": "English", "yours": False, "error": ""}
    return web.json_response({"languages": [english, *listed]})


async def get_language(request: web.Request) -> web.Response:
    """The words of the first of the languages asked for (`want=`, as often as wanted) that there is; else code null."""
    services = request.app[SERVICES]
    wanted = [code for code in request.query.getall("want", []) if CODE.fullmatch(code)][:MOST_ASKED]
    return _answer(await asyncio.to_thread(read_language, services, wanted))


def _answer(body: JsonObject) -> web.Response:
    return web.json_response(body, headers={hdrs.CACHE_CONTROL: "no-cache"})


def choose(wanted: Iterable[str], known: Iterable[str]) -> str | None:
    """The first wanted language that is known, itself or in another country's form; None for English."""
    by_lower = {code.lower(): code for code in known}
    for code in (code.lower() for code in wanted):
        if code in by_lower:
            return by_lower[code]
        first = code.partition("-")[0]
        if first == "en":
            return None
        near = [lower for lower in by_lower if lower.partition("-")[0] == first and _script(lower) == _script(code)]
        if near:
            return by_lower[min(near, key=lambda lower: (lower != first, lower))]
    return None


def _script(code: str) -> str:
    """Those who read one script of Chinese may not read the other; elsewhere scripts are named where they differ."""
    named = next((part for part in code.split("-")[1:] if len(part) == 4 and part.isalpha()), "")
    return named or _SCRIPTS.get(code, "")


def _folders(services: Services) -> tuple[Path, Path]:
    return services.page.root / "languages", services.flags.user / "languages"


def _codes(services: Services) -> list[str]:
    found: dict[str, str] = {}
    for folder in _folders(services):
        try:
            names = sorted(path.name for path in folder.iterdir())
        except OSError:
            continue
        for name in names:
            code = name.removesuffix(".json")
            if code != name and CODE.fullmatch(code) and code.lower() != "en":
                found.setdefault(code.lower(), code)
    return sorted(found.values())


def _source(services: Services, code: str, part: str = "") -> Source:
    paths = (folder / f"{code}{part}.json" for folder in _folders(services))
    return Source(code, tuple(path for path in paths if path.is_file()))


def _listed(services: Services, code: str) -> JsonObject:
    source = _source(services, code)
    merged, troubles = _merged(source)
    own = _folders(services)[1]
    return {
        "code": code,
        "name": merged.get("name") or code,
        "yours": any(path.parent == own for path in source.paths),
        "error": troubles[0]["message"] if troubles else "",
    }


def read_language(services: Services, wanted: list[str]) -> JsonObject:
    """The answer of `get_language`. Blocks."""
    code = choose(wanted, _codes(services))
    merged, troubles = _merged(_source(services, code)) if code else ({}, [])
    if not merged:
        return {"code": None, "words": {}, "server": {}, "nodes": {}, "troubles": troubles}
    nodes, more = _merged(_source(services, cast("str", code), NODES))
    return {"words": {}, "server": {}, **merged, "code": code, "nodes": nodes, "troubles": troubles + more}


def _merged(source: Source) -> tuple[JsonObject, list[JsonObject]]:
    """What the files hold, an object in an object sentence by sentence; and which of them cannot be read."""
    merged: JsonObject = {}
    troubles: list[JsonObject] = []
    for path in source.paths:
        try:
            status = path.stat()
            found = _read(path, status.st_mtime_ns, status.st_size)
        except OSError as error:
            troubles.append({"file": path.name, "message": f"It cannot be read: {error.strerror or error}."})
            continue
        except BadFile as error:
            troubles.append({"file": path.name, "message": str(error)})
            continue
        for name, value in found.items():
            before = merged.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                merged[name] = {**before, **cast("JsonObject", value)}
            else:
                merged[name] = value
    return merged, troubles


@lru_cache(maxsize=16)
def _read(path: Path, _time: int, size: int) -> JsonObject:
    """Raises BadFile or OSError; what was read is kept until the file's time or size is another. Nobody changes it."""
    if size > LARGEST:
        raise BadFile(f"It is larger than {LARGEST // 2**20} MB.")
    try:
        found: Any = load(path.read_bytes(), LARGEST)
    except ParseError as error:
        raise BadFile(str(error)) from None
    if not isinstance(found, dict):
        raise BadFile("It holds no JSON object.")
    for part in ("words", "server", "nodes", "names", "options", "texts"):
        if not isinstance(found.get(part, {}), dict):  # pyright: ignore[reportUnknownMemberType]
            raise BadFile(f"Its {part!r} is no JSON object.")
    return cast("JsonObject", found)


OWN_ROUTES = [
    web.get("/easel/languages", list_languages),
    web.get("/easel/language", get_language),
]
