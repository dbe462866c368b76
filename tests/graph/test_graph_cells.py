"""A job of many cells: what is shared runs once, a cell is done before the next begins, and a failure is one cell's."""

from __future__ import annotations

from typing import Any

import pytest
from stub_nodes import Bench, Ran, p

from graph.cells import MOST, cells_of
from graph.parse import parse

Prompt = dict[str, Any]


def sweep(cells: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    return {"easel": {"sweep": {"cells": [{"nodes": nodes, **more} for nodes in cells]}}}


def run(prompt: Prompt, extra: dict[str, Any], bench: Bench | None = None, **how: Any) -> Ran:
    return (bench or Bench()).run(prompt, extra=extra, **how)


def three_cells() -> tuple[Prompt, dict[str, Any]]:
    """1 is shared; 2 (with a look at it, 8) and all that follows is there for each cell."""
    prompt: Prompt = {"1": p("Num", value=5)}
    cells: list[dict[str, str]] = []
    for cell in range(3):
        end = f"@{cell}" if cell else ""
        prompt |= {
            f"2{end}": p("Add", a=["1", 0], b=cell),
            f"3{end}": p("Add", a=[f"2{end}", 0], b=1),
            f"4{end}": p("Add", a=[f"3{end}", 0], b=1),
            f"5{end}": p("Add", a=[f"4{end}", 0], b=1),
            f"9{end}": p("Show", value=[f"5{end}", 0]),
            f"8{end}": p("Show", value=[f"2{end}", 0]),
        }
        cells.append({id: f"{id}{end}" for id in "234598"} if cell else {})
    return prompt, sweep(cells)


def test_what_is_shared_runs_once_and_cells_are_done_one_after_another() -> None:
    prompt, extra = three_cells()
    ran = run(prompt, extra)
    assert ran.executed.count("1") == 1
    assert len(ran.executed) == len(set(ran.executed)) == len(prompt)
    turns = [id.partition("@")[2] or "0" for id in ran.executed if id != "1"]
    assert turns == sorted(turns), "a cell is done before the next one begins"
    assert [ran.text(id) for id in ("9", "9@1", "9@2")] == [["8"], ["9"], ["10"]]
    assert ran.shown("9@2")[0].display_node == "9", "on the canvas it is the same node"
    loose = run(prompt, {})
    assert [id.partition("@")[2] for id in loose.executed] != [id.partition("@")[2] for id in ran.executed]


def test_a_failing_cell_leaves_the_others_alone() -> None:
    prompt, extra = three_cells()
    prompt["3@1"] = p("Fail", a=["2@1", 0])
    bench = Bench()
    ran = run(prompt, extra, bench)
    assert ran.outcome.status == "error"
    assert set(ran.outcome.outputs) == {"9", "8", "8@1", "9@2", "8@2"}
    first, last = ran.errors
    assert (first.node_id, first.timestamp, first.exception_message) == ("3@1", None, "no luck with 6\n")
    assert last.node_id == "3@1", "the run's end names it once more"
    assert last.timestamp
    assert [type for type, _ in ran.outcome.messages].count("execution_error") == 1
    prompt["3@1"] = p("Add", a=["2@1", 0], b=1)
    again = run(prompt, extra, bench)
    assert again.outcome.status == "success"
    assert again.executed == ["3@1", "4@1", "5@1", "9@1"], "nothing of the failure was kept"


def test_every_failure_is_among_the_messages() -> None:
    prompt, extra = three_cells()
    prompt |= {"3": p("Fail", a=["2", 0]), "3@2": p("Fail", a=["2@2", 0])}
    ran = run(prompt, extra)
    told = [data["node_id"] for type, data in ran.outcome.messages if type == "execution_error"]
    assert sorted(told) == ["3", "3@2"]


def test_a_shared_failure_ends_all_cells() -> None:
    prompt, extra = three_cells()
    prompt |= {"0": p("Num"), "1": p("Fail", a=["0", 0])}
    ran = run(prompt, extra)
    assert ran.outcome.status == "error"
    assert not ran.outcome.outputs
    assert {error.node_id for error in ran.errors} == {"1"}


def test_what_fails_within_an_expansion_is_not_kept() -> None:
    prompt = {"1": p("Num", value=2), "2": p("BadExpansion", kind="slot"), "9": p("Show", value=["2", 0])}
    prompt |= {"9@1": p("Show", value=["1", 0])}
    bench = Bench()
    for _ in range(2):
        ran = run(prompt, sweep([{}, {"9": "9@1"}]), bench)
        assert ran.outcome.status == "error"
        assert ran.outcome.outputs["9@1"]["text"] == ["2"]


def test_a_cell_that_is_stopped_leaves_those_that_are_done() -> None:
    prompt, extra = three_cells()
    prompt["3@1"] = p("Stop", a=["2@1", 0])
    ran = run(prompt, extra)
    assert ran.outcome.status == "interrupted"
    assert {"9", "8"} <= set(ran.outcome.outputs)
    assert "9@2" not in ran.outcome.outputs


def test_a_node_sees_its_own_cell() -> None:
    """What is written into a picture is the graph of its cell, as if it had run by itself."""
    prompt, extra = three_cells()
    extra["extra_pnginfo"] = {"workflow": {"nodes": [{"widgets_values": [0]}]}, "more": 1}
    cells: list[dict[str, Any]] = extra["easel"]["sweep"]["cells"]
    cells[2]["changes"] = [
        [["nodes", 0, "widgets_values", 0], 2],
        [["nodes", 9, "x"], 1],
        [["nodes", "a"], 1],
        "no pair",
    ]
    found = cells_of(extra)
    assert found is not None
    graph = parse(prompt)
    assert found.prompt(graph, graph.nodes[next(id for id in graph.nodes if id == "9@2")].id) == {
        "1": p("Num", value=5),
        "2": p("Add", a=["1", 0], b=2),
        "3": p("Add", a=["2", 0], b=1),
        "4": p("Add", a=["3", 0], b=1),
        "5": p("Add", a=["4", 0], b=1),
        "9": p("Show", value=["5", 0]),
        "8": p("Show", value=["2", 0]),
    }
    before = {id: node for id, node in prompt.items() if "@" not in id}
    assert found.prompt(graph, next(id for id in graph.nodes if id == "9")) == before
    told = found.pnginfo(extra["extra_pnginfo"], next(id for id in graph.nodes if id == "9@2"))
    assert told == {"workflow": {"nodes": [{"widgets_values": [2]}]}, "more": 1}
    assert extra["extra_pnginfo"]["workflow"]["nodes"][0]["widgets_values"] == [0]


@pytest.mark.parametrize(
    "sweep",
    [None, [], {"cells": []}, {"cells": 3}, {"cells": [{}] * (MOST + 1)}, {"cells": [3]}, {"cells": [{"nodes": []}]}],
)
def test_what_is_no_sweep_is_passed_over(sweep: Any) -> None:
    assert cells_of({"easel": {"sweep": sweep}}) is None
