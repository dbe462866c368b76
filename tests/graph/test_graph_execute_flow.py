"""The run loop where a graph is more than a row of nodes: lists, lazy inputs, expansion, blockers, async functions."""

from __future__ import annotations

import pytest
import stub_nodes
from stub_nodes import Bench, p

from graph.events import NodeState, message

# Lists


def test_lists_are_mapped_and_shorter_ones_repeat_their_last() -> None:
    prompt = {
        "1": p("Range", count=3),
        "2": p("Range", count=2),
        "3": p("Add", a=["1", 0], b=["2", 0]),
        "4": p("Sum", values=["3", 0]),
        "8": p("Show", value=["3", 0]),
        "9": p("Show", value=["4", 0]),
    }
    ran = Bench().run(prompt)
    assert ran.text("8") == ["0", "2", "3"]
    assert ran.text("9") == ["5"]


def test_an_empty_list_makes_no_call_and_empty_outputs() -> None:
    prompt = {
        "1": p("Range", count=0),
        "2": p("Add", a=["1", 0], b=1),
        "3": p("Fail", a=["2", 0]),
        "4": p("Sum", values=["3", 0]),
        "8": p("Show", value=["3", 0]),
        "9": p("Show", value=["4", 0]),
    }
    ran = Bench().run(prompt)
    assert "8" not in ran.outcome.outputs, "nothing to show"
    assert ran.text("9") == ["0"]


def test_several_outputs() -> None:
    prompt = {"1": p("Num", value=3), "2": p("Pair", a=["1", 0]), "9": p("Show", value=["2", 1])}
    assert Bench().run(prompt).text("9") == ["-3"]


# Lazy inputs


@pytest.mark.parametrize(("which", "runs", "shows"), [(True, "1", "10"), (False, "2", "20")])
def test_only_the_lazy_input_that_is_needed_runs(which: bool, runs: str, shows: str) -> None:
    prompt = {
        "1": p("Num", value=10),
        "2": p("Num", value=20),
        "3": p("Switch", which=which, yes=["1", 0], no=["2", 0]),
        "9": p("Show", value=["3", 0]),
    }
    ran = Bench().run(prompt)
    assert ran.executed == [runs, "3", "9"]
    assert ran.text("9") == [shows]
    assert [e.node for e in ran.events if e.type == "executing"].count("3") == 2, "staged again once its input is there"


def test_a_lazy_input_keeps_its_sources_alive() -> None:
    """Node 1 has no reader left when the lazy branch is asked for, save that branch."""
    prompt = {
        "1": p("Random", a=7),
        "2": p("Add", a=["1", 0], b=1),
        "4": p("Add", a=["1", 0], b=2),
        "3": p("Switch", which=False, yes=["4", 0], no=["2", 0]),
        "8": p("Show", value=["1", 0]),
        "9": p("Show", value=["3", 0]),
    }
    ran = Bench(budget=0).run(prompt)
    assert ran.executed.count("1") == 1
    assert ran.text("9") == ["8"]
    assert "4" not in ran.executed


# Expansion


def test_a_node_expands_into_a_graph() -> None:
    prompt = {"1": p("Num", value=1), "2": p("Twice", a=["1", 0]), "9": p("Show", value=["2", 0])}
    bench = Bench()
    ran = bench.run(prompt)
    assert ran.text("9") == ["31"]
    assert ran.executed == ["1", "2.0", "2.1", "2", "9"]
    inner = next(e for e in ran.events if isinstance(e, NodeState) and e.node == "2.1")
    assert (inner.display_node, inner.parent_node, inner.real_node) == ("2", "2", "2")
    assert bench.run(prompt).executed == []


def test_expansion_in_a_list() -> None:
    prompt = {"1": p("Range", count=3), "2": p("Countdown", count=["1", 0]), "9": p("Show", value=["2", 0])}
    # rounds of different list elements would share ids, so only the longest chain may expand further
    ran = Bench().run({**prompt, "1": p("Range", count=2)})
    assert ran.text("9") == ["0", "1"]


