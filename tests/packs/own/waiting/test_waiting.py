"""Nodes with async functions wait side by side."""

from __future__ import annotations

import pytest


def test_two_that_wait_for_each_other_both_end(run_graph) -> None:
    graph = {id: {"class_type": "OwnMeet", "inputs": {"name": f"node {id}", "patience": 10.0}} for id in ("1", "2")}
    ran = run_graph(graph)
    assert [ran.value(id) for id in ("1", "2")] == ["node 1 was there", "node 2 was there"]
    assert sorted(ran.texts) == ["node 1 waits", "node 2 waits"]


def test_one_alone_gives_up(run_node) -> None:
    with pytest.raises(TimeoutError):
        run_node("OwnMeet", patience=0.1)
    run_node("OwnMeet")  # finds the one that gave up, as a person would who comes too late
