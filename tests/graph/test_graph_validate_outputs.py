"""Validation: which outputs run, and which problems hold up which of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.validated import GOOD, look, with_inputs

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
