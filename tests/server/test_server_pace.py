"""How far a run is, and when it will be done, from what nodes took before."""

from __future__ import annotations

import random
from typing import Any

from api.people import ALONE
from api.queue.journal import Entry
from api.queue.pace import KEPT, MOST_NODES, Paces, shapes_of
from api.queue.waiting import Waiting
from api.queue.whole import Whole


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def graph(steps: int = 10, model: str = "small", seed: int = 1) -> dict[str, Any]:
    return {
        "1": node("Load", ckpt_name=model),
        "2": node("Sample", model=["1", 0], steps=steps, seed=seed),
        "3": node("Decode", samples=["2", 0]),
        "4": node("Save", images=["3", 0]),
        "5": node("Other", ckpt_name=model),
        "6": node("Show", images=["5", 0]),
    }


def ran(paces: Paces, prompt: dict[str, Any], took: dict[str, float]) -> None:
    whole = Whole(prompt, ["4"], paces, 0.0)
    for id, ms in took.items():
        whole.began(id, 0.0)
        if id == "2":
            whole.step(id, 1, prompt["2"]["inputs"]["steps"], 0.0)
        whole.took(id, ms)
    whole.learned()


TOOK = {"1": 500.0, "2": 2000.0, "3": 300.0, "4": 100.0}


def test_the_whole_graph_is_counted() -> None:
    paces = Paces()
    whole = Whole(graph(), ["4"], paces, 10.0)
    assert whole.report(10.0)["total"] == 4, "only what is asked for"
    assert whole.report(10.0)["left_ms"] is None
    ran(paces, graph(), TOOK)
    assert whole.report(10.0)["left_ms"] == 2900
    whole.cached(["1"])
    assert (whole.report(10.0)["left_ms"], whole.report(10.0)["done"]) == (2400, 1)
    whole.began("2", 10.0)
    assert whole.report(10.5)["left_ms"] == 1900
    whole.step("2", 2, 10, 11.0)
    whole.step("2", 4, 10, 12.0)  # slower than before: its own steps say more
    assert whole.report(12.0)["left_ms"] == 3000 + 400
    assert whole.report(12.0)["share"] == round(2000 / (2000 + 3400), 4)
    whole.finished("2")
    assert whole.report(13.0)["left_ms"] == 400
    for id in ("3", "4"):
        whole.began(id, 13.0)
        whole.finished(id)
    assert (whole.report(14.0)["share"], whole.report(14.0)["left_ms"]) == (1.0, 0)


def test_what_is_read_by_cached_nodes_only_is_done() -> None:
    whole = Whole(graph(), ["4"], Paces(), 0.0)
    whole.cached(["3"])
    assert whole.report(0.0)["done"] == 3


def test_steps_and_models_count() -> None:
    paces = Paces()
    ran(paces, graph(steps=10), TOOK)
    ran(paces, graph(steps=10, model="large"), {**TOOK, "2": 8000.0})

    def of(prompt: dict[str, Any]) -> float | None:
        shape = shapes_of(prompt)["2"]
        return paces.expect(shape.class_type, shape.about, shape.steps)

    assert of(graph(steps=20)) == 4000
    assert of(graph(steps=20, model="large")) == 16000
    unknown = of(graph(steps=20, model="another"))
    assert unknown is not None
    assert 4000 < unknown < 16000, "the mean of all"
    assert paces.expect("Never", "", 0) is None


def test_a_job_takes_what_the_one_before_it_did_not() -> None:
    paces = Paces()
    ran(paces, graph(), TOOK)
    assert paces.expected(paces.work(graph(seed=1), ["4"])) == 2900
    assert paces.expected(paces.work(graph(seed=2), ["4"])) == 2400, "the model is there"
    assert paces.expected(paces.work(graph(seed=2), ["4"])) == 0
    assert paces.expected(paces.work(graph(), ["6"])) is None
    assert paces.work({str(n): node("Load") for n in range(MOST_NODES + 1)}, ["1"]) is None


def test_what_is_kept_is_taken_up() -> None:
    paces = Paces()
    (shape,) = shapes_of({"1": node("Load", ckpt_name="a")}).values()
    rows = {row[:2]: row for ms in (100.0, 300.0) for row in paces.learn(shape, ms, 0)}
    assert Paces(rows.values()).expect("Load", shape.about, 0) == 200


def test_a_cycle_or_an_odd_link_holds_nothing_up() -> None:
    prompt = {"1": node("A", x=["2", 0]), "2": node("B", x=["1", 0]), "3": node("C", x=["gone", 0], y=[1, 2], z=["3"])}
    assert set(shapes_of(prompt)) == {"3"}
    assert Whole(prompt, ["1"], Paces(), 0.0).report(1.0)["total"] == 2


def test_moves_keep_every_job_and_its_order() -> None:
    """Whatever is moved where: the numbers give the order that was asked for, also where they were equal."""
    dice = random.Random(7)
    for _ in range(200):
        waiting = Waiting()
        for seq in range(dice.randrange(1, 9)):
            waiting.insert(Entry(seq, f"p{seq}", None, dice.choice([-1, 0, 0, 0.5, 3]), 0))
        before = [entry.prompt_id for entry in waiting]
        ids = dice.sample(before, dice.randrange(1, len(before) + 1))
        rest = [id for id in before if id not in ids]
        anchor, after = dice.choice([None, *rest]), dice.random() < 0.5
        waiting.exchange(waiting.moved(ids, anchor, after, ALONE))
        at = (len(rest) if after else 0) if anchor is None else rest.index(anchor) + after
        expected = [*rest[:at], *(id for id in before if id in ids), *rest[at:]]
        assert [entry.prompt_id for entry in waiting] == expected
        numbers = [(entry.number, entry.seq) for entry in waiting]
        assert numbers == sorted(numbers)


def test_what_is_learned_is_bounded_and_the_newest_stays() -> None:
    paces = Paces()
    for number in range(KEPT + KEPT // 5):
        (shape,) = shapes_of({"1": node(f"Node{number}")}).values()
        paces.learn(shape, 1.0 + number, 0)
    assert paces.expect("Node0", "", 0) is None
    last = KEPT + KEPT // 5 - 1
    assert paces.expect(f"Node{last}", "", 0) == 1.0 + last
    assert len(paces._known) <= KEPT + KEPT // 10  # pyright: ignore[reportPrivateUsage]
