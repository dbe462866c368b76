"""Node types that come later, in graphs: files that hold them convert with their values, and a run is refused."""

from __future__ import annotations

from typing import Any

import pytest

from graph.parse import parse
from graph.spec import InputSpec, NodeSpec
from graph.validate import validate
from graph.workflow import to_api
from graph.workflow_widgets import places
from nodes.later import LATER
from nodes.library import core_registry

CATALOGUE = core_registry().catalogue()
WAITING = [spec for spec in LATER if CATALOGUE[spec.class_type].later]


def held(declared: InputSpec) -> Any:
    """A value that differs from the default, as a file may hold it."""
    match declared.type:
        case "INT":
            return declared.options["default"] + declared.options.get("step", 1)
        case "FLOAT":
            return declared.options["default"] / 2 + 0.25
        case "BOOLEAN":
            return not declared.options.get("default")
        case "COMBO":
            return declared.choices[-1] if declared.choices else "some file"
        case _:
            return "some words"


@pytest.mark.parametrize("spec", WAITING, ids=lambda spec: spec.class_type)
def test_a_file_keeps_the_values_and_a_run_is_refused(spec: NodeSpec) -> None:
    kept = {item.name: held(item) for item in spec.inputs if item.has_widget}
    between = {"control": "fixed", "button": "image", "filter": ""}
    saved = [kept[p.input.name] if p.kind == "value" else between[p.kind] for p in places(spec)]
    outputs = [{"name": output.name, "type": output.type, "links": [1]} for output in spec.outputs]
    show = {"id": 2, "type": "PreviewAny", "inputs": [{"name": "source", "type": "*", "link": 1}]}
    workflow = {
        "nodes": [{"id": 1, "type": spec.class_type, "outputs": outputs, "widgets_values": saved}, show],
        "links": [[1, 1, 0, 2, 0, "*"]] if outputs else [],
    }
    prompt = to_api(workflow, CATALOGUE)
    assert prompt["1"]["inputs"] == kept

    if not outputs:
        del prompt["2"]
    report = validate(parse(prompt), CATALOGUE)
    assert report.targets == ()
    (problem,) = report.problems
    assert problem.type == "node_not_in_this_version"
    assert f" (#1) needs support for {spec.later}, which" in problem.sentence


def test_a_graph_for_flux_2_converts() -> None:
    size = {"name": "width", "type": "INT", "widget": {"name": "width"}, "link": 1}
    nodes = [
        {"id": 1, "type": "PrimitiveInt", "outputs": [{"name": "INT", "type": "INT", "links": [1]}]},
        {"id": 2, "type": "EmptyFlux2LatentImage", "inputs": [size], "widgets_values": [1024, 768, 2]},
        {"id": 3, "type": "Flux2Scheduler", "widgets_values": [28, 1024, 768]},
    ]
    nodes[0]["widgets_values"] = [512, "fixed"]
    assert to_api({"nodes": nodes, "links": [[1, 1, 0, 2, 0, "INT"]]}, CATALOGUE) == {
        "1": {"class_type": "PrimitiveInt", "inputs": {"value": 512}, "_meta": {"title": "Int"}},
        "2": {
            "class_type": "EmptyFlux2LatentImage",
            "inputs": {"width": ["1", 0], "height": 768, "batch_size": 2},
            "_meta": {"title": "Empty Flux 2 Latent"},
        },
        "3": {
            "class_type": "Flux2Scheduler",
            "inputs": {"steps": 28, "width": 1024, "height": 768},
            "_meta": {"title": "Flux2Scheduler"},
        },
    }
