"""`/object_info`: every node type with the files that may be chosen, encoded and compressed before it is asked for.

The answer is made again, aside, when the catalogue or a folder's files change: a request looks at the folders' times
and sends what is there. The last one is kept on the disk, for the pages that come while a new server still reads its
folders; they ask again once the worker is ready.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
import time
import zlib
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from aiohttp import hdrs, web

from api.files_on_disk import write_whole
from api.people import who
from api.replies import Refusal
from api.services import SERVICES, Services, folders_of
from graph.folders import FIRST_PERSON, OWN_KINDS, Folders, FoldersOnce, State
from graph.registry import Catalogue
from graph.spec import FileNames, NodeSpec
from graph.types import JsonObject

log = logging.getLogger("easel")

FIRST_CATALOGUE = 300.0
"""Seconds that /object_info waits on the very first start, when no catalogue is on the disk yet."""
FIRST = 1.0
"""Seconds until the folders are read at a start that finds a last answer: pages that come at once come first."""
WATCH = 2.0
"""Seconds between two looks at the folders; more where a look takes long."""
SHARE = 0.02
"""The most of its time that watching may take."""
REFRESH = 2.0
"""Seconds that a request waits for packs to look up their own choices; where none does so, nothing is waited for."""
LEVEL = 5
KEPT = "object_info.json.gz"
SENT_AND_MADE = ("input", "output")
PEOPLE_KEPT = 16
"""People whose answers are kept."""


@dataclass(frozen=True)
class Encoded:
    """An answer as it is sent."""

    plain: bytes
    zipped: bytes
    tag: str


class ObjectInfo:
    """The answer of now. `start` and `stop` belong to the application's life."""

    def __init__(self, folders: Folders, kept: Path) -> None:
        self._folders = folders
        self._kept = kept
        self._now: tuple[Catalogue, State, Encoded] | None = None
        self._shared: tuple[Catalogue, State, dict[str, str]] | None = None
        self._people: OrderedDict[str, tuple[Catalogue, State, Encoded]] = OrderedDict()
        self._indexed = asyncio.Event()
        self._making = asyncio.Lock()
        self._written = ""

    async def early(self) -> Encoded | None:
        """What an earlier server said last, as long as this one reads its folders."""
        return None if self._indexed.is_set() else await asyncio.to_thread(self._last)

    async def answer(self, catalogue: Catalogue) -> Encoded:
        """What `/object_info` says."""
        now = self._now
        if now is not None and now[0] is catalogue:
            state = await asyncio.to_thread(self._folders.state, _kinds(catalogue))
            if state == now[1]:
                return now[2]
        async with self._making:
            if self._now is not None and self._now is not now and self._now[0] is catalogue:
                return self._now[2]  # somebody else waited for the same
            self._now = await asyncio.to_thread(self._make, catalogue)
        return self._now[2]

    async def answer_for(self, catalogue: Catalogue, person: str) -> Encoded:
        """The same as a person has it: the lists of files in their own folders are others, all else is shared."""
        if person == FIRST_PERSON:
            return await self.answer(catalogue)
        folders = self._folders.for_person(person)
        state = await asyncio.to_thread(folders.state, [*_kinds(catalogue), *SENT_AND_MADE])
        kept = self._people.get(person)
        if kept is None or kept[0] is not catalogue or kept[1] != state:
            async with self._making:
                kept = catalogue, state, await asyncio.to_thread(self._make_for, catalogue, folders)
            self._people[person] = kept
            while len(self._people) > PEOPLE_KEPT:
                self._people.popitem(last=False)
        self._people.move_to_end(person)
        return kept[2]

    def _make_for(self, catalogue: Catalogue, folders: Folders) -> Encoded:
        own = {name for name, spec in catalogue.items() if spec.changing or _lists_own_files(spec)}
        state = self._folders.state(kind for kind in _kinds(catalogue) if kind not in OWN_KINDS)
        if self._shared is None or self._shared[0] is not catalogue or self._shared[1] != state:
            once = FoldersOnce(self._folders)
            texts = {name: json.dumps(spec.object_info(once)) for name, spec in catalogue.items() if name not in own}
            self._shared = catalogue, state, texts
        shared, once = self._shared[2], FoldersOnce(folders)
        look = any(spec.changing for spec in catalogue.values())  # there may be a million of them
        firsts = _sent_and_made(self._folders) if look else frozenset[str]()
        texts = (
            f"{json.dumps(name)}: {json.dumps(info_for(spec, once, firsts)) if name in own else shared[name]}"
            for name, spec in catalogue.items()
        )
        plain = f"{{{', '.join(texts)}}}".encode()
        return Encoded(plain, gzip.compress(plain, LEVEL, mtime=0), hashlib.sha256(plain).hexdigest()[:32])

    def _make(self, catalogue: Catalogue) -> tuple[Catalogue, State, Encoded]:
        # First the state: what comes while the lists are read is seen the next time.
        state = self._folders.state(_kinds(catalogue))
        plain = json.dumps(catalogue.object_info(FoldersOnce(self._folders))).encode()
        tag = hashlib.sha256(plain).hexdigest()[:32]
        return catalogue, state, Encoded(plain, gzip.compress(plain, LEVEL, mtime=0), tag)

    def _last(self) -> Encoded | None:
        """The answer that an earlier server left."""
        try:
            zipped = self._kept.read_bytes()
            plain = gzip.decompress(zipped)
        except (OSError, EOFError, zlib.error):
            return None
        return Encoded(plain, zipped, hashlib.sha256(plain).hexdigest()[:32])

    def keep(self) -> None:
        """Write the answer to the disk, where it is another than the one that was written last."""
        if self._now is None or self._now[2].tag == self._written:
            return
        with suppress(OSError):  # it is only there to be quick the next time
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._kept, self._now[2].zipped)
            self._written = self._now[2].tag

    async def watch(self, services: Services) -> None:
        """Read the folders, then follow what changes in them and in the catalogue, until cancelled."""
        if await asyncio.to_thread(self._kept.is_file):
            await asyncio.sleep(FIRST)
        await asyncio.to_thread(self._folders.state, [kind for kind in self._folders.kinds if kind != "custom_nodes"])
        self._indexed.set()
        while True:
            began = time.perf_counter()
            catalogue = services.worker.catalogue
            if catalogue is not None:
                first = self._now is None
                await self.answer(catalogue)
                if first:
                    await asyncio.to_thread(self.keep)
            await asyncio.sleep(max(WATCH, (time.perf_counter() - began) / SHARE))


