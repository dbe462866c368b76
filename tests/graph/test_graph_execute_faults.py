"""The run loop when something goes wrong: errors, interrupts, too little memory."""

from __future__ import annotations

import errno
import json
from types import SimpleNamespace

import pytest
from stub_nodes import Bench, chain, p

from graph.call import as_node_error
from graph.errors import Cancelled, NodeError
from graph.events import message
from graph.types import NodeId

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


def test_a_full_disk_is_said_with_the_file_that_found_no_room() -> None:
    with pytest.raises(NodeError) as found, as_node_error(NodeId("1"), "Keep", {}, lambda error: None):
        raise OSError(errno.ENOSPC, "No space left on device", "/pictures/a.png")
    said = found.value.exception_message
    assert said == "The disk is full: /pictures/a.png could not be written. Make room, then run this again.\n"


def test_the_cache_may_be_too_small_for_everything() -> None:
    bench = Bench(budget=0)
    for _ in range(2):
        ran = bench.run(chain())
        assert ran.executed == ["1", "2", "3", "9"]
        assert ran.text("9") == ["3"]
