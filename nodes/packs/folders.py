"""What a pack brings besides nodes: scripts for the page, words, help, graphs to begin with."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from graph.packs import PackOnDisk
from graph.project_file import read_project, table
from graph.types import JsonObject
from nodes.packs.report import PackProblem, PackReport

WEB = "WEB_DIRECTORY"
PAGE = "PAGE_DIRECTORY"
"""The constants by which a pack adds to the incumbent's page, and to Easel's."""
NODES = "nodes.compat.node_classes"
"""What packs know as `nodes`: its EXTENSION_WEB_DIRS is a dict that they may write into."""
HELP = "help"
MOST_NAMED = 5
_SPOKEN = re.compile(r"(\.[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?)?\.md$")
EXAMPLES = ("example_workflows", "example", "examples", "workflow", "workflows")


def add_folders(module: ModuleType, pack: PackOnDisk, kept: Path | None, report: PackReport) -> None:
    """Put what there is into the report. A folder outside of the pack's is none."""
    if pack.is_file:
        return
    report.webs = _webs(module, pack, kept)
    report.page = _page(module, pack.path, report)
    if not report.problems:  # else the node may be what is amiss
        report.notes += _help_of_none(pack.path, report.node_types)
    report.locales = (pack.path / "locales").is_dir()
    report.examples = sum(1 for name in EXAMPLES for _ in (pack.path / name).glob("*.json"))


def _help_of_none(path: Path, types: Sequence[str]) -> list[str]:
    """What is to be known of files that are named like help of a node (`api/node_help.py`), and are of no node."""
    known = {*types, *(name.partition("/")[2] for name in types)}  # by its own name where that was not free
    names = sorted(file.name for pattern in ("*.json", "*.md") for file in (path / HELP).glob(pattern))
    lost = [name for name in names if not {name.rpartition(".")[0], _SPOKEN.sub("", name)} & known]
    more = [f"{len(lost) - MOST_NAMED} more files of {HELP} are shown nowhere."] if len(lost) > MOST_NAMED else []
    return [
        *(f"{HELP}/{name} is shown nowhere: the pack has no node type of this name." for name in lost[:MOST_NAMED]),
        *more,
    ]


def _webs(module: ModuleType, pack: PackOnDisk, kept: Path | None) -> dict[str, str]:
    found: dict[str, str | None] = {}
    project: JsonObject = {}
    with suppress(OSError, ValueError):
        project = read_project(kept or pack.path)
    web = table(project, "tool", "comfy").get("web")
    if web is not None:
        found[str(table(project, "project").get("name") or pack.path.name)] = _folder(pack.path, web)
    found[pack.path.name] = _folder(pack.path, getattr(module, WEB, None)) or found.get(pack.path.name)
    shared: Any = getattr(sys.modules.get(NODES), "EXTENSION_WEB_DIRS", None)
    if isinstance(shared, dict):
        for name, folder in shared.items():  # pyright: ignore[reportUnknownVariableType]
            if inside := _folder(pack.path, folder):
                found[str(name)] = inside  # pyright: ignore[reportUnknownArgumentType]
    return {name: folder for name, folder in found.items() if folder is not None}


def _page(module: ModuleType, path: Path, report: PackReport) -> str | None:
    if getattr(module, PAGE, None) is None:
        return None
    folder = _folder(path, getattr(module, PAGE))
    if folder is None or not Path(folder, "index.js").is_file():
        sentence = f"{PAGE} of the pack {path.name} must name a folder in the pack that has an index.js."
        report.problems.append(PackProblem(sentence, str(path / "__init__.py")))
        return None
    return folder


def _folder(path: Path, named: object) -> str | None:
    """The folder that a constant of a pack names, if it lies in the pack."""
    if not isinstance(named, str) or not named:
        return None
    folder = (path / named).resolve()
    return str(folder) if folder.is_dir() and folder.is_relative_to(path.resolve()) else None
