"""Runs of several people in one process: what is theirs is never another's, and what is everybody's is shared."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest

from graph.cache import Cache
from graph.context import Context
from graph.execute import Executor, Job
from graph.folders import standard_folders
from graph.key import fingerprint_of
from graph.node import File, Results, Socket, Text, Toggle, node
from graph.parse import parse
from graph.registry import Registry
from graph.sizes import size_of
from graph.spec import FileChoice, InputSpec, NodeSpec
from graph.types import JsonObject, Link, Node, NodeId
from graph.validate import validate

ANNA, BEN = "anna_1", "ben_2"
calls: list[str] = []


@node("Read")
def read(context: Context, name: Annotated[str, File(kind="input")]) -> str:
    calls.append(f"Read {context.person}")
    return context.folders.resolve("input", name).read_text()


@node("Load")
def load(context: Context, name: Annotated[str, File(kind="checkpoints")]) -> str:
    calls.append(f"Load {context.person}")
    return name


@node("Save", output=True)
def save(context: Context, text: Annotated[str, Socket("STRING")], name: Annotated[str, Text()] = "a") -> Results:
    (context.folders.root("output") / name).write_text(text)
    return Results(ui={"files": [{"filename": name, "subfolder": "", "type": "output"}]})


class Counted:
    def __init__(self) -> None:
        self.calls = 0


@node("Count", output=True, is_changed=lambda on: float("nan"))
def count(context: Context, on: Annotated[bool, Toggle()] = True) -> Results:
    counted = context.instance(Counted)
    counted.calls += 1
    return Results(ui={"calls": [counted.calls]})


TYPES = Registry(read, load, save, count)


@pytest.fixture
def executor(tmp_path: Path) -> Executor:
    folders = standard_folders(
        [tmp_path / "models"], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t"
    )
    (tmp_path / "models/checkpoints").mkdir(parents=True)
    (tmp_path / "models/checkpoints/m.safetensors").write_bytes(b"")
    for person, text in (("default", "first"), (ANNA, "anna "), (BEN, "ben  ")):
        own = folders.for_person(person)
        own.root("input").mkdir(parents=True, exist_ok=True)
        own.root("output").mkdir(parents=True, exist_ok=True)
        (own.root("input") / "note.txt").write_text(text)
        os.utime(own.root("input") / "note.txt", ns=(0, 10**18))  # equal in name, size and time
    calls.clear()
    return Executor(TYPES, Cache(10**6, size_of), None, folders)


def run(executor: Executor, person: str, prompt: JsonObject, **more: Any) -> Any:
    graph = parse(prompt)
    report = validate(graph, TYPES.catalogue(), executor.folders_of(person), None)
    assert not report.problems, report.problems
    job = Job(prompt_id="p", graph=report.graph, targets=report.targets, user=person, **more)
    outcome = executor.run(job, lambda event: None, lambda: False)
    assert outcome.status == "success", outcome.error
    return outcome


def p(class_type: str, **inputs: Any) -> JsonObject:
    return {"class_type": class_type, "inputs": inputs}


SAVED = {"1": p("Read", name="note.txt"), "2": p("Save", text=["1", 0], name="a.txt")}


@pytest.mark.parametrize("order", [("default", ANNA, BEN), (BEN, "default", ANNA)])
def test_equal_names_are_two_peoples_files(executor: Executor, order: tuple[str, ...]) -> None:
    for person in order:
        run(executor, person, SAVED)
    assert executor.folders is not None
    texts = {who: (executor.folders.for_person(who).root("output") / "a.txt").read_text() for who in order}
    assert texts == {"default": "first", ANNA: "anna ", BEN: "ben  "}
    assert run(executor, ANNA, SAVED).cached == ("1", "2")


def test_what_everybody_has_is_made_once(executor: Executor) -> None:
    graph = {"1": p("Load", name="m.safetensors"), "2": p("Save", text=["1", 0], name="m.txt")}
    run(executor, ANNA, graph)
    run(executor, BEN, graph)
    assert calls == [f"Load {ANNA}"]
    assert (executor.folders_of(BEN) or executor.folders).root("output").joinpath("m.txt").is_file()  # type: ignore[union-attr]


def test_a_result_counts_only_while_its_persons_file_is_there(executor: Executor) -> None:
    run(executor, ANNA, SAVED)
    folders = executor.folders_of(ANNA)
    assert folders is not None
    (folders.root("output") / "a.txt").unlink()
    run(executor, ANNA, SAVED)
    assert (folders.root("output") / "a.txt").is_file()


def test_objects_of_packs_classes_are_one_persons(executor: Executor) -> None:
    graph = {"1": p("Count", on=True)}
    shown = [run(executor, person, graph).outputs["1"]["calls"][0] for person in (ANNA, BEN, ANNA, BEN)]
    assert shown == [1, 1, 2, 2]


def test_a_frozen_result_is_its_persons(executor: Executor) -> None:
    extra = {"easel": {"frozen": {"1": {"token": "t", "key": None}}}}
    run(executor, ANNA, SAVED, extra=extra)
    run(executor, BEN, SAVED, extra=extra)
    folders = executor.folders_of(BEN)
    assert folders is not None
    assert (folders.root("output") / "a.txt").read_text() == "ben  "


def pack(*inputs: InputSpec, **more: Any) -> NodeSpec:
    return NodeSpec(class_type="X", module="custom_nodes.pack", inputs=inputs, **more)


MODEL = InputSpec(name="model", type="COMBO", files=FileChoice(kind="checkpoints"))
MODE = InputSpec(name="mode", type="COMBO", choices=("a", "b"))
UPLOAD = InputSpec(name="file", type="COMBO", choices=("a.png",), options={"image_upload": True})
TEXT = InputSpec(name="text", type="STRING")
STEPS = InputSpec(name="steps", type="INT")


@pytest.mark.parametrize(
    ("spec", "inputs", "shared"),
    [
        (pack(MODEL, MODE, STEPS), {"model": "m", "mode": "a", "steps": 3}, True),
        (pack(MODE, TEXT), {"mode": "a", "text": Link(NodeId("2"), 0)}, True),
        (pack(TEXT), {"text": "walls/a.png"}, False),
        (pack(UPLOAD), {"file": "a.png"}, False),
        (pack(STEPS), {"steps": 3}, False),  # it may look for the newest file
        (pack(MODEL, changing=True), {"model": "m"}, False),
        (pack(MODEL), {"model": "m", "more": "x"}, False),
    ],
)
def test_results_of_packs_are_shared_where_no_file_of_ones_own_can_hide(
    spec: NodeSpec, inputs: dict[str, Any], shared: bool
) -> None:
    one = Node(NodeId("1"), "X", inputs)
    prints = {fingerprint_of(one, spec, services="", user=user, folders=None, changed=None) for user in (ANNA, BEN)}
    assert (len(prints) == 1) is shared


def test_a_pack_that_lists_a_folder_by_itself_takes_every_persons_files(executor: Executor) -> None:
    spec = pack(InputSpec(name="file", type="COMBO", choices=("first.txt",)), is_output=True, changing=True)

    def problems(name: str, person: str, spec: NodeSpec) -> int:
        graph = parse({"1": p("X", file=name)})
        return len(validate(graph, {"X": spec}, executor.folders_of(person), None).problems)

    assert problems("note.txt", ANNA, spec) == 0
    assert problems("people/ben_2/note.txt", ANNA, spec) == 1
    assert problems("../note.txt", ANNA, spec) == 1
    assert problems("note.txt", ANNA, replace(spec, changing=False)) == 1
