"""Processes that are killed, get stuck, or find no room on the disk."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api import silence
from tests.server.disks import fill, mounted
from tests.server.harness import Server, one, picture_processes, read_until, running, say, start, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


def run_state(server: Server) -> dict[str, Any]:
    return server.get("/easel/queue").json()["running"] or {}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


def test_a_job_whose_worker_dies_is_run_once_more(base: Path) -> None:
    with running(base) as server, server.socket("c") as socket:
        read_until(socket, "status")
        prompt_id = server.prompt(one("Die", marker=str(base / "marker")), client_id="c")
        messages = read_until(socket, "done")
        assert [m["type"] for m in messages].count("execution_start") == 2
        entry = server.result(prompt_id)
        assert entry["outputs"] == {"2": {"text": ["survived"]}}
        assert server.status()["worker"]["deaths"] == 1


def test_a_job_that_always_kills_fails_and_the_next_one_runs(base: Path) -> None:
    with running(base) as server:
        killer = server.prompt(one("Die", marker=""))
        after = server.prompt(say("after"))
        entry = server.result(killer)
        assert entry["status"]["status_str"] == "error"
        kind, data = entry["status"]["messages"][-1]
        assert kind == "execution_error"
        assert data["exception_message"].strip() == "the worker died (signal 9) while running Die #1"
        assert data["node_id"] == "1"
        assert server.result(after)["status"]["completed"] is True
        assert server.get("/easel/queue").json()["paused"] is False


def test_two_jobs_that_kill_within_a_minute_pause_the_queue(base: Path) -> None:
    with running(base) as server:
        for prompt_id in [server.prompt(one("Die", marker="", text=n)) for n in range(2)]:
            until(
                lambda id=prompt_id: server.get(f"/history/{id}").json() or server.get("/easel/queue").json()["paused"]
            )
        state = until(lambda: (s := server.get("/easel/queue").json())["paused"] and s)
        assert "worker die" in state["pause_reason"]
        third = server.prompt(say("waits"))
        assert third in state["pending"] or third in server.get("/easel/queue").json()["pending"]
        server.post("/queue", {"delete": [i for i in server.get("/easel/queue").json()["pending"] if i != third]})
        server.post("/easel/queue", {"paused": False})
        assert server.result(third)["status"]["completed"] is True


def test_a_node_that_will_not_stop_loses_its_worker(base: Path) -> None:
    with running(base, "--grace", "0.3") as server, server.socket("c") as socket:
        read_until(socket, "status")
        stuck = server.prompt(one("Stuck", seconds=60.0), client_id="c")
        until(lambda: run_state(server).get("node") == "1")
        pid = server.worker_pid()
        after = server.prompt(say("after"))
        server.post("/interrupt")
        entry = server.result(stuck, 5)
        assert entry["status"]["messages"][-1][0] == "execution_interrupted"
        kinds = [m["type"] for m in read_until(socket, "done")]
        assert kinds[-3:] == ["execution_interrupted", "status", "executing"]
        assert server.result(after)["status"]["completed"] is True
        assert not alive(pid)
        assert server.status()["worker"]["deaths"] == 0  # it was asked for


def test_stop_now_does_not_wait_for_the_grace(base: Path) -> None:
    with running(base) as server:
        stuck = server.prompt(one("Stuck", seconds=60.0))
        until(lambda: run_state(server).get("node") == "1")
        began = time.monotonic()
        server.post("/interrupt", {"prompt_id": stuck, "now": True})
        assert server.result(stuck)["status"]["completed"] is False
        assert time.monotonic() - began < 5


def test_a_killed_server_leaves_no_worker_behind_and_loses_no_job(base: Path) -> None:
    server = start(base)
    try:
        done = server.prompt(say("done"))
        result = server.result(done)
        stuck = server.prompt(one("Slow", seconds=1.0, steps=2), client_id="c", extra_data={"extra_pnginfo": {"a": 1}})
        waiting = [server.prompt(say(f"waits {n}"), prompt_id=f"waits-{n}") for n in range(3)]
        until(lambda: run_state(server).get("node") == "1")
        pid = server.worker_pid()
    finally:
        server.kill()
    until(lambda: not alive(pid), 3.0)
    with running(base) as again:
        assert again.get(f"/history/{done}").json() == {done: result}
        for prompt_id in [stuck, *waiting]:
            assert again.result(prompt_id)["status"]["completed"] is True
        assert list(again.get("/history").json()) == [done, stuck, *waiting]
        number = again.post("/prompt", {"prompt": say("next")}).json()["number"]
        assert number > 4


def test_a_job_that_ended_no_attempt_is_not_started_a_third_time(base: Path) -> None:
    for attempt in range(2):
        server = start(base)
        if attempt == 0:
            server.prompt(one("Stuck", seconds=60.0), prompt_id="dangerous")
        until(lambda server=server: run_state(server).get("node") == "1", server=server)
        server.kill()
    with running(base) as last:
        entry = last.result("dangerous")
        assert entry["status"]["status_str"] == "error"
        assert "started 2 times" in entry["status"]["messages"][-1][1]["exception_message"]
        assert last.run(say("alive"))["status"]["completed"] is True


def test_a_stop_in_the_middle_of_a_job_is_nobodys_fault(base: Path) -> None:
    for round in range(3):
        with running(base) as server:
            if round == 0:
                server.prompt(one("Stuck", seconds=60.0), prompt_id="long")
            until(lambda server=server: run_state(server).get("node") == "1", server=server)
            assert run_state(server)["attempt"] == 1
            assert server.stop() == 0


def test_a_worker_that_is_killed_while_idle_is_replaced(base: Path) -> None:
    with running(base) as server:
        server.wait_until_ready()
        pid = server.worker_pid()
        os.kill(pid, signal.SIGKILL)
        assert server.run(say("again"))["status"]["completed"] is True
        assert server.worker_pid() != pid


def test_a_picture_is_not_at_fault_for_a_process_that_ended_before_it(server: Server) -> None:
    drawn = BytesIO()
    Image.new("RGB", (8, 8)).save(drawn, "PNG")
    assert server.upload("before.png", drawn.getvalue()).status == 200
    pictures = picture_processes(server)
    assert pictures
    for child in pictures:
        child.kill()
        child.wait(10)
    assert server.upload("after.png", drawn.getvalue()).status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere such a worker ends when it is let go on")
def test_a_worker_that_stands_still_ends_with_its_server(base: Path) -> None:
    left = [base / "user" / "default" / ".abcd_012.part", base / "input" / ".upload-abc.png"]
    left.append(base / "input" / "people" / "anna_1" / ".upload-abc.png")
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    server = start(base)
    try:
        assert not any(path.exists() for path in left), "what a power cut left half-written"
        pid = server.worker_pid()
        os.kill(pid, signal.SIGSTOP)
    finally:
        server.kill()
    until(lambda: not alive(pid), 10.0)


def test_a_process_that_says_nothing_while_it_works_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "ASK_AFTER", 0.01)
    monkeypatch.setattr(silence, "SILENT_AFTER", 0.03)
    works, answers = True, True

    async def live() -> list[bool]:
        nonlocal works, answers
        told: asyncio.Queue[bool] = asyncio.Queue()
        asked = asyncio.Event()

        async def ask() -> None:
            asked.set()
            if not answers:
                await asyncio.sleep(60)  # its pipe is full
            found.heard()

        found = silence.Silence(lambda: works, ask, lambda: told.put_nowait(found.since is not None))
        watch = asyncio.create_task(found.watch())
        await asked.wait()
        answers = False
        found.heard()
        while not told.empty():  # a machine may be so busy that this test's own silence was too long
            told.get_nowait()
        changes = [await told.get()]
        found.heard()
        changes += [await told.get(), await told.get()]
        works = False  # there is nothing more to say
        changes += [await told.get()]
        works = True
        changes += [await told.get()]
        watch.cancel()  # it ended
        return [*changes, await told.get()]

    assert asyncio.run(asyncio.wait_for(live(), 30)) == [True, False] * 3


@pytest.mark.long
def test_a_prompt_is_taken_before_a_worker_was_ever_up_and_checked_later(base: Path) -> None:
    # Registered, but its module takes longer than a prompt waits for the first catalogue.
    with running(base, registry="tests.server.weightless:late_registry") as server:
        prompts = [say("early"), one("Pick", choice="three"), one("Even", number=3)]
        with ThreadPoolExecutor(3) as pool:
            good, bad, odd = pool.map(server.prompt, prompts)
        assert server.status()["catalogue"] == "none"
        assert server.result(good)["outputs"] == {"2": {"text": ["early"]}}
        for prompt_id, sentence in ((bad, "three"), (odd, "3 is odd")):
            kind, data = server.result(prompt_id)["status"]["messages"][-1]
            assert kind == "execution_error"
            assert sentence in data["exception_message"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that runs out of room: a small file system in memory."""
    with mounted(tmp_path / "small") as folder:
        yield folder


