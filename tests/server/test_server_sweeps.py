"""A sweep over the real link: shared parts once, every cell told as it is done, and found again by any page."""

from __future__ import annotations

import json
from typing import Any

from tests.server.harness import Server, until


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def sweep(middle: str = "Join", seconds: float = 0.0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Three cells: 1 is shared, 2 has another word in each, 3 joins them and 4 shows it."""
    prompt: dict[str, Any] = {"1": node("Say", text="shared "), "5": node("Slow", seconds=seconds, steps=5)}
    cells: list[dict[str, Any]] = []
    for cell, word in enumerate(("red", "green", "blue")):
        end = f"@{cell}" if cell else ""
        prompt[f"2{end}"] = node("Say", text=word)
        prompt[f"3{end}"] = node("Join", a=["1", 0], b=[f"2{end}", 0])
        prompt[f"4{end}"] = node("Show", text=[f"3{end}", 0])
        changes = [[["nodes", 0, "widgets_values", 0], word]]
        cells.append({"at": [cell], "nodes": {id: id + end for id in "234"} if cell else {}, "changes": changes})
    if middle != "Join":
        prompt["3@1"] = node(middle, text=["2@1", 0])
    if seconds:
        prompt["3@2"] = node("Join", a=["5", 0], b=["2@2", 0])
    steps = [{"label": word, "acts": []} for word in ("red", "green", "blue")]
    about = {"version": 1, "axes": [{"title": "Word", "steps": steps}], "cells": cells, "outputs": ["4"]}
    workflow = {"nodes": [{"id": 2, "widgets_values": ["red"]}]}
    return prompt, {"easel": {"sweep": about}, "extra_pnginfo": {"workflow": workflow}}


def test_cells_are_told_and_found_again(server: Server) -> None:
    prompt, extra = sweep()
    with server.socket("sweeper") as socket:
        id = server.prompt(prompt, extra_data=extra, client_id="sweeper")
        told: list[tuple[str, str]] = []
        while True:
            message = json.loads(socket.recv(timeout=30))
            data = message["data"]
            if message["type"] == "executing" and data["node"] is not None:
                told.append((data["node"], data["display_node"]))
            if message["type"] == "execution_success":
                break
    assert sorted(told) == sorted([("1", "1"), *((f"{n}{end}", n) for n in "234" for end in ("", "@1", "@2"))]), (
        "the shared node ran once, and each is told by the node of the graph"
    )
    ends = [node.partition("@")[2] for node, _ in told if node != "1"]
    assert ends == sorted(ends)
    found = server.get(f"/easel/sweeps/{id}").json()
    assert found["state"] == "done"
    assert found["workflow"] == extra["extra_pnginfo"]["workflow"]
    assert found["sweep"] == extra["easel"]["sweep"]
    assert {node: output["text"] for node, output in found["outputs"].items()} == {
        "4": ["shared red"],
        "4@1": ["shared green"],
        "4@2": ["shared blue"],
    }
    (listed,) = [each for each in server.get("/easel/sweeps").json() if each["prompt_id"] == id]
    assert listed["axes"] == [{"title": "Word", "count": 3}]
    assert listed["cells"] == 3
    (ended,) = [each for each in server.get("/easel/history").json()["entries"] if each["prompt_id"] == id]
    assert ended["cells"] == 3, "the history offers its grid"


def test_one_cell_fails(server: Server) -> None:
    prompt, extra = sweep("Fail")
    id = server.prompt(prompt, extra_data=extra)
    server.result(id)
    found = server.get(f"/easel/sweeps/{id}").json()
    assert found["state"] == "error"
    assert set(found["outputs"]) == {"4", "4@2"}
    assert set(found["failures"]) == {"3@1"}


def test_an_interrupt_keeps_what_is_done(server: Server) -> None:
    prompt, extra = sweep(seconds=30)
    id = server.prompt(prompt, extra_data=extra)
    until(lambda: set(server.get(f"/easel/sweeps/{id}").json()["outputs"]) == {"4", "4@1"}, server=server)
    assert server.get(f"/easel/sweeps/{id}").json()["state"] == "running", "a page that comes late sees it"
    server.post("/interrupt", {"prompt_id": id})
    server.result(id)
    found = server.get(f"/easel/sweeps/{id}").json()
    assert found["state"] == "interrupted"
    assert set(found["outputs"]) == {"4", "4@1"}


def test_what_is_no_sweep_is_not_found(server: Server) -> None:
    id = server.prompt({"1": node("Say", text="x"), "2": node("Show", text=["1", 0])})
    server.result(id)
    assert server.get(f"/easel/sweeps/{id}").status == 404
    assert server.get("/easel/sweeps/nothing").status == 404
    broken = {"easel": {"sweep": {"axes": [3], "cells": "x"}}}
    id = server.prompt({"1": node("Say", text="y"), "2": node("Show", text=["1", 0])}, extra_data=broken)
    assert server.result(id)["status"]["completed"]
    assert server.get(f"/easel/sweeps/{id}").status == 404
    assert server.get("/easel/sweeps").status == 200
