"""The library of saved graphs: folders, tags, favourites, search, and a trash with a way back.

The graphs are the files under `workflows/` that /userdata serves too; what others do to these files is seen at the next
look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from aiohttp import web

from api.accounts.audit import about
from api.library.files import Found, Shelf
from api.library.marks import FILE, Mark, Marks, tidy_tags
from api.replies import Refusal, as_refusal, read_object
from api.services import SERVICES
from api.userdata import user_root

FOLDER = "workflows"
SMALL = 2 * 2**20
MOST_NAMES = 10_000
"""Graphs that one request changes."""

T = TypeVar("T")


class Library:
    """One person's."""

    def __init__(self, root: Path) -> None:
        self.shelf = Shelf(root / FOLDER)
        self.marks = Marks(root / FILE)
        self.lock = asyncio.Lock()
        self.reading: asyncio.Task[None] | None = None

    async def do(self, work: Callable[[Library], T], what: str) -> T:
        """Work on files and marks, one at a time, beside the loop."""
        async with self.lock:
            try:
                return await asyncio.to_thread(work, self)
            except OSError as error:
                raise as_refusal(error, what) from error

    def look_into(self, graphs: list[Found]) -> None:
        """Read what is in the graphs meanwhile, for the search that may come."""
        if self.reading is None or self.reading.done():
            self.reading = asyncio.create_task(asyncio.to_thread(self.shelf.summarise, graphs))


LIBRARIES = web.AppKey("libraries", dict[Path, Library])


def _library(request: web.Request) -> Library:
    root = user_root(request)
    return request.app[LIBRARIES].setdefault(root, Library(root))


async def get_library(request: web.Request) -> web.Response:
    """All graphs and folders. With `q`: only those that hold its words."""
    library = _library(request)
    words = request.query.get("q", "").casefold().split()[:20]

    def look(library: Library) -> tuple[list[Found], list[str]]:
        library.marks.read()
        return library.shelf.scan()

    graphs, folders = await library.do(look, "The library")
    names: set[str] | None = None
    if words:
        # Tags are found by the page too, but words may be of both kinds.
        names = set(await asyncio.to_thread(_search, library, graphs, words))
    pictures = await _pictures(request)
    listed = [_listed(library, found, pictures) for found in graphs if names is None or found.name in names]
    library.look_into(graphs)
    return web.json_response({"graphs": listed, "folders": folders})


def _search(library: Library, graphs: list[Found], words: list[str]) -> list[str]:
    found: list[str] = []
    for graph in graphs:
        mark = library.marks.graphs.get(graph.name)
        tags = "\n".join(mark.tags).casefold() if mark else ""
        rest = [word for word in words if word not in tags]
        if not rest or library.shelf.search([graph], rest):
            found.append(graph.name)
    return found


def _listed(library: Library, found: Found, pictures: dict[str, str]) -> dict[str, Any]:
    mark = library.marks.graphs.get(found.name, Mark())
    summary = library.shelf.known(found)
    said: dict[str, Any] = {"name": found.name, "size": found.size, "modified": found.modified, **mark.to_json()}
    if summary is not None:
        said["nodes"] = summary.nodes
    if found.name in pictures:
        said["picture"] = pictures[found.name]
    return said


async def _pictures(request: web.Request) -> dict[str, str]:
    """Addresses of the newest picture of each saved graph: its document's, which the page drew."""
    owner = user_root(request).name
    rows = await request.app[SERVICES].documents.call(
        lambda db: db.execute(
            "SELECT d.stored, d.id, max(v.number) FROM documents d JOIN versions v ON v.document = d.id"
            " WHERE d.owner = ? AND d.stored IS NOT NULL AND d.deleted IS NULL AND v.pictured"
            " GROUP BY d.id ORDER BY d.rank",
            (owner,),
        ).fetchall()
    )
    return {stored: f"/easel/documents/{id}/versions/{number}/thumbnail" for stored, id, number in rows}