def test_a_long_loop_by_expansion() -> None:
    ran = Bench().run({"2": p("Countdown", count=1000), "9": p("Show", value=["2", 0])})
    assert ran.text("9") == [str(1000 * 1001 // 2)]


def test_a_circle_made_at_run_time_is_laid_at_the_node_that_expanded() -> None:
    ran = Bench().run({"2": p("Circle"), "9": p("Show", value=["2", 0])})
    assert ran.outcome.status == "error"
    (error,) = ran.errors
    assert (error.node_id, error.node_type, error.exception_type) == ("2", "Circle", "graph.DependencyCycleError")


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("slot", "index out of range"),
        ("unknown", "not installed"),
        ("link", "nowhere"),
        ("twice", "there already"),
        ("cycle", "circle"),
    ],
)
def test_an_expansion_at_fault(kind: str, says: str) -> None:
    ran = Bench().run({"1": p("BadExpansion", kind=kind), "9": p("Show", value=["1", 0])})
    (error,) = ran.errors
    assert (error.node_id, error.node_type) == ("1", "BadExpansion")
    assert says in error.exception_message


# Blockers


def test_a_silent_blocker() -> None:
    prompt = {"1": p("Num", value=1), "2": p("Block", a=["1", 0]), "9": p("Show", value=["2", 0])}
    ran = Bench().run(prompt)
    assert ran.outcome.status == "success"
    assert ran.outcome.outputs == {}
    assert not ran.errors


def test_a_blocker_with_a_message_is_told_each_time_and_the_run_goes_on() -> None:
    bench = Bench()
    prompt = {
        "1": p("Num", value=1),
        "2": p("Block", a=["1", 0], message="not today"),
        "3": p("Add", a=["2", 0], b=1),
        "8": p("Show", value=["3", 0]),
        "9": p("Show", value=["1", 0]),
    }
    for _ in range(2):
        ran = bench.run(prompt)
        (error,) = ran.errors
        assert error.exception_message == "Execution Blocked: not today"
        assert (error.node_id, error.timestamp) == ("3", None)
        assert "timestamp" not in (message(error) or {})["data"]
        assert ran.outcome.status == "success"
        assert ran.text("9") == ["1"]
        assert all(name != "execution_error" for name, _ in ran.outcome.messages)


def test_a_blocker_in_a_list_blocks_its_element_only() -> None:
    prompt = {
        "1": p("Range", count=3),
        "2": p("Block", a=["1", 0], when=1),
        "3": p("Sum", values=["2", 0]),
        "8": p("Show", value=["2", 0]),
        "9": p("Show", value=["3", 0]),
    }
    ran = Bench().run(prompt)
    assert ran.text("8") == ["0", "2"]
    assert "9" not in ran.outcome.outputs, "a node that takes the whole list is blocked by any element"


# Async


def test_async_functions_wait_together() -> None:
    stub_nodes.STARTED.clear()
    prompt = {
        **{str(i): p("Num", value=i) for i in range(3)},
        **{f"later{i}": p("Later", a=[str(i), 0], turns=50) for i in range(3)},
        **{f"show{i}": p("Show", value=[f"later{i}", 0]) for i in range(3)},
    }
    seen: list[int] = []
    ran = Bench().run(prompt, emit=lambda event: seen.append(len(stub_nodes.STARTED)))
    assert [ran.text(f"show{i}") for i in range(3)] == [["0"], ["1"], ["2"]]
    first_end = next(i for i, e in enumerate(ran.events) if e.type == "executed")
    assert seen[first_end] == 3, "all have begun before one is done"


def test_async_functions_over_a_list() -> None:
    prompt = {"1": p("Range", count=3), "2": p("Later", a=["1", 0]), "9": p("Show", value=["2", 0])}
    assert Bench().run(prompt).text("9") == ["0", "1", "2"]


def test_an_async_function_fails() -> None:
    ran = Bench().run({"1": p("Num", value=3), "2": p("LaterFail", a=["1", 0]), "9": p("Show", value=["2", 0])})
    (error,) = ran.errors
    assert (error.node_id, error.exception_type) == ("2", "KeyError")
