"""A base directory that packs are loaded from and run in, for the tests of their habits."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easel_testing.run import Bench, Ran
from graph.folders import Folders, standard_folders
from graph.node import node
from graph.packs import PackOnDisk
from graph.registry import Registry
from nodes.compat import finder, host
from nodes.packs.load import Loader, ToLoad
from nodes.packs.report import PackReport

LISTS = list[str]


@dataclass
class Place:
    """A base directory with packs in it."""

    base: Path
    folders: Folders
    registry: Registry

    def load(self, text: str, name: str = "habit", **files: str) -> PackReport:
        folder = self.base / "custom_nodes" / name
        for path, content in {"__init__.py": text, **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
        pack = PackOnDisk(folder)
        return Loader(self.registry, [self.base / "web"]).load(ToLoad(name, pack, pack.code_hash()))

    def run(self, graph: dict[str, Any]) -> Ran:
        return Bench(self.registry, self.folders).graph(graph)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    (tmp_path / "system").mkdir()  # or all of it would be within the system's folder for temporary files, which is free
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    for folder in (*own.values(), tmp_path / "custom_nodes"):
        folder.mkdir()
    folders = standard_folders([tmp_path / "models"], input=own["input"], output=own["output"], temp=own["temp"])
    registry = Registry(told.type)
    host.install(host.Host(folders, registry, {"base": str(tmp_path), "user": str(tmp_path / "user")}))
    finder.install([tmp_path / "custom_nodes"])
    path, before = list(sys.path), set(sys.modules)
    TOLD.clear()
    yield Place(tmp_path, folders, registry)
    finder.uninstall()
    host.install(None)
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in name:
            del sys.modules[name]


TOLD: LISTS = []


@node("Told")
def told(text: str) -> str:
    """Says that it ran."""
    TOLD.append(text)
    return text


ANY = """
class Any(str):
    def __ne__(self, other): return False
any = Any("*")
"""
