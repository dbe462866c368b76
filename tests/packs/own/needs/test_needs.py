"""What a machine lacks is said before anything starts."""

from __future__ import annotations

import pytest

from graph.parse import parse
from graph.types import JsonObject
from graph.validate import validate

GIGABYTE = 10**9


def refusal(pack, class_type: str, inputs: JsonObject, **machine) -> str:
    """What is said of a graph with this node; empty where it may run."""
    graph = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
        "2": {"class_type": class_type, "inputs": inputs},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    report = validate(parse(graph), pack.registry.catalogue(), None, **machine)
    return "\n".join(problem.sentence for problem in report.problems)


PICTURE = {"image": ["1", 0]}


def test_a_node_for_a_card_is_refused_without_one(pack) -> None:
    assert "OwnOnTheCard (#2) needs a CUDA graphics card, and this server runs on the processor (CPU)" in refusal(
        pack, "OwnOnTheCard", PICTURE, device="cpu", budget=GIGABYTE
    )
    assert refusal(pack, "OwnOnTheCard", PICTURE, device="cuda:1", budget=GIGABYTE) == ""
    assert refusal(pack, "OwnOnTheCard", PICTURE) == "", "nothing is known yet: the worker looks again"


def test_memory_that_is_not_there(pack) -> None:
    assert "needs a device with 1.0 PB of memory, and this one has 1.0 GB" in refusal(
        pack, "OwnLarge", PICTURE, device="cpu", budget=GIGABYTE
    )
    assert "would take 12.0 GB" in refusal(
        pack, "OwnCanvas", {"width": 100_000, "height": 10_000}, device="cpu", budget=GIGABYTE
    )


def test_what_fits_runs(run_node) -> None:
    assert run_node("OwnCanvas", width=3, height=2).shape == (1, 2, 3, 3)


@pytest.mark.parametrize("device", ["cpu", "none"])
def test_a_process_without_a_device_refuses_nothing_for_it(pack, device: str) -> None:
    assert bool(refusal(pack, "OwnOnTheCard", PICTURE, device=device)) == (device == "cpu")
