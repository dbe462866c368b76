"""A hundred packs with 1,500 node types and 20,000 model files: when the page can be used, and what lists cost.

    python3 -m bench.packs [--packs 100] [--types 1500] [--files 20000] [--rounds 15] [--base FOLDER] [--no-browser]

Packs and empty model files are written into a temporary folder (kept where --base names it). The server starts a few
times: `cold` without a catalogue on the disk, `warm` with the last one (the median). Each figure stands beside one of
the same run that is not ours: an aiohttp server with one route that sends the same bytes, and os.scandir over the same
folders.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.startup import ROOT, free_port, time_bare, wait
from tests.browser.conftest import ARGUMENTS, CHROMIUM

NODE = '''
class N{n}:
    """The node {n} of the pack {pack}."""

    @classmethod
    def INPUT_TYPES(cls):
        return {{
            "required": {{
                "image": ("IMAGE",),
                "strength": ("FLOAT", {{"default": 1.0, "min": 0.0, "max": 2.0, "step": 0.01, "tooltip": "How much."}}),
                "steps": ("INT", {{"default": 20, "min": 1, "max": 100}}),
                "mode": (["soft", "hard", "mixed"], {{"default": "soft"}}),
            }},
            "optional": {{"mask": ("MASK",), "text": ("STRING", {{"multiline": True, "default": ""}})}},
        }}

    RETURN_TYPES = ("IMAGE", "MASK")
    FUNCTION = "run"
    CATEGORY = "bench/pack {pack}"

    def run(self, image, strength, steps, mode, mask=None, text=""):
        return image, mask
'''
LORA_NODE = """
import folder_paths

class Loras{pack}:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"name": (folder_paths.get_filename_list("loras"),)}}}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "bench/pack {pack}"

    def run(self, name):
        return (name,)
"""
FILES_IN_FOLDER = 100
STARTS = 3
QUIET = 2.0
"""Seconds after a stop: a device process gives its memory back for a while."""
LISTING = 10
"""Of as many packs one has a node that lists all model files."""
SENT = """
import sys
from aiohttp import web
body = open(sys.argv[2], "rb").read()
async def hello(request):
    return web.Response(body=body, headers={"Content-Encoding": "gzip"}, content_type="application/json")
app = web.Application()
app.router.add_get("/", hello)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


def write(base: Path, packs: int, types: int, files: int) -> None:
    """What is there already stays."""
    for pack in range(packs):
        folder = base / "custom_nodes" / f"bench-{pack:03}"
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        mine = [n for n in range(types) if n % packs == pack]
        names = [f"N{n}" for n in mine]
        parts = [NODE.format(n=n, pack=pack) for n in mine]
        if pack % LISTING == 0:  # few packs load models themselves
            names[-1], parts[-1] = f"Loras{pack}", LORA_NODE.format(pack=pack)
        mapping = ", ".join(f'"Bench{name}": {name}' for name in names)
        (folder / "__init__.py").write_text("\n".join([*parts, f"NODE_CLASS_MAPPINGS = {{{mapping}}}"]))
    for number in range(0, files, FILES_IN_FOLDER):
        folder = base / "models" / "loras" / f"shelf {number // FILES_IN_FOLDER:04}"
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        for inner in range(min(FILES_IN_FOLDER, files - number)):
            (folder / f"a style of somebody {number + inner:06}.safetensors").touch()


def fetch(port: int, path: str, headers: dict[str, str] | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
        return body
    finally:
        connection.close()


def median(rounds: int, call: Callable[[], Any]) -> float:
    """Seconds."""
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def walk(folder: str) -> int:
    count, stack = 0, [folder]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    stack.append(entry.path)
                else:
                    count += 1
    return count


class Running:
    """A server of ours, from its start."""

    def __init__(self, base: Path, *flags: str) -> None:
        self.port = free_port()
        command = [sys.executable, str(ROOT / "server.py"), "--no-browser", "--port", str(self.port), "--trust-packs"]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*command, "--base-directory", str(base), *flags], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )

    def wait(self, path: str, ready: Any = None) -> float:
        return wait(self.port, path, self.began, ready)

    def ready(self) -> float:
        return self.wait("/easel/status", lambda body: b'"catalogue": "confirmed"' in body and b'"pid"' in body)

    def packs(self) -> list[dict[str, Any]]:

        return json.loads(fetch(self.port, "/easel/packs"))["packs"]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM if os.name == "posix" else signal.CTRL_BREAK_EVENT)
        self.process.wait(30)
        time.sleep(QUIET)


