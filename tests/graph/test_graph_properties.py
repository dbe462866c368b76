"""What holds for every graph: random ones, sound and broken."""

from __future__ import annotations

import json
from typing import Any

from conversion_tables import catalogue
from hypothesis import given, settings
from hypothesis import strategies as st
from stub_nodes import SPECS, Bench, p

from graph.errors import ParseError
from graph.job import Job
from graph.json_input import load
from graph.parse import parse, to_prompt
from graph.validate import validate
from graph.workflow import to_api

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ids = st.sampled_from(["1", "2", "3", "4"])
links = st.tuples(ids | st.just("9") | st.integers(0, 5), st.integers(-1, 3) | anything).map(list)
names = st.sampled_from(["a", "b", "value", "which", "yes", "no", "count", "values", "x"])
broken_nodes = st.fixed_dictionaries(
    {"class_type": st.sampled_from([*SPECS, "Nothing"]), "inputs": st.dictionaries(names, links | anything, max_size=4)}
)
nearly_sound_nodes = st.builds(
    lambda class_type, inputs: {"class_type": class_type, "inputs": p(class_type)["inputs"] | inputs},
    st.sampled_from(sorted(SPECS)),
    st.dictionaries(names, st.tuples(ids, st.just(0)).map(list), max_size=2),
)
broken_prompts = st.builds(
    lambda nodes, shown: nodes | ({"9": p("Show", value=[shown, 0])} if shown else {}),
    st.dictionaries(ids, nearly_sound_nodes | broken_nodes, max_size=4),
    st.none() | ids,
)


@given(st.text() | st.binary() | anything.map(json.dumps))
def test_load_gives_json_or_a_parse_error(text: str | bytes) -> None:
    try:
        json.dumps(load(text), allow_nan=False).encode()
    except ParseError as error:
        json.dumps(error.to_json())


@given(anything | broken_prompts)
def test_parse_gives_a_graph_or_a_parse_error(prompt: Any) -> None:
    try:
        graph = parse(prompt)
    except ParseError as error:
        json.dumps(error.to_json())
        return
    assert list(parse(to_prompt(graph)).nodes) == list(graph.nodes)


@given(broken_prompts, st.none() | st.lists(ids, max_size=3), st.none() | st.integers(0, 10**6))
def test_neither_validation_nor_a_run_ever_raises(
    prompt: dict[str, Any], targets: list[str] | None, budget: int | None
) -> None:
    report = validate(parse(prompt), SPECS, None, targets, budget)
    json.dumps([report.error(), report.node_errors()], allow_nan=False)
    assert (report.error() is None) is bool(report.targets)
    assert set(report.targets) <= set(report.wanted)
    again = validate(report.graph, SPECS, None, report.targets, budget)
    assert again.targets == report.targets
    assert again.graph == report.graph, "coercion changes nothing twice"
    asked = iter(range(10**6))
    job = Job(prompt_id="x", graph=report.graph, targets=report.targets)
    outcome = Bench(10**6).executor.run(job, lambda event: None, lambda: next(asked) > 40)
    assert outcome.status in ("success", "error", "interrupted")
    json.dumps(outcome.to_json(), allow_nan=False)


@st.composite
def sound_prompts(draw: st.DrawFn) -> dict[str, Any]:
    """Sums of numbers, some equal to others, each node reading earlier ones, and a few shown."""
    count = draw(st.integers(1, 12))
    prompt: dict[str, Any] = {"0": p("Num", value=draw(st.integers(0, 2)))}
    for i in range(1, count):
        source = [str(draw(st.integers(0, i - 1))), 0]
        kind = draw(st.sampled_from(["Add", "Num", "Switch", "Sum", "Random", "Later"]))
        match kind:
            case "Num" | "Random":
                node = p(kind, **{"value" if kind == "Num" else "a": draw(st.integers(0, 2))})
            case "Switch":
                other = [str(draw(st.integers(0, i - 1))), 0]
                node = p(kind, which=draw(st.booleans()), yes=source, no=other)
            case "Sum":
                node = p(kind, values=source)
            case _:
                node = p(kind, a=source, **({"b": draw(st.integers(0, 2))} if kind == "Add" else {"turns": 1}))
        prompt[str(i)] = node
    for i in range(draw(st.integers(1, 3))):
        prompt[f"show{i}"] = p("Show", value=[str(draw(st.integers(0, count - 1))), 0])
    return prompt


