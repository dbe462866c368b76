"""Validation: every kind of problem with the words that clients know, and a sentence for people."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import pytest

from graph.ask import ask
from graph.folders import standard_folders
from graph.node import Choice, File, Int, Memory, Results, Slider, Socket, Text, Toggle, node
from graph.parse import parse
from graph.registry import Registry
from graph.spec import InputSpec, NodeSpec, OutputSpec
from graph.types import Link, NodeId
from graph.validate import Report, validate

Image = Annotated[object, Socket("IMAGE")]
Latent = Annotated[object, Socket("LATENT")]


@node("Empty", memory=Memory(4 * 4 / 64, ("width", "height", "batch_size")))
def empty(
    width: Annotated[int, Int(16, 16384, 8)] = 512,
    height: Annotated[int, Int(16, 16384, 8)] = 512,
    batch_size: Annotated[int, Int(1, 4096)] = 1,
) -> Latent: ...


@node("Decode")
def decode(samples: Latent) -> Image: ...


@node("Scale")
def scale(
    image: Image,
    method: Annotated[str, Choice(options=("lanczos", "area"))] = "area",
    by: Annotated[float, Slider(0.01, 8.0)] = 1.0,
    mask: Annotated[object, Socket("MASK", optional=True)] = None,
    flip: Annotated[bool, Toggle()] = False,
) -> Image: ...


@node("Save", output=True)
def save(images: Image, prefix: Annotated[str, Text()] = "x") -> Results: ...


@node("Load")
def load(name: Annotated[str, File(kind="checkpoints")]) -> Latent: ...


@node("LoadImage")
def load_image(image: Annotated[str, File(kind="input", upload="image")]) -> Image: ...


@node("Long")
def long(choice: Annotated[str, Choice(options=tuple(f"option {i}" for i in range(30)))] = "option 1") -> Image: ...


def check_even(a: int) -> bool | str:
    if a == 13:
        raise RuntimeError("unlucky")
    return True if a % 2 == 0 else "must be even"


@node("Even", validate_inputs=check_even)
def even(a: Annotated[int, Int(0, 10)] = 0) -> Image: ...


@node("Refuse", validate_inputs=lambda **inputs: False)
def refuse(a: Annotated[int, Int(0, 10)] = 0, b: Annotated[int, Int(0, 10)] = 0) -> Image: ...


@node("AnyLink", validate_inputs=lambda input_types: True if input_types == {"a": "LATENT"} else str(input_types))
def any_link(a: Image) -> Image: ...


async def check_later(a: int) -> bool:
    return a == 1


@node("Later", validate_inputs=check_later)
def later(a: Annotated[int, Int(0, 10)] = 0) -> Image: ...


REGISTRY = Registry(empty, decode, scale, save, load, load_image, long, even, refuse, any_link, later)
CATALOGUE = REGISTRY.catalogue()

GOOD: dict[str, Any] = {
    "1": {"class_type": "Empty", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
    "2": {"class_type": "Decode", "inputs": {"samples": ["1", 0]}},
    "3": {"class_type": "Scale", "inputs": {"image": ["2", 0], "method": "area", "by": 1.0, "flip": True}},
    "9": {"class_type": "Save", "inputs": {"images": ["3", 0], "prefix": "x"}, "_meta": {"title": "final"}},
}


def with_inputs(id: str, prompt: dict[str, Any] = GOOD, **inputs: Any) -> dict[str, Any]:
    changed = json.loads(json.dumps(prompt))
    changed[id]["inputs"].update(inputs)
    return {**changed, id: {**changed[id], "inputs": {k: v for k, v in changed[id]["inputs"].items() if v is not ...}}}


def look(prompt: dict[str, Any], **options: Any) -> Report:
    report = validate(parse(prompt), CATALOGUE, **options)
    json.dumps([report.error(), report.node_errors()], allow_nan=False)
    return report


@pytest.fixture
def folders(tmp_path: Path) -> Any:
    for name in ("checkpoints", "input", "output", "temp"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoints" / "sub").mkdir()
    (tmp_path / "checkpoints" / "sub" / "model.safetensors").write_bytes(b"")
    (tmp_path / "input" / "cat.png").write_bytes(b"")
    (tmp_path / "output" / "old.png").write_bytes(b"")
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    return standard_folders([tmp_path], **own)


def test_a_good_graph() -> None:
    report = look(GOOD)
    assert report.targets == ("9",)
    assert report.error() is None
    assert report.node_errors() == {}


LABEL = 'Save "final" (#9)'


@pytest.mark.parametrize(
    ("prompt", "type", "details", "sentence"),
    [
        pytest.param(with_inputs(id, **inputs), type, details, sentence, id=f"{type}: {sentence[:40]}")
        for id, inputs, type, details, sentence in [
            ("9", {"images": ...}, "required_input_missing", "images", f"{LABEL} has nothing at its input images."),
            ("9", {"prefix": ...}, "required_input_missing", "prefix", "Give it a value"),
            ("9", {"images": ["3"]}, "bad_linked_input", "images", "is ['3'], which is no link"),
            ("9", {"images": "cat"}, "bad_linked_input", "images", "is 'cat', which is no link"),
            ("9", {"images": [7, 0]}, "bad_linked_input", "images", "which is no link"),
            (
                *("9", {"images": ["1", 0]}, "return_type_mismatch"),
                "images, received_type(LATENT) mismatch input_type(IMAGE)",
                "takes IMAGE, and output 0 of Empty (#1) gives LATENT",
            ),
            (
                *("9", {"images": ["77", 0]}, "exception_during_validation", "'77'"),
                "is linked to node #77, which is not in the graph",
            ),
            (
                *("9", {"images": ["3", 5]}, "exception_during_validation", "tuple index out of range"),
                "is linked to output 5 of Scale (#3), whose outputs are: 0 IMAGE",
            ),
            ("9", {"images": ["3", -1]}, "exception_during_validation", "tuple index out of range", "output -1"),
            ("9", {"extra": ["77", 0]}, "exception_during_validation", "'77'", "extra is linked to node #77"),
            (
                "1",
                {"width": "x"},
                "invalid_input_type",
                "width, 'x', invalid literal",
                "is 'x', which is no whole number",
            ),
            ("1", {"width": None}, "invalid_input_type", "width, None", "is None, which is no whole number"),
            ("1", {"width": {}}, "invalid_input_type", "width, {}", "is {}, which is no whole number"),
            ("1", {"width": 7}, "value_smaller_than_min", "width", "width is 7, and must be 16 or more"),
            ("1", {"width": 100_000}, "value_bigger_than_max", "width", "It would take 12.8 MB; nothing was allocated"),
            ("1", {"batch_size": 10_000}, "value_bigger_than_max", "batch_size", "It would take 655 MB; nothing"),
            ("1", {"batch_size": 10**400}, "value_bigger_than_max", "batch_size", "a number of 1329 bits"),
            ("3", {"by": 0.001}, "value_smaller_than_min", "by", "by is 0.001, and must be 0.01 or more"),
            ("3", {"by": "much"}, "invalid_input_type", "by, 'much'", "no finite number"),
            (
                *("3", {"method": "lancsoz"}, "value_not_in_list"),
                "method: 'lancsoz' not in ['lanczos', 'area']",
                "is 'lancsoz', which is none of its 2 values. Did you mean 'lanczos'?",
            ),
            ("3", {"method": 5}, "value_not_in_list", "method: 5 not in", "They are: lanczos, area."),
            ("3", {"method": {"a": 1}}, "value_not_in_list", "method: {'a': 1}", "is {'a': 1}"),
            (
                "3",
                {"image": ["3", 0]},
                "dependency_cycle",
                "3 -> 3",
                "Scale (#3) → Scale (#3). Remove one of the links",
            ),
            (
                *("1", {"width": ["9", 0]}, "exception_during_validation", "tuple index out of range"),
                "whose outputs are: none",
            ),
        ]
    ],
)
def test_problems(prompt: dict[str, Any], type: str, details: str, sentence: str) -> None:
    report = look(prompt)
    assert report.targets == ()
    found = [problem for problem in report.problems if problem.type == type]
    assert found, report.problems
    assert details in found[0].details
    assert sentence in found[0].sentence
    error = report.error()
    assert error is not None
    assert error["type"] == "prompt_outputs_failed_validation"
    entry = report.node_errors()[found[0].node]
    assert entry["dependent_outputs"] == ["9"]
    assert entry["class_type"] == prompt[found[0].node]["class_type"]
    assert any(item["type"] == type and item["sentence"] == found[0].sentence for item in entry["errors"])


def test_the_shape_of_a_node_error_is_the_known_one() -> None:
    (error,) = look(with_inputs("1", width=7)).node_errors()["1"]["errors"]
    error.pop("sentence")
    assert error == {
        "type": "value_smaller_than_min",
        "message": "Value 7 smaller than min of 16",
        "details": "width",
        "extra_info": {
            "input_name": "width",
            "input_config": ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}],
            "received_value": 7,
        },
    }


def test_long_lists_are_not_repeated() -> None:
    prompt = {**with_inputs("9", images=["5", 0]), "5": {"class_type": "Long", "inputs": {"choice": "option 99"}}}
    (problem,) = look(prompt).problems
    assert problem.details == "choice: 'option 99' not in (list of length 30)"
    assert problem.extra_info["input_config"] is None
    prompt["5"]["inputs"]["choice"] = "x" * 1_000_000
    assert len(json.dumps(look(prompt).node_errors())) < 10_000


def test_all_problems_at_once() -> None:
    prompt = with_inputs("1", width=7, height="x")
    prompt["3"]["inputs"] |= {"method": "foo", "by": 99}
    del prompt["9"]["inputs"]["prefix"]
    report = look(prompt)
    assert {(p.node, p.input) for p in report.problems} == {
        *(("1", "width"), ("1", "height"), ("3", "method"), ("3", "by"), ("9", "prefix"))
    }
    error = report.error()
    assert error is not None
    assert error["details"].startswith("Required input is missing: prefix\n"), "the outputs' own come first"


def test_not_a_number() -> None:
    for value in (math.nan, math.inf, -math.inf):
        (problem,) = look(with_inputs("3", by=value) if value == value else _with_nan()).problems
        assert problem.type == "invalid_input_type"


def _with_nan() -> dict[str, Any]:
    prompt = json.loads(json.dumps(GOOD))
    prompt["3"]["inputs"]["by"] = math.nan
    return prompt


@pytest.mark.parametrize(
    ("id", "input", "given", "runs"),
    [
        ("1", "width", "64", 64),
        ("1", "width", 64.9, 64),
        ("1", "batch_size", True, 1),
        ("3", "by", 2, 2.0),
        ("3", "by", "0.5", 0.5),
        ("3", "flip", "false", True),
        ("3", "flip", 0, False),
        ("9", "prefix", 5, "5"),
        ("9", "prefix", {"__value__": [1]}, "[1]"),
        ("3", "mask", None, None),
    ],
)
def test_constants_are_coerced(id: str, input: str, given: Any, runs: Any) -> None:
    report = look(with_inputs(id, **{input: given}))
    assert report.targets == ("9",)
    value = report.graph.nodes[NodeId(id)].inputs[input]
    assert value == runs
    assert type(value) is type(runs)


STILL_LOADED = "Packs are still being loaded: if it belongs to one of them, try again in a moment."


def test_unknown_types_fail_the_whole_prompt_wherever_they_are() -> None:
    report = look({**GOOD, "5": {"class_type": "Decoed", "inputs": {}, "_meta": {"title": "mine"}}})
    assert report.targets == ()
    error = report.error()
    assert error is not None
    assert (error["type"], error["details"]) == ("invalid_prompt", "Node ID '#5'")
    assert error["message"] == "Cannot execute because node Decoed does not exist."
    (problem,) = report.problems
    assert problem.sentence == "Node #5 \"mine\" has the type 'Decoed', which is not installed. Did you mean Decode?"
    (problem,) = look({**GOOD, "5": {"class_type": "Qwertyuiop", "inputs": {}}}).problems
    assert "put that in custom_nodes and approve it" in problem.sentence
    (problem,) = look({**GOOD, "5": {"class_type": "Qwertyuiop", "inputs": {}}}, loading=True).problems
    assert problem.sentence.endswith("not installed. " + STILL_LOADED)


def test_a_good_output_runs_though_another_fails() -> None:
    prompt = {**GOOD, "10": {"class_type": "Save", "inputs": {"images": ["1", 0], "prefix": "x"}}}
    report = look(prompt)
    assert report.targets == ("9",)
    assert report.error() is None
    assert list(report.node_errors()) == ["10"]
    assert report.node_errors()["10"]["dependent_outputs"] == ["10"]


def test_a_fault_above_two_outputs_names_both() -> None:
    prompt = {**with_inputs("1", width=7), "10": {"class_type": "Save", "inputs": {"images": ["2", 0], "prefix": "x"}}}
    assert look(prompt).node_errors()["1"]["dependent_outputs"] == ["9", "10"]


def test_what_no_target_needs_is_not_checked() -> None:
    prompt = {**GOOD, "5": {"class_type": "Scale", "inputs": {"image": ["nowhere", 3], "by": "x"}}}
    assert look(prompt).problems == ()


@pytest.mark.parametrize(
    ("targets", "runs"), [(["9"], ("9",)), ([], ()), (["1"], ()), (["nowhere"], ()), (None, ("9", "10"))]
)
def test_partial_targets(targets: list[str] | None, runs: tuple[str, ...]) -> None:
    prompt = {**GOOD, "10": {"class_type": "Save", "inputs": {"images": ["2", 0], "prefix": "x"}}}
    report = look(prompt, targets=targets)
    assert report.targets == runs
    error = report.error()
    assert (error and error["type"]) == (None if runs else "prompt_no_outputs")
    if error is not None:
        assert f"targets ({', '.join(targets or ()) or 'the list is empty'})" in error["details"]


def test_nothing_to_run() -> None:
    for prompt in ({}, {"1": GOOD["1"]}):
        error = look(prompt).error()
        assert error is not None
        assert (error["type"], error["message"]) == ("prompt_no_outputs", "Prompt has no outputs")
        assert "Add one, such as PreviewImage" in error["details"]


def test_memory_beyond_the_budget_is_refused_with_both_numbers() -> None:
    prompt = with_inputs("1", width=16384, height=16384, batch_size=4096)
    assert look(prompt).problems == ()
    (problem,) = look(prompt, budget=24 * 10**9).problems
    assert "would take 275 GB (width 16384 × height 16384 × batch_size 4096)" in problem.sentence
    assert "a run has 24.0 GB here; nothing was allocated" in problem.sentence
    assert problem.extra_info["need_bytes"] == 274_877_906_944
    assert look(GOOD, budget=24 * 10**9).problems == ()


def test_a_cycle_shows_its_path_and_titles() -> None:
    prompt = with_inputs("3", image=["4", 0])
    prompt["4"] = {**json.loads(json.dumps(GOOD["3"])), "_meta": {"title": "again"}}
    prompt["4"]["inputs"]["image"] = ["3", 0]
    (problem,) = look(prompt).problems
    assert problem.type == "dependency_cycle"
    assert list(problem.extra_info["path"]) in (["3", "4", "3"], ["4", "3", "4"])
    assert 'Scale "again" (#4)' in problem.sentence


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


def test_multiple_choice_and_unknown_choices() -> None:
    spec = NodeSpec(
        class_type="Pick",
        inputs=(
            InputSpec(
                name="many", type="COMBO", choices=("a", "b", "c"), options={"multiselect": True}, string_combo=True
            ),
            InputSpec(name="remote", type="COMBO", options={"remote": {"route": "/x"}}, string_combo=True),
        ),
        outputs=(
            OutputSpec(type="COMBO", name="x", choices=("a", "z")),
            OutputSpec(type="COMBO", name="y", choices=("z",)),
        ),
        is_output=True,
    )

    def problems(**inputs: Any) -> list[str]:
        pick = {"class_type": "Pick", "inputs": {"many": "a", "remote": "anything", **inputs}}
        other = {"class_type": "Pick", "inputs": {"many": "b", "remote": ""}}
        return [p.type for p in validate(parse({"1": pick, "2": other}), {"Pick": spec}).problems]

    assert problems() == []
    assert problems(many={"__value__": ["a", "c"]}) == []
    assert problems(many={"__value__": ["a", "x"]}) == ["value_not_in_list"]
    assert problems(many=["2", 0]) == []
    assert problems(many=["2", 1]) == ["return_type_mismatch"]


@pytest.mark.parametrize("wide", [False, True])
def test_size_and_faults_everywhere(wide: bool) -> None:
    """Thousands of nodes, each with a fault, and as many outputs: no recursion, and nothing said once for each pair."""
    count = 4_000
    prompt: dict[str, Any] = {"0": {"class_type": "Decode", "inputs": {"samples": ["0", 0]}}}
    for i in range(1, count):
        source = "0" if wide else str(i - 1)
        prompt[str(i)] = {
            "class_type": "Scale",
            "inputs": {"image": [source, 0], "method": "no", "by": 1, "flip": True},
        }
        if wide:
            prompt[f"out{i}"] = {"class_type": "Save", "inputs": {"images": [str(i), 0], "prefix": "x"}}
    if not wide:
        prompt["out"] = {"class_type": "Save", "inputs": {"images": [str(count - 1), 0], "prefix": "x"}}
    report = look(prompt)
    assert report.targets == ()
    assert len(report.node_errors()) == count
    assert len(report.node_errors()["0"]["dependent_outputs"]) == (50 if wide else 1)


def test_links_are_kept() -> None:
    assert look(GOOD).graph.nodes[NodeId("9")].inputs["images"] == Link(NodeId("3"), 0)
