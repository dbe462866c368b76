"""How long a start takes: to the page, to the node types, to the first picture; and what memory each process holds.

    python3 bench/startup.py [--rounds 5] [--graph workflows/default.json]

Times are from the start of the process, in seconds, the median of all rounds; beside them that of a bare aiohttp
server with one route in the same round, which no server of ours can beat. `cold` is the first start in an empty
folder, with no catalogue on the disk; `warm` is every later one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

from graph.registry import Catalogue
from graph.workflow import is_workflow, to_api

ROOT = Path(__file__).resolve().parent.parent
BARE = """
from aiohttp import web
async def hello(request): return web.Response(text="hello")
app = web.Application()
app.router.add_get("/", hello)
web.run_app(app, host="127.0.0.1", port=int(__import__("sys").argv[1]), print=None)
"""
PATIENCE = 300.0


@dataclass
class Round:
    """Seconds by what was waited for, and MB by process."""

    times: dict[str, float] = field(default_factory=dict[str, float])
    memory: dict[str, float] = field(default_factory=dict[str, float])


def ask(port: int, path: str, body: Any = None) -> tuple[int, bytes] | None:
    """Status and body, or None where nobody answers yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST" if body is not None else "GET", path, body and json.dumps(body).encode())
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionError:
        return None
    finally:
        connection.close()


def wait(port: int, path: str, began: float, ready: Any = None) -> float:
    """Seconds since `began` until the address answers with 200, and `ready`, of the body, is true."""
    while time.monotonic() - began < PATIENCE:
        found = ask(port, path)
        if found is not None and found[0] == 200 and (ready is None or ready(found[1])):
            return time.monotonic() - began
        time.sleep(0.005)
    raise TimeoutError(f"{path} did not answer in {PATIENCE:.0f} s")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def time_bare() -> float:
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        return wait(port, "/", began)
    finally:
        process.kill()
        process.wait()


def time_ours(base: Path, graph: Path | None, number: int) -> Round:
    port = free_port()
    command = [sys.executable, str(ROOT / "server.py"), "--no-browser", "--port", str(port), "--user-directory"]
    command += [str(base / "user"), "--output-directory", str(base / "output"), "--temp-directory", str(base / "temp")]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    found = Round()
    try:
        found.times["page"] = wait(port, "/", began)
        found.times["node types"] = wait(port, "/object_info", began)
        found.times["worker ready"] = wait(port, "/easel/status", began, lambda b: json.loads(b)["worker"].get("pid"))
        if graph is not None:
            found.times["first picture"] = first_picture(port, base, graph, began, number)
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children()]:
            script = re.search(r"(server|worker|pictures)\.py", " ".join(one.cmdline()))
            if script is not None:
                found.memory[script[1]] = one.memory_info().rss / 2**20
    finally:
        process.send_signal(signal.SIGTERM if os.name == "posix" else signal.CTRL_BREAK_EVENT)
        process.wait(30)
    return found


def first_picture(port: int, base: Path, graph: Path, began: float, number: int) -> float:
    """Seconds until the graph's result can be fetched. Each round has a seed of its own, so that it is computed."""
    source = json.loads(graph.read_bytes())
    if is_workflow(source):
        kept = json.loads((base / "user" / "cache" / "catalogue.json").read_bytes())
        source = to_api(source, Catalogue.from_json(kept))
    for node in source.values():
        if "seed" in node["inputs"]:
            node["inputs"]["seed"] = number + 1
    answer = ask(port, "/prompt", {"prompt": source})
    if answer is None or answer[0] != 200:
        raise RuntimeError(f"the graph was refused: {answer and answer[1][:500]}")
    id = json.loads(answer[1])["prompt_id"]
    seconds = wait(port, f"/history/{id}", began, lambda body: id in json.loads(body))
    entry = json.loads(ask(port, f"/history/{id}")[1])[id]  # type: ignore[index]
    if not entry["status"]["completed"]:
        raise RuntimeError(f"the graph failed: {entry['status']['messages'][-1]}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--graph", type=Path, help="run this graph too, in either file format")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        cold = time_ours(Path(folder), options.graph, 0)
        bare: list[float] = []
        warm: list[Round] = []
        for number in range(options.rounds):
            bare.append(time_bare())
            warm.append(time_ours(Path(folder), options.graph, number + 1))
    base = statistics.median(bare)
    print(f"{'':16}{'cold':>8}{'warm':>8}{'of bare':>9}")
    print(f"{'bare aiohttp':16}{'':8}{base:8.2f}{1:9.1f}")
    for name, seconds in cold.times.items():
        median = statistics.median(one.times[name] for one in warm)
        print(f"{name:16}{seconds:8.2f}{median:8.2f}{median / base:9.1f}")
    for name in warm[-1].memory:
        print(f"{name + '.py':16}{'':8}{statistics.median(one.memory[name] for one in warm):8.0f} MB")


if __name__ == "__main__":
    main()
