"""What a graph file needs to run elsewhere: models by hash and source, packs by version; and what of that is here.

The page sends the values of nodes, or what a file says of its models. Nothing is ever fetched from anywhere.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, cast

from aiohttp import web

from api.model_files.facts import ModelFacts
from api.model_files.index import PASSED_OVER, Found
from api.model_files.sidecars import read_sidecars
from api.replies import Refusal, read_object
from api.services import SERVICES, Services
from api.system import VERSION
from graph.errors import FileNameError
from graph.folders import KIND_SYNONYMS, MODEL_EXTENSIONS, Folders
from graph.project_file import read_project, table
from graph.registry import Catalogue
from graph.spec import NodeSpec
from graph.types import JsonObject

MOST = 2000
"""Nodes, or models, that one question may name."""
MOST_ALIKE = 8
"""Files of the right size that are hashed to find a renamed one."""
_EMBEDDING = re.compile(r"embedding:([^\s,()\[\]:]+)", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model as a file names it."""

    kind: str
    """Empty where the file does not say it, or names a folder that is not one of ours."""
    name: str
    sha256: str
    """Empty where it is not known."""
    size: int
    """0 where it is not known."""


async def needs(request: web.Request) -> web.Response:
    """`{nodes: [{type, inputs}]}` gives `{easel, models: [...], packs: [...]}`: what these nodes use.

    A model has `directory`, `name`, `size`, `sha256` (null until it was worked out), `title` and `url`, as what lies
    beside it says, and `missing` where it is not here either; a pack `name`, `version`, `source` and
    the `types` that are used.
    """
    services = request.app[SERVICES]
    nodes = _objects((await read_object(request)).get("nodes"), "nodes")
    catalogue = services.worker.catalogue or Catalogue()
    await services.models.open()
    used: dict[tuple[str, str], Path | None] = {}
    types: dict[str, set[str]] = {}
    for node in nodes:
        spec = catalogue.get(str(node.get("type")))
        if spec is None:
            continue
        if spec.module.startswith("custom_nodes."):
            types.setdefault(spec.module.removeprefix("custom_nodes."), set()).add(spec.class_type)
        inputs = node.get("inputs")
        used |= _files_of(spec, cast(JsonObject, inputs) if isinstance(inputs, dict) else {}, services.folders)
    models = [await _described(services.models, kind, name, path) for (kind, name), path in used.items()]
    packs = await asyncio.to_thread(_packs, services, types)
    return web.json_response({"easel": VERSION, "models": models, "packs": packs})


def _files_of(spec: NodeSpec, inputs: JsonObject, folders: Folders) -> dict[tuple[str, str], Path | None]:
    """The model files that a node's values name; None for those that are not here."""
    found: dict[tuple[str, str], Path | None] = {}
    for kind, name in _named(spec, inputs, folders):
        try:
            path = folders.find(kind, name)
        except FileNameError:
            continue
        if path is not None and path.is_file():
            found[kind, name] = path
        elif PurePath(name).suffix.lower() in MODEL_EXTENSIONS:  # else perhaps a choice beside the files, such as none
            found[kind, name] = None
    return found


def _named(spec: NodeSpec, inputs: JsonObject, folders: Folders) -> Iterator[tuple[str, str]]:
    for declared in spec.inputs:
        value = inputs.get(declared.name)
        if not isinstance(value, str):
            continue
        if declared.files is not None and declared.files.kind not in PASSED_OVER:
            group = declared.files.group(value)
            for name in (value,) if group is None else group.files(folders) or ():
                yield (declared.files if group is None else group).kind, name
        elif declared.type == "STRING":
            there = folders.list("embeddings") if "embedding:" in value.lower() else []
            for name in _EMBEDDING.findall(value):
                yield from (("embeddings", each) for each in there if each == name or each.rpartition(".")[0] == name)


async def _described(models: ModelFacts, kind: str, name: str, path: Path | None) -> JsonObject:
    if path is None:
        return {"directory": kind, "name": name, "size": 0, "sha256": None, "title": "", "url": "", "missing": True}
    sidecar = await asyncio.to_thread(read_sidecars, path)
    try:
        size, sha256 = (await asyncio.to_thread(path.stat)).st_size, await models.hash_of(path)
    except OSError:
        size, sha256 = 0, None
    return {
        "directory": kind,
        "name": name,
        "size": size,
        "sha256": sha256,
        "title": sidecar["title"],
        "url": sidecar["link"],
    }


def _packs(services: Services, types: dict[str, set[str]]) -> list[JsonObject]:
    found: list[JsonObject] = []
    for report in services.worker.report.packs:
        name = str(report.get("name"))
        if name in types:
            version, source = version_of(Path(str(report.get("path"))))
            found.append({"name": name, "version": version, "source": source, "types": sorted(types[name])})
    return found


