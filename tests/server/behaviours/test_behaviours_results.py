"""Which nodes run, over the wire: lazy inputs, what is kept, checks before a run; with the cache on, and off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodes.compat.comfy_execution.graph_utils import GraphBuilder
from tests.server.behaviours.client import Client, Refused, hello, show

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
    client.run(hello("else"))
    node.inputs["value"] = 3
    assert client.run(g).shown(shown) == [1]


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
    assert client.run(hello("after unknown nodes")).ran
