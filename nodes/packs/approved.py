"""Imports of a pack run the code that was approved, wherever the pack's own files have got to since.

The approved files lie in a folder of their own; modules still bear the names of the pack's real files, so that what
they read beside themselves is found. Every way in which Python loads source from a path ends in a loader's `get_code`,
which is asked here; what a pack's folder holds is answered by a path hook, from the approved files alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    ExtensionFileLoader,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from graph.packs import PackOnDisk, is_code
from nodes.packs.watch import unwatched

_kept: dict[str, tuple[str, frozenset[str]]] = {}
"""By the path of a pack (a folder, or a file): where its approved code lies, and the names of the files there."""
_usual_code = SourceFileLoader.get_code
_usual_compiled = SourcelessFileLoader.get_code
_usual_extension = ExtensionFileLoader.create_module


def run_approved(pack: PackOnDisk, kept: Path) -> None:
    """From now on, modules of the pack are those in `kept`. Raises OSError."""
    names = frozenset(
        Path(folder, name).relative_to(kept).as_posix()
        for folder, _, files in os.walk(kept)
        for name in files
        if is_code(name)
    )
    for place in {str(pack.path), os.path.realpath(pack.path)}:
        _kept[place] = (str(kept), names)
        for entry in [entry for entry in sys.path_importer_cache if entry == place or entry.startswith(place + os.sep)]:
            del sys.path_importer_cache[entry]
    if _hook not in sys.path_hooks:
        sys.path_hooks.insert(0, _hook)
        for loader, method, ours in (  # methods in place of the library's
            (SourceFileLoader, "get_code", _get_code),
            (SourcelessFileLoader, "get_code", _get_compiled),
            (ExtensionFileLoader, "create_module", _create_extension),
        ):
            setattr(loader, method, ours)


def run_as_it_lies(pack: PackOnDisk) -> None:
    """Take `run_approved` back."""
    for place in {str(pack.path), os.path.realpath(pack.path)}:
        if _kept.pop(place, None) is not None:
            for entry in [e for e in sys.path_importer_cache if e == place or e.startswith(place + os.sep)]:
                del sys.path_importer_cache[entry]


def approved_file(path: str) -> str | None:
    """Where the approved content of a pack's file lies; None for what belongs to no such pack.

    Raises ImportError for a file of a pack that was not approved with it.
    """
    path, pack = _of_pack(path)
    if pack is None:
        return None
    kept, names = _kept[pack]
    name = os.path.basename(path) if path == pack else os.path.relpath(path, pack).replace(os.sep, "/")  # noqa: PTH119
    if name not in names:
        raise ImportError(f"{path} is not part of the code that was approved for this pack", path=path)
    return os.path.join(kept, name)  # noqa: PTH118


def is_part(path: Path) -> bool:
    """Whether a pack's file may be imported: it was approved with its pack, or the pack runs as it lies."""
    try:
        approved_file(str(path))
    except ImportError:
        return False
    return True


def _of_pack(path: str) -> tuple[str, str | None]:
    """A path, and the pack that it lies in; with links followed where it lies in none as it is called."""
    pack = _pack_of(path)
    if pack is None and _kept:
        real = os.path.realpath(path)
        if real != path:
            return real, _pack_of(real)
    return path, pack


def _pack_of(path: str) -> str | None:
    """The pack that a path lies in."""
    if not _kept:
        return None
    while True:
        if path in _kept:
            return path
        parent = os.path.dirname(path)  # noqa: PTH120 (this is asked for every module that is imported)
        if parent == path or not parent:
            return None
        path = parent


def _get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
    path = os.path.normpath(self.path)
    kept = approved_file(path)
    return _usual_code(self, fullname) if kept is None else _compiled(kept, self.path)


def _get_compiled(self: SourcelessFileLoader, fullname: str) -> CodeType | None:
    approved_file(os.path.normpath(self.path))  # which no compiled file is
    return _usual_compiled(self, fullname)


def _create_extension(self: ExtensionFileLoader, spec: ModuleSpec) -> ModuleType:
    kept = approved_file(os.path.normpath(self.path))
    if kept is not None:
        self.path = spec.origin = kept
    return _usual_extension(self, spec)


def _compiled(kept: str, path: str) -> CodeType:
    """The code of an approved file under the name of the real one; kept beside the file, since it never changes."""
    whose = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    stored = f"{kept}.{whose}.{sys.implementation.cache_tag}.code"
    with suppress(OSError, ValueError, EOFError, TypeError):
        content = Path(stored).read_bytes()
        if content.startswith(importlib.util.MAGIC_NUMBER):
            found: Any = marshal.loads(content[len(importlib.util.MAGIC_NUMBER) :])
            if isinstance(found, CodeType):
                return found
    code: CodeType = compile(Path(kept).read_bytes(), path, "exec", dont_inherit=True)
    with suppress(OSError), unwatched():
        made = f"{stored}.{os.getpid()}"
        Path(made).write_bytes(importlib.util.MAGIC_NUMBER + marshal.dumps(code))
        Path(made).replace(stored)
    return code


def _hook(entry: str) -> ApprovedFinder:
    path, pack = _of_pack(os.path.normpath(entry))
    if pack is None or _kept[pack][1] == frozenset({os.path.basename(pack)}):  # noqa: PTH119
        raise ImportError
    return ApprovedFinder(path, pack)


class ApprovedFinder:
    """What can be imported from one folder of a pack."""

    def __init__(self, path: str, pack: str) -> None:
        self._path = path
        self._kept, self._names = _kept[pack]
        inner = os.path.relpath(path, pack).replace(os.sep, "/")
        self._prefix = "" if inner == "." else inner + "/"

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        tail = fullname.rpartition(".")[2]
        inner = self._prefix + tail
        if f"{inner}/__init__.py" in self._names:
            return self._source(fullname, f"{tail}/__init__.py", [os.path.join(self._path, tail)])  # noqa: PTH118
        for suffix in EXTENSION_SUFFIXES:
            if inner + suffix in self._names:
                place = os.path.join(self._kept, inner + suffix)  # noqa: PTH118
                return importlib.util.spec_from_file_location(
                    fullname, place, loader=ExtensionFileLoader(fullname, place)
                )
        if f"{inner}.py" in self._names:
            return self._source(fullname, f"{tail}.py", None)
        if any(name.startswith(inner + "/") for name in self._names):
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [os.path.join(self._path, tail)]  # noqa: PTH118
            return spec
        return None

    def invalidate_caches(self) -> None:
        """What was approved does not change."""

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """For `pkgutil`, by which packs load all that they have."""
        seen: set[str] = set()
        for name in sorted(self._names):
            if not name.startswith(self._prefix):
                continue
            first, slash, rest = name[len(self._prefix) :].partition("/")
            is_package = slash != "" and rest == "__init__.py"
            module = first if slash else first.removesuffix(".py")
            if (is_package or (not slash and first.endswith(".py"))) and module != "__init__" and module not in seen:
                seen.add(module)
                yield prefix + module, is_package

    def _source(self, fullname: str, name: str, places: list[str] | None) -> ModuleSpec | None:
        path = os.path.join(self._path, *name.split("/"))  # noqa: PTH118
        loader = SourceFileLoader(fullname, path)
        return importlib.util.spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=places)
