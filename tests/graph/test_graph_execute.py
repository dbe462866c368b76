"""The run loop: ComfyUI's rules, and what we add to them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import stub_nodes
from stub_nodes import Bench, chain, p

from graph.events import ExecutionError, PackMessage, Preview, Progress, Text, from_wire, message, to_wire
from graph.folders import standard_folders
from graph.job import Job, Outcome
from graph.parse import parse


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
