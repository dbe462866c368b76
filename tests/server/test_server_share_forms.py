"""The form behind a shared link: which forms may be shared, and which values it takes from guests."""

from __future__ import annotations

from typing import Any

import pytest

from api.replies import Refusal
from api.shares.form import fill, judge, read_form
from tests.server.guests import PROMPT, Guest, share
from tests.server.harness import Server


@pytest.mark.parametrize(
    "values",
    [
        {"words": 5},
        {"words": "x" * 21},
        {"words": "a\x00b"},
        {"words": ["1", 0]},
        {"words": {"__value__": []}},
        {"wait": -1},
        {"wait": 31},
        {"wait": "5"},
        {"wait": True},
        {"wait": None},
        {"pick": "three"},
        {"pick": ["one"]},
        {"pick": 0},
        {"1": "hello"},
        {"7": "written by a guest"},
        {"text": "x"},
        {"__class__": 1},
        [],
        "words",
    ],
)
def test_values_that_the_form_does_not_take(guest: Guest, values: Any) -> None:
    reply = guest.ask("/runs", {"values": values})
    assert reply.status == 400, reply.body
    assert guest.ask("/runs").json() == {"runs": [], "left": 100}  # and it did not count


def test_a_request_names_values_and_nothing_else_counts(guarded: Server) -> None:
    guest = Guest(guarded, share(guarded)["path"])
    body = {
        "values": {"words": "mine"},
        "prompt": {"1": {"class_type": "Die", "inputs": {}}},
        "number": -5,
        "front": True,
    }
    run = guest.ask("/runs", body).json()["run"]
    assert guest.result(run)["results"][0]["text"] == "mine"


def wrong_forms() -> list[tuple[str, dict[str, Any]]]:
    def item(**more: Any) -> dict[str, Any]:
        return {
            "title": "",
            "items": [
                {"kind": "input", "id": "a", "control": "text", "label": "A", "targets": [["1", "text"]], **more}
            ],
            "outputs": [{"node": "2", "label": ""}],
        }

    return [
        ("no value", item(targets=[["2", "text"]])),  # a link
        ("no value", item(targets=[["9", "text"]])),
        ("no value", item(targets=[["1", "other"]])),
        ("pairs", item(targets=[["1"]])),
        ("sets nothing", item(targets=[])),
        ("names files", item(targets=[["8", "filename_prefix"]])),
        ("no kind of control", item(control="script")),
        ("no choice", item(control="choice", choices=[])),
        ("does not fit", item(control="number")),
        ("above the greatest", item(min=5, max=1)),
        ("its id", item(id="../x")),
        ("at least one output", {"title": "", "items": [], "outputs": []}),
        ("not in the graph", {"title": "", "items": [], "outputs": [{"node": "99"}]}),
        ("must be a list", {"items": {}}),
    ]


@pytest.mark.parametrize(("words", "form"), wrong_forms())
def test_forms_that_are_refused(words: str, form: dict[str, Any]) -> None:
    prompt = {**PROMPT, "8": {"class_type": "Save", "inputs": {"filename_prefix": "x"}}}
    with pytest.raises(Refusal, match=words):
        read_form(form, prompt)


def test_numbers_in_steps_and_choices_by_type() -> None:
    form = {
        "title": "",
        "items": [
            {"kind": "input", "id": "n", "control": "number", "integer": True, "min": 64, "max": 512, "step": 8,
             "label": "N", "targets": [["1", "width"]]},
            {"kind": "input", "id": "c", "control": "choice", "choices": [1, "1", True], "label": "C",
             "targets": [["1", "kind"]]},
        ],
        "outputs": [{"node": "1", "label": ""}],
    }  # fmt: skip
    prompt = {"1": {"class_type": "X", "inputs": {"width": 70, "kind": True, "list": [1, 2]}}}
    read = read_form(form, prompt)
    assert judge(read.inputs["n"], 70) == 70  # the owner's own value
    assert judge(read.inputs["n"], 128.0) == 128
    for wrong in (71, 56, 520, 128.5, float("nan"), float("inf"), 10**400):
        with pytest.raises(Refusal):
            judge(read.inputs["n"], wrong)
    assert judge(read.inputs["c"], 1) is not True
    with pytest.raises(Refusal):
        judge(read.inputs["c"], 1.0)
    assert fill(read, prompt, {"n": 128})["1"]["inputs"] == {"width": 128, "kind": True, "list": [1, 2]}
    assert prompt["1"]["inputs"]["width"] == 70
