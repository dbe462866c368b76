"""What clients are told, over the wire; parts of graphs, V3 nodes, routes; with the cache on, and off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodes.compat.comfy_execution.graph_utils import GraphBuilder
from tests.server.behaviours.client import Client, Refused, hello, show
from tests.server.harness import read_until

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
        last = other.run(hello("the end"))
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
