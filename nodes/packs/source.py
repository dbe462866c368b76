"""What of a pack's code a node depends on, as a hash: a save makes only those results stale whose code it changed.

A module is read as its top-level statements. A node's hash is made of the statement that declares it and of all that
it reaches by the names that it reads, in its own file and, through imports, in other files of the pack; statements that
bind no name (calls that register something, settings) count for every node of their file. Comments, formatting and
docstrings count for nothing. Where a file finds names at run time (`globals`, `exec`, `importlib`, ...), the whole pack
counts (docs/decisions/0013-reloading-a-pack.md).
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.node import Function

AT_RUN_TIME = frozenset({"globals", "locals", "vars", "exec", "eval", "__import__", "importlib"})
"""Names by which code finds or changes what no reading of it shows."""


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    """Its tree, without positions and docstrings."""
    binds: frozenset[str]
    reads: frozenset[str]
    imports: tuple[tuple[Path, str | None], ...]
    """Files of the pack that it imports, each with the one name that it takes from there; None for all of it."""
    is_dynamic: bool


@dataclass(slots=True)
class _File:
    statements: list[_Statement]
    by_name: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    always: list[int] = field(default_factory=list[int])
    is_dynamic: bool = False


class Sources:
    """The files of one pack (a folder, or a single file), read as they are now."""

    def __init__(self, pack: Path) -> None:
        self._pack = pack
        self._root = pack if pack.is_dir() else pack.parent
        self._files: dict[Path, _File | None] = {}
        self._whole: str | None = None

    def version(self, declared: Any) -> str:
        """The hash of a node function or class, and of all that it reaches. Of the whole pack where that is unknown."""
        code = declared.function if isinstance(declared, Function) else declared
        file, name = _place(inspect.unwrap(code))
        if file is None or name is None or not self._is_ours(file):
            return self.whole()
        reached = self._reach(file, name)
        if reached is None:
            return self.whole()
        content = hashlib.sha256()
        for path, index in sorted(reached):
            read = self._files[path]
            assert read is not None
            content.update(f"{path.relative_to(self._root)}\0{read.statements[index].text}\0".encode())
        return content.hexdigest()[:16]

    def whole(self) -> str:
        """The hash of every Python file of the pack."""
        if self._whole is None:
            content = hashlib.sha256()
            files = sorted(self._pack.rglob("*.py")) if self._pack.is_dir() else [self._pack]
            for path in files:
                content.update(str(path.relative_to(self._root)).encode() + b"\0" + path.read_bytes())
            self._whole = content.hexdigest()[:16]
        return self._whole

    def _is_ours(self, path: Path) -> bool:
        return path == self._pack or (self._pack.is_dir() and path.is_relative_to(self._pack))

    def _reach(self, file: Path, name: str) -> set[tuple[Path, int]] | None:
        """All statements that a top-level name depends on; None where that cannot be told."""
        found: set[tuple[Path, int]] = set()
        seen_files: set[Path] = set()
        waiting: list[tuple[Path, str | None]] = [(file, name)]
        while waiting:
            path, wanted = waiting.pop()
            read = self._read(path)
            if read is None or read.is_dynamic:
                return None
            if path not in seen_files:
                seen_files.add(path)
                indices = set(read.always)
                waiting += [(package, "") for package in self._packages_of(path)]
            else:
                indices = set[int]()
            if path == file and wanted == name and name not in read.by_name:
                return None
            everything = wanted is None or (wanted and wanted not in read.by_name)
            indices |= set(range(len(read.statements)) if everything else read.by_name.get(wanted or "", ()))
            for index in indices:
                if (path, index) in found:
                    continue
                found.add((path, index))
                statement = read.statements[index]
                waiting += [(path, other) for other in statement.reads if other in read.by_name]
                waiting += statement.imports
        return found

    def _packages_of(self, path: Path) -> Iterator[Path]:
        """The `__init__.py` files that run before a module of the pack does."""
        folder = path.parent if path.name != "__init__.py" else path.parent.parent
        while self._pack.is_dir() and folder.is_relative_to(self._pack):
            if (folder / "__init__.py").is_file():
                yield folder / "__init__.py"
            folder = folder.parent

    def _read(self, path: Path) -> _File | None:
        if path not in self._files:
            try:
                self._files[path] = self._parsed(path)
            except (OSError, SyntaxError, ValueError, RecursionError):
                self._files[path] = None
        return self._files[path]

    def _parsed(self, path: Path) -> _File:
        tree = _without_docstrings(ast.parse(path.read_bytes()))
        statements = [self._statement(path, item) for whole in tree.body for item in _one_by_one(whole)]
        file = _File(statements)
        for index, statement in enumerate(statements):
            if not statement.binds or "*" in statement.binds:
                file.always.append(index)
            for name in statement.binds:
                file.by_name.setdefault(name, []).append(index)
            file.is_dynamic = file.is_dynamic or statement.is_dynamic
        return file

    def _statement(self, path: Path, item: ast.stmt) -> _Statement:
        binds: set[str] = set()
        reads: set[str] = set()
        imports: list[tuple[Path, str | None]] = []
        is_dynamic = False
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            binds.add(item.name)
        for part in ast.walk(item):
            match part:
                case ast.Name(id=name):
                    reads.add(name)
                    if isinstance(part.ctx, ast.Store) and name not in binds and not _defines(item):
                        binds.add(name)
                case ast.Attribute(attr="modules"):  # sys.modules
                    is_dynamic = True
                case ast.Attribute() | ast.Subscript() if isinstance(part.ctx, ast.Store) and not _defines(item):
                    if (root := _root(part)) is not None:
                        binds.add(root)
                case ast.Import():
                    for alias in part.names:
                        binds.add(alias.asname or alias.name.partition(".")[0])
                        imports += [(file, None) for file in self._modules(self._root, alias.name)]
                case ast.ImportFrom():
                    binds |= {alias.asname or alias.name for alias in part.names}
                    imports += self._from(path, part)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not _defines(item):
                    binds.add(part.name)
                case _:
                    pass
        is_dynamic = is_dynamic or bool(reads & AT_RUN_TIME)
        return _Statement(ast.dump(item), frozenset(binds), frozenset(reads), tuple(imports), is_dynamic)

    def _from(self, path: Path, item: ast.ImportFrom) -> Iterator[tuple[Path, str | None]]:
        """What `from .module import name` reaches in the pack."""
        base = self._root
        if item.level:
            base = path.parent
            for _ in range(item.level - 1):
                base = base.parent
            if not base.is_relative_to(self._root):
                return
        for alias in item.names:
            inner = f"{item.module}.{alias.name}" if item.module else alias.name
            whole = list(self._modules(base, inner))
            if alias.name != "*" and whole:
                yield from ((file, None) for file in whole)
                continue
            places = self._modules(base, item.module) if item.module else iter([base / "__init__.py"])
            for file in places:
                yield file, None if alias.name == "*" else alias.name

    def _modules(self, base: Path, name: str) -> Iterator[Path]:
        """The file of a module below a folder, if it is the pack's."""
        place = base.joinpath(*name.split("."))
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file() and self._is_ours(file):
                yield file


def _one_by_one(item: ast.stmt) -> list[ast.stmt]:
    """An import of several names as so many imports, since each is read by others."""
    if isinstance(item, ast.ImportFrom):
        return [ast.ImportFrom(item.module, [alias], item.level) for alias in item.names]
    return [ast.Import([alias]) for alias in item.names] if isinstance(item, ast.Import) else [item]


def _defines(item: ast.stmt) -> bool:
    """Whether it is a function or a class, whose inner names are its own."""
    return isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _root(part: ast.expr) -> str | None:
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    return part.id if isinstance(part, ast.Name) else None


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for part in ast.walk(tree):
        if isinstance(part, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = part.body[0] if part.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                part.body = part.body[1:] or [ast.Pass()]
    return tree


def _place(code: Any) -> tuple[Path | None, str | None]:
    """The file that a function or class is written in, and its top-level name there; None where it has none."""
    try:
        file = inspect.getsourcefile(code)
    except TypeError:
        return None, None
    qualified = str(getattr(code, "__qualname__", ""))
    if file is None or not qualified or "<locals>" in qualified:
        return None, None
    return Path(file), qualified.partition(".")[0]