async def mark_graphs(request: web.Request) -> web.Response:
    """{"names": [...], and any of "favourite": bool, "tags": [...], "add": [...], "remove": [...], "opened": true}"""
    body = await read_object(request, SMALL)
    names = _names(body, "names")
    given = {key: _names(body, key) for key in ("tags", "add", "remove") if key in body}
    favourite = body.get("favourite")

    def change(mark: Mark) -> None:
        if isinstance(favourite, bool):
            mark.favourite = favourite
        tags = given.get("tags", mark.tags)
        gone = {tag.casefold() for tag in given.get("remove", [])}
        mark.tags = tidy_tags([tag for tag in tags if tag.casefold() not in gone] + given.get("add", []))

    def work(library: Library) -> None:
        library.marks.read()
        for name in names:
            library.shelf.path(name)  # only names that could be graphs
        if given or isinstance(favourite, bool):
            library.marks.change(names, change)
        if body.get("opened") is True:
            for name in names:
                library.marks.opened(name, time.time())
        library.marks.write()

    await _library(request).do(work, "The tags of your graphs")
    return web.Response(status=204)


async def move(request: web.Request) -> web.Response:
    """{"from", "to", "folder": bool}: a graph or a folder gets another name or place."""
    body = await read_object(request, SMALL)
    source, target, folder = _name(body, "from"), _name(body, "to"), body.get("folder") is True

    def work(library: Library) -> None:
        library.marks.read()
        library.shelf.move(source, target, folder=folder)
        if library.marks.moved(source, target, folder=folder):
            library.marks.write()

    await _library(request).do(work, f"“{target}”")
    await _follow(request, source, target, folder=folder)
    return web.json_response({"name": target})


async def _follow(request: web.Request, source: str, target: str, *, folder: bool) -> None:
    """Documents that were saved as this file are now saved as the other."""
    owner = user_root(request).name
    start = f"{source}/"
    if folder:
        query = "UPDATE documents SET stored = ?1 || substr(stored, ?2) WHERE owner = ?3 AND substr(stored, 1, ?4) = ?5"
        values = (f"{target}/", len(start) + 1, owner, len(start), start)
    else:
        query = "UPDATE documents SET stored = ? WHERE stored = ? AND owner = ?"
        values = (target, source, owner)
    await request.app[SERVICES].documents.call(lambda db: db.execute(query, values).rowcount)


async def duplicate(request: web.Request) -> web.Response:
    """{"name"}: a copy under the next free name."""
    body = await read_object(request, SMALL)
    name = _name(body, "name")

    def work(library: Library) -> str:
        number = 2
        while library.shelf.path(f"{name} {number}").exists():
            number += 1
        target = f"{name} {number}"
        library.shelf.copy(name, target)
        library.marks.read()
        mark = library.marks.graphs.get(name)
        if mark is not None and mark.tags:
            library.marks.graphs[target] = Mark(tags=list(mark.tags))
            library.marks.write()
        return target

    return web.json_response({"name": await _library(request).do(work, f"A copy of “{name}”")})


async def make_folder(request: web.Request) -> web.Response:
    """{"name"}"""
    name = _name(await read_object(request, SMALL), "name")

    def work(library: Library) -> None:
        path = library.shelf.folder(name)
        if path.exists():
            raise Refusal(409, "taken", f"There is a “{name}” already.")
        path.mkdir(parents=True)

    await _library(request).do(work, f"The folder “{name}”")
    return web.json_response({"name": name})


async def delete(request: web.Request) -> web.Response:
    """{"graphs": [...], "folders": [...]}: to the trash. `token` brings them back."""
    body = await read_object(request, SMALL)
    graphs, folders = _names(body, "graphs"), _names(body, "folders")
    token = await _library(request).do(lambda library: library.shelf.throw_away(graphs, folders), "The trash")
    about(request, graphs=graphs, folders=folders)
    return web.json_response({"token": token})


async def restore(request: web.Request) -> web.Response:
    """{"token"}"""
    token = _name(await read_object(request, SMALL), "token")
    return web.json_response(
        {"names": await _library(request).do(lambda library: library.shelf.bring_back(token), "What comes back")}
    )


def _names(body: dict[str, Any], key: str) -> list[str]:
    value = body.get(key, [])
    items = cast("list[Any]", value) if isinstance(value, list) else [None]
    if len(items) > MOST_NAMES or not all(isinstance(item, str) for item in items):
        raise Refusal(400, "invalid_request", f"`{key}` must be a list of at most {MOST_NAMES} texts.")
    return cast("list[str]", items)


def _name(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(400, "invalid_request", f"`{key}` must be a text.")
    return value


OWN_ROUTES = [
    web.get("/easel/library", get_library),
    web.post("/easel/library/marks", mark_graphs),
    web.post("/easel/library/move", move),
    web.post("/easel/library/duplicate", duplicate),
    web.post("/easel/library/folders", make_folder),
    web.post("/easel/library/delete", delete),
    web.post("/easel/library/restore", restore),
]
