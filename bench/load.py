"""A thousand clients at once: is every event heard, and how long do /prompt and /queue take meanwhile?

    python3 -m bench.load [--seconds 600] [--clients 1000] [--base FOLDER] [--json FILE]

A real server with the built-in model, its device process on one thread. Of the clients, 20 have pictures made one after
the other and read their events and previews, 100 post small prompts of core nodes (one in ten seconds each), the rest
hear how the queue is; 20 upload 50 MB, again and again; 4 more connect, have pictures made, and never read. A process
of its own asks for /prompt and /queue in turn with a bare aiohttp handler, itself a process, that sends as many bytes:
`times bare` is our 99th percentile over its. The exit status is 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.soak import small_server
from bench.startup import ROOT, free_port, wait

BARE = """
import sys
from aiohttp import web
async def answer(request):
    if request.method == "POST":
        await request.json()
    return web.Response(text="x" * int(request.query.get("size", "2")))
app = web.Application()
app.router.add_route("*", "/", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
ARTISTS, POSTERS = 20, 100
AIM_MS = 50.0
AIM_TIMES = 3.0
AIM_MB = 150.0
WARM_UP = 5.0
"""Seconds from the start of the clients until latency is measured: a thousand sockets are opened in them."""
END = 120.0
"""Seconds that clients may need to end after their time is up."""


def start(role: str, port: int, seconds: float, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.load_clients", role, str(port), str(seconds), *more]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str], patience: float) -> dict[str, Any]:
    text, _ = process.communicate("end\n" if process.poll() is None else None, timeout=patience)
    return json.loads(text)


def load(base: Path, seconds: float, clients: int, *more: str) -> dict[str, Any]:
    """Run it all; gives what each kind of client says, and the control process's memory."""
    running: list[subprocess.Popen[str]] = []
    bare_port = free_port()
    bare = subprocess.Popen([sys.executable, "-c", BARE, str(bare_port)])
    try:
        wait(bare_port, "/", time.monotonic())
        with small_server(base) as server:
            control = psutil.Process(server.process.pid)
            idle = control.memory_info().rss
            crowd = start("crowd", server.port, seconds + END, "--clients", str(max(0, clients - ARTISTS - POSTERS)))
            busy = start("busy", server.port, seconds, *more)
            running += [crowd, busy]
            time.sleep(min(WARM_UP, seconds / 4))
            probe = start("probe", server.port, max(1.0, seconds - WARM_UP - 2), "--bare", str(bare_port))
            running.append(probe)
            most, cpu = idle, control.cpu_times()
            while probe.poll() is None:
                most = max(most, control.memory_info().rss)
                time.sleep(0.25)
            took = control.cpu_times()
            found = {
                "probe": end(probe, END),
                "busy": end(busy, seconds + END),
                "crowd": end(crowd, seconds + END),
                "seconds": seconds,
                "control_mb": {"idle": round(idle / 2**20, 1), "most": round(most / 2**20, 1)},
                "control_cpu": round(
                    (took.user + took.system - cpu.user - cpu.system) / max(1.0, seconds - WARM_UP - 2), 3
                ),
            }
            found["control_mb"]["end"] = round(control.memory_info().rss / 2**20, 1)
            return found
    finally:
        for process in [*running, bare]:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()


def show(found: dict[str, Any]) -> bool:
    """Print it all; gives whether every aim is kept."""
    all_kept = True
    busy, crowd, probe, memory = found["busy"], found["crowd"], found["probe"], found["control_mb"]
    print(
        f"{busy['events']:,} events of {busy['jobs']:,} jobs: {busy['dropped']} dropped,"
        f" {busy['gaps']} gaps in the feed; {busy['previews']} previews in {busy['sampled']} pictures;"
        f" {busy['posted']:,} posts, {busy['uploads']} uploads ({busy['upload_seconds']} s each),"
        f" {busy['refused']} refused"
    )
    print(
        f"{crowd['clients']} that hear the status: {crowd['messages']:,} messages, {crowd['lost']} connections lost,"
        f" last heard: {crowd['last']}"
    )
    print(f"{'':8} {'median':>8} {'p99':>8} {'most':>8} {'bare p99':>9} {'times bare':>10}  (ms)")
    for name in ("prompt", "queue"):
        ours, bare = probe[name], probe[f"bare {name}"]
        times = ours["p99"] / bare["p99"]
        kept = ours["p99"] <= max(AIM_MS, AIM_TIMES * bare["p99"])
        all_kept = all_kept and kept
        print(
            f"{name:8} {ours['median']:8} {ours['p99']:8} {ours['most']:8} {bare['p99']:9} {times:10.1f}"
            f"  {'' if kept else 'MISSES '}the aim of {AIM_MS:.0f} ms or {AIM_TIMES:.0f} times; {ours['count']} asked"
        )
    kept = memory["most"] <= AIM_MB
    print(
        f"control process: {memory['idle']} MB idle, {memory['most']} at most, {memory['end']} at the end,"
        f" {'' if kept else 'MISSES '}{memory['most'] / AIM_MB:.2f} of the aim of {AIM_MB:.0f};"
        f" {found['control_cpu']:.2f} of a core"
    )
    return all_kept and kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--json", type=Path)
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        found = load(options.base or Path(folder), options.seconds, options.clients, *more)
    kept = show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
