"""Steering the queue: order, edits, names, taking out and bringing back, repeats, and what pages are told of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from api.queue import schema
from tests.server.harness import Server, one, read_until, running, say, start, until


@pytest.fixture
def paused(base: Path) -> Iterator[Server]:
    with running(base, "--paused") as server:
        server.wait_until_ready()
        yield server


def waiting(server: Server) -> list[str]:
    return server.get("/easel/queue").json()["pending"]


def go_on(server: Server) -> None:
    assert server.post("/easel/queue", {"paused": False}).status == 200


def entries(server: Server, **query: Any) -> list[dict[str, Any]]:
    return server.get("/easel/history", **query).json()["entries"]


def test_an_order_that_was_told_survives_a_kill(base: Path) -> None:
    with running(base, "--paused") as server:
        a, b, c, d = (server.prompt(say(letter)) for letter in "abcd")
        assert server.post("/easel/queue/move", {"ids": [d], "to": "front"}).status == 200
        assert server.post("/easel/queue/move", {"ids": [a, b], "after": c}).status == 200
        assert waiting(server) == [d, c, a, b]
        server.kill()
    with running(base, "--paused") as server:
        assert waiting(server) == [d, c, a, b]
        assert server.post("/easel/queue/move", {"ids": [c], "to": "back"}).status == 200
        first = server.prompt(say("first"), front=True)
        last = server.prompt(say("last"))
        assert waiting(server) == [first, d, a, b, c, last]
        assert [item[1] for item in server.get("/queue").json()["queue_pending"]] == waiting(server)


def test_a_move_that_cannot_be_is_refused(paused: Server) -> None:
    a = paused.prompt(say("a"))
    for body, status in (
        ({"ids": ["gone"], "to": "front"}, 409),
        ({"ids": [a], "before": "gone"}, 409),
        ({"ids": [a]}, 400),
        ({"ids": [a], "to": "middle"}, 400),
        ({"ids": [a], "to": "front", "after": a}, 400),
        ({"ids": a, "to": "front"}, 400),
    ):
        reply = paused.post("/easel/queue/move", body)
        assert (reply.status, bool(reply.json()["error"]["message"])) == (status, True)
    assert paused.post("/easel/queue/move", {"ids": [a], "after": a}).status == 200
    assert waiting(paused) == [a]


def test_a_waiting_job_is_edited_and_a_running_one_is_not(paused: Server) -> None:
    slow = paused.prompt(one("Slow", seconds=30.0, steps=300))
    edited = paused.prompt(say("before"))
    bad = paused.request("PUT", f"/easel/queue/{edited}", {"prompt": one("Even", number=3)})
    assert bad.status == 400
    good = paused.request("PUT", f"/easel/queue/{edited}", {"prompt": say("after"), "extra_data": {"mine": 1}})
    assert good.json() == {"prompt_id": edited, "node_errors": {}}
    go_on(paused)
    until(lambda: (paused.get("/easel/queue").json()["running"] or {}).get("prompt_id") == slow)
    late = paused.request("PUT", f"/easel/queue/{slow}", {"prompt": say("late")})
    assert (late.status, late.json()["error"]["type"]) == (409, "not_waiting")
    paused.post("/interrupt", {})
    entry = paused.result(edited)
    assert entry["outputs"]["2"]["text"] == ["after"]
    assert entry["prompt"][3]["mine"] == 1


def test_an_edit_that_was_accepted_is_what_runs(base: Path) -> None:
    """However near to its start: edits race with jobs that begin."""
    with running(base) as server, ThreadPoolExecutor(4) as pool:
        server.wait_until_ready()

        def race(number: int) -> None:
            id = server.prompt(say(f"old {number}"))
            edit = server.request("PUT", f"/easel/queue/{id}", {"prompt": say(f"new {number}")})
            assert edit.status in (200, 409)
            word = "new" if edit.status == 200 else "old"
            assert server.result(id)["outputs"]["2"]["text"] == [f"{word} {number}"]

        list(pool.map(race, range(40)))


def test_what_was_taken_out_can_be_brought_back(base: Path) -> None:
    with running(base, "--paused") as server:
        a, b, c = (server.prompt(say(letter)) for letter in "abc")
        assert server.post("/easel/queue/cancel", {"ids": [b, "gone"]}).json() == {"removed": [b]}
        server.kill()
    with running(base, "--paused") as server:
        assert waiting(server) == [a, c]
        assert server.post("/easel/queue/restore", {"ids": [b]}).json() == {"restored": [b]}
        assert server.post("/easel/queue/restore", {"ids": [b]}).json() == {"restored": []}
        assert waiting(server) == [a, b, c]
        assert server.post("/easel/queue/cancel", {"all": True}).json() == {"removed": [a, b, c]}
        assert waiting(server) == []


def test_a_newer_job_of_a_slot_takes_the_place_of_one_that_waits(paused: Server) -> None:
    def live(text: str, client: str = "me") -> dict[str, Any]:
        body = {"prompt": say(text), "client_id": client, "extra_data": {"easel": {"slot": "live"}}}
        return paused.post("/prompt", body).json()

    first = live("1")
    other = paused.prompt(say("other"), client_id="me")
    of_another = live("x", client="you")["prompt_id"]
    second = live("2")
    assert second["replaced"] == [first["prompt_id"]]
    assert second["number"] == first["number"]
    assert waiting(paused) == [second["prompt_id"], other, of_another]


def test_a_job_runs_again_with_its_seed_or_another(base: Path) -> None:
    with running(base, registry="tests.browser.palette:registry") as server:
        checkpoints = base / "models" / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        (checkpoints / "painter.safetensors").write_bytes(b"")
        graph = json.loads((Path(__file__).parent.parent / "browser" / "text_to_image.json").read_text())
        text = {"class_type": "CLIPTextEncode", "inputs": {"text": "a", "clip": ["4", 1]}}
        inputs = {"seed": 7, "steps": 2, "cfg": 1.0, "denoise": 1.0}
        inputs |= {"sampler_name": "euler", "scheduler": "normal"}
        inputs |= {"model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0]}
        prompt = {
            "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "painter.safetensors"}},
            "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
            "6": text,
            "3": {"class_type": "KSampler", "inputs": inputs},
            "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
            "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "again"}},
        }
        (sampler,) = [node for node in graph["nodes"] if node["id"] == 3]
        sampler["widgets_values"][0] = 7
        id = server.prompt(prompt, extra_data={"extra_pnginfo": {"workflow": graph}, "easel": {"name": "An owl"}})
        server.result(id)
        same = server.post(f"/easel/jobs/{id}/again", {"client_id": "me"}).json()["prompt_id"]
        new = server.post(f"/easel/jobs/{id}/again", {"seeds": "new"}).json()["prompt_id"]
        assert server.result(same)["prompt"][2] == prompt
        assert server.result(same)["prompt"][3]["client_id"] == "me"
        entry = server.result(new)
        seed = entry["prompt"][2]["3"]["inputs"]["seed"]
        assert seed != 7
        job = server.get(f"/easel/jobs/{new}").json()
        (drawn,) = [node for node in job["workflow"]["nodes"] if node["id"] == 3]
        assert drawn["widgets_values"][0] == seed
        assert job["about"]["seed"] == seed
        newest = entries(server)[0]
        assert (newest["prompt_id"], newest["name"], newest["seed"], newest["nodes"]) == (new, "An owl", seed, 6)
        assert (newest["state"], newest["count"], len(newest["pictures"])) == ("success", 1, 1)
        assert newest["ms"] > 0
        assert server.post("/easel/jobs/gone/again", {}).status == 404


def test_names_stay(paused: Server) -> None:
    id = paused.prompt(say("named"), extra_data={"easel": {"document": {"id": "d1", "name": "Owls"}}})
    assert paused.post(f"/easel/jobs/{id}", {"name": "The blue one"}).status == 200
    (job,) = paused.get("/easel/queue").json()["waiting"]
    assert (job["name"], job["document"], job["title"]) == ("The blue one", "d1", "Owls")
    go_on(paused)
    paused.result(id)
    assert entries(paused, document="d1")[0]["name"] == "The blue one"
    assert paused.post(f"/easel/jobs/{id}", {"name": "Better"}).status == 200
    assert entries(paused)[0]["name"] == "Better"
    assert paused.post("/easel/jobs/gone", {"name": "x"}).status == 404
    assert paused.post(f"/easel/jobs/{id}", {"name": 3}).status == 400


def test_the_history_is_filtered_and_what_is_removed_comes_back(base: Path) -> None:
    with running(base) as server:
        good = server.prompt(say("good"))
        bad = server.prompt(one("Fail", text="as asked"))
        server.result(bad)
        (failed,) = entries(server, state="error")
        assert (failed["prompt_id"], failed["error"]["node"], failed["error"]["type"]) == (bad, "1", "Fail")
        assert failed["error"]["sentence"] == "as asked"
        assert [each["prompt_id"] for each in entries(server)] == [bad, good]
        assert server.post("/easel/history", {"remove": [good]}).json() == {"removed": [good]}
        assert [each["prompt_id"] for each in entries(server)] == [bad]
        assert list(server.get("/history").json()) == [bad]
        assert server.post("/easel/history", {"restore": [good]}).status == 200
        assert [each["prompt_id"] for each in entries(server)] == [bad, good]
        assert set(server.post("/easel/history", {"remove": "all"}).json()["removed"]) == {good, bad}
        for query in ({"state": "odd"}, {"before": "x"}, {"limit": "-1"}):
            assert server.get("/easel/history", **query).status == 400


def test_pages_hear_of_every_change(base: Path) -> None:
    with running(base, "--paused") as server, server.socket(path="/easel/events") as socket:
        server.wait_until_ready()
        read_until(socket, "hello")
        a, b = (server.prompt(say(letter)) for letter in "ab")
        heard = [read_until(socket, "jobs")[-1]["data"] for _ in range(2)]
        assert [job["prompt_id"] for data in heard for job in data["set"]] == [a, b]
        server.post("/easel/queue/move", {"ids": [b], "to": "front"})
        moved = read_until(socket, "jobs")[-1]["data"]["set"]
        assert sorted((job["number"], job["prompt_id"]) for job in moved)[0][1] == b
        server.post("/easel/queue/cancel", {"ids": [a]})
        assert read_until(socket, "jobs")[-1]["data"] == {"set": [], "gone": [a]}
        go_on(server)
        started = read_until(socket, "job_started")[-1]["data"]
        assert (started["prompt_id"], started["progress"]["total"]) == (b, 2)
        told = read_until(socket, "job_ended")
        assert told[-1]["data"]["state"] == "success"
        shares = [message["data"]["done"] for message in told if message["type"] == "job_progress"]
        assert shares == sorted(shares)
        assert shares[-1] == 2


def test_the_time_that_is_left_is_known_from_past_runs(base: Path) -> None:
    with running(base) as server:
        server.run(one("Slow", seconds=0.4, steps=4))
        server.kill()  # what was learned is on the disk
    with running(base, "--paused") as server:
        server.wait_until_ready()
        id = server.prompt(one("Slow", seconds=0.4, steps=8))  # another step count: twice as long
        (job,) = server.get("/easel/queue").json()["waiting"]
        assert 600 < job["expected_ms"] < 2000
        server.prompt(one("Pick", choice="one"))
        assert server.get("/easel/queue").json()["waiting"][1]["expected_ms"] is None
        with server.socket(path="/easel/events") as socket:
            go_on(server)
            told = read_until(socket, "job_ended")
        lefts = [m["data"]["left_ms"] for m in told if m["type"] == "job_progress" and m["data"]["prompt_id"] == id]
        assert lefts
        assert lefts == sorted(lefts, reverse=True)


def test_a_journal_of_the_first_version_is_read(base: Path) -> None:
    path = base / "user" / "journal.db"
    path.parent.mkdir(parents=True)
    db = sqlite3.connect(path)
    for statement in schema.SCHEMA[0]:
        db.execute(statement)
    db.execute("PRAGMA user_version = 1")
    row = "INSERT INTO jobs (prompt_id, number, prompt, extra, targets, checked, attempts, accepted, started, ended,"
    row += " ended_at, outputs, status, meta) VALUES (?, ?, ?, '{}', '[\"2\"]', 1, 0, 1000.0, ?, ?, ?, ?, ?, ?)"
    failure = ["execution_error", {"node_id": "1", "node_type": "Say", "exception_message": "broken\n"}]
    prompt = json.dumps({**say("old"), "3": {"class_type": "X", "inputs": {"seed": 5}}})
    picture = {"filename": "a.png", "subfolder": "", "type": "output"}
    done = json.dumps({"status_str": "success", "completed": True, "messages": []})
    failed = json.dumps({"status_str": "error", "completed": False, "messages": [failure]})
    stopped = json.dumps({"status_str": "error", "completed": False, "messages": [["execution_interrupted", {}]]})
    db.execute(row, ("good", 0, prompt, 1000.0, 1, 1002.5, json.dumps({"2": {"images": [picture]}}), done, "{}"))
    db.execute(row, ("bad", 1, prompt, 1000.0, 2, 900.0, "{}", failed, "{}"))  # its clock went back
    db.execute(row, ("stopped", 2, prompt, 1000.0, 3, 1001.0, "{}", stopped, "{}"))
    db.execute(row, ("waits", 3, json.dumps(say("old")), None, None, None, None, None, None))
    db.commit()
    db.close()
    server = start(base)
    try:
        assert server.result("waits")["outputs"]["2"]["text"] == ["old"]
        _newest, stop, bad, good = entries(server)
        assert (stop["state"], bad["state"], good["state"]) == ("interrupted", "error", "success")
        assert (good["ms"], bad["ms"]) == (2500, None)
        assert (good["pictures"], good["seed"], good["nodes"]) == ([picture], 5, 3)
        assert bad["error"]["sentence"] == "broken"
        assert list(server.get("/history").json()) == ["good", "bad", "stopped", "waits"]
    finally:
        server.kill()


def test_a_long_history_is_walked_page_by_page(base: Path) -> None:
    with running(base) as server:
        server.run(say("first"))
        server.kill()
    db = sqlite3.connect(base / "user" / "journal.db")
    row = db.execute("SELECT prompt, extra, targets, outputs, status, meta, about, came_of FROM jobs").fetchone()
    db.executemany(
        "INSERT INTO jobs (prompt_id, number, checked, accepted, ended, ended_at, state, prompt, extra, targets,"
        " outputs, status, meta, about, came_of) VALUES (?, ?, 1, 0, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(f"p{n}", n, n, "error" if n % 100 == 0 else "success", *row) for n in range(2, 10_000)],
    )
    db.commit()
    db.close()
    with running(base) as server:
        seen: list[str] = []
        page: dict[str, Any] = {"next": None, "entries": []}
        while page["next"] is not None or not seen:
            before = {} if page["next"] is None else {"before": page["next"]}
            page = server.get("/easel/history", limit=200, **before).json()
            if not seen:  # what ends meanwhile moves no page
                server.run(say("meanwhile"))
            seen += [entry["prompt_id"] for entry in page["entries"]]
        assert len(seen) == len(set(seen)) == 9_999
        assert seen[0] == "p9999"
        assert len(entries(server, state="error", limit=200)) == 99
