"""Prompts, the queue and its history over HTTP; and what is no prompt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.harness import Server, one, say, until


def refused(reply: Any) -> dict[str, Any]:
    """The error of an answer in the shape that clients know."""
    assert reply.status == 400, reply.body[:300]
    body = reply.json()
    assert set(body) == {"error", "node_errors"}
    assert set(body["error"]) == {"type", "message", "details", "extra_info"}
    assert len(body["error"]["message"]) > 8
    return body


def test_a_prompt_runs_and_its_result_is_in_the_history(server: Server) -> None:
    reply = server.post("/prompt", {"prompt": say("hi"), "client_id": "me", "extra_data": {"extra_pnginfo": {"w": 1}}})
    assert reply.status == 200
    answer = reply.json()
    assert set(answer) == {"prompt_id", "number", "node_errors"}
    assert answer["node_errors"] == {}
    entry = server.result(answer["prompt_id"])
    assert set(entry) == {"prompt", "outputs", "status", "meta"}
    number, prompt_id, prompt, extra, targets = entry["prompt"]
    assert (number, prompt_id) == (answer["number"], answer["prompt_id"])
    assert prompt == say("hi")
    assert extra == {"extra_pnginfo": {"w": 1}, "client_id": "me"}
    assert targets == ["2"]
    assert entry["outputs"] == {"2": {"text": ["hi"]}}
    assert entry["status"]["status_str"] == "success"
    assert entry["status"]["completed"] is True
    assert [kind for kind, _ in entry["status"]["messages"]] == [
        "execution_start",
        "execution_cached",
        "execution_success",
    ]
    assert entry["meta"]["2"]["real_node_id"] == "2"


def test_the_client_chooses_the_id_and_numbers_grow(server: Server) -> None:
    first = server.post("/prompt", {"prompt": say(), "prompt_id": "chosen/ä"}).json()
    assert first["prompt_id"] == "chosen/ä"
    server.post("/prompt", {"prompt": {}})  # a refused prompt takes a number as well
    third = server.post("/prompt", {"prompt": say()}).json()
    assert third["number"] == first["number"] + 2
    front = server.post("/prompt", {"prompt": say(), "front": True}).json()
    assert front["number"] == -(third["number"] + 1)
    given = server.post("/prompt", {"prompt": say(), "number": 6.5}).json()
    assert given["number"] == 6.5


def test_only_partial_targets_run(server: Server) -> None:
    prompt = {**say("a", "1"), **say("b", "3")}
    entry = server.run(prompt, partial_execution_targets=["4"])
    assert list(entry["outputs"]) == ["4"]
    for targets in ([], ["nothing"], ["1"]):
        body = refused(server.post("/prompt", {"prompt": prompt, "partial_execution_targets": targets}))
        assert body["error"]["type"] == "prompt_no_outputs"


def test_a_broken_output_does_not_stop_a_good_one(server: Server) -> None:
    prompt = {**say("good"), "7": {"class_type": "Show", "inputs": {}}}
    reply = server.post("/prompt", {"prompt": prompt})
    assert reply.status == 200
    assert reply.json()["node_errors"]["7"]["errors"][0]["type"] == "required_input_missing"
    assert list(server.result(reply.json()["prompt_id"])["outputs"]) == ["2"]


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ({"1": {"class_type": "Absent", "inputs": {}}}, "invalid_prompt"),
        ({"1": {"inputs": {}}}, "invalid_prompt"),
        ({"1": {"class_type": "Say", "inputs": {}}}, "prompt_no_outputs"),
        ({}, "prompt_no_outputs"),
        ({"2": {"class_type": "Show", "inputs": {"text": ["9", 0]}}}, "prompt_outputs_failed_validation"),
        (one("Pick", choice="three"), "prompt_outputs_failed_validation"),
        (one("Model", name="../x.safetensors"), "prompt_outputs_failed_validation"),
        (one("Slow", steps=0), "prompt_outputs_failed_validation"),
        ({"1": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}, None),
        ([1, 2], None),
        ("text", None),
        ({"1": "text"}, None),
        ({"1": {"class_type": "Say", "inputs": []}}, None),
    ],
)
def test_prompts_that_cannot_run(server: Server, prompt: Any, kind: str | None) -> None:
    body = refused(server.post("/prompt", {"prompt": prompt}))
    if kind is not None:
        assert body["error"]["type"] == kind


def test_a_nodes_own_check_is_asked(server: Server) -> None:
    body = refused(server.post("/prompt", {"prompt": one("Even", number=3)}))
    assert body["error"]["type"] == "prompt_outputs_failed_validation"
    error = body["node_errors"]["1"]["errors"][0]
    assert error["type"] == "custom_validation_failed"
    assert "3 is odd" in error["details"]
    assert body["node_errors"]["1"]["dependent_outputs"] == ["2"]
    assert server.run(one("Even", number=4))["outputs"] == {"2": {"text": ["4"]}}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b'{"prompt": ',
        b"\xff\xfe\x00",
        b'{"prompt": {"1": {"class_type": "Say", "inputs": {"text": NaN}}}}',
        b'{"prompt": {"1": {"class_type": "Say", "inputs": {"text": "\\ud800"}}}}',
        b"[1, 2]",
        b"null",
        b'"text"',
        b"{}",
        b'{"prompt": null}',
        b'{"prompt": {}, "extra_data": []}',
        b'{"prompt": {}, "number": "first"}',
        b'{"prompt": {}, "number": 1e300}',
        b'{"prompt": {}, "partial_execution_targets": "2"}',
        b'{"prompt": {}, "client_id": "' + b"x" * 2000 + b'"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"prompt": {"1": {"class_type": "Say", "inputs": {"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}}}",
    ],
    ids=lambda raw: raw[:24].decode("latin1"),
)
def test_what_is_no_prompt(server: Server, raw: bytes) -> None:
    for path in ("/prompt", "/api/prompt"):
        refused(server.request("POST", path, raw=raw))


def test_a_body_of_50_megabytes(server: Server) -> None:
    body = refused(server.request("POST", "/prompt", raw=b'{"prompt": "' + b"x" * 50_000_000 + b'"}'))
    assert body["error"]["type"] == "body_too_large"
    assert "32 MB" in body["error"]["message"]


@pytest.mark.parametrize("path", ["/queue", "/history", "/free", "/easel/queue", "/interrupt", "/settings"])
def test_other_routes_refuse_what_they_cannot_read(server: Server, path: str) -> None:
    for raw in (b"not json", b"[1]", b"[" * 100_000):
        refused(server.request("POST", path, raw=raw))


def test_the_worker_outlives_bad_prompts(server: Server) -> None:
    # An undeclared input that is a link to nowhere ends the incumbent's queue for good.
    prompt = say("x")
    prompt["2"]["inputs"]["extra"] = ["77", 0]
    server.post("/prompt", {"prompt": prompt})
    assert server.run(say("still here"))["outputs"] == {"2": {"text": ["still here"]}}


def test_a_failing_node_fails_its_prompt_alone(server: Server) -> None:
    entry = server.run(one("Fail", text="broken on purpose"))
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["completed"] is False
    kind, data = entry["status"]["messages"][-1]
    assert kind == "execution_error"
    assert data["node_id"] == "1"
    assert data["node_type"] == "Fail"
    assert "broken on purpose" in data["exception_message"]
    assert data["exception_type"] == "ValueError"
    assert data["traceback"]
    assert server.run(say("after"))["status"]["completed"] is True


def test_the_queue_lists_in_order_and_deletes(server: Server) -> None:
    assert server.post("/easel/queue", {"paused": True}).json()["paused"] is True
    try:
        ids = [server.prompt(say(f"q{n}"), number=n) for n in (5, 1, 3)]
        pending = server.get("/queue").json()["queue_pending"]
        assert [item[0] for item in pending] == [1, 3, 5]
        assert pending[0][1] == ids[1]
        assert pending[0][2] == say("q1")
        assert pending[0][4] == ["2"]
        assert server.get("/prompt").json() == {"exec_info": {"queue_remaining": 3}}
        assert server.get("/easel/queue").json()["pending"] == [ids[1], ids[2], ids[0]]
        assert server.post("/queue", {"delete": [ids[2], "unknown"]}).status == 200
        assert [item[0] for item in server.get("/queue").json()["queue_pending"]] == [1, 5]
        assert server.post("/queue", {"clear": True}).status == 200
        assert server.get("/queue").json() == {"queue_running": [], "queue_pending": []}
    finally:
        server.post("/easel/queue", {"paused": False})


def test_credentials_are_never_shown_or_written(server: Server) -> None:
    secret = "sk-very-secret-123"
    server.post("/easel/queue", {"paused": True})
    extra = {"api_key_comfy_org": secret, "auth_token_comfy_org": secret, "extra_pnginfo": {}}
    prompt_id = server.prompt(say("secret"), extra_data=extra)
    assert secret.encode() not in server.get("/queue").body
    server.post("/easel/queue", {"paused": False})
    assert secret not in json.dumps(server.result(prompt_id))
    for path in (server.base / "user").rglob("journal*"):
        assert secret.encode() not in path.read_bytes()


def test_the_history_pages_and_forgets(server: Server) -> None:
    server.post("/history", {"clear": True})
    ids = [server.prompt(say(f"h{n}"), prompt_id=f"history-{n}") for n in range(5)]
    server.result(ids[-1])
    assert list(server.get("/history").json()) == ids
    assert list(server.get("/history", max_items=2).json()) == ids[-2:]
    assert list(server.get("/history", max_items=2, offset=1).json()) == ids[1:3]
    assert list(server.get("/history", offset=3).json()) == ids[3:]
    assert server.get("/history", offset=99).json() == {}
    assert server.get("/history", max_items=0).json() == {}
    assert server.get("/history/unknown").json() == {}
    assert server.get("/history", max_items="many").status == 400
    server.post("/history", {"delete": [ids[0]]})
    assert list(server.get("/history").json()) == ids[1:]
    server.post("/history", {"clear": True})
    assert server.get("/history").json() == {}


def test_a_second_prompt_of_one_id_takes_the_firsts_place(server: Server) -> None:
    for text in ("first", "second"):
        server.prompt(say(text), prompt_id="twice")
        until(
            lambda text=text: (
                server.get("/history/twice").json().get("twice", {}).get("outputs") == {"2": {"text": [text]}}
            )
        )
    assert list(server.get("/history").json()).count("twice") == 1


def test_interrupt_and_free_take_what_clients_send(server: Server) -> None:
    for raw in (b"", b"{}", b'{"prompt_id": "unknown"}'):
        assert server.request("POST", "/interrupt", raw=raw).status == 200
    assert server.post("/free", {"unload_models": True, "free_memory": True}).status == 200


def test_interrupt_stops_between_steps(server: Server) -> None:
    prompt_id = server.prompt(one("Slow", seconds=30.0, steps=300))
    until(lambda: server.get("/easel/queue").json()["running"])
    server.post("/interrupt", {"prompt_id": "another"})
    until(lambda: server.get("/easel/queue").json()["running"]["node"] == "1")
    assert server.get("/queue").json()["queue_running"][0][1] == prompt_id
    assert server.get(f"/history/{prompt_id}").json() == {}  # not finished yet
    server.post("/interrupt")
    entry = server.result(prompt_id, 3.0)
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert entry["status"]["messages"][-1][1]["node_type"] == "Slow"


def test_a_prompt_of_20000_nodes(server: Server) -> None:
    prompt: dict[str, Any] = {"0": {"class_type": "Say", "inputs": {"text": "."}}}
    for n in range(1, 20_000):
        prompt[str(n)] = {"class_type": "Join", "inputs": {"a": [str(n - 1), 0], "b": ["0", 0]}}
        if n == 50:
            break
    for n in range(51, 20_000):
        prompt[str(n)] = {"class_type": "Say", "inputs": {"text": str(n)}}
    prompt["end"] = {"class_type": "Show", "inputs": {"text": ["50", 0]}}
    assert server.run(prompt)["outputs"] == {"end": {"text": ["." * 51]}}
