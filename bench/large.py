"""Large numbers of everything: 10,000 waiting jobs, 100,000 in the history, 1,000,000 results, a graph of 20,000 nodes.

    python3 -m bench.large [--parts queue history files graph] [--jobs 10000] [--past 100000] [--files 1000000]
                           [--nodes 20000] [--base FOLDER]

Each line has our time, that of a floor of the same run, their ratio, and `others`: the slowest answer that somebody
else got meanwhile to a question that costs nothing (GET /prompt, asked a hundred times a second), in ms.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from api.queue.journal import Body, Journal
from api.queue.summaries import About
from bench.load import BARE
from bench.startup import free_port, wait
from tests.server.harness import Server, running, until

AFTER = 0.3
"""Seconds for which the answers to others are watched still when ours is there."""
KEPT = 10_000
"""Jobs in the history of one person, if nobody asks for more."""
INDEXED_WITHIN = 300.0
"""Seconds that the gallery is waited for."""
FILES_FROM = 50_000
"""Hard links of one file: file systems allow 65,000."""


class Others:
    """Somebody who asks for next to nothing, all the time."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        self._over = False
        self.slowest = 0.0
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(AFTER)
        self._over = True
        self._thread.join()
        self._connection.close()

    def _ask(self) -> None:
        while not self._over:
            began = time.perf_counter()
            self._connection.request("GET", "/prompt")
            self._connection.getresponse().read()
            self.slowest = max(self.slowest, (time.perf_counter() - began) * 1000)
            time.sleep(0.01)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return (time.perf_counter() - began) * 1000, found


def row(what: str, ours: float, of: str, floor: float, others: float | None, more: str = "") -> None:
    said = "" if others is None else f"{others:8.1f}"
    print(f"{what:44} {ours:10.1f} {of:>30} {floor:9.1f} {ours / floor:8.1f} {said:>8}  {more}", flush=True)


def heading() -> None:
    print(f"{'':44} {'ms':>10} {'floor':>30} {'ms':>9} {'times':>8} {'others':>8}")


def memory(server: Server) -> str:
    return f"control {psutil.Process(server.process.pid).memory_info().rss / 2**20:.0f} MB"


def graph(number: int, words: int = 40) -> dict[str, Any]:
    """A chain of nodes of the test registry that computes nothing, of the size of a usual prompt."""
    nodes: dict[str, Any] = {"1": {"class_type": "Say", "inputs": {"text": f"job {number}"}}}
    for at in range(2, words):
        nodes[str(at)] = {"class_type": "Say", "inputs": {"text": [str(at - 1), 0]}}
    nodes[str(words)] = {"class_type": "Show", "inputs": {"text": [str(words - 1), 0]}}
    return nodes


def body(number: int) -> Body:
    """As a page posts it: the prompt, and the workflow that it was made from, which is four times as long."""
    prompt = graph(number)
    extra = {"extra_pnginfo": {"workflow": {"nodes": [prompt] * 4}}, "client_id": "bench"}
    return Body(json.dumps(prompt), json.dumps(extra), "[]", True, About.of(prompt, extra))


async def fill(path: Path, count: int) -> None:
    """Write jobs down that wait, in a journal of its own."""
    shutil.rmtree(path.parent, ignore_errors=True)
    journal = Journal(path)
    journal.open()
    for at in range(0, count, 200):
        some = range(at, min(count, at + 200))
        await asyncio.gather(*(journal.accept(f"job-{n}", "bench", n, body(n)) for n in some))
    journal.close()


def age(path: Path, count: int) -> None:
    """Make the journal's first job one of many that have ended."""
    db = sqlite3.connect(path)
    db.execute("DELETE FROM jobs WHERE seq > 1")
    names = [str(row[1]) for row in db.execute("PRAGMA table_info(jobs)") if row[1] != "seq"]
    status = {"status_str": "success", "completed": True, "messages": [["execution_success", {"prompt_id": "x"}]]}
    values: dict[str, str] = {
        "prompt_id": "'past-' || value",
        "number": "value",
        "attempts": "1",
        "started": "accepted",
        "ended": "value",
        "ended_at": "accepted + 1",
        "outputs": """'{"40":{"text":["word"]}}'""",
        "status": f"'{json.dumps(status)}'",
        "meta": "'{}'",
        "ms": "1000.0",
        "state": "CASE value % 10 WHEN 0 THEN 'error' ELSE 'success' END",
        "came_of": """'{"pictures":[],"count":0,"error":null}'""",
        "timings": "'{}'",
    }
    chosen = ", ".join(values.get(name, name) for name in names)
    db.execute(
        f"WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {count})"
        f" INSERT INTO jobs ({', '.join(names)}) SELECT {chosen} FROM jobs, n WHERE seq = 1"
    )
    db.execute("DELETE FROM jobs WHERE seq = 1")
    db.commit()
    db.close()


