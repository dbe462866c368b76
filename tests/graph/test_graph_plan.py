"""Order, staleness and cycles: tables, and sizes that recursion would not survive."""

from __future__ import annotations

import pytest

from graph.errors import CycleError, GraphError
from graph.plan import components, plan, shortest_cycle, stale
from graph.schedule import Kind, Ranks, Schedule
from graph.types import Graph, Link, Node, NodeId


def graph(text: str) -> Graph:
    """`a; b < a; c < a b` is a graph of three nodes, where c reads a and b."""
    nodes: dict[NodeId, Node] = {}
    for part in text.split(";"):
        name, _, sources = part.partition("<")
        inputs = {f"in{i}": Link(NodeId(source), 0) for i, source in enumerate(sources.split())}
        nodes[NodeId(name.strip())] = Node(NodeId(name.strip()), "X", inputs)
    return Graph(nodes)


def ids(text: str) -> list[NodeId]:
    return [NodeId(id) for id in text.split()]


DIAMOND = "a; b < a; c < a; d < b c"


@pytest.mark.parametrize(
    ("nodes", "targets", "order"),
    [
        ("a", "a", "a"),
        ("a; b < a; c < b", "c", "a b c"),
        (DIAMOND, "d", "a b c d"),
        ("a; b < a; d < c b; c < b", "d", "a b c d"),
        ("a; b; c < a; d < b", "d c", "b d a c"),
        ("a; b; c < a a a", "c", "a c"),
        ("a; b < a", "a b", "a b"),
        ("a; b < a", "", ""),
    ],
)
def test_plan(nodes: str, targets: str, order: str) -> None:
    assert plan(graph(nodes), ids(targets)) == ids(order)


def test_plan_leaves_out_what_is_known() -> None:
    assert plan(graph(DIAMOND), ids("d"), known={NodeId("b")}) == ids("a c d")


@pytest.mark.parametrize(
    ("nodes", "target", "path"),
    [
        ("a < a", "a", "a a"),
        ("a < b; b < a", "a", "a b a"),
        ("a < c; b < a; c < b; d < c", "d", "c a b c"),
    ],
)
def test_a_cycle_shows_its_path(nodes: str, target: str, path: str) -> None:
    with pytest.raises(CycleError) as raised:
        plan(graph(nodes), ids(target))
    assert list(raised.value.path) == ids(path)
    assert " → ".join(f"#{id}" for id in ids(path)) in str(raised.value)


def test_a_link_to_nowhere() -> None:
    with pytest.raises(GraphError, match="no node #b"):
        plan(graph("a < b"), ids("a"))


@pytest.mark.parametrize(
    ("there", "runs"),
    [("", "d c a b"), ("a", "d c b"), ("b c", "d"), ("a b", "d c"), ("d", ""), ("a b c d", "")],
)
def test_stale(there: str, runs: str) -> None:
    found = stale(graph(DIAMOND), ids("d"), set(ids(there)).__contains__, lambda _node, _input: True)
    assert set(found) == set(ids(runs))


def test_stale_leaves_lazy_inputs_alone() -> None:
    found = stale(graph(DIAMOND), ids("d"), lambda _: False, lambda _node, input: input != "in1")
    assert set(found) == set(ids("d b a"))


def test_components_find_every_knot() -> None:
    nodes = graph("a; b < a d; c < b; d < c; e < d f; f < e; g < f g")
    upstream = {id: nodes.upstream(id) for id in nodes.nodes}
    groups = components(upstream)
    assert [set(group) for group in groups] == [{"a"}, {"b", "c", "d"}, {"e", "f"}, {"g"}]
    assert shortest_cycle(upstream, groups[2]) in (ids("e f e"), ids("f e f"))
    assert shortest_cycle(upstream, ["g"]) == ids("g g")


def test_a_chain_of_any_length() -> None:
    count = 50_000
    nodes = {
        NodeId(str(i)): Node(NodeId(str(i)), "X", {"a": Link(NodeId(str(i - 1)), 0)} if i else {}) for i in range(count)
    }
    long = Graph(nodes)
    assert len(plan(long, [NodeId(str(count - 1))])) == count
    assert len(components({id: long.upstream(id) for id in nodes})) == count
    nodes[NodeId("0")] = Node(NodeId("0"), "X", {"a": Link(NodeId(str(count - 1)), 0)})
    with pytest.raises(CycleError) as raised:
        plan(Graph(nodes), [NodeId("5")])
    assert len(raised.value.path) == count + 1
    assert len(str(raised.value)) < 1000


def test_schedule_hands_out_ready_nodes_by_rank() -> None:
    schedule = Schedule()
    a, b, c = ids("a b c")
    for id, rank in ((a, 2), (b, 1), (c, 0)):
        schedule.add(id, (rank, 0))
    schedule.wait(a, [])
    schedule.wait(b, [])
    schedule.wait(c, [a])
    assert [schedule.next(), schedule.next(), schedule.next()] == [b, a, None]
    schedule.finish(a)
    assert schedule.next() == c
    schedule.wait(c, [b])
    assert schedule.next() is None
    schedule.finish(b)
    assert schedule.next() == c
    schedule.finish(c)
    assert not schedule


def test_ranks() -> None:
    nodes = graph("a; b < a; c < b; show < c; later; far < a")
    kinds = {"show": Kind.OUTPUT, "later": Kind.ASYNC}
    ranks = Ranks(nodes, lambda id: kinds.get(id, Kind.PLAIN))
    order = plan(nodes, ids("show later far"))
    ranks.add(order)
    assert sorted(order, key=ranks.__getitem__) == ids("show later c b a far")