def in_browser(base: Path) -> tuple[float, int]:
    """Seconds from the server's start until somebody could work at the page, and how many node types it knows then."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        server = Running(base)
        try:
            server.wait("/")
            page.goto(f"http://127.0.0.1:{server.port}/")
            page.wait_for_selector("html[data-ready]")
            seconds = time.monotonic() - server.began
            return seconds, page.evaluate("() => window.easel.editor.schema.types.size")
        finally:
            browser.close()
            server.stop()


def of_bare(name: str, seconds: float, other: float, of: str) -> None:
    print(f"{name:44}{seconds * 1000:10.1f} ms{other * 1000:12.1f} ms{seconds / other:8.1f} x {of}")


def measure(base: Path, rounds: int, browser: bool) -> None:
    shutil.rmtree(base / "user" / "cache", ignore_errors=True)
    bare: list[float] = []
    cold = Running(base)
    try:
        first_types, first_ready = cold.wait("/object_info"), cold.ready()
    finally:
        cold.stop()
    pages: list[float] = []
    known: list[float] = []
    for _ in range(STARTS):
        bare.append(time_bare())
        warm = Running(base)
        try:
            pages.append(warm.wait("/"))
            known.append(warm.wait("/object_info"))
            warm.ready()
        finally:
            warm.stop()
    told(base, statistics.median(bare), pages, known, first_types, first_ready, rounds)
    if browser and CHROMIUM is not None:
        seconds, count = in_browser(base)
        of_bare(f"page usable in a browser, {count} types", seconds, statistics.median(bare), "bare aiohttp")


def told(
    base: Path,
    bare: float,
    pages: list[float],
    known: list[float],
    first_types: float,
    first_ready: float,
    rounds: int,
) -> None:
    importing = Running(base, "--import-packs")
    try:
        eager = importing.ready()
    finally:
        importing.stop()
    warm = Running(base)
    try:
        ready = warm.ready()
        print(f"{'':44}{'ours':>10}   {'beside it':>12}")
        of_bare("page, from the start", statistics.median(pages), bare, "bare aiohttp")
        of_bare("node types, from the start, warm", statistics.median(known), bare, "bare aiohttp")
        of_bare("node types, from the start, cold", first_types, bare, "bare aiohttp")
        of_bare("ready for jobs, from the start", ready, eager, "importing every pack (--import-packs)")
        of_bare("ready for jobs, from the start", ready, bare, "bare aiohttp")
        print(f"{'ready for jobs, the first time':44}{first_ready * 1000:10.1f} ms")
        print(f"{'packs that rest':44}{sum(pack['resting'] for pack in warm.packs()):10}")
        packs = [pack["seconds"] or 0.0 for pack in warm.packs() if pack["name"].startswith("bench-")]
        print(f"{'import of a pack, median':44}{statistics.median(packs) * 1000:10.1f} ms")
        print(f"{'import of a pack, slowest':44}{max(packs) * 1000:10.1f} ms")
        requests(warm.port, base, rounds)
    finally:
        warm.stop()


def requests(port: int, base: Path, rounds: int) -> None:
    """What answers cost a server that runs."""
    zipped = {"Accept-Encoding": "gzip"}
    body = fetch(port, "/object_info", zipped)
    kept = base / "sent.gz"
    kept.write_bytes(body)
    other = free_port()
    bare = subprocess.Popen([sys.executable, "-c", SENT, str(other), str(kept)])
    try:
        wait(other, "/", time.monotonic())
        plain = median(rounds, lambda: fetch(other, "/", zipped))
    finally:
        bare.kill()
        bare.wait()
    loras = base / "models" / "loras"
    scandir = median(rounds, lambda: walk(str(loras)))
    size = f"{len(body) / 1e6:.2f} MB"
    of_bare(
        f"/object_info, compressed, {size}",
        median(rounds, lambda: fetch(port, "/object_info", zipped)),
        plain,
        "a bare handler",
    )
    of_bare("/models/loras", median(rounds, lambda: fetch(port, "/models/loras")), scandir, "os.scandir")
    new = next(loras.iterdir()) / "new.safetensors"

    def changed() -> None:
        new.unlink(missing_ok=True) if new.exists() else new.touch()
        fetch(port, "/models/loras")

    of_bare("/models/loras after a change", median(rounds, changed), scandir, "os.scandir")
    new.unlink(missing_ok=True)
    of_bare(
        "/easel/model_library",
        median(max(3, rounds // 3), lambda: fetch(port, "/easel/model_library")),
        scandir,
        "os.scandir",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--packs", type=int, default=100)
    parser.add_argument("--types", type=int, default=1500)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--base", type=Path, help="keep what is written here, and use it again")
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        base = options.base or Path(folder)
        write(base, options.packs, options.types, options.files)
        measure(base, options.rounds, not options.no_browser)


if __name__ == "__main__":
    main()