def version_of(pack: Path) -> tuple[str, str]:
    """Version and home of a pack, as its pyproject.toml has them; empty where it says nothing."""
    try:
        said = table(read_project(pack), "project")
    except (OSError, ValueError):
        return "", ""
    homes = table(said, "urls")
    source = next((str(homes[key]) for key in homes if key.lower() in ("repository", "homepage", "source")), "")
    version = said.get("version")
    return version if isinstance(version, str) else "", source if source.startswith("https://") else ""


async def check(request: web.Request) -> web.Response:
    """`{models: [{directory, name, sha256, size}], packs: [name]}`: how each is here.

    Of a model `state`: `here`, `renamed` (`as`: kind and name of the file that has its hash), `other` (a file of this
    name has another hash), `looking` (files are being hashed: ask again), `missing`.
    Of a pack its `version` here, or null.
    """
    services = request.app[SERVICES]
    body = await read_object(request)
    models = [_wanted(item, services.folders) for item in _objects(body.get("models"), "models")]
    await services.models.open()
    files = await services.model_index.files()
    known = await services.models.hashes()
    judged = [await _judged(services.models, wanted, files, known) for wanted in models]
    packs: dict[str, str | None] = {}
    asked: Any = body.get("packs")
    for name in cast("list[Any]", asked)[:MOST] if isinstance(asked, list) else ():
        report = next((one for one in services.worker.report.packs if one.get("name") == name), None)
        packs[str(name)] = (
            None if report is None else (await asyncio.to_thread(version_of, Path(str(report["path"]))))[0]
        )
    return web.json_response({"models": judged, "packs": packs, "easel": VERSION})


def _wanted(item: JsonObject, folders: Folders) -> Wanted:
    kind = str(item.get("directory") or "")
    kind = KIND_SYNONYMS.get(kind, kind)
    name, sha256, size = item.get("name"), str(item.get("sha256") or "").lower(), item.get("size")
    if not isinstance(name, str) or not name:
        raise Refusal(400, "invalid_models", "Each model must have a name.")
    known = kind in folders.kinds and kind not in PASSED_OVER
    found = name.replace("\\", "/")
    hash = sha256 if _SHA256.fullmatch(sha256) else ""
    return Wanted(kind if known else "", found, hash, size if isinstance(size, int) and size > 0 else 0)


async def _judged(
    models: ModelFacts, wanted: Wanted, files: dict[str, list[Found]], known: dict[str, str]
) -> JsonObject:
    kinds = [wanted.kind] if wanted.kind else list(files)
    there = [(kind, file) for kind in kinds for file in files.get(kind, ())]
    named = [pair for pair in there if pair[1].name == wanted.name]
    if not wanted.sha256:
        return {"state": "here" if named else "missing"}
    by_path = {file.path: (kind, file) for kind, file in there}
    if known.get(wanted.sha256) in by_path:
        kind, file = by_path[known[wanted.sha256]]
        if await _hash(models, file) == wanted.sha256:
            return _same(wanted, kind, file)
    alike = named[:1]
    alike += [pair for pair in there if wanted.size and pair[1].size == wanted.size and pair not in alike][:MOST_ALIKE]
    looking = False
    for kind, file in alike:
        if wanted.size and file.size != wanted.size:
            continue
        sha256 = await _hash(models, file)
        if sha256 == wanted.sha256:
            return _same(wanted, kind, file)
        if sha256 is None:
            looking = await _begin(models, file) or looking
    return {"state": "looking" if looking else "other" if named else "missing"}


def _same(wanted: Wanted, kind: str, file: Found) -> JsonObject:
    return {"state": "here"} if file.name == wanted.name else {"state": "renamed", "as": [kind, file.name]}


async def _hash(models: ModelFacts, file: Found) -> str | None:
    try:
        return await models.hash_of(Path(file.path))
    except OSError:
        return None


async def _begin(models: ModelFacts, file: Found) -> bool:
    """Have a file hashed; whether that goes on. One that cannot be read to its end is given up."""
    path = Path(file.path)
    try:
        models.progress(path)
        models.start_hash(path)
    except OSError:
        return False
    return True


def _objects(value: Any, name: str) -> list[JsonObject]:
    if not isinstance(value, list) or len(cast("list[Any]", value)) > MOST:
        raise Refusal(400, f"invalid_{name}", f"`{name}` must be a list of at most {MOST} objects.")
    items = cast("list[Any]", value)
    if not all(isinstance(item, dict) for item in items):
        raise Refusal(400, f"invalid_{name}", f"`{name}` must be a list of at most {MOST} objects.")
    return items


OWN_ROUTES = [
    web.post("/easel/sharing/needs", needs),
    web.post("/easel/sharing/check", check),
]
