"""Node packs on the disk: which there are, and the hash by which their code is approved. Nothing of a pack is run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CODE_SUFFIXES = (".py", ".js", ".mjs", ".so", ".pyd", ".whl")
CODE_FILES = ("pyproject.toml", "requirements.txt")
"""What of a pack decides whether it is the one that was approved; its data files do not count."""
SKIPPED_FOLDERS = ("__pycache__", ".git", "node_modules", ".venv")
OWN_PACKS = ("easel_example",)
"""Packs of Easel's own `custom_nodes` folder that come with it, and so are trusted as Easel is."""
_OWN_FOLDER = Path(__file__).resolve().parent.parent / "custom_nodes"


@dataclass(frozen=True, slots=True)
class PackOnDisk:
    """A folder with an `__init__.py`, or a single `.py` file, in a `custom_nodes` folder."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name, or the file's without its ending."""
        return self.path.stem if self.is_file else self.path.name

    @property
    def is_file(self) -> bool:
        return self.path.suffix == ".py" and not self.path.is_dir()

    @property
    def is_own(self) -> bool:
        """Whether it came with Easel."""
        return self.path.parent == _OWN_FOLDER and self.path.name in OWN_PACKS

    @property
    def root(self) -> Path:
        """The folder that names of its files are relative to: for a single file the one that it lies in."""
        return self.path.parent if self.is_file else self.path

    def code_files(self) -> list[Path]:
        """The files that are approved with the pack, in a fixed order; links that leave it are passed over."""
        if self.is_file:
            return [self.path]
        root = self.path.resolve()
        found: list[Path] = []
        for folder, inner, names in os.walk(self.path):
            inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS]
            for name in names:
                if is_code(name):
                    path = Path(folder, name)
                    if path.is_file() and (not path.is_symlink() or path.resolve().is_relative_to(root)):
                        found.append(path)
        return sorted(found, key=lambda path: path.relative_to(self.path).as_posix())

    def read_code(self) -> dict[str, bytes]:
        """The contents of `code_files` by their names in the pack. Raises OSError where one cannot be read."""
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in self.code_files()}

    def code_hash(self) -> str:
        """SHA-256 over the names and contents of `code_files`. Raises OSError where one cannot be read."""
        return hash_of(self.read_code())

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """What tells that a code file changed without reading it: names, sizes and times. Raises OSError."""
        return tuple(
            (str(path), state.st_size, state.st_mtime_ns)
            for path, state in ((path, path.stat()) for path in self.code_files())
        )


def is_code(name: str) -> bool:
    """Whether a file of this name counts as code: in any case of letters, since it is served in any."""
    return name.lower().endswith(CODE_SUFFIXES) or name in CODE_FILES


def hash_of(code: Mapping[str, bytes]) -> str:
    """The hash of `PackOnDisk.read_code`."""
    whole = hashlib.sha256()
    for name in sorted(code):
        told = os.fsencode(name)  # names on the disk may be no text
        whole.update(b"%d:%s:%d:" % (len(name), told, len(code[name])) + code[name])
    return whole.hexdigest()


def find_packs(directory: Path) -> Iterator[PackOnDisk]:
    """The packs in a folder, by name. Hidden ones and those that end in `.disabled` are passed over."""
    if not directory.is_dir():
        return
    for path in sorted(directory.iterdir(), key=lambda path: path.name.lower()):
        if path.name.startswith((".", "__")) or path.name.endswith(".disabled"):
            continue
        with suppress(PermissionError):  # a folder that this user may not enter holds no pack for them
            if (path.suffix == ".py" and path.is_file()) or (path / "__init__.py").is_file():
                yield PackOnDisk(path)


def named_packs(directories: Iterable[Path]) -> Iterator[tuple[str, PackOnDisk]]:
    """The packs of several folders, each under a name that no other has: a second `a` is `a-2`."""
    taken: set[str] = set()
    for directory in dict.fromkeys(directory.resolve() for directory in directories):
        for pack in find_packs(directory):
            name, number = pack.name, 1
            while name in taken:
                number += 1
                name = f"{pack.name}-{number}"
            taken.add(name)
            yield name, pack