def value(prompt: dict[str, Any], id: str) -> int:
    """What a node of `sound_prompts` gives, worked out without the executor."""
    inputs = prompt[id]["inputs"]
    match prompt[id]["class_type"]:
        case "Num":
            return inputs["value"]
        case "Random":
            return inputs["a"]
        case "Switch":
            return value(prompt, inputs["yes" if inputs["which"] else "no"][0])
        case "Sum":
            return value(prompt, inputs["values"][0])
        case "Later":
            return value(prompt, inputs["a"][0])
        case _:
            return value(prompt, inputs["a"][0]) + inputs["b"]


@settings(deadline=None, max_examples=60)
@given(st.lists(sound_prompts(), min_size=1, max_size=4), st.sampled_from([0, 2000, 10**9]))
def test_runs_after_others_give_what_a_cold_run_gives(prompts: list[dict[str, Any]], budget: int) -> None:
    """With any cache, and whatever ran before: equal keys are equal outputs."""
    warm = Bench(budget)
    for prompt in prompts:
        expected = {
            id: {"text": [str(value(prompt, node["inputs"]["value"][0]))]}
            for id, node in prompt.items()
            if node["class_type"] == "Show"
        }
        ran = warm.run(prompt)
        assert ran.outcome.status == "success"
        assert ran.outcome.outputs == expected
        assert len(set(ran.executed)) == len(ran.executed), "nothing runs twice"
        if budget == 10**9:
            volatile = {id for id, node in prompt.items() if node["class_type"] == "Random"}
            again = warm.run(prompt)
            assert again.outcome.outputs == expected
            if not volatile:
                assert again.executed == []


workflow_nodes = st.fixed_dictionaries(
    {"id": st.integers(1, 5) | st.sampled_from(["a", "b"])},
    optional={
        "type": st.sampled_from([*catalogue(), "Reroute", "PrimitiveNode", "Note", "g1", "g2", "workflow>Pair"])
        | anything,
        "mode": st.sampled_from([0, 2, 4]) | anything,
        "inputs": st.lists(
            st.fixed_dictionaries(
                {"name": names | anything, "type": st.just("*") | anything, "link": st.integers(0, 6)}
            )
            | anything,
            max_size=3,
        )
        | anything,
        "outputs": st.lists(st.fixed_dictionaries({"name": names, "type": st.just("*")}), max_size=3) | anything,
        "widgets_values": anything,
        "properties": st.fixed_dictionaries({"proxyWidgets": st.lists(anything, max_size=3)}) | anything,
        "title": anything,
    },
)
node_ids = st.integers(1, 5) | st.just(-10) | st.just(-20) | st.just("a")
workflow_links = st.lists(
    st.tuples(st.integers(0, 6), node_ids, st.integers(0, 2), node_ids, st.integers(0, 2), st.just("*")).map(list)
    | anything,
    max_size=6,
)
graphs = {"nodes": st.lists(workflow_nodes, max_size=5), "links": workflow_links}
slots = st.lists(st.fixed_dictionaries({"name": names, "linkIds": st.lists(st.integers(0, 6), max_size=2)}), max_size=3)
definitions = st.fixed_dictionaries({**graphs, "id": st.sampled_from(["g1", "g2"]), "inputs": slots, "outputs": slots})
workflows = st.fixed_dictionaries(
    graphs, optional={"definitions": st.fixed_dictionaries({"subgraphs": st.lists(definitions, max_size=2)})}
)
CATALOGUE = catalogue()


@settings(deadline=None, max_examples=60)
@given(workflows | anything)
def test_any_workflow_becomes_a_prompt_whose_links_end_somewhere(workflow: Any) -> None:
    try:
        prompt = to_api(workflow, CATALOGUE, random=lambda: 0.5)
    except ParseError as error:
        assert "contains itself" in str(error)  # noqa: PT017 (no other error is allowed)
        return
    for node in prompt.values():
        for given_value in node["inputs"].values():
            assert not isinstance(given_value, list) or given_value[0] in prompt
