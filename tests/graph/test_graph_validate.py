"""Validation: every kind of problem with the words that clients know, and a sentence for people."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from graph.parse import parse
from graph.spec import InputSpec, NodeSpec, OutputSpec
from graph.types import Link, NodeId
from graph.validate import validate
from tests.graph.validated import GOOD, look, with_inputs


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


def test_links_are_kept() -> None:
    assert look(GOOD).graph.nodes[NodeId("9")].inputs["images"] == Link(NodeId("3"), 0)
