"""How values travel, over the wire: lists, blockers, expansion, async functions; with the cache on, and off."""

from __future__ import annotations

from typing import Any

import pytest

from nodes.compat.comfy_execution.graph_utils import GraphBuilder
from tests.server.behaviours.client import Client, Failed, hello, same, show
from tests.server.harness import until

# Links, lists, blockers


def test_undeclared_linked_inputs_reach_the_function(client: Client, g: GraphBuilder) -> None:
    images = [g.node("B_Grey", value=value) for value in (0.0, 1.0, 0.0, 0.0)]
    links: dict[str, Any] = {f"input{i}": image.out(0) for i, image in enumerate(images, 1)}
    shown = show(g, g.node("B_Average", **links, input5=0.7).out(0))
    assert client.run(g).shown(shown) == [0.25], "undeclared constants are dropped"


def test_lists_are_mapped_over(client: Client, g: GraphBuilder) -> None:
    numbers = g.node("B_Range", count=3)
    tens = g.node("B_List", value1=10, value2=20)
    added = g.node("B_Add", a=numbers.out(0), b=tens.out(0))
    shown = show(g, added.out(0))
    total = show(g, g.node("B_Sum", values=added.out(0)).out(0))
    sizes = show(g, g.node("B_Lengths", a=numbers.out(0), b="one").out(0))
    halves = g.node("B_Halves", values=added.out(0))
    parts = show(g, halves.out(0)), show(g, halves.out(1))
    result = client.run(g)
    assert result.shown(shown) == [10, 21, 22], "the shorter list repeats its last"
    assert result.shown(total) == [53]
    assert result.shown(sizes) == ["3 1"]
    assert [result.shown(part) for part in parts] == [[5, 10, 11], [3]]


def test_an_empty_list_makes_no_call(client: Client, g: GraphBuilder) -> None:
    nothing = g.node("B_Range", count=0)
    shown = show(g, g.node("B_Add", a=nothing.out(0), b=5).out(0))
    total = show(g, g.node("B_Sum", values=nothing.out(0)).out(0))
    result = client.run(g)
    assert not result.shown(shown)
    assert result.shown(total) == [0]


def test_a_blocker_in_a_list_blocks_its_item(client: Client, g: GraphBuilder) -> None:
    items = g.node("B_List", value1=0.0, value2=1.0, value3=0.0)
    numbers = g.node("B_List", value1=1, value2=2, value3=3)
    blocks = g.node("B_Compare", a=numbers.out(0), b=2, how="==")
    blocked = g.node("B_Block", input=items.out(0), block=blocks.out(0), why="")
    again = g.node("B_List", value1=blocked.out(0))
    shown = show(g, again.out(0))
    result = client.run(g)
    assert result.did_run(shown)
    assert result.shown(shown) == [0.0, 0.0]
    assert not result.of("execution_error")


def test_a_blocker_passes_on_and_its_message_is_told_once(client: Client, g: GraphBuilder) -> None:
    blocked = g.node("B_Block", input=1, block=True, why="not today")
    first = g.node("B_Add", a=blocked.out(0), b=1)
    second = g.node("B_Add", a=first.out(0), b=1)
    shown = show(g, second.out(0))
    other = show(g, g.node("B_Number", value=5).out(0))
    result = client.run(g)
    assert not result.shown(shown)
    assert result.shown(other) == [5]
    (error,) = result.of("execution_error")
    assert error["exception_type"] == "ExecutionBlocked"
    assert "not today" in error["exception_message"]
    assert error["node_id"] == first.id
    assert result.of("execution_success")


def test_a_blocker_alone_stands_for_all_outputs(client: Client, g: GraphBuilder) -> None:
    blocked = g.node("B_BlockAll", why="")
    shown = show(g, blocked.out(0)), show(g, blocked.out(1))
    total = show(g, g.node("B_Sum", values=blocked.out(1)).out(0))
    result = client.run(g)
    assert not any(result.shown(node) for node in (*shown, total))


# Expansion