def test_a_full_disk_is_said_and_nothing_is_lost(small_disk: Path) -> None:
    with running(small_disk) as server:
        server.wait_until_ready()
        kept = server.prompt(say("kept"))
        server.result(kept)
        filler = fill(small_disk)
        for reply in (
            server.upload("large.bin", b"x" * 500_000),
            server.request("POST", "/userdata/large.json", raw=b"x" * 100_000),
            server.post("/prompt", {"prompt": say("y" * 100_000)}),
        ):
            assert reply.status == 507, reply.body
            assert "full" in reply.json()["error"]["message"]
        assert server.get("/prompt").json()["exec_info"]["queue_remaining"] == 0
        filler.unlink()
        assert server.upload("large.bin", b"x" * 100_000).status == 200
        assert server.run(say("goes on"))["status"]["completed"] is True
        assert kept in server.get("/history").json()


def test_a_result_that_finds_no_room_fails_its_job_alone(small_disk: Path) -> None:
    def save(kilobytes: int) -> dict[str, Any]:
        return {"1": {"class_type": "Save", "inputs": {"letter": "a", "kilobytes": kilobytes}}}

    with running(small_disk) as server:
        kind, data = server.run(save(8192))["status"]["messages"][-1]
        assert kind == "execution_error"
        assert data["exception_message"].startswith("The disk is full: a (8.4 MB) was not saved in")
        assert [path for path in (small_disk / "output").iterdir() if path.is_file()] == []
        assert server.run(save(1))["status"]["completed"] is True
        assert server.status()["worker"]["deaths"] == 0


def test_a_journal_of_a_newer_easel_stops_the_start(base: Path) -> None:
    with running(base) as server:
        server.result(server.prompt(say()))
        server.stop()
    with sqlite3.connect(base / "user" / "journal.db") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(AssertionError, match="newer Easel"):
        start(base)


def test_a_file_that_is_no_journal_stops_the_start(base: Path) -> None:
    (base / "user").mkdir(parents=True)
    (base / "user" / "journal.db").write_text("this is no database, whatever its name says" * 100)
    with pytest.raises(AssertionError, match="no journal of Easel's"):
        start(base)