def info_for(spec: NodeSpec, folders: FoldersOnce, firsts: frozenset[str]) -> JsonObject:
    """The entry of a node type for somebody who is not the first person, `firsts` being the names of that one's files.

    A pack that lists a folder by itself, and not as files of a kind, lists the first person's: in their place there are
    the person's own with the same endings.
    """
    info = spec.object_info(folders)
    if not spec.changing:
        return info
    for declared in spec.inputs:
        theirs = firsts.intersection(value for value in declared.choices or () if isinstance(value, str))
        if theirs:
            endings = {PurePosixPath(name).suffix.lower() for name in theirs}
            own = [name for name in _sent_and_made(folders) if PurePosixPath(name).suffix.lower() in endings]
            choices = [value for value in declared.choices or () if value not in theirs]
            shown = replace(declared, choices=(*choices, *sorted(own))).config(folders)
            info["input"]["optional" if declared.optional else "required"][declared.name] = shown
    return info


def _sent_and_made(folders: FileNames) -> frozenset[str]:
    return frozenset(name for kind in SENT_AND_MADE for name in folders.list(kind))


def _lists_own_files(spec: NodeSpec) -> bool:
    """Whether some of its choices are files of folders that each person has for themselves."""
    return any(item.files is not None and item.files.kind in OWN_KINDS for item in spec.inputs)


def _kinds(catalogue: Catalogue) -> list[str]:
    """The kinds of files that node types list."""
    kinds: dict[str, None] = {}
    for spec in catalogue.values():
        for declared in spec.inputs:
            if declared.files is not None:
                kinds.update(dict.fromkeys((declared.files.kind, *(group.kind for group in declared.files.groups))))
    return [*kinds]


OBJECT_INFO = web.AppKey("object_info", ObjectInfo)


async def keep_ready(app: web.Application) -> AsyncGenerator[None]:
    """Have the answer made before it is asked for."""
    services = app[SERVICES]
    info = app[OBJECT_INFO] = ObjectInfo(services.folders, services.flags.user / "cache" / KEPT)
    task = asyncio.create_task(info.watch(services), name="object_info")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.to_thread(info.keep)


async def object_info(request: web.Request) -> web.Response:
    services, info = request.app[SERVICES], request.app[OBJECT_INFO]
    await services.worker.questions.refresh(REFRESH)
    person = who(request).id
    # What an earlier server left is what the first person saw.
    found = None if services.worker.confirmed or person != FIRST_PERSON else await info.early()
    if found is None:
        found = await info.answer_for(await _catalogue(services), person)
    headers = {hdrs.ETAG: f'"{found.tag}"', hdrs.CACHE_CONTROL: "no-cache", hdrs.VARY: "Accept-Encoding"}
    if found.tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    zipped = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    if zipped:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    body = found.zipped if zipped else found.plain
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers=headers)


async def object_info_of(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    await services.worker.questions.refresh(REFRESH)
    catalogue = await _catalogue(services)
    name = request.match_info["node_class"]
    spec = catalogue.get(name)
    if spec is None:
        return web.json_response({})
    folders, person = folders_of(request), who(request).id
    if person == FIRST_PERSON:
        return web.json_response({name: spec.object_info(folders)})
    firsts = await asyncio.to_thread(_sent_and_made, services.folders) if spec.changing else frozenset[str]()
    return web.json_response({name: info_for(spec, FoldersOnce(folders), firsts)})


async def _catalogue(services: Services) -> Catalogue:
    catalogue = await services.worker.wait_for_catalogue(FIRST_CATALOGUE)
    if catalogue is None:
        said = services.worker.report.last_words
        raise Refusal(503, "no_catalogue", "No worker has said yet which nodes there are.", said)
    return catalogue


ROUTES = [
    web.get("/object_info", object_info),
    web.get("/object_info/{node_class}", object_info_of),
]
