"""A list comes apart, each value goes its own way, and they come together again."""

from __future__ import annotations

import torch

from easel_testing.golden import sample


def test_each_picture_of_a_batch_goes_its_own_way(run_node) -> None:
    pictures = run_node("OwnSplit", image=sample(batch=3))
    assert [tuple(picture.shape) for picture in pictures] == [(1, 48, 64, 3)] * 3


def test_all_are_taken_at_once_after_each_was_changed_alone(run_graph) -> None:
    graph = {
        "1": {"class_type": "OwnSplit", "inputs": {}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "OwnContactSheet", "inputs": {"images": ["2", 0], "across": "rows"}},
    }
    batch = sample(batch=3)
    sheet, count = run_graph(graph, {"1.image": batch}).value("3")
    assert count == 3
    assert torch.equal(sheet, 1 - torch.cat(batch.split(1), dim=1))


def test_an_empty_list_runs_nothing_behind_it(run_graph) -> None:
    graph = {
        "1": {"class_type": "OwnSplit", "inputs": {}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    }
    assert run_graph(graph, {"1.image": sample()[:0]}).value("2") == []
