"""What a pack's own `import utils`, `import models` or `import nodes` means.

Packs put their folders on `sys.path` and import what lies there by plain names, which other packs use as well, and
Easel: whoever comes first would serve all. So an import statement in a pack's file looks in the places of that pack
first. A module that would collide is loaded under a private name, `utils@THE-PACK`. Of Easel's own modules a pack never
sees one; `import nodes` and `import server` give it what ComfyUI's have.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
"""Easel's own folder, whose modules packs do not see."""
OURS = frozenset(
    {"api", "bench", "custom_nodes", "docs", "easel_client", "graph", "models", "nodes"}
    | {"pictures", "tests", "web", "worker", "workflows"}
)
"""Names at the top of Easel's folder. (`server` is answered by the finder, for whoever asks.)"""
OPEN = ("graph.", "nodes.values", "nodes.context", "nodes.previews")
"""Where the names lie by which Easel's own packs declare nodes (docs/writing-a-node.md)."""
HOSTS = frozenset({"folder_paths", "server", "execution", "node_helpers", "latent_preview"})
NODES = "nodes.compat.node_classes"
"""What `import nodes` gives a pack."""
MAIN = "nodes.compat.main"
"""What `import __main__` gives it: the worker's own lies in Easel's folder, where packs put nothing."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack, by the folder or file in `custom_nodes` that its code lies in."""

    name: str
    places: tuple[str, ...]
    """Its folder, and the same with links followed."""

    def entries(self) -> list[str]:
        """What it has put on `sys.path` of its own."""
        return [entry for entry in sys.path if entry and self._has(entry)]

    def _has(self, path: str) -> bool:
        return any(path == place or path.startswith(place + os.sep) for place in self.places)


@dataclass(slots=True)
class _State:
    folders: list[str] = field(default_factory=list[str])
    by_file: dict[str, Pack | None] = field(default_factory=dict[str, "Pack | None"])
    by_name: dict[str, Pack] = field(default_factory=dict[str, Pack])
    found: dict[tuple[Any, ...], bool] = field(default_factory=dict[tuple[Any, ...], bool])
    """Whether a pack's own places have a module; asked again when they change."""
    seen: dict[str, ModuleType] = field(default_factory=dict[str, ModuleType])
    """All that `sys.modules` had whenever a pack's code had imported something."""
    counted: int = 0


_state = _State()
_ours: dict[str, ModuleType] = {}
"""Easel's own packages that this process runs on."""
_importing = threading.local()
_import = builtins.__import__
_import_module = importlib.import_module


def install(folders: Iterable[Path | str] = ()) -> None:
    """See to the imports of packs in these folders, and in those that were named before."""
    for folder in folders:
        for path in dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder))):
            if path not in _state.folders:
                _state.folders.append(path)
    _state.by_file.clear()
    _ours.update({name: sys.modules[name] for name in ("graph", "models", "nodes") if name in sys.modules})
    builtins.__import__ = _import_for
    importlib.import_module = _import_module_for


def uninstall() -> None:
    """For tests: imports mean again what they mean."""
    builtins.__import__ = _import
    importlib.import_module = _import_module
    _state.folders.clear()
    _state.by_file.clear()
    _state.found.clear()
    _state.seen.clear()
    for name in [name for name in sys.modules if "@" in name.partition(".")[0]]:
        del sys.modules[name]


def pack_of(names: Mapping[str, Any] | None) -> Pack | None:
    """The pack whose code has these global names; None for everybody else's."""
    file = names.get("__file__") if names else None
    if not isinstance(file, str):
        return None
    try:
        return _state.by_file[file]
    except KeyError:
        found = _state.by_file[file] = _pack_with(file)
        return found


def _pack_with(file: str) -> Pack | None:
    path = os.path.abspath(file)
    for folder in _state.folders:
        if path.startswith(folder + os.sep):
            first = path[len(folder) + 1 :].partition(os.sep)[0]
            return _pack(folder, first)
    # A folder in custom_nodes may be a link to where the code really lies.
    for pack in _state.by_name.values():
        if any(path.startswith(place + os.sep) for place in pack.places):
            return pack
    return None


def _pack(folder: str, first: str) -> Pack:
    place = os.path.join(folder, first)
    pack = _state.by_name.get(first)
    if pack is None or place not in pack.places:
        pack = Pack(first, tuple(dict.fromkeys((place, os.path.realpath(place)))))
        _state.by_name[first] = pack
    return pack


# The two doors


