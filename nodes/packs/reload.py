"""A pack under development is imported anew when one of its files is saved: it alone, and between jobs.

Its modules leave `sys.modules` and are imported again into a copy of the registry, which takes the registry's place
when all went well. Where it did not, the old modules and node types stay, and the report says what is wrong and where.
"""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from graph.packs import PackOnDisk
from graph.registry import Registry
from nodes.packs.load import Loader, ToLoad
from nodes.packs.report import PackReport


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of it."""

    report: PackReport
    stale: frozenset[str] = frozenset()
    """Node types whose code is another now, or which are no more: their results hold no longer."""
    modules: frozenset[str] = frozenset()
    """Names of the modules that were let go of."""


def reload(loader: Loader, to_load: ToLoad) -> Reloaded:
    """Import a pack that was imported before. Never raises for what the pack does."""
    path, registry = to_load.pack.path, loader.registry
    before = loader.reports[path]
    versions = {name: registry[name].spec.version for name in before.node_types if name in registry}
    held = take_out(to_load)
    forget_compiled(to_load.pack)
    fresh = registry.without(versions)
    del loader.reports[path]
    loader.registry = fresh
    try:
        report = loader.load(to_load)
    finally:
        loader.registry = registry
    if not report.imported and versions:
        take_out(to_load)
        sys.modules.update(held)
        loader.reports[path] = kept = _as_it_was(before, report)
        return Reloaded(kept)
    registry.become(fresh)
    return Reloaded(report, _stale(versions, registry), frozenset(held))


def take_out(to_load: ToLoad) -> dict[str, ModuleType]:
    """Remove the pack's modules, and only those, from `sys.modules`; gives them."""
    names = [name for name, module in list(sys.modules.items()) if _is_of(to_load, name, module)]
    return {name: sys.modules.pop(name) for name in names}


def _is_of(to_load: ToLoad, name: str, module: ModuleType | None) -> bool:
    if name == to_load.module_name or name.startswith(to_load.module_name + "."):
        return True
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return False
    path = to_load.pack.path
    return Path(file) == path or (not to_load.pack.is_file and Path(file).is_relative_to(path))


def forget_compiled(pack: PackOnDisk) -> None:
    """Delete Python's compiled files of the pack: to them a file that was saved in the same second is the old one."""
    for file in pack.code_files():
        if file.suffix == ".py":
            with suppress(OSError, NotImplementedError):
                Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
    importlib.invalidate_caches()
    linecache.checkcache()


def _as_it_was(before: PackReport, failed: PackReport) -> PackReport:
    """The report of a pack whose saved code could not be imported."""
    before.problems = failed.problems
    before.state = "stale"
    return before


def _stale(versions: Mapping[str, str], registry: Registry) -> frozenset[str]:
    found = {
        name for name, version in versions.items() if name not in registry or registry[name].spec.version != version
    }
    return frozenset(found)
