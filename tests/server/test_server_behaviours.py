"""How graphs run, over the wire, with a pack that imports ComfyUI's names: with the cache on, and off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from nodes.compat.comfy_execution.graph_utils import GraphBuilder, Node
from tests.server.behaviours import Client, Failed, Refused, place_pack
from tests.server.harness import Server, read_until, running, until


@pytest.fixture(scope="module", params=[[], ["--cache-none"]], ids=["cache", "no cache"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, bool]]:
    """A server with the pack, and whether it keeps results."""
    base = tmp_path_factory.mktemp("behaviours")
    flags = ["--extra-model-paths-config", place_pack(base), "--trust-packs", "--cpu", *request.param]
    with running(base, *flags) as server:
        server.wait_until_ready()
        yield server, not request.param


@pytest.fixture(scope="module")
def client(served: tuple[Server, bool]) -> Iterator[Client]:
    found = Client(served[0])
    yield found
    found.socket.close()


@pytest.fixture
def keeps(served: tuple[Server, bool]) -> bool:
    return served[1]


@pytest.fixture
def g(request: pytest.FixtureRequest) -> GraphBuilder:
    return GraphBuilder(prefix=request.node.name)


def show(g: GraphBuilder, link: Any) -> Node:
    return g.node("B_Show", value=link)


def same(a: list[Any] | None, b: list[Any]) -> bool:
    return a is not None and a == pytest.approx(b)


# Lazy inputs


def test_a_lazy_input_that_is_not_asked_for_does_not_run(client: Client, g: GraphBuilder) -> None:
    black, white = g.node("B_Grey", value=0.0), g.node("B_Grey", value=1.0)
    mask = g.node("B_Decimal", value=0.0)
    mix = g.node("B_Mix", image1=black.out(0), image2=white.out(0), mask=mask.out(0))
    shown = show(g, mix.out(0))
    result = client.run(g)
    assert result.shown(shown) == [0.0]
    assert result.did_run(black)
    assert result.did_run(mask)
    assert result.did_run(mix)
    assert not result.did_run(white)


def test_async_check_lazy_status(client: Client, g: GraphBuilder) -> None:
    a, b = g.node("B_Word", value="a"), g.node("B_Word", value="b")
    pick = g.node("B_PickAsync", first=False, a=a.out(0), b=b.out(0))
    shown = show(g, pick.out(0))
    result = client.run(g)
    assert result.shown(shown) == ["b"]
    assert result.did_run(b)
    assert not result.did_run(a)
    constants = GraphBuilder(prefix="constants")
    end = show(constants, constants.node("B_PickAsync", first=True, a="x", b="y").out(0))
    assert client.run(constants).shown(end) == ["x"]


def test_lazy_inputs_one_after_another(client: Client, g: GraphBuilder) -> None:
    numbers = [g.node("B_Number", value=value) for value in (4, 7, 9)]
    links: dict[str, Any] = {name: n.out(0) for name, n in zip("abc", numbers, strict=True)}
    total = g.node("B_Until10", **links)
    shown = show(g, total.out(0))
    result = client.run(g)
    assert result.shown(shown) == [11]
    assert result.did_run(numbers[1])
    assert not result.did_run(numbers[2])


def test_a_lazy_input_that_nobody_asks_for_is_none(client: Client, g: GraphBuilder) -> None:
    shown = show(g, g.node("B_NeverAsks", a=g.node("B_Number", value=3).out(0)).out(0))
    assert client.run(g).shown(shown) == ["None"]


def test_lazy_inputs_by_item(client: Client, g: GraphBuilder) -> None:
    masks = g.node("B_List", value1=0.0, value2=0.5, value3=1.0)
    mask = g.node("B_Decimal", value=masks.out(0))
    mix = g.node(
        "B_Mix",
        image1=g.node("B_Grey", value=0.0).out(0),
        image2=g.node("B_Grey", value=1.0).out(0),
        mask=mask.out(0),
    )
    shown = show(g, mix.out(0))
    assert client.run(g).shown(shown) == [0.0, 0.5, 1.0]


# What is kept


def test_a_second_run_is_cached_whole(client: Client, g: GraphBuilder, keeps: bool) -> None:
    noise, own = g.node("B_Noise"), g.node("B_Grey", value=0.123)
    mix = g.node("B_Mix", image1=noise.out(0), image2=own.out(0), mask=0.5)
    shown = show(g, mix.out(0))
    first, second = client.run(g), client.run(g)
    assert set(first.ran) == set(g.nodes)
    assert second.ran == ([] if keeps else first.ran)
    assert set(second.cached) == (set(g.nodes) if keeps else set())
    assert (second.shown(shown) == first.shown(shown)) is keeps
    assert [message["type"] for message in second.messages if message["type"] == "executed"] == ["executed"]


def test_a_change_runs_what_depends_on_it(client: Client, g: GraphBuilder, keeps: bool) -> None:
    one, two = g.node("B_Noise"), g.node("B_Grey", value=0.25)
    mask = g.node("B_Decimal", value=0.5)
    mix = g.node("B_Mix", image1=one.out(0), image2=two.out(0), mask=mask.out(0))
    show(g, mix.out(0))
    client.run(g)
    mask.inputs["value"] = 0.4
    result = client.run(g)
    assert result.did_run(mask)
    assert result.did_run(mix)
    assert result.did_run(one) is not keeps
    assert result.did_run(two) is not keeps
    mask.inputs["value"] = 0.5
    assert client.run(g).did_run(mix) is not keeps


def test_equal_nodes_run_once(client: Client, g: GraphBuilder) -> None:
    name = f"{g.prefix}once"
    counts = [g.node("B_CountRuns", name=name) for _ in range(2)]
    shown = [show(g, count.out(0)) for count in counts]
    result = client.run(g)
    assert [result.shown(node) for node in shown] == [[1], [1]]
    assert len([node for node in counts if result.did_run(node)]) == 1


def test_nodes_that_are_not_idempotent_run_each(client: Client, g: GraphBuilder) -> None:
    a, b = g.node("B_Alone"), g.node("B_Alone")
    shown = show(g, a.out(0)), show(g, b.out(0))
    result = client.run(g)
    assert result.shown(shown[0]) != result.shown(shown[1])


def test_an_object_lives_as_long_as_its_node(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_Remembers", value=1)
    shown = show(g, node.out(0))
    assert client.run(g).shown(shown) == [1]
    node.inputs["value"] = 2
    assert client.run(g).shown(shown) == [2]
    client.run(_hello("else"))
    node.inputs["value"] = 3
    assert client.run(g).shown(shown) == [1]


def _hello(prefix: str) -> GraphBuilder:
    g = GraphBuilder(prefix=prefix)
    show(g, g.node("B_Word", value=prefix).out(0))
    return g


def test_stale_by_nan_and_fresh_by_false(client: Client, g: GraphBuilder, keeps: bool) -> None:
    # The order of the nodes is not that of their links.
    end = g.node("B_Show")
    stale = g.node("B_Stale", flag=False)
    image = g.node("B_Grey", value=0.5)
    end.set_input("value", stale.out(0))
    stale.set_input("image", image.out(0))
    assert client.run(g).did_run(stale)
    assert client.run(g).did_run(stale) is not keeps
    stale.set_input("flag", True)
    assert client.run(g).did_run(stale)
    result = client.run(g)
    assert result.did_run(stale)
    assert result.did_run(end)
    assert result.did_run(image) is not keeps


def test_is_changed_sees_constants_only(client: Client, g: GraphBuilder, keeps: bool) -> None:
    image = g.node("B_Grey", value=0.5)
    node = g.node("B_StaleByConstants", image=image.out(0), value=0.5)
    shown = show(g, node.out(0))
    assert client.run(g).shown(shown) == [0.25]
    result = client.run(g)
    assert result.shown(shown) == [0.25]
    assert result.did_run(node) is not keeps


def test_async_is_changed_and_one_that_raises(client: Client, g: GraphBuilder, keeps: bool) -> None:
    slow, raises = g.node("B_StaleAsync", value=11), g.node("B_StaleRaises", value=1)
    show(g, slow.out(0))
    show(g, raises.out(0))
    client.run(g)
    result = client.run(g)
    assert result.did_run(slow) is not keeps
    assert result.did_run(raises)


# Checks before a run


@pytest.mark.parametrize(
    ("a", "problem"),
    [(5.0, None), (5, "custom_validation_failed"), ("foo", "custom_validation_failed")],
)
def test_constants_of_a_union(client: Client, g: GraphBuilder, a: Any, problem: str | None) -> None:
    node = g.node("B_CheckUnion", a=a, b=3.0)
    shown = show(g, node.out(0))
    if problem is None:
        assert client.run(g).shown(shown) == [15.0]
        return
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert refused.value.status == 400
    assert {kind for _, kind in refused.value.kinds()} == {problem}


@pytest.mark.parametrize("check", ["B_CheckUnion", "B_CheckTypes"])
@pytest.mark.parametrize(("source", "fits"), [("B_Number", False), ("B_Word", False), ("B_Decimal", True)])
def test_links_into_a_union(client: Client, g: GraphBuilder, check: str, source: str, fits: bool) -> None:
    value: Any = "x" if source == "B_Word" else 5
    node = g.node(check, a=g.node(source, value=value).out(0), b=3.0)
    shown = show(g, node.out(0))
    if fits:
        assert client.run(g).shown(shown) == [15.0]
        return
    with pytest.raises(Refused) as refused:
        client.run(g)
    kind = "return_type_mismatch" if check == "B_CheckUnion" else "custom_validation_failed"
    assert (node.id, kind) in refused.value.kinds()


def test_input_types_turns_the_check_of_links_off(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_CheckFunction", a=g.node("B_Truth", value=True).out(0))
    shown = show(g, node.out(0))
    assert client.run(g).shown(shown) == ["True"]
    node.set_input("a", g.node("B_Word", value="x").out(0))
    with pytest.raises(Refused):
        client.run(g)


@pytest.mark.parametrize(("b", "fits"), [(0.5, True), (5.0, True), (7.0, False)])
def test_checks_that_take_all_inputs_over(client: Client, g: GraphBuilder, b: float, fits: bool) -> None:
    shown = show(g, g.node("B_CheckAll", a=1.0, b=b).out(0))
    if fits:
        assert client.run(g).shown(shown) == [b]
        return
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert "no sevens" in json.dumps(refused.value.body)


def test_async_checks_and_checks_that_say_no(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_CheckAsync", value=5.0, limit=10.0)
    shown = show(g, node.out(0))
    assert client.run(g).shown(shown) == [0.5]
    node.inputs["limit"] = 3.0
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert "5.0 is more than 3.0" in json.dumps(refused.value.body)
    no = GraphBuilder(prefix="no")
    first = no.node("B_CheckSaysNo", a=1, b=2)
    second = no.node("B_CheckRaises", value=1)
    show(no, first.out(0))
    show(no, second.out(0))
    with pytest.raises(Refused) as refused:
        client.run(no)
    expected = [(first.id, "custom_validation_failed")] * 2 + [(second.id, "exception_during_validation")]
    assert sorted(refused.value.kinds()) == sorted(expected)


def test_bounds_and_required_inputs(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_Needs", value=9)
    shown = show(g, node.out(0))
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert refused.value.kinds() == [(node.id, "value_bigger_than_max")]
    node.inputs["value"] = 2
    assert client.run(g).shown(shown) == ["2 nothing"]
    del node.inputs["value"]
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert refused.value.kinds() == [(node.id, "required_input_missing")]


def test_a_good_output_runs_beside_a_broken_one(client: Client, g: GraphBuilder) -> None:
    one, lost = g.node("B_Grey", value=0.5), g.node("B_Grey", id="lost", value=0.25)
    broken = show(g, g.node("B_Average", input1=one.out(0), input2=lost.out(0)).out(0))
    good = show(g, g.node("B_Average", input1=one.out(0)).out(0))
    g.remove_node("lost")
    result = client.run(g)
    assert result.shown(good) == [0.5]
    assert result.shown(broken) is None
    g.node("B_Grey", id="lost", value=0.25)
    assert client.run(g).shown(broken) == [0.375]


def test_a_cycle_is_refused(client: Client, g: GraphBuilder) -> None:
    first = g.node("B_Mix", image1=g.node("B_Grey", value=0.5).out(0), mask=0.5)
    second = g.node("B_Mix", image1=first.out(0), image2=first.out(0), mask=0.5)
    first.set_input("image2", second.out(0))
    show(g, second.out(0))
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert refused.value.status == 400
    assert "dependency_cycle" in {kind for _, kind in refused.value.kinds()}


def test_unknown_nodes_are_named(client: Client, g: GraphBuilder) -> None:
    show(g, g.node("SomebodysPack.Node", value=1).out(0))
    g.node("AnotherPackNode")
    with pytest.raises(Refused) as refused:
        client.run(g)
    error = refused.value.body["error"]
    assert error["type"] == "invalid_prompt"
    assert "SomebodysPack.Node" in error["message"]
    assert len(refused.value.kinds()) == 2
    assert client.run(_hello("after unknown nodes")).ran


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
    assert client.run(_hello(f"after {how}")).ran


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
    assert client.run(_hello("after errors")).ran


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
    assert client.run(_hello("after an interrupt")).ran


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


# Parts of a graph


def test_only_the_targets_and_what_they_need_run(client: Client, g: GraphBuilder) -> None:
    first, second = g.node("B_Number", value=1), g.node("B_Number", value=2)
    kept = g.node("B_ShowAndPass", value=first.out(0))
    quiet = g.node("B_SaveQuietly", image=kept.out(0), by=2.0)
    last, other = show(g, quiet.out(0)), show(g, second.out(0))
    beside = show(g, kept.out(0))
    result = client.run(g, partial_execution_targets=[last.id])
    assert result.shown(last) == [2.0]
    assert {first.id, kept.id, quiet.id, last.id} <= {*result.ran, *result.cached}
    assert not {second.id, other.id, beside.id} & {*result.ran, *result.cached}
    assert result.shown(other) is None
    result = client.run(g, partial_execution_targets=[last.id, other.id])
    assert result.shown(other) == [2]
    assert result.shown(beside) is None


def test_lazy_inputs_of_parts(client: Client, g: GraphBuilder) -> None:
    one, two, three = (g.node("B_Grey", value=value) for value in (0.0, 0.5, 1.0))
    first = show(g, g.node("B_Mix", image1=one.out(0), image2=two.out(0), mask=0.0).out(0))
    show(g, g.node("B_Mix", image1=two.out(0), image2=three.out(0), mask=0.5).out(0))
    result = client.run(g, partial_execution_targets=[first.id])
    assert {one.id, first.id} <= {*result.ran, *result.cached}
    assert not {two.id, three.id} & set(result.ran)


@pytest.mark.parametrize("targets", [[], ["nowhere"]])
def test_no_targets_are_refused(client: Client, g: GraphBuilder, targets: list[str]) -> None:
    show(g, g.node("B_Number", value=1).out(0))
    with pytest.raises(Refused) as refused:
        client.run(g, partial_execution_targets=targets)
    assert refused.value.body["error"]["type"] == "prompt_no_outputs"


# Progress, clients, hidden inputs


@pytest.mark.parametrize("node_type", ["B_Bar", "B_AsyncBar", "B_AsyncProgress", "B_SyncProgress"])
def test_progress(client: Client, g: GraphBuilder, node_type: str) -> None:
    node = g.node(node_type, value=f"{g.prefix}", steps=3)
    show(g, node.out(0))
    result = client.run(g)
    steps = [(data["value"], data["max"]) for data in result.of("progress") if data["node"] == node.id]
    assert steps[-1] == (3, 3)
    assert steps == sorted(steps)
    states = [data["nodes"][node.id] for data in result.of("progress_state") if node.id in data["nodes"]]
    assert states[-1]["state"] == "finished"


def test_each_client_hears_of_its_own(client: Client) -> None:
    graphs = [GraphBuilder(prefix=f"client {i} ") for i in range(2)]
    for number, graph in enumerate(graphs):
        show(graph, graph.node("B_Bar", value=number, steps=3).out(0))
    other = Client(client.server)
    try:
        ids = [client.post(graphs[0]), other.post(graphs[1])]
        mine, theirs = client.read(ids[0]), other.read(ids[1])
        assert mine.of("progress_state")
        assert theirs.of("progress_state")
        other.server.request("POST", "/prompt", {"prompt": graphs[0].finalize()})
        last = other.run(_hello("the end"))
        assert last.ran or last.cached
    finally:
        heard = [json.loads(data) for data in _left(other)]
        other.socket.close()
    assert {message["type"] for message in heard} <= {"status"}


def _left(client: Client) -> list[str]:
    """What a client has not read yet, as far as it has come."""
    found: list[str] = []
    while True:
        try:
            data = client.socket.recv(timeout=0.05)
        except TimeoutError:
            return found
        found += [data] if isinstance(data, str) else []


def test_hidden_inputs(client: Client, g: GraphBuilder) -> None:
    node = g.node("B_WhoAmI")
    shown = show(g, node.out(0))
    own = show(g, g.node("B_Own", value=3).out(0))
    result = client.run(g, extra_data={"extra_pnginfo": {"workflow": 1}})
    assert result.shown(shown) == [f"{node.id} of 4: B_WhoAmI {{'workflow': 1}}"]
    assert result.shown(own) == [f"{next(id for id in g.nodes if g.nodes[id].class_type == 'B_Own')}=3"]


# Nodes of the third kind


def test_nodes_of_the_third_kind(client: Client, g: GraphBuilder, keeps: bool) -> None:
    added = g.node("B3_Add", a=1)
    numbers = g.node("B_Number", value=104), g.node("B_Number", value=105)
    lazy = g.node("B3_Lazy", first=False, a=numbers[0].out(0), b=numbers[1].out(0))
    expanded = g.node("B3_Expand", a=lazy.out(0), block=False)
    grown = g.node("B3_Grow", **{"items.item0": added.out(0), "items.item1": 8, "mode": "strong", "mode.strength": 2})
    shown = [show(g, node.out(0)) for node in (added, lazy, expanded, grown)]
    told = g.node("B3_Tell", value=added.out(0), prompt="says")
    result = client.run(g)
    strong = "{'item0': 3, 'item1': 8} {'mode': 'strong', 'strength': 2}"
    assert [result.shown(node) for node in shown] == [[3], [105], [115], [strong]]
    assert result.outputs[told.id] == {"text": [f"{told.id}/{len(g.nodes)} says: 3"]}
    assert result.did_run(numbers[1])
    assert not result.did_run(numbers[0])
    assert client.run(g).did_run(added) is not keeps


def test_lazy_inputs_that_a_choice_brings(client: Client, g: GraphBuilder) -> None:
    number = g.node("B_Number", value=271)
    links: dict[str, Any] = {"which": "two", "which.two_value": number.out(0)}
    node = g.node("B3_GrowLazily", needed=False, **links)
    shown = show(g, node.out(0))
    result = client.run(g)
    assert result.shown(shown) == ["{'which': 'two', 'two_value': None}"]
    assert not result.did_run(number)
    node.inputs["needed"] = True
    result = client.run(g)
    assert result.shown(shown) == ["{'which': 'two', 'two_value': 271}"]
    assert result.did_run(number)


def test_checks_of_the_third_kind(client: Client, g: GraphBuilder) -> None:
    check = g.node("B3_Check", a=13)
    show(g, check.out(0))
    with pytest.raises(Refused) as refused:
        client.run(g)
    assert "not thirteen" in json.dumps(refused.value.body)
    check.inputs["a"] = 7
    assert client.run(g).did_run(check)
    assert client.run(g).did_run(check), "NaN is never the same"
    grow = g.node("B3_Grow", mode="strong")
    show(g, grow.out(0))
    with pytest.raises(Refused) as refused:
        client.run(g, partial_execution_targets=[list(g.nodes)[-1]])
    assert refused.value.kinds() == [(grow.id, "required_input_missing")] * 2


def test_a_blocker_of_the_third_kind(client: Client, g: GraphBuilder) -> None:
    shown = show(g, g.node("B3_Expand", a=1, block=True).out(0))
    result = client.run(g)
    assert not result.shown(shown)
    assert "blocked by hand" in result.of("execution_error")[0]["exception_message"]


def test_what_clients_read_of_the_third_kind(client: Client) -> None:
    info = client.server.get("/object_info/B3_Add").json()["B3_Add"]
    assert info["input"]["required"]["a"] == ["INT", {"min": 0, "max": 100}]
    assert info["output_tooltips"] == ["of both", None]
    assert (info["deprecated"], info["experimental"], info["api_node"]) == (False, False, False)
    assert info["python_module"] == "custom_nodes.behaviours"


# Routes of the pack's own


def test_routes_of_the_pack(client: Client) -> None:
    server = client.server
    for prefix in ("", "/api"):
        reply = server.request("GET", f"{prefix}/behaviours/hello/me", headers={"Cookie": "a=b"})
        assert (reply.status, reply.json()) == (200, {"hello": "me", "private": []})
    assert server.request("POST", "/behaviours/size", raw=b"x" * 200_000).json() == 200_000
    reply = server.get("/behaviours/fails")
    assert reply.status == 500
    said = reply.json()["error"]["message"]
    assert said == "The node pack behaviours could not answer this: ValueError: a fault of this route"
    assert server.get("/behaviours/nothing").status == 404
    origin = {"Origin": "http://elsewhere.example"}
    assert server.request("GET", "/behaviours/hello/me", headers=origin).status == 403
    assert read_until(client.socket, "behaviours.hello")[-1]["data"] == {"name": "me"}


def test_easels_own_routes_come_first(client: Client) -> None:
    assert "queue_running" in client.server.get("/queue").json()
    packs = client.server.get("/easel/packs").json()["packs"]
    (pack,) = [pack for pack in packs if pack["name"] == "behaviours"]
    assert pack["notes"] == ["Its route GET /queue is never reached: Easel itself answers at this address."]


def test_the_pack_has_about_fifty_nodes(client: Client) -> None:
    info = client.server.get("/object_info").json()
    ours = [name for name, entry in info.items() if entry["python_module"] == "custom_nodes.behaviours"]
    assert len(ours) >= 50