def _import_for(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    names = globals if globals is not None else sys._getframe(1).f_globals  # pyright: ignore[reportPrivateUsage]
    pack = pack_of(names)
    if pack is None:
        return _import(name, globals, locals, fromlist or (), level)
    _keep_ours(pack)
    with _For(pack):
        wanted = name if level else meant(name, pack)
        # These are no module's top name, so that `import nodes` would give the wrong end of it.
        at_end = wanted in (NODES, MAIN)
        found = _import_module(wanted) if at_end else _import(wanted, globals, locals, fromlist or (), level)
    if locals is globals:  # a statement that is run once, when the pack is imported
        _remember()
    return found


def _import_module_for(name: str, package: str | None = None) -> ModuleType:
    pack = pack_of(sys._getframe(1).f_globals)  # pyright: ignore[reportPrivateUsage]
    if pack is None:
        return _import_module(name, package)
    _keep_ours(pack)
    with _For(pack):
        return _import_module(name if name.startswith(".") else meant(name, pack), package)


def _keep_ours(pack: Pack) -> None:
    """Put Easel's modules back that a pack has laid its own over, as `sys.modules["models"] = ...` does."""
    for name, module in _ours.items():
        there = sys.modules.get(name)
        if there is not module:
            if there is not None:
                sys.modules[f"{name}@{pack.name}"] = there
            sys.modules[name] = module


def take_back() -> None:
    """The same once a pack has been imported: Easel's own code imports these names as well."""
    for name, module in _ours.items():
        there = sys.modules.get(name)
        pack = None if there is None or there is module else _owner(there)
        if pack is not None:
            _keep_ours(pack)


def _remember() -> None:
    if len(sys.modules) != _state.counted:
        _state.counted = len(sys.modules)
        _state.seen |= sys.modules


def thrown_out(fullname: str) -> ModuleSpec | None:
    """For a module that a pack has taken out of `sys.modules`: how to put it back, and not to run it once more.

    Some packs tidy up what their import has loaded. Half of Easel, or of a library that must not be loaded twice, may
    be among it.
    """
    gone = _state.seen.get(fullname)
    if gone is None or not isinstance(gone, ModuleType) or _of_a_pack(gone):  # pyright: ignore[reportUnnecessaryIsInstance]
        return None
    return ModuleSpec(fullname, _Back(gone), is_package=hasattr(gone, "__path__"))


class _Back(Loader):
    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = self._module


class _For:
    """While this is entered, the finder knows for which pack it looks."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    def __enter__(self) -> None:
        self._before = getattr(_importing, "pack", None)
        _importing.pack = self._pack

    def __exit__(self, *_: object) -> None:
        _importing.pack = self._before


def meant(name: str, pack: Pack) -> str:
    """The name in `sys.modules` of what a pack means by `name`. ModuleNotFoundError for what is Easel's alone."""
    top, dot, rest = name.partition(".")
    private = f"{top}@{pack.name}"
    if private in sys.modules:
        return private + dot + rest
    if top == "nodes" and not rest:
        return NODES
    if name == "__main__":
        return MAIN
    if top in HOSTS or top.startswith("comfy"):
        return name
    if top == "custom_nodes":
        return name
    if top in OURS:
        if _spec(top, [*pack.entries(), *pack.places, *_foreign()]) is None:
            if name.startswith(OPEN):
                return name
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return private + dot + rest
    there = sys.modules.get(top)
    if there is not None and _of_another(there, pack) and _has(pack, top):
        return private + dot + rest
    return name


def _of_another(module: ModuleType, pack: Pack) -> bool:
    """Whether a module that is loaded comes from another pack's folder."""
    owner = _owner(module)
    return owner is not None and owner is not pack


def _of_a_pack(module: ModuleType) -> bool:
    return _owner(module) is not None


def _owner(module: ModuleType) -> Pack | None:
    return pack_of(vars(module)) if vars(module).get("__file__") else _owner_of_namespace(module)


def _owner_of_namespace(module: ModuleType) -> Pack | None:
    places = list(vars(module).get("__path__") or ())
    return _pack_with(os.path.join(places[0], "_")) if places else None


def _has(pack: Pack, top: str) -> bool:
    entries = tuple(pack.entries())
    slot = (pack.name, top, entries)
    if slot not in _state.found:
        _state.found[slot] = _spec(top, entries) is not None
    return _state.found[slot]


def _foreign() -> list[str]:
    """`sys.path` without Easel's own folder, without the current one, and without what packs have added."""
    return [entry for entry in sys.path if entry and os.path.abspath(entry) != ROOT and not _in_pack(entry)]


def _in_pack(entry: str) -> bool:
    return _pack_with(os.path.join(entry, "_")) is not None


# For the finder


def find(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Where a module lies that a pack asks for by a plain name; None for all that the usual finders know better."""
    top = fullname.partition(".")[0]
    if top == "custom_nodes":
        return _custom_nodes(fullname)
    if path is not None:  # inside a package: where that lies is known
        return None
    plain, at, name = fullname.partition("@")
    pack = _state.by_name.get(name) if at else getattr(_importing, "pack", None)
    if pack is None:
        return None
    if at:
        found = _spec(plain, [*pack.entries(), *pack.places, *_foreign()])
        return None if found is None else _renamed(found, fullname)
    if fullname in sys.builtin_module_names or fullname in sys.stdlib_module_names or fullname in OURS:
        return None
    visible = [entry for entry in sys.path if entry in pack.entries() or not _hidden(entry)]
    found = _spec(fullname, visible)
    return found if found is not None and found.origin is not None else None


def _hidden(entry: str) -> bool:
    return not entry or os.path.abspath(entry) == ROOT or _in_pack(entry)


def _spec(name: str, entries: Sequence[str]) -> ModuleSpec | None:
    return PathFinder.find_spec(name, list(entries))


def _renamed(spec: ModuleSpec, name: str) -> ModuleSpec | None:
    places = spec.submodule_search_locations
    if spec.origin is None:  # a folder without an __init__.py
        renamed = ModuleSpec(name, None, is_package=True)
        renamed.submodule_search_locations = list(places or ())
        return renamed
    return importlib.util.spec_from_file_location(
        name, spec.origin, submodule_search_locations=None if places is None else list(places)
    )


class _Loaded(Loader):
    """`custom_nodes.SOME_PACK` for a pack that is loaded, under the name that it was loaded by."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = _import_module(self._name)


def _custom_nodes(fullname: str) -> ModuleSpec | None:
    _, _, inner = fullname.partition(".")
    if not inner:
        return ModuleSpec(fullname, None, is_package=True)
    first, dot, rest = inner.partition(".")
    for folder in _state.folders:
        name = os.path.join(folder, first).replace(".", "_x_")
        if name in sys.modules:
            return ModuleSpec(fullname, _Loaded(name + dot + rest), is_package=True)
    return None  # a pack that is not loaded may not be approved