@contextmanager
def bare() -> Any:
    """A handler that sends as many bytes as are asked for; gives a function that times it."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        wait(port, "/", time.monotonic())

        def time_it(size: int, sent: bytes | None = None) -> float:
            def ask() -> None:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
                connection.request("GET" if sent is None else "POST", f"/?size={size}", sent)
                connection.getresponse().read()
                connection.close()

            return min(timed(ask)[0] for _ in range(5))

        yield time_it
    finally:
        process.kill()
        process.wait()


def ask(
    server: Server, what: str, floor: Callable[..., float], method: str, path: str, sent: Any = None, rounds: int = 3
) -> None:
    """Ask a few times, the median beside the bare handler with as many bytes."""
    data = None if sent is None else json.dumps(sent).encode()
    with Others(server) as others:
        found = sorted(
            (timed(lambda: server.request(method, path, raw=data)) for _ in range(rounds)), key=lambda x: x[0]
        )
    took, reply = found[rounds // 2]
    size = len(reply.body)
    if reply.status != 200:
        raise RuntimeError(f"{method} {path}: {reply.status} {reply.body[:500]!r}")
    note = f"{size / 1e6:.1f} MB, {memory(server)}"
    row(what, took, "bare handler, as many bytes", floor(size, data), others.slowest, note)


def of_queue(base: Path, jobs: int) -> None:
    path = base / "user" / "journal.db"
    none, _ = timed(lambda: _start_and_stop(base))
    asyncio.run(fill(path, jobs))
    began = time.perf_counter()
    with running(base, "--paused") as server, bare() as floor:
        until(lambda: server.get("/prompt").json()["exec_info"]["queue_remaining"] == jobs, server=server)
        row(f"start with {jobs:,} waiting jobs", (time.perf_counter() - began) * 1000, "start with none", none, None)
        server.wait_until_ready()
        ask(server, "GET /queue", floor, "GET", "/queue")
        ask(server, "GET /easel/queue", floor, "GET", "/easel/queue")
        ask(server, "GET /jobs", floor, "GET", "/jobs")
        ask(server, "POST /prompt", floor, "POST", "/prompt", {"prompt": graph(0), "client_id": "b"}, rounds=9)
        order = {"ids": [f"job-{jobs - 1}"], "to": "front"}
        ask(server, "last to the front", floor, "POST", "/easel/queue/move", order, rounds=1)
        order = {"ids": ["job-5"], "to": "back"}
        ask(server, "first to the end", floor, "POST", "/easel/queue/move", order, rounds=1)
        ask(server, "cancel one", floor, "POST", "/queue", {"delete": ["job-77"]}, rounds=1)
        ask(server, "a page's greeting", floor, "GET", "/easel/status")
        ask(server, "cancel all", floor, "POST", "/queue", {"clear": True}, rounds=1)


def _start_and_stop(base: Path) -> None:
    with running(base, "--paused") as server:
        server.get("/prompt")


def of_history(base: Path, past: int) -> None:
    path = base / "user" / "journal.db"
    asyncio.run(fill(path, 1))
    age(path, past)
    with running(base, "--history-entries", "0", "--history-size", "0") as server, bare() as floor:
        server.wait_until_ready()
        took, _ = timed(lambda: server.run(graph(1)))
        row("a job, to its history entry", took, "the same again", timed(lambda: server.run(graph(2)))[0], None)
        ask(server, "GET /history", floor, "GET", "/history")
        ask(server, "GET /history?max_items=100", floor, "GET", "/history?max_items=100")
        far = f"/history?max_items=100&offset={past // 2}"
        ask(server, "the same from the middle", floor, "GET", far)
        ask(server, "GET /easel/history", floor, "GET", "/easel/history")
        ask(server, "the same, errors from the middle", floor, "GET", f"/easel/history?before={past // 2}&state=error")
        ask(server, "GET /jobs?limit=100", floor, "GET", "/jobs?limit=100")
        ask(server, "GET /jobs by duration", floor, "GET", "/jobs?limit=100&sort_by=execution_duration")
    with running(base) as server, Others(server) as others, closing(sqlite3.connect(path)) as db:
        began = time.perf_counter()
        server.wait_until_ready()
        server.run(graph(3))
        query = "SELECT count(*) FROM jobs WHERE ended IS NOT NULL"
        until(lambda: db.execute(query).fetchone()[0] <= KEPT, 600, server)
        took = (time.perf_counter() - began) * 1000
        floor_ms, _ = timed(lambda: db.execute(query).fetchone())
        row(f"cut down to {KEPT:,} at the next start", took, "count them", floor_ms, others.slowest, memory(server))
    with running(base) as server, bare() as floor:
        server.wait_until_ready()
        ask(server, f"remove all {KEPT:,}", floor, "POST", "/easel/history", {"remove": "all"}, rounds=1)


def of_files(base: Path, count: int) -> None:
    output = base / "output"
    _write_files(output, count)
    with running(base) as server, bare() as floor:
        server.wait_until_ready()
        began = time.perf_counter()
        first, _ = timed(lambda: server.run(_saving("picture", 9)))
        server.run(_saving("few/picture", 9))
        few = min(timed(lambda n=n: server.run(_saving("few/picture", n)))[0] for n in range(5))
        row(f"save beside {count:,} files, the first", first, "save beside few", few, None)
        many = min(timed(lambda n=n: server.run(_saving("picture", n)))[0] for n in range(5))
        row("save beside them, later ones", many, "save beside few", few, None)
        ask(server, "GET /view", floor, "GET", "/view?filename=picture_00500_.png")
        listing, _ = timed(lambda: sum(1 for _ in os.scandir(output)))
        with Others(server) as others:
            took, reply = timed(lambda: server.request("GET", "/internal/files/output", timeout=600))
        row(
            "GET /internal/files/output", took, "os.scandir", listing, others.slowest, f"{len(reply.body) / 1e6:.1f} MB"
        )
        with Others(server) as others:
            end = time.monotonic() + INDEXED_WITHIN
            while _in_gallery(server) < count and time.monotonic() < end:
                time.sleep(0.5)
        took = (time.perf_counter() - began) * 1000
        note = f"{_in_gallery(server):,} of them; {memory(server)}"
        row("in the gallery", took, "os.scandir", listing, others.slowest, note)
        ask(server, "GET /easel/gallery/search, all", floor, "GET", "/easel/gallery/search")
        ask(server, "the same by a word of one name", floor, "GET", "/easel/gallery/search?q=picture_00500")
        ask(server, "GET /easel/gallery/overview", floor, "GET", "/easel/gallery/overview")


def _in_gallery(server: Server) -> int:
    db = sqlite3.connect(f"file:{server.base / 'user' / 'gallery.db'}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM files").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


def _saving(name: str, number: int) -> dict[str, Any]:
    return {"1": {"class_type": "Save", "inputs": {"letter": name, "kilobytes": number + 2}}}


def _write_files(folder: Path, count: int) -> None:
    """Small PNGs by number, many links to each; what is there stays."""
    from bench.soak_jobs import picture

    folder.mkdir(parents=True, exist_ok=True)
    for first in range(1, count + 1, FILES_FROM):
        source = folder / f"picture_{first:05}_.png"
        if source.exists():
            continue
        source.write_bytes(picture(first, 4))
        for number in range(first + 1, min(count + 1, first + FILES_FROM)):
            os.link(source, folder / f"picture_{number:05}_.png")


def of_graph(base: Path, nodes: int) -> None:
    with running(base) as server, bare() as floor:
        server.wait_until_ready()
        sent = {"prompt": graph(0, nodes), "client_id": "bench"}
        data = json.dumps(sent).encode()
        with server.socket("bench") as socket, server.socket(path="/easel/events") as page:
            heard = [0, 0]

            def read(number: int, each: Any) -> None:
                for message in each:
                    heard[number] += len(message)

            for number, each in enumerate((socket, page)):
                threading.Thread(target=read, args=[number, each], daemon=True).start()
            with Others(server) as others:
                took, reply = timed(lambda: server.request("POST", "/prompt", raw=data))
            what = f"POST /prompt of {nodes:,} nodes"
            row(
                what, took, "bare handler, the same body", floor(100, data), others.slowest, f"{len(data) / 1e6:.1f} MB"
            )
            id = reply.json()["prompt_id"]
            with Others(server) as others:
                ran, entry = timed(lambda: server.result(id, 600))
            if not entry["status"]["completed"]:
                raise RuntimeError(f"it failed: {entry['status']['messages'][-1]}")
            loads, _ = timed(lambda: json.dumps(json.loads(data)))
            note = f"{heard[0] / 1e6:.1f} MB to its client, {heard[1] / 1e6:.1f} MB to a page; {memory(server)}"
            row("its run", ran, "json.loads and dumps", loads, others.slowest, note)
            with Others(server) as others:
                took, _ = timed(lambda: server.result(server.request("POST", "/prompt", raw=data).json()["prompt_id"]))
            row("posted and run again, all cached", took, "json.loads and dumps", loads, others.slowest)
        ask(server, "GET /history of it", floor, "GET", f"/history/{id}")
        ask(server, "GET /easel/jobs of it", floor, "GET", f"/easel/jobs/{id}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["queue", "history", "files", "graph"])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--past", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--nodes", type=int, default=20_000)
    parser.add_argument("--base", type=Path)
    options = parser.parse_args()
    parts: dict[str, tuple[Callable[[Path, int], None], int]] = {
        "queue": (of_queue, options.jobs),
        "history": (of_history, options.past),
        "files": (of_files, options.files),
        "graph": (of_graph, options.nodes),
    }
    heading()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.parts:
            part, count = parts[name]
            part((options.base or Path(folder)) / name, count)


if __name__ == "__main__":
    main()
