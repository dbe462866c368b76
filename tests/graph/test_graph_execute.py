"""The run loop: ComfyUI's rules, and what we add to them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import stub_nodes
from stub_nodes import Bench, p

from graph.call import as_node_error
from graph.errors import Cancelled, NodeError
from graph.events import ExecutionError, NodeState, PackMessage, Preview, Progress, Text, from_wire, message, to_wire
from graph.folders import standard_folders
from graph.job import Job, Outcome
from graph.parse import parse
from graph.types import NodeId


def chain(first: int = 1, last: int = 1) -> dict[str, Any]:
    return {
        "1": p("Num", value=first),
        "2": p("Add", a=["1", 0], b=1),
        "3": p("Add", a=["2", 0], b=last),
        "9": p("Show", value=["3", 0]),
    }


def test_events_come_in_the_known_order() -> None:
    bench = Bench()
    ran = bench.run({"1": p("Num", value=1), "9": p("Show", value=["1", 0])}, client_id="me")
    assert ran.types == [
        *("execution_start", "execution_cached"),
        *("node_state", "executing", "easel_nodes", "node_state"),
        *("node_state", "executing", "executed", "easel_nodes", "node_state"),
        "execution_success",
    ]
    again = bench.run({"1": p("Num", value=1), "9": p("Show", value=["1", 0])}, client_id="me")
    closing = ["executed", "node_state", "execution_success"]
    assert again.types == ["execution_start", "execution_cached", "easel_nodes", *closing]
    assert again.cached == ["1", "9"]
    assert again.text("9") == ["1"]
    assert [name for name, _ in again.outcome.messages] == ["execution_start", "execution_cached", "execution_success"]
    meta = {"node_id": "9", "display_node": "9", "parent_node": None, "real_node_id": "9"}
    assert again.outcome.meta == {"9": meta}


def test_events_and_outcomes_cross_the_link() -> None:
    ran = Bench().run({"1": p("Num", value=1), "2": p("Progress", a=["1", 0]), "9": p("Show", value=["2", 0])})
    for event in ran.events:
        data, blobs = to_wire(event)
        assert from_wire(json.loads(json.dumps(data)), blobs) == event
        json.dumps(message(event), allow_nan=False)
    assert Outcome.from_json(json.loads(json.dumps(ran.outcome.to_json()))) == ran.outcome
    job = Job(prompt_id="x", graph=parse(chain()), targets=(), extra={"a": 1}, client_id="c", user="u")
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job


def test_only_what_changed_runs_again() -> None:
    bench = Bench()
    assert bench.run(chain()).executed == ["1", "2", "3", "9"]
    assert bench.run(chain()).executed == []
    assert bench.run(chain(last=5)).executed == ["3", "9"]
    assert bench.run(chain(last=1)).executed == [], "results of older prompts are still there"
    ran = bench.run(chain(first=7))
    assert ran.executed == ["1", "2", "3", "9"]
    assert ran.text("9") == ["9"]


def test_a_node_says_why_it_ran() -> None:
    bench = Bench()
    assert bench.run(chain()).reasons == dict.fromkeys(("1", "2", "3", "9"), "it has not run before")
    assert bench.run(chain(last=5)).reasons == {"3": "b changed", "9": "value changed"}
    bench.executor.cache.clear()
    assert bench.run(chain(last=5)).reasons["2"] == "its result was dropped to free memory"
    volatile = {"1": p("Random", a=1), "9": p("Show", value=["1", 0])}
    bench.run(volatile)
    assert bench.run(volatile).reasons["1"] == "its result is never kept"
    broken = {"1": p("Num", value=3), "2": p("Fail", a=["1", 0]), "9": p("Show", value=["2", 0])}
    bench.run(broken)
    assert bench.run(broken).reasons == {"2": "its last run did not finish"}


def test_clients_have_reasons_of_their_own() -> None:
    bench = Bench()
    bench.run(chain(), client_id="a")
    assert bench.run(chain(last=2), client_id="b").reasons["3"] == "it has not run before"


def test_equal_nodes_run_once_even_in_one_prompt() -> None:
    prompt = {
        "1": p("Num", value=4),
        "2": p("Num", value=4),
        "8": p("Show", value=["1", 0]),
        "9": p("Show", value=["2", 0]),
    }
    for budget in (10**9, 0):  # with a cache, and with none
        ran = Bench(budget).run(prompt)
        assert len(ran.executed) == 2
        assert ran.text("8") == ran.text("9") == ["4"]
        assert [event.output for event in ran.shown("2")] == [None], "the twin says that it is done"


def test_equal_nodes_run_once_while_one_still_waits() -> None:
    stub_nodes.STARTED.clear()
    prompt = {
        "1": p("Num", value=4),
        "2": p("Later", a=["1", 0], turns=5),
        "3": p("Later", a=["1", 0], turns=5),
        "8": p("Show", value=["2", 0]),
        "9": p("Add", a=["3", 0], b=1),
        "10": p("Show", value=["9", 0]),
    }
    assert Bench().run(prompt).text("10") == ["5"]
    assert stub_nodes.STARTED == [4]


@pytest.mark.parametrize("name", ["Whoami", "Once"])
def test_nodes_that_are_never_equal(name: str) -> None:
    inputs = {"a": 1} if name == "Once" else {}
    prompt = {
        "1": p(name, **inputs),
        "2": p(name, **inputs),
        "8": p("Show", value=["1", 0]),
        "9": p("Show", value=["2", 0]),
    }
    bench = Bench()
    ran = bench.run(prompt)
    assert {"1", "2"} <= set(ran.executed)
    assert bench.run(prompt).executed == [], "the same node is equal to itself"
    if name == "Whoami":
        assert (ran.text("8"), ran.text("9")) == (["1"], ["2"])


def test_nan_is_never_cached_nor_anything_below_it() -> None:
    bench = Bench()
    prompt = {"1": p("Random", a=1), "2": p("Add", a=["1", 0], b=1), "9": p("Show", value=["2", 0])}
    assert bench.run(prompt).executed == ["1", "2", "9"]
    ran = bench.run(prompt)
    assert ran.executed == ["1", "2", "9"]
    assert ran.cached == []


def test_is_changed_sees_constants_only_and_once_a_run() -> None:
    bench = Bench()
    prompt = {
        "1": p("Num", value=1),
        "2": p("Versioned", a=5, linked=["1", 0]),
        "9": p("Show", value=["2", 0]),
    }
    stub_nodes.VERSIONS.clear()
    bench.run(prompt)
    assert stub_nodes.VERSIONS == [5]
    assert bench.run(prompt).executed == []


def test_devices_and_precisions_have_results_of_their_own() -> None:
    bench = Bench(services=SimpleNamespace(fingerprint="fp32-cpu"))
    bench.run(chain())
    bench.executor.services.fingerprint = "fp16-cuda"
    assert len(bench.run(chain()).executed) == 4


def test_users_do_not_share_what_is_shown_but_share_values() -> None:
    bench = Bench()
    bench.run(chain(), user="ann")
    assert bench.run(chain(), user="bob").executed == ["9"]


def test_an_output_runs_again_when_its_file_is_gone(tmp_path: Path) -> None:
    for name in ("input", "output", "temp"):
        (tmp_path / name).mkdir()
    places = {name: tmp_path / name for name in ("input", "output", "temp")}
    bench = Bench(folders=standard_folders([tmp_path], **places))
    prompt = {"1": p("Num", value=1), "9": p("Save", value=["1", 0], name="a.txt")}
    assert bench.run(prompt).executed == ["1", "9"]
    assert bench.run(prompt).executed == []
    (tmp_path / "output" / "a.txt").unlink()
    ran = bench.run(prompt)
    assert ran.executed == ["9"], "that node alone"
    assert ran.reasons == {"9": "a file that it wrote is gone"}
    assert (tmp_path / "output" / "a.txt").read_text("utf-8") == "1"


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


# Errors, interrupts, memory


def test_an_exception_names_node_inputs_and_trace() -> None:
    prompt = {"1": p("Num", value=3), "2": p("Fail", a=["1", 0]), "9": p("Show", value=["2", 0])}
    bench = Bench()
    ran = bench.run(prompt)
    assert ran.outcome.status == "error"
    (error,) = ran.errors
    assert (error.node_id, error.node_type, error.exception_type) == ("2", "Fail", "ValueError")
    assert error.exception_message == "no luck with 3\n"
    assert error.current_inputs == {"a": [3]}
    assert error.executed == ["1"]
    assert "stub_nodes.py" in error.traceback[0], "from the node's own code on"
    assert ran.outcome.error == (message(error) or {})["data"]
    assert bench.run({**prompt, "2": p("Add", a=["1", 0], b=1)}).executed == ["2", "9"], "what was done is kept"


def test_a_node_cannot_end_the_worker() -> None:
    ran = Bench().run({"1": p("Num", value=3), "2": p("Exit", a=["1", 0]), "9": p("Show", value=["2", 0])})
    assert [error.exception_type for error in ran.errors] == ["SystemExit"]


def test_errors_never_hold_whole_values() -> None:
    class Tensor:
        shape = (1, 64, 64, 3)
        dtype = "torch.float32"

        def __repr__(self) -> str:
            raise AssertionError("nobody prints a tensor")

    from graph.summary import summarise

    assert summarise(Tensor()) == "Tensor (1, 64, 64, 3) float32"
    assert summarise({"samples": Tensor()}) == "{samples: Tensor (1, 64, 64, 3) float32}"
    assert len(str(summarise([["x" * 9999] * 9999] * 9999))) < 2000
    assert summarise(float("nan")) == "nan"
    json.dumps(summarise([Tensor(), object(), {1: 2}]), allow_nan=False)


@pytest.mark.parametrize("name", ["Stop", "Progress"])
def test_interrupt(name: str) -> None:
    told: list[str] = []
    ran = Bench().run(
        {"1": p("Num", value=3), "2": p(name, a=["1", 0]), "9": p("Show", value=["2", 0])},
        emit=lambda event: told.append(event.type),
        cancelled=lambda: "progress" in told,
    )
    assert ran.outcome.status == "interrupted"
    assert ran.types[-1] == "execution_interrupted"
    assert (message(ran.events[-1]) or {})["data"]["node_id"] == "2"


def test_interrupt_before_the_first_node() -> None:
    ran = Bench().run(chain(), cancelled=lambda: True)
    assert ran.executed == []
    assert ran.outcome.status == "interrupted"


def test_interrupt_while_only_async_functions_run() -> None:
    asked = iter(range(1000))
    ran = Bench().run(
        {"1": p("Num", value=3), "2": p("Forever", a=["1", 0]), "9": p("Show", value=["2", 0])},
        cancelled=lambda: next(asked) > 6,
    )
    assert ran.outcome.status == "interrupted"


def test_cancelled_is_no_exception_that_nodes_swallow() -> None:
    assert not issubclass(Cancelled, Exception)


@pytest.mark.parametrize(("failures", "status"), [(1, "success"), (2, "error")])
def test_out_of_memory_is_tried_once_more_after_freeing(failures: int, status: str) -> None:
    freed: list[bool] = []
    services = SimpleNamespace(
        fingerprint="",
        attempts=0,
        failures=failures,
        is_out_of_memory=lambda error: isinstance(error, MemoryError),
        free=lambda models: freed.append(models),
    )
    ran = Bench(services=services).run(
        {"1": p("Num", value=3), "2": p("Greedy", a=["1", 0]), "9": p("Show", value=["2", 0])}
    )
    assert ran.outcome.status == status
    assert freed == [True]
    if status == "error":
        (error,) = ran.errors
        assert error.exception_type == "MemoryError"
        assert "smaller size" in error.exception_message


def test_what_the_allocator_says_is_put_in_words() -> None:
    said = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
    with pytest.raises(NodeError) as found, as_node_error(NodeId("1"), "Enlarge", {}, lambda error: "Use less."):
        raise RuntimeError(f"{said}allocate 103079215104 bytes. Error code 12 (Cannot allocate memory)")
    assert found.value.exception_message == "103 GB of memory at once could not be had.\nUse less."


def test_the_cache_may_be_too_small_for_everything() -> None:
    bench = Bench(budget=0)
    for _ in range(2):
        ran = bench.run(chain())
        assert ran.executed == ["1", "2", "3", "9"]
        assert ran.text("9") == ["3"]


# What nodes are given


def test_hidden_inputs_and_context() -> None:
    prompt = {
        "1": p("Num", value=3),
        "2": p("Progress", a=["1", 0]),
        "3": p("Prompt"),
        "8": p("Show", value=["2", 0]),
        "9": p("Show", value=["3", 0]),
    }
    ran = Bench().run(prompt, extra={"extra_pnginfo": {"workflow": 1}})
    assert ran.text("9") == ["['1', '2', '3', '8', '9'] {'workflow': 1}"]
    assert [event.value for event in ran.events if isinstance(event, Progress)] == [1, 2, 3]
    assert [event.data for event in ran.events if isinstance(event, Preview)] == [b"\xff\xd8"]
    assert [event.text for event in ran.events if isinstance(event, Text)] == ["half way"]


def test_what_a_node_tells_can_always_be_sent() -> None:
    ran = Bench().run({"1": p("Num", value=3), "9": p("Odd", value=["1", 0])})
    assert ran.outcome.status == "success"
    assert ran.outcome.outputs == {"9": {"odd": [None, 2.5, {"1": ["object", "bytes"]}, [[[]]]]}}
    for event in ran.events:
        json.dumps(to_wire(event)[0], allow_nan=False)
    (sent,) = [event for event in ran.events if isinstance(event, PackMessage)]
    assert message(sent) == {"type": "odd", "data": {"x": [1, 2.5]}}


def test_an_object_lives_while_its_node_stays_in_successive_prompts() -> None:
    bench = Bench()
    prompt = {"1": p("Stateful"), "9": p("Show", value=["1", 0])}
    assert [bench.run(prompt).text("9") for _ in range(2)] == [["1"], ["2"]]
    bench.run(chain() | {"1": p("Num", value=0)})
    bench.run({"7": p("Num", value=0), "9": p("Show", value=["7", 0])})
    assert bench.run(prompt).text("9") == ["1"]


def test_partial_targets() -> None:
    prompt = {"1": p("Num", value=1), "8": p("Show", value=["1", 0]), "9": p("Show", value=["1", 0])}
    ran = Bench().run(prompt, targets=["8"])
    assert ran.executed == ["1", "8"]
    assert list(ran.outcome.outputs) == ["8"]


def test_the_page_comes_first() -> None:
    """Both outputs wait for node 1; what leads to one in a step goes before what leads to one in many."""
    prompt = {
        "1": p("Num", value=1),
        "2": p("Add", a=["1", 0], b=1),
        "3": p("Add", a=["2", 0], b=1),
        "4": p("Add", a=["3", 0], b=1),
        "8": p("Show", value=["4", 0]),
        "9": p("Show", value=["1", 0]),
    }
    assert Bench().run(prompt).executed == ["1", "9", "2", "3", "4", "8"]


def test_a_type_that_this_process_does_not_have() -> None:
    bench = Bench()
    events: list[Any] = []
    graph = parse({"1": p("Nothing"), "9": p("Show", value=["1", 0])})
    outcome = bench.executor.run(Job(prompt_id="x", graph=graph, targets=("9",)), events.append, lambda: False)
    assert outcome.status == "error"
    assert isinstance(events[-1], ExecutionError)
    assert "not installed" in events[-1].exception_message
