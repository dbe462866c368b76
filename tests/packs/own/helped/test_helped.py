"""The graph of the help page runs."""

from __future__ import annotations


def test_the_example_runs(run_graph) -> None:
    assert run_graph("help/OwnGreet.json").ui["2"]["text"] == ["Hello, world!"]
