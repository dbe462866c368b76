"""Node packs on the disk: which there are, and the hash by which their code is approved. Nothing of a pack is run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CODE_SUFFIXES = (".py", ".js", ".mjs")
CODE_FILES = ("pyproject.toml", "requirements.txt")
"""What of a pack decides whether it is the one that was approved; its data files do not count."""
SKIPPED_FOLDERS = ("__pycache__", ".git", "node_modules", ".venv")


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
        return self.path.suffix == ".py"

    def code_files(self) -> list[Path]:
        """The files that are approved with the pack, in a fixed order; links that leave it are passed over."""
        if self.is_file:
            return [self.path]
        root = self.path.resolve()
        found = [
            path
            for path in self.path.rglob("*")
            if (path.suffix in CODE_SUFFIXES or path.name in CODE_FILES)
            and not any(part in SKIPPED_FOLDERS for part in path.relative_to(self.path).parts)
            and path.is_file()
            and path.resolve().is_relative_to(root)
        ]
        return sorted(found, key=lambda path: path.relative_to(self.path).as_posix())

    def code_hash(self) -> str:
        """SHA-256 over the names and contents of `code_files`. Raises OSError where one cannot be read."""
        whole = hashlib.sha256()
        for path in self.code_files():
            name = path.name if self.is_file else path.relative_to(self.path).as_posix()
            content = path.read_bytes()
            whole.update(f"{len(name)}:{name}:{len(content)}:".encode() + content)
        return whole.hexdigest()


def find_packs(directory: Path) -> Iterator[PackOnDisk]:
    """The packs in a folder, by name. Hidden ones and those that end in `.disabled` are passed over."""
    if not directory.is_dir():
        return
    for path in sorted(directory.iterdir(), key=lambda path: path.name.lower()):
        if path.name.startswith((".", "__")) or path.name.endswith(".disabled"):
            continue
        if (path.suffix == ".py" and path.is_file()) or (path / "__init__.py").is_file():
            yield PackOnDisk(path)
