"""Graphs with old names run as they did, in either file format."""

from __future__ import annotations

import pytest
import torch

from graph.parse import parse
from graph.renamed import Renames
from graph.workflow import to_api

OLD_PROMPT = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0xFFFFFF}},
    "2": {"class_type": "OwnOldShade", "inputs": {"picture": ["1", 0], "mode": "dark", "amount": 0.25}},
    "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 1]}},
    "4": {"class_type": "MaskToImage", "inputs": {"mask": ["2", 0]}},
}


def test_a_prompt_with_the_old_names_runs_as_it_did(run_graph) -> None:
    ran = run_graph(OLD_PROMPT)
    assert torch.allclose(ran.value("3"), torch.full((1, 8, 8, 3), 0.25)), "the picture was the second output"
    assert torch.allclose(ran.value("4"), torch.full((1, 8, 8, 3), 0.25)), "and what changed the first"


def test_an_input_that_was_called_otherwise(run_graph) -> None:
    graph = {
        **OLD_PROMPT,
        "2": {"class_type": "OwnShade", "inputs": {"image": ["1", 0], "level": 0.5, "mode": "darken", "gamma": 1.0}},
    }
    del graph["3"], graph["4"]
    assert run_graph(graph).value("2")[0].mean().item() == pytest.approx(0.5)


def workflow(type: str, values: list[object], inputs: list[str]) -> dict[str, object]:
    return {
        "nodes": [
            {
                "id": 1,
                "type": "EmptyImage",
                "widgets_values": [8, 8, 1, 0xFFFFFF],
                "outputs": [{"type": "IMAGE", "links": [1]}],
            },
            {
                "id": 2,
                "type": type,
                "inputs": [{"name": name, "type": "IMAGE", "link": 1} for name in inputs],
                "outputs": [
                    {"name": "shade", "type": "MASK", "links": []},
                    {"name": "picture", "type": "IMAGE", "links": [2]},
                ],
                "widgets_values": values,
            },
            {"id": 3, "type": "ImageInvert", "inputs": [{"name": "image", "type": "IMAGE", "link": 2}], "outputs": []},
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 1, 3, 0, "IMAGE"]],
    }


def test_a_file_with_the_old_names_becomes_the_same_prompt(pack) -> None:
    prompt = to_api(workflow("OwnOldShade", ["bright", 0.25], ["picture"]), pack.registry.catalogue())
    assert prompt["2"]["class_type"] == "OwnShade"
    assert prompt["2"]["inputs"] == {"image": ["1", 0], "strength": 0.25, "mode": "lighten", "gamma": 1.0}
    assert prompt["3"]["inputs"]["image"] == ["2", 0]


def test_within_a_subgraph_too(pack) -> None:
    inner = workflow("OwnOldShade", ["dark", 1.0], ["picture"])
    links = [
        dict(zip(("id", "origin_id", "origin_slot", "target_id", "target_slot", "type"), link, strict=True))
        for link in inner["links"]
    ]
    definition = {**inner, "links": links, "id": "sub", "name": "sub", "inputs": [], "outputs": []}
    file = {"nodes": [{"id": 9, "type": "sub"}], "links": [], "definitions": {"subgraphs": [definition]}}
    prompt = to_api(file, pack.registry.catalogue())
    assert prompt["9:2"]["class_type"] == "OwnShade"
    assert prompt["9:3"]["inputs"]["image"] == ["9:2", 0]


def test_a_type_that_is_still_there_is_left_alone(pack) -> None:
    catalogue = dict(pack.registry.catalogue())
    renames = Renames({**catalogue, "OwnOldShade": catalogue["OwnShade"]})
    graph = parse(OLD_PROMPT)
    assert renames.graph(graph) is graph


def test_what_clients_are_told(pack) -> None:
    spec, renamed = Renames(pack.registry.catalogue()).all()["OwnOldShade"]
    told = renamed.replacement(spec)
    assert (told["old_node_id"], told["new_node_id"]) == ("OwnOldShade", "OwnShade")
    assert told["input_mapping"] == [
        {"new_id": "image", "old_id": "picture"},
        {"new_id": "strength", "old_id": "amount"},
        {"new_id": "mode", "old_id": "mode"},
        {"new_id": "gamma", "set_value": 1.0},
    ]
    assert told["output_mapping"] == [{"old_idx": 1, "new_idx": 0}, {"old_idx": 0, "new_idx": 1}]
    assert spec.object_info(None)["easel_renamed"][0]["values"] == {"mode": {"dark": "darken", "bright": "lighten"}}
