"""What a run tells of its nodes' results, and results that are frozen."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from stub_nodes import SPECS, Bench, Ran, p

from graph.cache import Cache
from graph.events import Event, NodeFacts
from graph.facts import Stopwatch, describe
from graph.frozen import Holder, Pin, pins_of
from graph.job import Job
from graph.node import Blocked
from graph.parse import parse
from graph.validate import validate

ME = Holder("", "me")
GONE = "frozen result was gone"


def facts(ran: Ran) -> dict[str, dict[str, Any]]:
    return {id: found for event in ran.events if isinstance(event, NodeFacts) for id, found in event.nodes.items()}


def chain(first: int, last: int = 1) -> dict[str, Any]:
    return {
        "1": p("Num", value=first),
        "2": p("Add", a=["1", 0], b=10),
        "3": p("Add", a=["2", 0], b=last),
        "9": p("Show", value=["3", 0]),
    }


def freeze(**pins: tuple[str, str | None]) -> dict[str, Any]:
    frozen = {id.removeprefix("n"): {"token": token, "key": key} for id, (token, key) in pins.items()}
    return {"easel": {"frozen": frozen}}


def test_a_node_tells_its_time_its_bytes_and_what_it_gave() -> None:
    bench = Bench()
    first = facts(bench.run(chain(1)))
    assert first["3"]["outputs"] == [{"type": "INT", "text": "12"}]
    assert first["3"]["bytes_of"] == "outputs"
    assert first["3"]["bytes"] > 0
    assert all(found["ms"] >= 0 for found in first.values())
    again = facts(bench.run(chain(1)))
    assert again["3"]["ms"] is None, "it did not run"
    assert again["3"]["outputs"] == first["3"]["outputs"]
    assert again["3"]["key"] == first["3"]["key"]


def test_on_a_gpu_the_peak_of_the_run_counts() -> None:
    services = SimpleNamespace(measure_memory=lambda: lambda: 5_000_000)
    found = facts(Bench(services=services).run(chain(1)))
    assert found["2"]["bytes"] == 5_000_000
    assert found["2"]["bytes_of"] == "peak"


def test_inner_nodes_of_an_expansion_are_told_at_the_node_that_stands_for_them() -> None:
    found = facts(Bench().run({"1": p("Num", value=1), "2": p("Twice", a=["1", 0]), "9": p("Show", value=["2", 0])}))
    assert {found[id]["display_node"] for id in ("2", "2.0", "2.1")} == {"2"}


def test_a_stopwatch_stands_still_while_its_node_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([1.0, 3.0, 10.0, 11.0])
    monkeypatch.setattr("graph.facts.time.perf_counter", lambda: next(now))
    clock = Stopwatch()
    clock.go()
    clock.pause()
    clock.go()
    assert clock.seconds() == 3.0


def shaped(*shape: int) -> Any:
    return SimpleNamespace(shape=shape)


class Shy:
    @property
    def shape(self) -> Any:
        raise RuntimeError("not for you")


@pytest.mark.parametrize(
    ("type", "values", "text"),
    [
        ("IMAGE", [shaped(2, 480, 640, 3)], "2 images 640×480"),
        ("IMAGE", [shaped(1, 8, 8, 4)], "1 image 8×8 with alpha"),
        ("IMAGE", [shaped(1, 8, 8, 3)] * 3, "3 × 1 image 8×8"),
        ("IMAGE", [shaped(1, 8, 8, 3), shaped(1, 9, 8, 3)], "2 values"),
        ("MASK", [shaped(1, 480, 640)], "1 mask 640×480"),
        ("LATENT", [{"samples": shaped(1, 4, 64, 64)}], "1×4×64×64"),
        ("CONDITIONING", [[[shaped(1, 77, 768), {}]]], "77 tokens"),
        ("SIGMAS", [shaped(21)], "21"),
        ("STRING", ["a\n fox"], '"a fox"'),
        ("STRING", ["x" * 100], f'"{"x" * 60}…"'),
        ("FLOAT", [0.25], "0.25"),
        ("BOOLEAN", [True], "true"),
        ("INT", [7], "7"),
        ("X", [None], "nothing"),
        ("X", [], "nothing"),
        ("X", [Blocked(None)], "blocked"),
        ("X", [Shy()], ""),
        ("MODEL", [object()], ""),
        ("MODEL", [SimpleNamespace(family=SimpleNamespace(title="SDXL"), patches=(1,))], "SDXL, 1 patch"),
    ],
)
def test_values_in_a_few_words(type: str, values: list[Any], text: str) -> None:
    assert describe(type, values) == text


def test_a_frozen_result_is_used_whatever_changes_above_it() -> None:
    bench = Bench()
    key = facts(bench.run(chain(1)))["2"]["key"]
    ran = bench.run(chain(5), extra=freeze(n2=("t", key)))
    assert ran.text("9") == ["12"]
    assert ran.executed == [], "what reads it was made of the same result before"
    assert facts(ran)["2"]["frozen"]
    assert not facts(ran)["3"]["frozen"]
    ran = bench.run(chain(7, last=100), extra=freeze(n2=("t", key)))
    assert ran.text("9") == ["111"]
    assert ran.executed == ["3", "9"]


def test_what_lies_above_a_frozen_result_need_not_even_be_there() -> None:
    bench = Bench()
    key = facts(bench.run(chain(1)))["2"]["key"]
    cut = {id: node for id, node in chain(1, last=5).items() if id != "1"}
    report = validate(parse(cut), SPECS, given={"2"})
    assert not report.problems
    assert report.with_problems(()).targets == ("9",)
    assert validate(parse(cut), SPECS).problems
    job = Job(prompt_id="x", graph=report.graph, targets=report.targets, extra=freeze(n2=("t", key)))
    told: list[Event] = []
    outcome = bench.executor.run(job, told.append, lambda: False)
    assert outcome.outputs["9"]["text"] == ["16"]
    assert outcome.cached == ("2",)


def test_a_frozen_output_shows_what_it_showed() -> None:
    bench = Bench()
    key = facts(bench.run(chain(1)))["9"]["key"]
    ran = bench.run(chain(5), extra=freeze(n9=("t", key)))
    assert ran.executed == []
    assert ran.text("9") == ["12"]


def test_a_thawed_node_runs_again() -> None:
    bench = Bench()
    key = facts(bench.run(chain(1)))["2"]["key"]
    bench.run(chain(5), extra=freeze(n2=("t", key)))
    assert len(bench.executor.frozen) == 1
    assert bench.run(chain(5)).text("9") == ["16"]
    assert len(bench.executor.frozen) == 0, "nothing is held for it any more"


def test_a_node_frozen_before_it_ever_ran_runs_once() -> None:
    bench = Bench()
    assert bench.run(chain(1), extra=freeze(n2=("t", None))).text("9") == ["12"]
    ran = bench.run(chain(5), extra=freeze(n2=("t", None)))
    assert ran.text("9") == ["12"]
    assert not facts(ran)["2"]["warnings"]


def test_a_frozen_result_that_is_gone_is_told_and_computed_again_once() -> None:
    bench = Bench()
    ran = bench.run(chain(5), extra=freeze(n2=("t", "key of another server")))
    assert ran.text("9") == ["16"]
    assert GONE in facts(ran)["2"]["warnings"][0]
    ran = bench.run(chain(7), extra=freeze(n2=("t", "key of another server")))
    assert ran.text("9") == ["16"]
    assert "2" not in ran.executed


def test_frozen_results_outlive_the_cache() -> None:
    bench = Bench()
    key = facts(bench.run(chain(1)))["2"]["key"]
    bench.run(chain(1), extra=freeze(n2=("t", key)))
    bench.executor.cache.clear()
    ran = bench.run(chain(5), extra=freeze(n2=("t", key)))
    assert ran.text("9") == ["12"]
    assert ran.executed == ["3", "9"]


def test_a_node_that_never_is_the_same_can_be_frozen() -> None:
    bench = Bench()
    graph = {"1": p("Stateful"), "9": p("Show", value=["1", 0])}
    first = bench.run(graph, extra=freeze(n1=("t", None))).text("9")
    assert bench.run(graph, extra=freeze(n1=("t", None))).text("9") == first
    assert bench.run(graph).text("9") != first


def test_a_node_that_became_another_type_is_not_given_the_old_result() -> None:
    bench = Bench()
    key = facts(bench.run({"1": p("Num", value=1), "9": p("Show", value=["1", 0])}))["1"]["key"]
    ran = bench.run({"1": p("Range", count=2), "9": p("Show", value=["1", 0])}, extra=freeze(n1=("t", key)))
    assert ran.executed == ["1", "9"]


def test_a_result_that_is_too_large_to_be_frozen_is_told() -> None:
    bench = Bench(budget=10)
    ran = bench.run(chain(1), extra=freeze(n2=("t", None)))
    assert "too large" in facts(ran)["2"]["warnings"][0]
    assert ran.text("9") == ["12"]


def test_room_for_frozen_results_is_bounded() -> None:
    bench = Bench()
    frozen = type(bench.executor.frozen)({"memory": 1000}, lambda entry: {"memory": 400})
    cache = Cache(0, lambda value: 1)
    ran = bench.run(chain(1))
    entry = bench.executor.cache.peek(facts(ran)["2"]["key"])
    assert entry is not None
    for name in ("a", "b", "c"):
        assert frozen.keep("2", Pin(name, None), "k", entry, ME)  # type: ignore[arg-type]
    assert len(frozen) == 2
    assert frozen.find("2", Pin("a", None), "Add", ME, cache) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("easel", [None, 3, {"frozen": 4}, {"frozen": {"1": 5, "2": {"token": 6}, "3": {"token": ""}}}])
def test_nonsense_freezes_nothing(easel: Any) -> None:
    assert pins_of({"easel": easel}) == {}


def test_a_warning_stays_with_the_result() -> None:
    bench = Bench()
    executor = bench.executor
    warn: Callable[[str], None] = executor.warn
    warn("nobody is here")

    def emit(event: Any) -> None:
        if event.type == "progress":
            warn("Twice said")

    graph = {"1": p("Num", value=1), "2": p("Progress", a=["1", 0]), "9": p("Show", value=["2", 0])}
    assert facts(bench.run(graph, emit=emit))["2"]["warnings"] == ["Twice said"]
    again = facts(bench.run(graph))
    assert again["2"]["ms"] is None
    assert again["2"]["warnings"] == ["Twice said"]
    assert not again["1"]["warnings"]
