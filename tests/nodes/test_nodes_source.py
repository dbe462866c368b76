"""What of a pack's code a node depends on: a change there is another version, one elsewhere is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.packs import PackOnDisk
from graph.registry import Registry
from nodes.packs.load import Loader, ToLoad

FILES = {
    "__init__.py": "",
    "tints.py": '''
"""Tints."""
import math
from typing import Annotated

from graph.node import Int, node

from . import table
from .helpers import half, third as a_third

STEPS = 3
LIMITS = {"low": 0}
LIMITS["high"] = 9


def limited(value: int) -> int:
    return min(value, LIMITS["high"])


@node("A")
def a(value: Annotated[int, Int(max=9)] = 1) -> int:
    """Say it."""
    return half(limited(value))


@node("B")
def b(value: int = 1) -> int:
    return a_third(value) * STEPS


@node("C")
def c(value: int = 1) -> int:
    return table.VALUES[value]


@node("D")
def d(value: int = 1) -> int:
    return int(math.sqrt(value))
''',
    "helpers.py": """
def whole(x):
    return int(x)


def half(x):
    return whole(x / 2)


def third(x):
    return x // 3
""",
    "table.py": "VALUES = [1, 2, 3]\nOTHER = 5\n",
}


def versions(folder: Path, *changes: tuple[str, str, str]) -> dict[str, str]:
    """The version of each node, with some of the files changed."""
    folder.mkdir(exist_ok=True)
    files = dict(FILES)
    for name, old, new in changes:
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    for name, text in files.items():
        (folder / name).write_text(text)
    pack = PackOnDisk(folder)
    loader = Loader(Registry())
    report = loader.load(ToLoad(folder.name, pack, pack.code_hash(), dev=True))
    assert not report.problems
    return {name: type.spec.version for name, type in loader.registry.items()}


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("tints.py", "half(limited(value))", "half(limited(value)) + 1", "A"),
        ("tints.py", '"""Say it."""', '"""Say it otherwise."""', ""),
        ("tints.py", "STEPS = 3", "STEPS = 3  # of them\n\n", ""),
        ("tints.py", "STEPS = 3", "STEPS = 4", "B"),
        ("tints.py", 'LIMITS["high"] = 9', 'LIMITS["high"] = 8', "A"),
        ("tints.py", "min(value, LIMITS", "max(value, LIMITS", "A"),
        ("tints.py", "Int(max=9)", "Int(max=8)", "A"),
        ("tints.py", "STEPS = 3", "print()\nSTEPS = 3", "ABCD"),
        ("helpers.py", "int(x)", "round(x)", "A"),
        ("helpers.py", "x // 3", "x // 4", "B"),
        ("table.py", "OTHER = 5", "OTHER = 6", "C"),
        ("__init__.py", "", "import torch\ntorch.set_grad_enabled(False)\n", "ABCD"),
        ("tints.py", "STEPS = 3", "STEPS = globals().get('x', 3)", "ABCD"),
    ],
)
def test_a_change_makes_those_stale_that_reach_it(file: str, old: str, new: str, stale: str, tmp_path: Path) -> None:
    before = versions(tmp_path / "before")
    after = versions(tmp_path / "before", (file, old, new))
    assert "".join(name for name in before if before[name] != after[name]) == stale


def test_a_class_with_its_base_in_another_file(tmp_path: Path) -> None:
    FILES_OF_CLASSES = {
        "__init__.py": "from .classes import One, Two\nNODE_CLASS_MAPPINGS = {'One': One, 'Two': Two}\n",
        "base.py": "class Base:\n    FUNCTION = 'run'\n    RETURN_TYPES = ('INT',)\n"
        "    @classmethod\n    def INPUT_TYPES(cls):\n        return {'required': {}}\n",
        "classes.py": "from .base import Base\n\nclass One(Base):\n    def run(self):\n        return (1,)\n\n"
        "class Two(Base):\n    def run(self):\n        return (2,)\n",
    }

    def loaded(files: dict[str, str]) -> dict[str, str]:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        pack = PackOnDisk(tmp_path)
        loader = Loader(Registry())
        assert not loader.load(ToLoad("classes", pack, pack.code_hash(), dev=True)).problems
        return {name: type.spec.version for name, type in loader.registry.items()}

    before = loaded(FILES_OF_CLASSES)
    one = loaded({**FILES_OF_CLASSES, "classes.py": FILES_OF_CLASSES["classes.py"].replace("(1,)", "(3,)")})
    assert [name for name in before if before[name] != one[name]] == ["One"]
    both = loaded({**FILES_OF_CLASSES, "base.py": FILES_OF_CLASSES["base.py"] + "    CATEGORY = 'x'\n"})
    assert [name for name in before if before[name] != both[name]] == ["One", "Two"]
