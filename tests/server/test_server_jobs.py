"""One job by its id: how it stands, cancelled, moved; and graphs that are posted in either file format."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.harness import Server, one, say, until

WORKFLOW = {
    "version": 0.4,
    "id": "the-workflow",
    "nodes": [
        {
            "id": 1,
            "type": "Say",
            "inputs": [],
            "outputs": [{"name": "STRING", "type": "STRING", "links": [1]}],
            "widgets_values": ["from a file"],
        },
        {
            "id": 2,
            "type": "Show",
            "inputs": [{"name": "text", "type": "STRING", "link": 1}],
            "outputs": [],
            "widgets_values": [],
        },
    ],
    "links": [[1, 1, 0, 2, 0, "STRING"]],
}


@pytest.fixture
def line(server: Server) -> Iterator[list[str]]:
    """A job that runs and three that wait."""
    ids = [server.prompt(one("Slow", seconds=30 + time.time() % 0.01, steps=300))]
    ids += [server.prompt(say(f"{name} {time.time()}")) for name in "abc"]
    until(lambda: job(server, ids[0])["state"] == "running")
    yield ids
    server.post("/queue", {"clear": True})
    server.post("/interrupt", {})
    until(lambda: server.get("/prompt").json()["exec_info"]["queue_remaining"] == 0)


def job(server: Server, id: str) -> dict[str, Any]:
    reply = server.get(f"/easel/jobs/{id}")
    assert reply.status == 200, reply.body
    return reply.json()


def patch(server: Server, id: str, body: Any) -> Any:
    return server.request("PATCH", f"/easel/jobs/{id}", body)


def test_a_job_says_how_it_stands(server: Server, line: list[str]) -> None:
    runs, *waiting = (job(server, id) for id in line)
    assert (runs["state"], runs["position"], runs["ended"]) == ("running", 0, None)
    until(lambda: job(server, line[0])["progress"] is not None)
    assert [(each["state"], each["position"]) for each in waiting] == [("waiting", 1), ("waiting", 2), ("waiting", 3)]
    assert waiting[0]["prompt"]["1"]["class_type"] == "Say"
    assert waiting[0]["accepted"] <= time.time()
    listed = server.get("/api/jobs", status="pending,in_progress").json()["jobs"]
    assert {each["id"]: each["status"] for each in listed} == {
        line[0]: "in_progress",
        **dict.fromkeys(line[1:], "pending"),
    }


def test_an_ended_job_has_its_times_and_results(server: Server) -> None:
    prompt_id = server.prompt(say("done"))
    server.result(prompt_id)
    found = job(server, prompt_id)
    assert (found["state"], found["position"], found["error"]) == ("success", None, None)
    assert found["outputs"] == {"2": {"text": ["done"]}}
    assert found["ended"] >= found["started"] >= found["accepted"]
    slow = server.prompt(one("Slow", seconds=0.3 + time.time() % 0.01, steps=3))
    server.result(slow)
    timings = job(server, slow)["timings"]
    assert set(timings) == {"1", "2"}
    assert timings["1"] >= 300 > timings["2"]
    failed = server.prompt(one("Fail", text="no luck"))
    server.result(failed)
    assert "no luck" in job(server, failed)["error"]["sentence"]
    assert server.get(f"/api/jobs/{failed}").json()["execution_error"]["node_type"] == "Fail"


def test_a_job_is_moved(server: Server, line: list[str]) -> None:
    _, a, b, c = line
    assert patch(server, c, {"position": 1}).json()["position"] == 1
    assert [job(server, id)["position"] for id in (c, a, b)] == [1, 2, 3]
    assert patch(server, c, {"position": 99}).json()["position"] == 3
    assert patch(server, b, {"priority": -5.5}).json()["priority"] == -5.5
    assert [job(server, id)["position"] for id in (b, a, c)] == [1, 2, 3]


def test_what_cannot_be_changed_is_told(server: Server, line: list[str]) -> None:
    for body, said in (
        ({}, "one of them"),
        ({"priority": 1, "position": 1}, "one of them"),
        ({"position": 0}, "whole number from 1"),
        ({"position": 1.5}, "whole number from 1"),
        ({"priority": "high"}, "must be a number"),
        ({"priority": True}, "must be a number"),
        ({"priority": 1e300}, "between"),
    ):
        reply = patch(server, line[1], body)
        assert (reply.status, said in reply.json()["error"]["message"]) == (400, True), reply.body
    assert patch(server, line[0], {"position": 1}).status == 409
    assert patch(server, "nobody", {"position": 1}).status == 404


def test_a_job_is_cancelled_whether_it_waits_or_runs(server: Server, line: list[str]) -> None:
    delete = [server.request("DELETE", f"/easel/jobs/{id}") for id in (line[2], line[0])]
    assert [reply.json()["was"] for reply in delete] == ["waiting", "running"]
    until(lambda: job(server, line[0])["state"] == "interrupted")
    assert job(server, line[2])["state"] == "removed"
    assert server.request("DELETE", f"/easel/jobs/{line[0]}").status == 409
    assert server.request("DELETE", "/easel/jobs/nobody").status == 404
    assert server.post(f"/api/jobs/{line[0]}/cancel").json() == {"cancelled": False}


def test_the_queue_is_paused_and_goes_on(server: Server) -> None:
    assert server.post("/easel/queue", {"paused": True}).json()["paused"] is True
    prompt_id = server.prompt(say(f"paused {time.time()}"))
    assert job(server, prompt_id)["state"] == "waiting"
    server.post("/easel/queue", {"paused": False})
    server.result(prompt_id)


def test_the_list_of_jobs_is_sorted_cut_and_narrowed(server: Server) -> None:
    workflow = {"id": f"w {time.time()}"}
    info = {"extra_pnginfo": {"workflow": workflow}}
    ids = [server.prompt(say(f"{n} {time.time()}"), extra_data=info) for n in range(3)]
    for id in ids:
        server.result(id)

    def listed(**query: Any) -> list[str]:
        return [each["id"] for each in server.get("/api/jobs", workflow_id=workflow["id"], **query).json()["jobs"]]

    assert listed() == ids[::-1]
    assert listed(sort_order="asc") == ids
    assert listed(limit=1, offset=1) == [ids[1]]
    assert sorted(listed(sort_by="execution_duration")) == sorted(ids)
    assert listed(status="failed") == []
    page = server.get("/api/jobs", workflow_id=workflow["id"], limit=2).json()["pagination"]
    assert page == {"offset": 0, "limit": 2, "total": 3, "has_more": True}
    server.post("/easel/history", {"remove": [ids[0]]})
    assert listed() == [ids[2], ids[1]]


@pytest.mark.parametrize("way", ["prompt", "workflow", "body"])
def test_a_file_of_the_page_is_run_as_it_is(server: Server, way: str) -> None:
    reply = server.post("/prompt", WORKFLOW if way == "body" else {way: WORKFLOW})
    assert reply.status == 200, reply.body
    prompt_id = reply.json()["prompt_id"]
    assert server.result(prompt_id)["outputs"] == {"2": {"text": ["from a file"]}}
    # What a picture of it would hold is the file.
    assert job(server, prompt_id)["workflow"]["id"] == "the-workflow"


def test_a_file_in_api_format_is_run_as_it_is(server: Server) -> None:
    reply = server.post("/prompt", say("bare"))
    assert server.result(reply.json()["prompt_id"])["outputs"] == {"2": {"text": ["bare"]}}


def test_a_workflow_that_does_not_validate_is_told_as_any(server: Server) -> None:
    broken = json.loads(json.dumps(WORKFLOW).replace("Say", "Nothing"))
    reply = server.post("/prompt", {"prompt": broken})
    assert reply.status == 400
    assert "Nothing" in json.dumps(reply.json())


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ({"prompt": [1]}, "invalid_prompt", "is a list, and must be a graph"),
        ({"prompt": "text"}, "invalid_prompt", "is a text, and must be a graph"),
        ({"prompt": 3}, "invalid_prompt", "must be a graph"),
        ({"prompt": {"1": {"inputs": {}}}}, "invalid_prompt", "missing the class_type property"),
        ({"other": 1}, "no_prompt", "No prompt provided"),
        ({"prompt": {"nodes": [], "links": []}}, "prompt_no_outputs", "no outputs"),
    ],
)
def test_neither_format_is_told(server: Server, body: Any, kind: str, said: str) -> None:
    error = server.post("/prompt", body).json()["error"]
    assert (error["type"], said in error["message"]) == (kind, True), error


@pytest.mark.parametrize(
    "nodes", [[None], [3], [{"id": {}}], [{"id": 1, "type": ["x"], "inputs": 3, "widgets_values": 5}], [[]]]
)
def test_a_damaged_file_is_refused_and_nothing_breaks(server: Server, nodes: Any) -> None:
    reply = server.post("/prompt", {"prompt": {"nodes": nodes, "links": [[1], "x", {"id": []}]}})
    assert reply.status == 400, reply.body


def test_a_file_on_the_disk_is_sent_by_a_script(server: Server, tmp_path: Path) -> None:
    """As curl does: the bytes of the file, and no content type that says JSON."""
    file = tmp_path / "graph.json"
    file.write_text(json.dumps(WORKFLOW))
    reply = server.request("POST", "/prompt", raw=file.read_bytes())
    assert reply.status == 200, reply.body
