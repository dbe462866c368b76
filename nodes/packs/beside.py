"""Files of a pack that declare nodes with `@node`: a new one is read without a line in `__init__.py`."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from graph.node import Function
from graph.packs import PackOnDisk
from nodes.packs.approved import is_part


def read_beside(module: ModuleType, pack: PackOnDisk) -> tuple[list[tuple[str, Any, str]], list[BaseException]]:
    """The node functions of a folder pack's other files, as (class type, function, no title), and what files raised.

    Files that lie beside `__init__.py` and import `graph.node` are imported where `__init__.py` did not: no file of a
    pack that was written for something else is run for its being there.
    """
    found: list[tuple[str, Any, str]] = []
    failed: list[BaseException] = []
    for file in () if pack.is_file else sorted(pack.path.glob("*.py")):
        if file.name.startswith(("test_", "__")) or file.name == "conftest.py":
            continue
        if not is_part(file) or not _declares(file):
            continue
        name = f"{module.__name__}.{file.stem}"
        try:
            inner = sys.modules.get(name) or importlib.import_module(name)
        except BaseException as error:  # a file may end in any way; the others are to load all the same
            failed.append(error)
            continue
        for item in list(vars(inner).values()):
            if isinstance(item, Function) and item.function.__module__ == name:
                found.append((item.type.spec.class_type, item, ""))
    return found, failed


def _declares(file: Path) -> bool:
    """Whether a file says `from graph.node import node`; one that is no Python is imported, so that it says so."""
    content = file.read_bytes()
    if b"graph.node" not in content:
        return False
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return True
    return any(isinstance(item, ast.ImportFrom) and item.module == "graph.node" for item in ast.walk(tree))
