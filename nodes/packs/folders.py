"""What a pack brings besides nodes: scripts for the page, words, graphs to begin with."""

from __future__ import annotations

import sys
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
EXAMPLES = ("example_workflows", "example", "examples", "workflow", "workflows")


def add_folders(module: ModuleType, pack: PackOnDisk, kept: Path | None, report: PackReport) -> None:
    """Put what there is into the report. A folder outside of the pack's is none."""
    if pack.is_file:
        return
    report.webs = _webs(module, pack, kept)
    report.page = _page(module, pack.path, report)
    report.locales = (pack.path / "locales").is_dir()
    report.examples = sum(1 for name in EXAMPLES for _ in (pack.path / name).glob("*.json"))


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
