"""Validation by what is outside the graph: the files that it names, and the checks of the nodes themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.ask import ask
from graph.folders import standard_folders
from graph.types import NodeId
from graph.validate import Report
from tests.graph.validated import GOOD, REGISTRY, look


@pytest.fixture
def folders(tmp_path: Path) -> Any:
    for name in ("checkpoints", "input", "output", "temp"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoints" / "sub").mkdir()
    (tmp_path / "checkpoints" / "sub" / "model.safetensors").write_bytes(b"")
    (tmp_path / "input" / "cat.png").write_bytes(b"")
    (tmp_path / "output" / "old.png").write_bytes(b"")
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    return standard_folders([tmp_path], input=own["input"], output=own["output"], temp=own["temp"])


def test_model_files(folders: Any) -> None:
    def report(name: Any) -> Report:
        prompt = {**GOOD, "1": {"class_type": "Load", "inputs": {"name": name}}}
        return look(prompt, folders=folders)

    assert report("sub/model.safetensors").targets == ("9",)
    windows = report("sub\\model.safetensors")
    assert windows.graph.nodes[NodeId("1")].inputs["name"] == "sub/model.safetensors"
    (problem,) = report("model.safetensor").problems
    assert problem.type == "value_not_in_list"
    assert "no such file in the checkpoints folder. Did you mean 'sub/model.safetensors'?" in problem.sentence
    (problem,) = report("other_thing.safetensors").problems  # the ending alone makes no two names alike
    assert "no such file in the checkpoints folder. Put the file there, or choose one that is." in problem.sentence
    for escape in ("../input/cat.png", "/etc/passwd", "sub/../sub/model.safetensors", 5, None):
        assert [p.type for p in report(escape).problems] == ["value_not_in_list"]
    (folders.root("checkpoints") / "sub" / "model.safetensors").unlink()
    (problem,) = report("x").problems
    assert "folder is empty: put a file there" in problem.sentence


def test_input_files(folders: Any) -> None:
    def report(name: Any) -> Report:
        prompt = {**GOOD, "2": {"class_type": "LoadImage", "inputs": {"image": name}}}
        return look(prompt, folders=folders)

    assert report("cat.png").targets == ("9",)
    assert report("old.png [output]").targets == ("9",)
    (problem,) = report("cta.png").problems
    assert (problem.type, problem.details) == ("custom_validation_failed", "image - Invalid image file: cta.png")
    assert problem.sentence == (
        "LoadImage (#2): image is 'cta.png', and there is no such image in the input folder. Did you mean 'cat.png'?"
    )
    for name in ("../cat.png", "old.png", "", "\0", 5, "C:\\x.png", "cat.png [nowhere]"):
        assert [p.type for p in report(name).problems] == ["custom_validation_failed"], name


def asked(class_type: str, **inputs: Any) -> list[tuple[str, str]]:
    prompt = {**GOOD, "3": {"class_type": class_type, "inputs": inputs}}
    report = look(prompt)
    assert report.to_ask == ("3",)
    problems = ask(report.graph, REGISTRY, report.to_ask)
    assert bool(report.with_problems(problems).targets) is not bool(problems)
    return [(problem.type, problem.details) for problem in problems]


def test_checks_of_the_nodes_themselves() -> None:
    assert asked("Even", a=4) == []
    assert asked("Even", a=12) == [], "its own check takes the place of the range"
    assert asked("Even", a=5) == [("custom_validation_failed", "a - must be even")]
    assert asked("Even", a=13) == [("exception_during_validation", "unlucky")]
    assert asked("Refuse", a=99, b=1) == [("custom_validation_failed", "a"), ("custom_validation_failed", "b")]
    assert asked("AnyLink", a=["1", 0]) == [], "the types of links are its own affair"
    assert asked("AnyLink", a=["2", 0]) == [("custom_validation_failed", "{'a': 'IMAGE'}")]
    assert asked("Later", a=1) == []
    assert asked("Later", a=2) == [("custom_validation_failed", "a")]
