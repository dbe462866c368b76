"""Node packs: what users put in `custom_nodes/`, found, imported and added to a registry, each apart from the others.

A pack is a folder with an `__init__.py`, or a single `.py` file. It declares its nodes with `@node`, or as ComfyUI's
packs do (`declared.py`). Importing a pack runs its code with the user's rights, so only packs that are trusted are
imported; the others are listed.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from graph.packs import PackOnDisk, named_packs
from graph.registry import Registry
from nodes.compat.own_modules import take_back
from nodes.later import OF_PACKS
from nodes.packs.approved import run_approved, run_as_it_lies
from nodes.packs.beside import read_beside
from nodes.packs.declared import declared, node_type, put_into_nodes
from nodes.packs.folders import add_folders
from nodes.packs.replaced import attach, registered
from nodes.packs.report import PackProblem, PackReport, problem_of
from nodes.packs.source import Sources
from nodes.packs.watch import Watched, bounded_memory, watched

PRESTART = "prestartup_script.py"


@dataclass(frozen=True, slots=True)
class ToLoad:
    """A pack that may be imported.

    hash: of its code. kept: where the approved code lies, if the pack's own files may be others by now.
    dev: it is under development, so that each node's version is the hash of its own code (`nodes.packs.source`).
    python: the interpreter of its own environment, if it asks for one: then it runs in a process apart.
    elsewhere: names of node types that belong to other packs, also while these are off, with the packs.
    """

    name: str
    pack: PackOnDisk
    hash: str
    kept: Path | None = None
    dev: bool = False
    python: Path | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def origin(self) -> str:
        """What clients know as the module of its nodes."""
        return f"custom_nodes.{self.name}"

    @property
    def has_prestart(self) -> bool:
        """Whether it has a script for this process, for what has to happen before torch is there."""
        return self.python is None and not self.pack.is_file and ((self.kept or self.pack.path) / PRESTART).is_file()

    @property
    def module_name(self) -> str:
        """Made of its path, so that two packs of one name do not meet."""
        path = self.pack.path.with_suffix("") if self.pack.is_file else self.pack.path
        return str(path).replace(".", "_x_")


class Loader:
    """Imports packs into one registry.

    writable: folders in which packs may change files while they are imported, beside their own; guarded: what in them
    they may not. memory: bytes that an import may take.
    """

    def __init__(
        self,
        registry: Registry,
        writable: Sequence[Path] = (),
        guarded: Sequence[Path] = (),
        memory: int | None = None,
    ) -> None:
        self.reports: dict[Path, PackReport] = {}
        """By the pack's path, in the order in which they were imported."""
        self.seen: Watched | None = None
        """What was seen of the last import."""
        self.take(registry)
        self._writable = tuple(writable)
        self._guarded = tuple(guarded)
        self._memory = memory

    def take(self, registry: Registry) -> None:
        """Import into this registry from now on. What it has already is Easel's own."""
        self.registry = registry
        self._core = frozenset(registry.catalogue()) - OF_PACKS

    def prestart(self, to_load: ToLoad) -> None:
        """Run the pack's script for what has to happen before torch is there, if it has one. Never raises for it."""
        if not to_load.has_prestart:
            return
        script = to_load.pack.path / PRESTART
        report = self._report(to_load)
        name = f"{to_load.module_name}/{script.stem}"
        self._run(to_load, report, f"{script.stem} failed", lambda: _executed(name, script, None, keep=False))

    def load(self, to_load: ToLoad) -> PackReport:
        """Import a pack and add its node types. Never raises for what the pack does."""
        path, report = to_load.pack.path, self._report(to_load)
        if to_load.python is not None:
            from nodes.packs.apart.load import load_apart  # takes torch, which prestart scripts come before

            load_apart(to_load, self.registry, self._free_name, report)
            return report
        source = path if to_load.pack.is_file else path / "__init__.py"
        places = None if to_load.pack.is_file else [str(path)]

        def run() -> None:
            before, put_before = len(registered()), put_into_nodes()
            module = _executed(to_load.module_name, source, places, keep=True)
            beside, failed = read_beside(module, to_load.pack)
            put = [(name, *item) for name, item in put_into_nodes().items() if put_before.get(name) != item]
            self._add_nodes([*declared(module), *beside, *put], to_load, report)
            report.notes += attach(self.registry, registered()[before:])
            what = "has a file that could not be imported"
            report.problems += [problem_of(error, path, what, self._memory) for error in failed]
            add_folders(module, to_load.pack, to_load.kept, report)
            report.imported = not failed

        self._run(to_load, report, "could not be imported", run)
        return report

    def _report(self, to_load: ToLoad) -> PackReport:
        path = to_load.pack.path
        if path not in self.reports:
            kept = None if to_load.kept is None else str(to_load.kept)
            self.reports[path] = PackReport(to_load.name, str(path), hash=to_load.hash, kept=kept)
        return self.reports[path]

    def _run(self, to_load: ToLoad, report: PackReport, what: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        own = [to_load.pack.path] if to_load.pack.is_file else [to_load.pack.path, to_load.pack.path.resolve()]
        with watched(to_load.name, [*own, *self._writable], self._guarded) as seen, bounded_memory(self._memory):
            try:
                if to_load.kept is None:
                    run_as_it_lies(to_load.pack)
                else:
                    run_approved(to_load.pack, to_load.kept)
                work()
            except BaseException as error:  # a pack may end in any way, sys.exit() included; the others are to load
                report.problems.append(problem_of(error, to_load.pack.path, what, self._memory))
        take_back()
        self.seen = seen
        silent = [one for one in seen.refused if not any(one in problem.sentence for problem in report.problems)]
        report.problems[:0] = map(PackProblem, silent)  # first: they are why what follows went wrong
        report.notes += [note for note in seen.noted if note not in report.notes]
        report.seconds += time.perf_counter() - began
        report.settle()

    def _add_nodes(self, items: Iterable[tuple[str, Any, str]], to_load: ToLoad, report: PackReport) -> None:
        path, sources = to_load.pack.path, Sources(to_load.pack.path) if to_load.dev else None
        for class_type, item, title in {(item[0], id(item[1])): item for item in items}.values():
            try:
                version = to_load.hash[:16] if sources is None else sources.version(item)
                name = self._free_name(class_type, to_load, report)
                self.registry.add(node_type(name, item, title, to_load.origin, version))
            except BaseException as error:  # the same: one class that cannot be used costs no other
                what = f"has a node type {class_type} that cannot be used"
                report.problems.append(problem_of(error, path, what, self._memory))
            else:
                report.node_types.append(name)

    def _free_name(self, class_type: str, to_load: ToLoad, report: PackReport) -> str:
        """The node type's own name, or `pack/name` where Easel or another pack has that."""
        name = f"{to_load.name}/{class_type}"
        kept_for = to_load.elsewhere.get(class_type)
        if class_type not in self._core and class_type not in self.registry:
            if kept_for is None:
                return class_type
            report.notes.append(f"{class_type} is the name of a node type of the pack {kept_for}: this one is {name}.")
            return name
        if class_type in self._core:
            report.notes.append(f"{class_type} is a node type of Easel's own: the one of this pack is {name}.")
            return name
        first = self.registry[class_type].spec.module
        holder = next((one for one in self.reports.values() if f"custom_nodes.{one.name}" == first), None)
        if holder is not None and holder is not report:
            report.notes.append(
                f"The pack {holder.name} has a node type {class_type} too: the one of this pack is {name}."
            )
            note = f"The pack {to_load.name} has a node type {class_type} too: that one is {name}."
            if note not in holder.notes:  # a pack under development comes again and again
                holder.notes.append(note)
        return name


def load_packs(
    dirs: Iterable[Path], registry: Registry, *, trust_all: bool = False, approved: Iterable[str] = ()
) -> list[PackReport]:
    """Import the packs in these folders, in order of name, and add their node types: for tests and small processes.

    Never raises for what a pack does. trust_all, approved: which may be imported besides Easel's own: all, or those
    whose folders or files have these names. The others' reports say `untrusted`.
    """
    names, loader, reports = frozenset(approved), Loader(registry), list[PackReport]()
    for name, pack in named_packs(dirs):
        if trust_all or pack.is_own or pack.path.name in names:
            reports.append(loader.load(ToLoad(name, pack, pack.code_hash())))
        else:
            reports.append(PackReport(name, str(pack.path), "untrusted"))
    return reports


def _executed(name: str, source: Path, places: list[str] | None, *, keep: bool) -> ModuleType:
    """Run a file as a module of this name. One that fails leaves nothing behind in `sys.modules`."""
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=places)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            for loaded in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
                del sys.modules[loaded]
    return module
