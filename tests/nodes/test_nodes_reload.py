"""A pack imported anew: its modules alone, whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from graph.cache import Cache
from graph.context import Context
from graph.execute import Executor
from graph.packs import PackOnDisk
from graph.registry import Registry
from nodes.packs.load import Loader, ToLoad
from nodes.packs.reload import Reloaded, reload, take_out

NODE = "from graph.node import node\n\n@node('{name}')\ndef f(x: int = 1) -> int:\n    return {value}\n"
CLASS = """
class One:
    FUNCTION = "run"
    RETURN_TYPES = ("INT",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    def run(self):
        return (1,)

NODE_CLASS_MAPPINGS = {"One": One}
"""


class Author:
    """Writes packs and has them imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loader = Loader(Registry())

    def save(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        then = file.stat() if file.exists() else None
        file.write_text(text)
        if then is not None:  # as if it had been saved within the same second
            os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns + 1))

    def pack(self, name: str) -> ToLoad:
        pack = PackOnDisk(self.folder / name)
        return ToLoad(pack.name, pack, pack.code_hash(), dev=True)

    def load(self, name: str) -> None:
        assert not self.loader.load(self.pack(name)).problems

    def reload(self, name: str) -> Reloaded:
        return reload(self.loader, self.pack(name))

    def value(self, class_type: str) -> object:
        outcome = self.loader.registry[class_type].call(Context(), {"x": 1})
        return outcome.values[0]  # pyright: ignore


@pytest.fixture
def author(tmp_path: Path):
    author = Author(tmp_path)
    yield author
    for path in list(author.loader.reports):
        take_out(author.pack(path.name))


def test_only_its_modules_are_new(author: Author) -> None:
    for name in ("one", "two"):
        author.save(f"{name}/__init__.py", "from . import inner\n")
        author.save(f"{name}/inner.py", "")
        author.save(f"{name}/node.py", NODE.format(name=name, value=1))
        author.load(name)
    before = dict(sys.modules)
    author.save("one/node.py", NODE.format(name="one", value=2))
    reloaded = author.reload("one")
    assert reloaded.stale == {"one"}
    changed = {name for name in before if sys.modules.get(name) is not before[name]}
    assert changed == reloaded.modules
    assert len(changed) == 3
    assert all("/one" in name for name in changed)
    assert (author.value("one"), author.value("two")) == (2, 1), "a save of the same size in the same second is one too"


def test_a_file_alone_is_a_pack(author: Author) -> None:
    author.save("single.py", NODE.format(name="Single", value=1))
    author.load("single.py")
    author.save("single.py", NODE.format(name="Single", value=3))
    assert author.reload("single.py").stale == {"Single"}
    assert author.value("Single") == 3


@pytest.mark.parametrize("broken", ["def (", "import nowhere_to_be_found", "raise SystemExit", "1 / 0"])
def test_what_does_not_load_changes_nothing(author: Author, broken: str) -> None:
    author.save("one/__init__.py", "from .node import f\n")
    author.save("one/node.py", NODE.format(name="One", value=1))
    author.load("one")
    types, modules = dict(author.loader.registry), dict(sys.modules)
    author.save("one/node.py", NODE.format(name="One", value=2) + broken)
    reloaded = author.reload("one")
    assert (reloaded.report.state, reloaded.stale) == ("stale", frozenset())
    assert "could not be imported" in reloaded.report.problems[0].sentence
    assert dict(author.loader.registry) == types
    assert {name: sys.modules.get(name) for name in modules} == modules
    author.save("one/node.py", NODE.format(name="One", value=2))
    assert author.reload("one").report.state == "loaded"
    assert author.value("One") == 2


def test_nodes_come_go_and_keep_their_places(author: Author) -> None:
    author.save(
        "one/__init__.py",
        NODE.format(name="First", value=1) + NODE.format(name="Second", value=1).replace(" f(", " g("),
    )
    author.load("one")
    author.save("two/__init__.py", NODE.format(name="Third", value=1))
    author.load("two")
    author.save(
        "one/__init__.py", NODE.format(name="New", value=1) + NODE.format(name="Second", value=1).replace(" f(", " g(")
    )
    assert author.reload("one").stale == {"First"}
    assert list(author.loader.registry) == ["Second", "Third", "New"]
    assert author.loader.reports[author.folder / "one"].node_types == ["New", "Second"]


def test_a_name_that_another_pack_has_is_told_apart_as_before(author: Author) -> None:
    for name in ("one", "two"):
        author.save(f"{name}/__init__.py", NODE.format(name="Same", value=1))
        author.load(name)
    author.save("two/__init__.py", NODE.format(name="Same", value=2))
    author.reload("two")
    assert len(author.loader.reports[author.folder / "one"].notes) == 1, "told once"
    assert list(author.loader.registry) == ["Same", "two/Same"]
    assert (author.value("Same"), author.value("two/Same")) == (1, 2)


def test_objects_of_classes_that_are_no_more_are_let_go_of(author: Author) -> None:
    author.save("one/__init__.py", CLASS)
    author.load("one")
    executor = Executor(author.loader.registry, Cache(0, lambda _: 1))
    context = Context(node_id="1", instances=executor.instances)
    author.loader.registry["One"].call(context, {})
    assert len(executor.instances) == 1
    author.save("one/__init__.py", CLASS.replace("(1,)", "(2,)"))
    executor.forget_objects(author.reload("one").modules)
    assert not executor.instances
    outcome = author.loader.registry["One"].call(context, {})
    assert outcome.values == (2,)  # pyright: ignore


def test_a_class_that_does_not_fit_is_refused_with_its_place(author: Author) -> None:
    author.save("one/__init__.py", "from .inner import NODE_CLASS_MAPPINGS\n")
    author.save("one/inner.py", CLASS.replace('("INT",)', '"INT"'))
    report = author.loader.load(author.pack("one"))
    problem = report.problems[0]
    assert (Path(str(problem.file)).name, problem.line) == ("inner.py", 2)
    assert "RETURN_TYPES must be a tuple: write ('INT',) with the comma" in problem.sentence
    assert "(one/inner.py, line 2)" in problem.sentence