def test_a_graph_in_a_nodes_place(client: Client, g: GraphBuilder, keeps: bool) -> None:
    node = g.node("B_AddThree", a=1, b=2, c=3)
    shown = show(g, node.out(0))
    result = client.run(g)
    assert result.shown(shown) == [6]
    assert result.did_run(node)
    displayed = {data["display_node"] for data in result.of("executing") if data["node"] is not None}
    assert displayed == {node.id, shown.id}, "what is inside is shown at the node"
    assert client.run(g).did_run(node) is not keeps


def test_mixed_returns_by_item(client: Client, g: GraphBuilder) -> None:
    values = g.node("B_List", value1=0.1, value2=0.2, value3=0.3)
    mixed = g.node("B_Mixed", value=g.node("B_Decimal", value=values.out(0)).out(0))
    dynamic, literal = show(g, mixed.out(0)), show(g, mixed.out(1))
    result = client.run(g)
    assert same(result.shown(dynamic), [0.1, 0.2, 0.3])
    assert result.shown(literal) == [1.0, 1.0, 1.0]


def test_loops_by_recursive_expansion(client: Client, g: GraphBuilder) -> None:
    black, white = g.node("B_Grey", value=0.0), g.node("B_Grey", value=1.0)
    stale = g.node("B_Stale", image=white.out(0), flag=True)
    opened = g.node("B_ForOpen", remaining=4, value1=stale.out(0))
    average = g.node("B_Average", input1=black.out(0), input2=opened.out(2))
    closed = g.node("B_ForClose", flow=opened.out(0), value1=average.out(0))
    shown = show(g, closed.out(0))
    for times in range(1, 5):
        opened.set_input("remaining", times)
        result = client.run(g)
        assert same(result.shown(shown), [1.0 / 2**times])
        assert result.did_run(stale)


def test_a_while_loop(client: Client, g: GraphBuilder) -> None:
    opened = g.node("B_Open", condition=True, value0=1, value1=10)
    added = g.node("B_Add", a=opened.out(1), b=opened.out(2))
    more = g.node("B_Compare", a=added.out(0), b=100, how="<")
    closed = g.node("B_Close", flow=opened.out(0), condition=more.out(0), value0=added.out(0), value1=opened.out(2))
    shown = show(g, closed.out(0))
    assert client.run(g).shown(shown) == [101]


def test_a_cycle_at_run_time_is_the_generators_fault(client: Client, g: GraphBuilder) -> None:
    generator = g.node("B_Cycle", image=g.node("B_Grey", value=0.5).out(0))
    show(g, generator.out(0))
    with pytest.raises(Failed) as failed:
        client.run(g)
    assert failed.value.data["node_id"] == generator.id
    assert failed.value.data["prompt_id"]
    assert failed.value.data["exception_type"] == "graph.DependencyCycleError"


@pytest.mark.parametrize("how", ["nowhere", "unknown", "no graph"])
def test_graphs_that_cannot_be(client: Client, g: GraphBuilder, how: str) -> None:
    node = g.node("B_Faulty", how=how)
    show(g, node.out(0))
    with pytest.raises(Failed) as failed:
        client.run(g)
    assert failed.value.data["node_id"] == node.id
    assert client.run(hello(f"after {how}")).ran


def test_an_expansion_with_an_id_that_is_taken(client: Client) -> None:
    g = GraphBuilder(prefix="")
    node = g.node("B_Faulty", how="twice")
    show(g, node.out(0))
    with pytest.raises(Failed, match="DuplicateNodeError"):
        client.run(g)


