"""Node types that are declared and cannot run: in the catalogue, in graphs, and refused where a run would need them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

from graph.errors import DeclarationError
from graph.node import Results, Socket, node
from graph.parse import parse
from graph.registry import Registry
from graph.spec import InputSpec, NodeSpec, OutputSpec
from graph.validate import validate

Image = Annotated[object, Socket("IMAGE")]
Latent = Annotated[object, Socket("LATENT")]


@node("Empty")
def empty() -> Latent: ...


@node("Decode")
def decode(samples: Latent) -> Image: ...


@node("Scale")
def scale(image: Image) -> Image: ...


@node("Save", output=True)
def save(images: Image) -> Results: ...


WAITING = NodeSpec(
    class_type="WanImageToVideo",
    later="the Wan video models",
    inputs=(InputSpec(name="image", type="IMAGE"), InputSpec(name="length", type="INT", options={"min": 1})),
    outputs=(OutputSpec(type="LATENT", name="latent"),),
)
SHOWN_LATER = NodeSpec(class_type="SaveGLB", later="3D files", is_output=True)
CATALOGUE = Registry(empty, decode, scale, save, later=(WAITING, SHOWN_LATER)).catalogue()

PART: dict[str, Any] = {
    "1": {"class_type": "Empty", "inputs": {}},
    "2": {"class_type": "Decode", "inputs": {"samples": ["1", 0]}},
    "3": {"class_type": "Scale", "inputs": {"image": ["2", 0]}},
    "9": {"class_type": "Save", "inputs": {"images": ["3", 0]}},
    "4": {"class_type": "WanImageToVideo", "inputs": {"image": ["3", 0], "length": -5}, "_meta": {"title": "walk"}},
    "5": {"class_type": "Decode", "inputs": {"samples": ["4", 0]}},
}
ALSO_SAVED = {**PART, "10": {"class_type": "Save", "inputs": {"images": ["5", 0]}}}
ONLY_LATER = {"1": {"class_type": "SaveGLB", "inputs": {}}}


@pytest.mark.parametrize(
    ("prompt", "asked", "targets", "refused"),
    [
        pytest.param(PART, None, ("9",), {}, id="what nobody asks for is no matter"),
        pytest.param(ALSO_SAVED, None, ("9",), {"4": ["10"]}, id="the other result is still made"),
        pytest.param(ALSO_SAVED, ["10"], (), {"4": ["10"]}, id="alone it is refused"),
        pytest.param(ALSO_SAVED, ["9"], ("9",), {}, id="not asked for"),
        pytest.param(ONLY_LATER, None, (), {"1": ["1"]}, id="a target itself"),
    ],
)
def test_what_comes_later_is_refused_where_it_would_run(
    prompt: dict[str, Any], asked: list[str] | None, targets: tuple[str, ...], refused: dict[str, list[str]]
) -> None:
    report = validate(parse(prompt), CATALOGUE, targets=asked)
    assert report.targets == targets
    errors = report.node_errors()
    assert {id: entry["dependent_outputs"] for id, entry in errors.items()} == refused
    for entry in errors.values():
        assert [error["type"] for error in entry["errors"]] == ["node_not_in_this_version"], "and of its inputs nothing"


def test_the_refusal_names_the_node_and_what_it_needs() -> None:
    report = validate(parse(ALSO_SAVED), CATALOGUE, targets=["10"])
    (problem,) = report.problems
    assert problem.sentence == (
        'WanImageToVideo "walk" (#4) needs support for the Wan video models, which this version of Easel does not have '
        "yet. The graph can be opened, edited and saved; to run the rest of it, bypass or remove this node."
    )
    error = report.error()
    assert error is not None
    assert error["type"] == "prompt_outputs_failed_validation"
    assert problem.sentence in error["details"]
    assert problem.to_json()["extra_info"] == {"class_type": "WanImageToVideo", "needs": "the Wan video models"}


def test_links_to_and_from_it_are_checked() -> None:
    wrong = {**ALSO_SAVED, "5": {"class_type": "Scale", "inputs": {"image": ["4", 0]}}}
    report = validate(parse(wrong), CATALOGUE)
    assert {problem.node: problem.type for problem in report.problems} == {
        "4": "node_not_in_this_version",
        "5": "return_type_mismatch",
    }


def test_what_comes_later_stands_in_the_catalogue() -> None:
    assert NodeSpec.from_json(json.loads(json.dumps(WAITING.to_json()))) == WAITING
    assert WAITING.object_info(None)["easel_later"] == "the Wan video models"
    assert "easel_later" not in CATALOGUE["Save"].object_info(None)
    kept = CATALOGUE["Save"].to_json()
    assert "later" not in kept, "catalogues of an earlier version have no such entry"
    assert NodeSpec.from_json(kept) == CATALOGUE["Save"]


def test_a_type_with_code_takes_the_place_of_its_declaration() -> None:
    registry = Registry(save, later=(WAITING, NodeSpec(class_type="Decode", later="something")))
    assert "Decode" not in registry
    assert [registry.catalogue()[name].later for name in ("Save", "Decode")] == ["", "something"]
    registry.add(decode)
    assert registry.catalogue()["Decode"] == decode.type.spec
    assert list(registry.catalogue()) == ["Save", "Decode", "WanImageToVideo"]


def test_a_declaration_without_code_says_what_it_waits_for() -> None:
    with pytest.raises(DeclarationError, match="Nothing has no code"):
        Registry(later=[NodeSpec(class_type="Nothing")])
