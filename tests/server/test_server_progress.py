"""What progress costs on the wire, in bytes, and what a client hears that connects late."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

from tests.server.harness import PATIENCE, Server, is_done, one, read_until, say

FLAGS = json.dumps({"type": "feature_flags", "data": {"easel_deltas": True}})


def chain(nodes: int) -> dict[str, Any]:
    """So many nodes that compute nothing, one after the other, and one that shows the end."""
    mark = f"{time.time()} "
    prompt: dict[str, Any] = {"1": {"class_type": "Say", "inputs": {"text": mark}}}
    prompt["e"] = {"class_type": "Say", "inputs": {"text": mark[::-1]}}
    for n in range(2, nodes - 1):
        prompt[str(n)] = {"class_type": "Join", "inputs": {"a": [str(n - 1), 0], "b": ["e", 0]}}
    prompt["last"] = {"class_type": "Show", "inputs": {"text": [str(nodes - 2), 0]}}
    return prompt


def states_of(server: Server, client_id: str, nodes: int, flags: str | None) -> tuple[list[dict[str, Any]], int, float]:
    """The `progress_state` messages of a run, their bytes, and the run's seconds."""
    with server.socket(client_id) as socket:
        read_until(socket, "status")
        if flags is not None:
            socket.send(flags)
            read_until(socket, "feature_flags")
        began = time.monotonic()
        server.prompt(chain(nodes), client_id=client_id)
        found: list[dict[str, Any]] = []
        size = 0
        while True:
            data = socket.recv(timeout=PATIENCE)
            message = json.loads(data)
            if message["type"] == "progress_state":
                found.append(message["data"])
                size += len(data)
            if is_done(message):
                return found, size, time.monotonic() - began


def test_the_bytes_of_500_nodes_grow_with_the_nodes(server: Server) -> None:
    few, few_bytes, _ = states_of(server, "deltas", 100, FLAGS)
    many, many_bytes, _ = states_of(server, "deltas", 500, FLAGS)
    for count, states in ((100, few), (500, many)):
        together: dict[str, Any] = {}
        for state in states:
            assert state["delta"] is True
            together |= state["nodes"]
        assert len(together) == count
        assert {node["state"] for node in together.values()} == {"finished"}
    entry = len(json.dumps(next(iter(many[-1]["nodes"].values()))))
    # Each node is told at most twice: that it runs, and that it is done. The older form takes 250,000 entries.
    assert many_bytes < 500 * 2 * 1.2 * (entry + 50)
    assert many_bytes < 5 * few_bytes * 2.5


def test_a_client_that_asked_for_nothing_hears_of_all_nodes_some_times_a_second(server: Server) -> None:
    states, size, seconds = states_of(server, "old", 500, None)
    assert len(states[-1]["nodes"]) == 500
    assert {node["state"] for node in states[-1]["nodes"].values()} == {"finished"}
    assert all("delta" not in state for state in states)
    assert len(states) <= seconds / 0.08 + 3
    assert size <= 2 * len(json.dumps(states[-1])) + seconds * 2**19 * 1.5


def test_a_page_hears_what_changed_after_it_was_told_all(server: Server) -> None:
    with server.socket(path="/easel/events") as socket:
        hello = json.loads(socket.recv(timeout=PATIENCE))
        assert hello["data"]["running"] is None
        server.prompt(chain(300))
        together: dict[str, Any] = {}
        size = 0
        while (message := json.loads(data := socket.recv(timeout=PATIENCE)))["type"] != "job_ended":
            if message["type"] == "progress_state":
                together |= message["data"]["nodes"]
                size += len(data)
    assert len(together) == 300
    assert {node["state"] for node in together.values()} == {"finished"}
    assert size < 300 * 2 * 250


def preview(socket: Any) -> bytes:
    """The first preview that says whose it is."""
    while not isinstance(data := socket.recv(timeout=PATIENCE), bytes) or data[3] != 4:
        pass
    return data


def test_who_comes_late_hears_all_that_was_told_so_far(server: Server) -> None:
    slow = one("Slow", seconds=60 + time.time() % 0.01, steps=300, previews=True)
    rich = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
    with server.socket("late") as socket:
        socket.send(rich)
        prompt_id = server.prompt({**say(f"before {time.time()}", "7"), **slow}, client_id="late")
        preview(socket)
    with server.socket("late") as socket:
        texts = [json.loads(socket.recv(timeout=PATIENCE)) for _ in range(4)]
        assert [message["type"] for message in texts] == ["status", "executing", "executed", "progress_state"]
        assert texts[1]["data"] == {"node": "1"}
        assert texts[2]["data"]["prompt_id"] == prompt_id
        assert struct.unpack(">I", socket.recv(timeout=PATIENCE)[:4]) == (1,)  # it has not said yet what it can read
        socket.send(rich)
        frame = preview(socket)
        (length,) = struct.unpack(">I", frame[4:8])
        assert json.loads(frame[8 : 8 + length])["node_id"] == "1"
        server.post("/interrupt", {"prompt_id": prompt_id})
        assert read_until(socket, "done")[-1]["data"]["prompt_id"] == prompt_id


def test_a_page_that_opens_late_sees_the_picture_that_is_being_made(server: Server) -> None:
    prompt_id = server.prompt(one("Slow", seconds=60 + time.time() % 0.01, steps=300, previews=True))
    with server.socket(path="/easel/events?previews=1") as first:
        preview(first)
    with server.socket(path="/easel/events?previews=1") as second:
        assert json.loads(second.recv(timeout=PATIENCE))["type"] == "hello"
        frame = second.recv(timeout=PATIENCE)  # before anything else that is told
        assert isinstance(frame, bytes)
        assert frame[3] == 4
    server.post("/interrupt", {"prompt_id": prompt_id})
    server.result(prompt_id)
