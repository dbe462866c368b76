"""Kills at random moments, many times over one journal, and many jobs one after another."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.server.harness import Server, one, read_until, running, say, start, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

ROUNDS = 20
QUICK_ROUNDS = 3
VICTIMS = ("worker", "server", "both")
LONGEST_WAIT = 0.8
"""Seconds from the first job to the kill, at most: within these, jobs are accepted, run and end."""
SAVED = 512
"""Kilobytes of a saved file: enough that a kill falls into the writing of one now and then."""
ENDINGS = ("execution_success", "execution_error", "execution_interrupted")
NOBODYS_FAULT = r"as asked|the worker died \(signal 9\) while running|This job was started 2 times"

WARM_UP = 1800
"""Jobs until all that is kept for pages that come back (api.hub: EVENTS_KEPT) is full."""
SOAK = 500
WEIGHT = 20_000
"""Characters in each of these jobs: something that keeps prompts or results would show."""
FLAT = 3 * 2**20
"""Bytes by which a process may grow over SOAK jobs; had each left its text behind, it were three times as many."""


def jobs(random: random.Random, saving: bool) -> Iterator[dict[str, Any]]:
    """Some of what people queue: quick, slow, failing, saving."""
    for number in range(6):
        letter = random.choice("abcdef")
        kinds = [say(f"{number} {letter}"), one("Slow", seconds=0.3, steps=3), one("Fail", text="as asked")]
        if saving:
            kinds += [{"1": {"class_type": "Save", "inputs": {"letter": letter, "kilobytes": SAVED}}}] * 3
        yield random.choice(kinds)


@contextmanager
def typing(server: Server) -> Iterator[None]:
    """Somebody whose graph is kept again and again, each time as another letter."""
    done = threading.Event()

    def type() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            while not done.is_set():
                for letter in (b"a", b"b"):
                    server.request("POST", "/userdata/kept.json?overwrite=true", raw=letter * 1024 * SAVED, timeout=5)

    thread = threading.Thread(target=type)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def kill(server: Server, victim: str) -> None:
    pid = server.status()["worker"].get("pid")
    if victim != "server" and pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if victim != "worker":
        server.kill()


def finished(server: Server, ids: set[str]) -> dict[str, Any]:
    """The whole history, once all of these jobs are in it."""

    def check() -> dict[str, Any] | None:
        if server.get("/easel/queue").json()["paused"]:  # as it must be after two dead workers within a minute
            server.post("/easel/queue", {"paused": False})
        history = server.get("/history").json()
        return history if ids <= history.keys() else None

    return until(check, server=server)


def check_outcomes(server: Server, history: dict[str, Any]) -> None:
    for entry in history.values():
        kinds = [kind for kind, _ in entry["status"]["messages"]]
        assert len([kind for kind in kinds if kind in ENDINGS]) == 1, kinds
        assert kinds[-1] in ENDINGS
        if kinds[-1] == "execution_error":
            assert re.search(NOBODYS_FAULT, entry["status"]["messages"][-1][1]["exception_message"])
    assert server.get("/easel/queue").json()["queue_remaining"] == 0


def check_files(base: Path, history: dict[str, Any]) -> None:
    kept = (base / "user" / "default" / "kept.json").read_bytes()
    assert kept in (b"a" * 1024 * SAVED, b"b" * 1024 * SAVED)
    saved = {path.name: path.read_bytes() for path in (base / "output").glob("*.txt")}
    for name, data in saved.items():
        assert data == name[:1].encode() * 1024 * SAVED, f"{name} has {len(data)} bytes"
    told = {file["filename"] for e in history.values() for o in e["outputs"].values() for file in o.get("files", ())}
    assert told <= saved.keys()


def play(base: Path, rounds: int, *, saving: bool) -> None:
    """Let `rounds` rounds of jobs and kills go over one folder. What was said once must never change."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # pytest shows it where a round fails
    dice = random.Random(seed)
    server = start(base)
    before: dict[str, Any] = {}
    try:
        for number in range(rounds):
            victim = VICTIMS[number % len(VICTIMS)]
            with typing(server):
                accepted = {server.prompt(prompt) for prompt in jobs(dice, saving)}
                time.sleep(dice.uniform(0.0, LONGEST_WAIT))
                kill(server, victim)
            if victim != "worker":
                server = start(base)
            history = finished(server, accepted)
            assert history.keys() == before.keys() | accepted
            assert {id: history[id] for id in before} == before
            check_outcomes(server, history)
            check_files(base, history)
            before = history
    finally:
        server.process.kill()
        server.process.wait()
    with sqlite3.connect(base / "user" / "journal.db") as journal:
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_few_kills_lose_nothing(base: Path) -> None:
    play(base, QUICK_ROUNDS, saving=False)


@pytest.mark.long
def test_many_kills_lose_nothing(base: Path) -> None:
    play(base, ROUNDS, saving=True)


@pytest.mark.long
def test_memory_stays_flat_over_many_jobs(base: Path) -> None:
    with running(base, "--cache-policy", "none") as server, server.socket("c") as socket:
        server.wait_until_ready()
        read_until(socket, "status")
        processes = {
            "server": psutil.Process(server.process.pid),
            "worker": psutil.Process(server.worker_pid()),
        }

        def run(count: int) -> dict[str, int]:
            for number in range(count):
                text = f"{number} ".ljust(WEIGHT, "x")
                prompt = one("Fail", text=text) if number % 10 == 0 else say(text)
                server.prompt(prompt, client_id="c")
                read_until(socket, "done")
            return {name: process.memory_info().rss for name, process in processes.items()}

        before = run(WARM_UP)
        after = run(SOAK)
        for name in processes:
            assert after[name] - before[name] < FLAT, f"{name} grew by {(after[name] - before[name]) / 2**20:.1f} MB"
