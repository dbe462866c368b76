"""What packs' classes declare and return that is not as it should be, and lists of files that stay fresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from graph.cache import Cache
from graph.errors import DeclarationError
from graph.execute import Executor, Job
from graph.folders import FolderKind, Folders
from graph.parse import parse
from graph.registry import Registry
from graph.sizes import size_of
from graph.types import NodeId
from nodes.adapter import adapt
from nodes.compat.file_names import FileNames


def node_class(function: Any, inputs: Any = None, returns: tuple[str, ...] = ("IMAGE",), **members: Any) -> type:
    declared = {"required": inputs or {}}
    body = {"INPUT_TYPES": classmethod(lambda cls: declared), "RETURN_TYPES": returns, "FUNCTION": "go", "go": function}
    return type("Node", (), {**body, **members})


class Runs:
    """Runs of small graphs with one cache."""

    def __init__(self, **classes: type) -> None:
        types = [adapt(name, cls, module="custom_nodes.mine") for name, cls in classes.items()]
        self.executor = Executor(Registry(*types), Cache(1 << 20, size_of))
        self.warnings: list[str] = []

    def run(self, prompt: dict[str, Any], target: str) -> list[str]:
        """The nodes that ran."""
        job = Job(prompt_id="p", graph=parse(prompt), targets=(NodeId(target),))
        events: list[Any] = []
        outcome = self.executor.run(job, events.append, lambda: False)
        assert outcome.status == "success", outcome.error
        facts = [node for event in events if event.type == "easel_nodes" for node in event.nodes.values()]
        self.warnings = [text for node in facts for text in node["warnings"]]
        return [str(id) for id in outcome.executed]


def shows(self: Any, **values: Any) -> dict[str, Any]:
    return {"ui": {"seen": [float(value.sum()) for value in values.values()]}}


def chain(middle: str) -> dict[str, Any]:
    return {
        "1": {"class_type": "Make", "inputs": {}},
        "2": {"class_type": middle, "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "Show", "inputs": {"image": ["2", 0]}},
        "4": {"class_type": "Show", "inputs": {"image": ["1", 0]}},
    }


IMAGE = {"image": ("IMAGE",)}
MAKE = node_class(lambda self: (torch.zeros(1, 2, 2, 3),))
SHOW = node_class(shows, IMAGE, (), OUTPUT_NODE=True)


def test_a_value_that_a_node_changed_in_place_is_told_of_and_not_used_again() -> None:
    spoils = node_class(lambda self, image: (image.add_(1),), IMAGE)
    runs = Runs(Make=MAKE, Spoil=spoils, Show=SHOW)
    assert runs.run(chain("Spoil"), "3") == ["1", "2", "3"]
    assert "changed the value of its input image in place" in " ".join(runs.warnings)
    assert "1" in runs.run(chain("Spoil"), "4")


def test_a_value_that_a_node_left_alone_is_used_again() -> None:
    runs = Runs(Make=MAKE, Keep=node_class(lambda self, image: (image + 1,), IMAGE), Show=SHOW)
    runs.run(chain("Keep"), "3")
    assert runs.warnings == []
    assert runs.run(chain("Keep"), "4") == ["4"]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("IMAGE", torch.zeros(2, 2, 3), "a tensor of shape (2, 2, 3)"),
        ("IMAGE", "text", "a value of the type str"),
        ("MASK", torch.zeros(1, 1, 2, 2), "a tensor of shape (1, 1, 2, 2)"),
        ("LATENT", torch.zeros(1), "a value of the type Tensor"),
        ("LATENT", {"noise": 1}, "a dict without samples"),
        ("INT", "7", "a value of the type str"),
        ("STRING", 7, "a value of the type int"),
    ],
)
def test_a_result_of_another_kind_is_told_at_the_node_that_gave_it(kind: str, value: Any, said: str) -> None:
    end = node_class(lambda self, value: {"ui": {"x": [1]}}, {"value": ("*",)}, (), OUTPUT_NODE=True)
    runs = Runs(Wrong=node_class(lambda self: (value,), returns=(kind,)), End=end)
    graph = {"1": {"class_type": "Wrong", "inputs": {}}, "2": {"class_type": "End", "inputs": {"value": ["1", 0]}}}
    runs.run(graph, "2")
    told = " ".join(runs.warnings)
    assert f"Wrong of the pack mine gave {said}" in told
    assert f"whose type {kind} means" in told


@pytest.mark.parametrize(
    ("kind", "value"),
    [("IMAGE", torch.zeros(1, 2, 2, 3)), ("IMAGE", None), ("INT", torch.tensor(3)), ("FLOAT", 3), ("MINE", object())],
)
def test_a_result_of_its_kind_is_not_mentioned(kind: str, value: Any) -> None:
    end = node_class(lambda self, value: {"ui": {"x": [1]}}, {"value": ("*",)}, (), OUTPUT_NODE=True)
    runs = Runs(Right=node_class(lambda self: (value,), returns=(kind,)), End=end)
    graph = {"1": {"class_type": "Right", "inputs": {}}, "2": {"class_type": "End", "inputs": {"value": ["1", 0]}}}
    runs.run(graph, "2")
    assert runs.warnings == []


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"required": ["x"]}, r"'required' must be a dict of names and types, not list"),
        ({"required": {"x": ("INT", ["min"])}}, r"A\.x: the options must be a dict, not list"),
        ({"required": {"x": ()}}, r"A\.x must be declared as \(type, options\)"),
        ("nonsense", r"A\.INPUT_TYPES\(\) must return a dict, not str"),
    ],
)
def test_nonsense_in_a_declaration_is_named(declared: Any, sentence: str) -> None:
    cls = node_class(lambda self: ())
    cls.INPUT_TYPES = classmethod(lambda c: declared)  # type: ignore[attr-defined]
    with pytest.raises(DeclarationError, match=sentence):
        adapt("A", cls)


def test_choices_that_clients_could_not_send_back_become_texts() -> None:
    cls = node_class(lambda self, x: (), {"x": ([Path("a/b"), 1, "c"],)})
    assert adapt("A", cls).spec.inputs[0].choices == ("a/b", 1, "c")


def test_a_combo_of_a_kinds_files_is_listed_anew_without_the_pack(tmp_path: Path) -> None:
    folders = Folders({"loras": FolderKind((tmp_path,), frozenset({".safetensors"}))})
    names = ["None"] + FileNames(folders.list("loras"), kind="loras")  # noqa: RUF005
    spec = adapt("A", node_class(lambda self, lora: (), {"lora": (names,)})).spec
    (tmp_path / "new.safetensors").touch()
    assert spec.object_info(folders)["input"]["required"]["lora"][0] == ["None", "new.safetensors"]
    assert type(spec).from_json(spec.to_json()).inputs == spec.inputs


def test_a_list_of_files_that_was_changed_is_a_plain_list() -> None:
    names = FileNames(["a", "b"], kind="loras")
    assert names.choice() is not None
    names.insert(0, "none")
    assert names.choice() is None
    assert sorted(FileNames(["b", "a"], kind="loras")) == ["a", "b"]
    both = FileNames(["a"], kind="loras") + ["c"]  # noqa: RUF005
    assert both.choice().values(None) == ["c"]


def test_an_upload_field_takes_files_that_came_later(tmp_path: Path) -> None:
    folders = Folders({"input": FolderKind((tmp_path,))})
    cls = node_class(lambda self, image: (), {"image": (["none", "old.png"], {"image_upload": True})})
    spec = adapt("A", cls).spec
    (tmp_path / "new.png").touch()
    assert spec.inputs[0].allowed(folders) == ["none", "new.png"]
