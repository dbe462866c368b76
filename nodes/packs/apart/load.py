"""A pack with an environment of its own, loaded: in its process, and from there into the worker's registry."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graph.errors import DeclarationError
from graph.folders import Folders
from graph.packs import PackOnDisk
from graph.registry import Registry
from graph.types import JsonObject
from nodes.compat.host import Host, host, install
from nodes.packs.apart.process import PackProcess, PackProcessError
from nodes.packs.report import PackProblem, PackReport

if TYPE_CHECKING:
    from nodes.packs.load import ToLoad

_processes: dict[Path, PackProcess] = {}
"""By the pack's path: one that is loaded anew ends the process that it had."""


def load_apart(
    to_load: ToLoad,
    registry: Registry,
    free_name: Callable[[str, ToLoad, PackReport], str],
    report: PackReport,
) -> None:
    """Start the pack's process and add the node types that it has. Never raises for what the pack does."""
    began = time.perf_counter()
    path = to_load.pack.path
    process = _processes.pop(path, None)
    if process is not None:
        process.close()
    try:
        assert to_load.python is not None
        process = PackProcess(to_load.name, to_load.python, _config(to_load))
        types, told = process.start()
    except PackProcessError as error:
        report.problems.append(PackProblem(str(error)))
    else:
        _processes[path] = process
        report.problems += [PackProblem(**problem) for problem in told["problems"]]
        report.notes += told["notes"]
        report.imported = told["imported"]
        for type in types:
            try:
                name = free_name(type.spec.class_type, to_load, report)
                spec = replace(type.spec, class_type=name, module=to_load.origin, version=to_load.hash[:16])
                registry.add(replace(type, spec=spec))
            except DeclarationError as error:
                report.problems.append(PackProblem(str(error)))
            else:
                report.node_types.append(name)
    report.seconds += time.perf_counter() - began
    report.settle()


def _config(to_load: ToLoad) -> JsonObject:
    return {
        "folders": host().folders.to_json(),
        "name": to_load.name,
        "pack": str(to_load.pack.path),
        "hash": to_load.hash,
        "kept": None if to_load.kept is None else str(to_load.kept),
    }


def load_here(config: JsonObject, registry: Registry, folders: Folders) -> JsonObject:
    """In the pack's own process: import it and add its node types; gives its report. Never raises for what it does."""
    from nodes.compat.finder import install as answer_names
    from nodes.packs.load import Loader, ToLoad

    install(Host(folders=folders, registry=registry, config=config))
    pack = PackOnDisk(Path(config["pack"]))
    answer_names([pack.path.parent])
    kept = None if config["kept"] is None else Path(config["kept"])
    roots = [root for name, kind in folders.kinds.items() if name != "custom_nodes" for root in kind.roots]
    return Loader(registry, roots).load(ToLoad(config["name"], pack, config["hash"], kept)).to_json()