def test_outputs_inside_and_results_beside(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_ShowInside", value=7)
    shown = show(g, node.out(0))
    result = client.run(g)
    assert result.shown(shown) == [7]
    assert result.outputs[node.id] == {"own": [7]}
    inside = [entry for id, entry in result.outputs.items() if id not in (node.id, shown.id)]
    assert inside == [{"shown": [7]}]


def test_constants_of_any_kind_in_an_expansion(client: Client, g: GraphBuilder) -> None:
    shown = show(g, g.node("B_Carry", value=1).out(0))
    assert client.run(g).shown(shown) == ["object [1, 2, 3] [1, 2] ['a', 'b']"]


def test_async_functions_may_expand_too(client: Client, g: GraphBuilder) -> None:
    shown = show(g, g.node("B_AsyncExpands", value=4).out(0))
    assert client.run(g).shown(shown) == [5]


def test_a_blocker_as_an_expansions_result(client: Client, g: GraphBuilder) -> None:
    shown = show(g, g.node("B_BlockInside", value=4).out(0))
    assert not client.run(g).shown(shown)


# Async functions


def test_async_nodes_wait_at_the_same_time(client: Client, g: GraphBuilder) -> None:
    """Each of the three ends only once all wait: one after another they never would."""
    group = f"{g.prefix}{client.id}"
    waits = [g.node("B_Together", group=group, count=3, name=str(i)) for i in range(3)]
    shown = [show(g, wait.out(0)) for wait in waits]
    result = client.run(g)
    assert [result.shown(node) for node in shown] == [[3]] * 3


def test_the_items_of_a_list_wait_at_the_same_time(client: Client, g: GraphBuilder) -> None:
    names = g.node("B_List", value1="a", value2="b", value3="c")
    wait = g.node("B_Together", group=f"{g.prefix}{client.id}", count=3, name=names.out(0))
    shown = show(g, wait.out(0))
    assert client.run(g).shown(shown) == [3, 3, 3]


def test_async_nodes_of_an_expansion(client: Client, g: GraphBuilder, keeps: bool) -> None:
    node = g.node("B_Parallel", image=g.node("B_Grey", value=0.5).out(0), count=4, seconds=0.02)
    shown = show(g, node.out(0))
    assert client.run(g).shown(shown) == [0.5]
    assert client.run(g).did_run(node) is not keeps


def test_async_errors_and_what_comes_after(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_AsyncFails", value=g.node("B_Number", value=1).out(0), after=0.01)
    show(g, node.out(0))
    with pytest.raises(Failed, match="an async fault of mine") as failed:
        client.run(g)
    data = failed.value.data
    assert (data["node_id"], data["node_type"], data["exception_type"]) == (node.id, "B_AsyncFails", "RuntimeError")
    assert data["exception_message"].endswith("\n")
    assert any("waiting.py" in line for line in data["traceback"])
    slow = GraphBuilder(prefix="slow")
    show(slow, slow.node("B_TooSlow", value=1).out(0))
    with pytest.raises(Failed, match="timed out"):
        client.run(slow)
    assert client.run(hello("after errors")).ran


def test_an_error_ends_what_waits_elsewhere(client: Client, g: GraphBuilder) -> None:
    show(g, g.node("B_WaitsForEver", value=1, name="for ever").out(0))
    show(g, g.node("B_Fails", value=g.node("B_Number", value=1).out(0)).out(0))
    with pytest.raises(Failed, match="a fault of mine"):
        client.run(g)
    after = GraphBuilder(prefix="resource")
    shown = show(after, after.node("B_Resource", value=1, name="for ever").out(0))
    assert client.run(after).shown(shown) == [1]


def test_resources_are_given_back(client: Client, g: GraphBuilder, keeps: bool) -> None:
    nodes = [g.node("B_Resource", value=1, name=f"r{i}") for i in range(5)]
    for node in nodes:
        show(g, node.out(0))
    first, second = client.run(g), client.run(g)
    assert all(first.did_run(node) for node in nodes)
    assert any(second.did_run(node) for node in nodes) is not keeps


def test_an_interrupt_ends_what_waits(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_WaitsForEver", value=1, name="interrupted")
    show(g, node.out(0))
    prompt_id = client.post(g)
    until(lambda: client.server.get("/queue").json()["queue_running"])
    client.server.post("/interrupt", {"prompt_id": prompt_id})
    result = client.read(prompt_id)
    assert result.of("execution_interrupted")
    assert client.run(hello("after an interrupt")).ran


def test_results_that_are_none(client: Client, g: GraphBuilder) -> None:
    show(g, g.node("B_NoTuple", value=1).out(0))
    with pytest.raises(Failed, match="tuple of 1 value"):
        client.run(g)


def test_a_result_that_is_too_short_leaves_outputs_empty(client: Client, g: GraphBuilder) -> None:
    """Packs return less where nothing reads the rest; a warning at the node says so (test_compat_habits)."""
    few = g.node("B_TooFew", value=1)
    first, second = show(g, few.out(0)), show(g, few.out(1))
    run = client.run(g)
    assert {few.id, first.id, second.id} <= set(run.ran)
