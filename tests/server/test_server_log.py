"""The log for the page: kept, redacted, told as it comes; and what the device holds."""

from __future__ import annotations

import json
import logging

from api.log import KEPT_FOR, LINES_KEPT, LogRing, redacted
from tests.server.harness import Server, until


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("easel", level, "", 0, text, None, None)


def test_the_ring_is_bounded_and_knows_levels() -> None:
    ring = LogRing()
    for index in range(LINES_KEPT + 50):
        ring.handle(record(f"line {index}"))
    lines = ring.since(0)
    assert len(lines) == LINES_KEPT
    assert lines[-1].text == f"line {LINES_KEPT + 49}"
    ring.handle(record("worker: ValueError: no\nworker goes on", logging.INFO))
    ring.handle(record("careful", logging.WARNING))
    ring.handle(record("worker: pack.py:3: UserWarning: old", logging.INFO))
    ring.handle(record("x" * 10**6))
    told = [(line.level, line.source, line.text[:20]) for line in ring.since(lines[-1].number)]
    assert told[0] == ("error", "worker", "ValueError: no")
    assert ("warning", "server", "careful") in told
    assert ("warning", "worker", "pack.py:3: UserWarni") in told
    assert max(len(line.text) for line in ring.since(0)) <= 4000


def test_secrets_are_never_kept() -> None:
    for line, secret in (
        ("open /?token=abcdef123456 once", "abcdef123456"),
        ('{"api_key": "k-123456"}', "k-123456"),
        ("Authorization: Bearer aaaabbbbccccdddd", "aaaabbbbccccdddd"),
        ("from https://me:pass9@example.org/x", "pass9"),
        ("with hf_ABCDEFGHIJKLMNOP today", "hf_ABCDEFGHIJKLMNOP"),
        ("password = hunter22", "hunter22"),
    ):
        assert secret not in redacted(line), line
    harmless = "18 tokens of the prompt; see https://example.org:80/a?b=c"
    assert redacted(harmless) == harmless


def test_lines_are_read_again(server: Server) -> None:
    entries = server.get("/easel/log").json()["entries"]
    assert any("ready" in entry["m"] for entry in entries)
    last = entries[-1]["seq"]
    assert all(entry["seq"] > last for entry in server.get("/easel/log", since=last).json()["entries"])
    assert server.get("/easel/log", since="x").status == 400
    raw = server.get("/internal/logs/raw").json()
    assert {"t", "m"} == set(raw["entries"][0])
    assert isinstance(server.get("/internal/logs").json(), str)
    refused = server.request("PATCH", "/internal/logs/subscribe", {"clientId": 3})
    assert refused.status == 400


def test_what_a_worker_logs_comes_with_its_level(server: Server) -> None:
    with server.socket("hears") as socket:
        server.request("PATCH", "/internal/logs/subscribe", {"clientId": "hears", "enabled": True})
        prompt = {"1": {"class_type": "Warn", "inputs": {"text": "mind the gap"}}}
        prompt["2"] = {"class_type": "Show", "inputs": {"text": ["1", 0]}}
        server.prompt(prompt)
        while True:
            message = json.loads(socket.recv(timeout=30))
            found = [entry for entry in message["data"].get("entries", ()) if "mind the gap" in entry["m"]]
            if message["type"] == "logs" and found:
                break
    assert found[0]["level"] == "warning"
    assert found[0]["from"] == "worker"


def test_results_are_counted_and_dropped(server: Server) -> None:
    server.run(
        {
            "1": {"class_type": "Say", "inputs": {"text": "kept"}},
            "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}},
        }
    )
    found = server.get("/easel/devices").json()
    assert found["worker"]["state"] in ("ready", "busy")
    assert found["ram"]["total"] > found["ram"]["free"] > 0
    kinds = {each["class_type"]: each for each in found["cache"]}
    assert kinds["Say"]["results"] >= 1
    assert kinds["Say"]["memory"] > 0
    left = server.post("/easel/devices", {"drop": "Say"}).json()
    assert "Say" not in {each["class_type"] for each in left["cache"]}
    until(lambda: not server.post("/easel/devices", {"free": "cache"}).json()["cache"], server=server)
    assert server.post("/easel/devices", {"unload": "nothing"}).status == 200
    assert server.post("/easel/devices", {"free": "everything"}).status == 400


def test_lines_are_bounded_by_age() -> None:
    ring = LogRing()
    for number, created in enumerate([1e9, 1e9 + 1, 1e9 + KEPT_FOR + 0.5]):
        record = logging.LogRecord("easel", logging.INFO, "", 0, f"line {number}", None, None)
        record.created = created
        ring.emit(record)
    assert [line.text for line in ring.since(0)] == ["line 1", "line 2"]


def test_lines_come_by_pages(server: Server) -> None:
    first = server.get("/easel/log", since=0, limit=1).json()
    assert [entry["seq"] for entry in first["entries"]] == [first["last"]]
    second = server.get("/easel/log", since=first["last"], limit=1).json()
    assert second["entries"][0]["seq"] == first["last"] + 1
    assert server.get("/easel/log", limit="x").status == 400
