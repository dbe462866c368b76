"""Thousands of jobs one after the other: does the memory of either process grow?

    python3 -m bench.soak [--jobs 2000] [--base FOLDER] [--svg FILE] [--json FILE]

A real server with the built-in model runs a mix of jobs (bench/soak_jobs.py) for clients that come and go. After each
job the memory of the control process and of the device process is read; noted is the least of the last 15 seconds, for
what was freed goes back to the system every ten, and until then says nothing of what is kept. `growth` is the slope of
a straight line through the second half of the run, in MB per 1,000 jobs, and its ratio to the size at the half: what a
leak would make of the process in another 1,000 jobs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from bench.soak_jobs import graph_of, kind_of, picture, write_loras
from bench.svg import Line, write_graph
from tests.server.harness import ROOT, Server, is_done, running

NOTE_EVERY = 10
LEAST_OF = 15.0
"""Seconds: more than the device process lets pass between two times that it gives memory back."""
PAGE_STAYS = 50
"""Jobs until the page that follows all of them is closed and another opened."""
CACHE = 0.05
"""GB for results: full within the first hundred jobs, so that what grows then is no cache."""
PATIENCE = 120.0


@dataclass(frozen=True)
class Sample:
    """After `jobs` jobs: MB of both processes, and the control process's open files; the least of the last seconds."""

    jobs: int
    control: float
    device: float
    files: int
    seconds: float


class Following:
    """A page that reads every event and preview, as the server's own page does."""

    def __init__(self, server: Server) -> None:
        self._socket = server.socket(path="/easel/events?previews=1")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            for _ in self._socket:
                pass

    def close(self) -> None:
        self._socket.close()
        self._thread.join(PATIENCE)


def run_one(server: Server, number: int) -> str:
    """Queue job `number` as a client of its own, follow it to its end, look at the result; gives how it ended."""
    kind, client = kind_of(number), uuid.uuid4().hex
    uploaded = ""
    if kind == "upload":
        uploaded = server.upload(f"soak-{number % 40}.png", picture(number), overwrite="true").json()["name"]
    with server.socket(client) as socket:
        socket.send(json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}}))
        id = server.prompt(graph_of(number, uploaded), client_id=client)
        _follow(server, socket, id, stop=kind == "stopped")
    entry = server.get(f"/history/{id}").json()[id]
    for output in entry["outputs"].values():
        for file in output.get("images", ()):
            server.get("/view", **file)
    server.get("/queue")
    ended = entry["status"]
    return "success" if ended["completed"] else str(ended["messages"][-1][0]).removeprefix("execution_")


def _follow(server: Server, socket: ClientConnection, id: str, *, stop: bool) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        data = socket.recv(timeout=max(0.01, end - time.monotonic()))
        if isinstance(data, bytes):
            continue
        message: dict[str, Any] = json.loads(data)
        if stop and message["type"] == "progress" and message["data"].get("value", 0) >= 2:
            server.post("/interrupt", {"prompt_id": id})
            stop = False
        if is_done(message) and message["data"].get("prompt_id") == id:
            return


def sample(server: Server, jobs: int, began: float) -> Sample:
    control, device = psutil.Process(server.process.pid), psutil.Process(server.worker_pid())
    with control.oneshot():
        return Sample(
            jobs,
            round(control.memory_info().rss / 2**20, 2),
            round(device.memory_info().rss / 2**20, 2),
            control.num_fds(),
            round(time.monotonic() - began, 1),
        )


def least(samples: Sequence[Sample]) -> Sample:
    return replace(
        samples[-1],
        control=min(s.control for s in samples),
        device=min(s.device for s in samples),
        files=min(s.files for s in samples),
    )


def slope(samples: Sequence[Sample], of: str) -> tuple[float, float]:
    """MB per 1,000 jobs of the straight line that fits the second half best, and MB at its beginning."""
    half = samples[len(samples) // 2 :]
    xs, ys = [s.jobs / 1000 for s in half], [float(getattr(s, of)) for s in half]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((a - x) ** 2 for a in xs) or 1.0
    found = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / spread
    return found, y + found * (xs[0] - x)


def soak(server: Server, jobs: int, *, note: Any = lambda sample: None) -> tuple[list[Sample], dict[str, int]]:
    """Run the jobs; gives the samples and how many jobs ended how. `note` is told each sample."""
    samples: list[Sample] = []
    read: deque[Sample] = deque()
    ends: dict[str, int] = {}
    began = time.monotonic()
    page = Following(server)
    try:
        for number in range(1, jobs + 1):
            ended = run_one(server, number)
            ends[ended] = ends.get(ended, 0) + 1
            if number % PAGE_STAYS == 0:
                page.close()
                page = Following(server)
            read.append(sample(server, number, began))
            while read[-1].seconds - read[0].seconds > LEAST_OF:
                read.popleft()
            if number % NOTE_EVERY == 0:
                samples.append(least(read))
                note(samples[-1])
    finally:
        page.close()
    return samples, ends


@contextlib.contextmanager
def small_server(base: Path) -> Any:
    """A server with the built-in model, two LoRAs and a small cache."""
    write_loras(base / "models" / "loras")
    checkpoints = base / "models" / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (checkpoints / "easel-emoji.safetensors").symlink_to(ROOT / "models/checkpoints/easel-emoji.safetensors")
    with running(base, "--cpu", "--cache-memory", str(CACHE), registry=None) as server:
        server.wait_until_ready()
        yield server


def draw(path: Path, samples: Sequence[Sample]) -> None:
    write_graph(
        path,
        f"Memory over {samples[-1].jobs:,} jobs",
        "jobs",
        "MB",
        [
            Line("device process", "#c2571a", [(s.jobs, s.device) for s in samples]),
            Line("control process", "#2a6fb0", [(s.jobs, s.control) for s in samples]),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--svg", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, small_server(options.base or Path(folder)) as server:

        def note(s: Sample) -> None:
            if s.jobs % 100 == 0:
                print(
                    f"{s.jobs:6} jobs: control {s.control:.1f} MB, device {s.device:.1f} MB, {s.files} files,"
                    f" {s.seconds:.0f} s",
                    flush=True,
                )

        samples, ends = soak(server, options.jobs, note=note)
    print(", ".join(f"{count} {how}" for how, count in sorted(ends.items())))
    for of in ("control", "device"):
        grown, size = slope(samples, of)
        print(f"{of}: growth {grown:+.2f} MB per 1,000 jobs, {grown / size:+.4f} of its {size:.0f} MB")
    if options.json:
        options.json.write_text(json.dumps([vars(s) for s in samples]))
    if options.svg:
        draw(options.svg, samples)


if __name__ == "__main__":
    main()
