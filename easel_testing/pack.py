"""The pack that is tested: found by a test's file, and loaded as the server does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graph.folders import Folders, standard_folders
from graph.packs import PackOnDisk
from graph.registry import Registry
from nodes.compat.finder import install as answer_names
from nodes.compat.host import Host, install
from nodes.library import core_registry
from nodes.packs.load import Loader, ToLoad

MODELS = Path(__file__).resolve().parent.parent / "models"


class PackFailed(Exception):
    """The pack does not load. The text says why, with file and line."""


@dataclass(frozen=True)
class Pack:
    """A pack that is loaded, beside Easel's own nodes."""

    path: Path
    registry: Registry


def pack_of(test: Path) -> Path:
    """The folder of the pack that a test's file lies in. Raises PackFailed where it lies in none."""
    found: Path | None = None
    for folder in test.resolve().parents:
        if not (folder / "__init__.py").is_file():
            if found is not None:
                break
            continue
        found = folder
    if found is None:
        raise PackFailed(f"{test} lies in no pack: no folder above it has an __init__.py.")
    return found


@cache
def load(path: Path) -> Pack:
    """Load the pack. Raises PackFailed, with what is wrong, where anything of it does not load."""
    registry = core_registry()
    install(Host(folders=folders(path.parent / ".easel-testing"), registry=registry))
    answer_names([path.parent])
    pack = PackOnDisk(path)
    report = Loader(registry).load(ToLoad(pack.name, pack, pack.code_hash()))
    if report.problems:
        raise PackFailed("\n".join(problem.sentence for problem in report.problems))
    return Pack(path, registry)


def folders(base: Path) -> Folders:
    """Folders for a run: the models that come with Easel, and a test's own for all else. Nothing is made here."""
    return standard_folders([base / "models", MODELS], input=base / "input", output=base / "output", temp=base / "temp")
