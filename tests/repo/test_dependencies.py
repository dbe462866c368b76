"""What the program imports is stated in `pyproject.toml`, not only there because something else pulls it in."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from api import setup

ROOT = Path(__file__).resolve().parents[2]
OWN = {"api", "bench", "easel_testing", "graph", "models", "nodes", "pictures", "server", "tests", "worker"}
NAMES = {"argon2": "argon2-cffi", "PIL": "pillow", "yaml": "pyyaml"}
"""Distributions that go by another name than their module."""


def imported(path: Path) -> Iterator[str]:
    for item in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(item, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in item.names)
        elif isinstance(item, ast.ImportFrom) and item.level == 0 and item.module:
            yield item.module.partition(".")[0]


def test_every_import_is_a_stated_dependency() -> None:
    stated = {requirement.name.lower() for requirement in setup.requirements(tests=False)}
    files = [path for name in ("api", "easel_testing", "graph", "nodes") for path in (ROOT / name).rglob("*.py")]
    files += [path for name in ("", "networks", "families") for path in (ROOT / "models" / name).glob("*.py")]
    files += ROOT.glob("*.py")
    assert len(files) > 100
    unknown = {
        f"{name} ({path.relative_to(ROOT)})"
        for path in files
        for name in imported(path)
        if name not in OWN | sys.stdlib_module_names and NAMES.get(name, name).lower() not in stated
    }
    assert not unknown
