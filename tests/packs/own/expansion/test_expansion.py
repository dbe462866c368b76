"""What runs in a node's place runs as if the artist had put it there."""

from __future__ import annotations

import pytest
import torch

from graph.builder import Subgraph
from graph.context import Context
from graph.errors import DeclarationError

from . import fade

GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0xFFFFFF}},
    "2": {"class_type": "OwnFadeAway", "inputs": {"image": ["1", 0], "times": 3}},
}


def test_the_nodes_in_its_place_run(run_graph) -> None:
    last, opposite = run_graph(GRAPH).value("2")
    assert last.mean().item() == pytest.approx(1 / 8)
    assert torch.equal(opposite, 1 - last)


def test_a_longer_way_runs_only_what_is_new(run_graph) -> None:
    run_graph(GRAPH)
    again = run_graph(GRAPH, {"2.times": 4})
    assert len([id for id in again.executed if id.startswith("2.")]) == 2, "one more to fade, and its opposite"


def test_a_builder_refuses_what_a_node_does_not_have() -> None:
    graph = Subgraph(Context(node_id="7"))
    with pytest.raises(DeclarationError, match=r"OwnFade has no input picture\. It has image, share"):
        graph.node(fade, picture=None)
    with pytest.raises(DeclarationError, match=r"has no output 1\. It has 1"):
        graph.node(fade, image=None).out(1)
    with pytest.raises(DeclarationError, match=r"has no output MASK\. It has IMAGE"):
        graph.node(fade, image=None).out("MASK")
