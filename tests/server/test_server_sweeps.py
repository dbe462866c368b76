"""A sweep over the real link: shared parts once, every cell told as it is done, and found again by any page."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.server.harness import Server, running, until


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


def saving(middle: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Three cells, each of which saves a file; `middle` comes before that of the second."""
    prompt, extra = sweep()
    for cell, letter in enumerate("abc"):
        end = f"@{cell}" if cell else ""
        del prompt[f"3{end}"]
        prompt[f"4{end}"] = node("Save", letter=letter, kilobytes=1)
    prompt["3@1"] = middle
    prompt["4@1"] = node("Show", text=["3@1", 0])
    return prompt, extra


def names(entry: dict[str, Any]) -> dict[str, Any]:
    return {id: output.get("files", output.get("text")) for id, output in entry["outputs"].items()}


def saved(letter: str) -> list[dict[str, str]]:
    return [{"filename": f"{letter}_00001_.txt", "subfolder": "", "type": "output"}]


def test_cells_that_are_done_are_not_done_again_when_the_worker_dies(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        prompt, extra = saving(node("Die", marker=str(tmp_path / "marker")))
        id = server.prompt(prompt, extra_data=extra)
        entry = server.result(id)
        assert entry["status"]["completed"] is True
        assert server.status()["worker"]["deaths"] == 1
        assert names(entry) == {"4": saved("a"), "4@1": ["survived"], "4@2": saved("c")}
        assert {about["display_node"] for about in entry["meta"].values()} == {"4"}
        found = server.get(f"/easel/sweeps/{id}").json()
        assert (found["state"], found["outputs"]) == ("done", entry["outputs"])
        assert sorted(path.name for path in (tmp_path / "output").iterdir()) == ["a_00001_.txt", "c_00001_.txt"]
        prompt, extra = saving(node("Die", marker=""))
        id = server.prompt(prompt, extra_data=extra)
        until(lambda: server.get("/easel/queue").json()["paused"], server=server)  # as after any two jobs that kill
        server.post("/easel/queue", {"paused": False})
        entry = server.result(id)
        sentence = entry["status"]["messages"][-1][1]["exception_message"]
        assert sentence.startswith("the worker died (signal 9) while running Die #3")
        again = [{**saved("a")[0], "filename": "a_00002_.txt"}]
        assert names(entry)["4"] == again, "they stay when it fails for good"


def test_cells_that_are_done_are_there_after_the_server_was_killed(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        prompt, extra = saving(node("Slow", seconds=1.0, steps=5))
        id = server.prompt(prompt, extra_data=extra)
        until(lambda: set(server.get(f"/easel/sweeps/{id}").json()["outputs"]) == {"4"}, server=server)
        server.kill()
    with running(tmp_path, "--paused") as server:
        found = server.get(f"/easel/sweeps/{id}").json()
        assert (found["state"], names(found)) == ("waiting", {"4": saved("a")})
        other = server.prompt(prompt, extra_data=extra)
        with sqlite3.connect(tmp_path / "user" / "journal.db") as db:
            db.execute("INSERT INTO parts SELECT seq, '4', '4', '{}' FROM jobs WHERE prompt_id = ?", (other,))
        assert set(server.get(f"/easel/sweeps/{other}").json()["outputs"]) == {"4"}
        server.request("PUT", f"/easel/queue/{other}", {"prompt": prompt, "extra_data": extra})
        assert server.get(f"/easel/sweeps/{other}").json()["outputs"] == {}, "it is another job now"
        server.post("/easel/queue/cancel", {"ids": [other]})
        server.post("/easel/queue", {"paused": False})
        assert names(server.result(id)) == {"4": saved("a"), "4@1": ["waited"], "4@2": saved("c")}
    # Three attempts would be too many: what such a job has done is told with its end.
    with sqlite3.connect(tmp_path / "user" / "journal.db") as db:
        db.execute("UPDATE jobs SET attempts = 2, ended = NULL WHERE prompt_id = ?", (id,))
        kept = '{"text": ["kept"]}'
        db.execute("INSERT INTO parts SELECT seq, '4', '4', ? FROM jobs WHERE prompt_id = ?", (kept, id))
    with running(tmp_path) as server:
        entry = server.result(id)
        assert "started 2 times" in entry["status"]["messages"][-1][1]["exception_message"]
        assert names(entry) == {"4": ["kept"]}
    with sqlite3.connect(tmp_path / "user" / "journal.db") as db:
        assert db.execute("SELECT count(*) FROM parts").fetchone() == (0,)


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
