"""The two pages in headless Chromium, and what one of them costs with a graph of a given size."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.editor.graphs import graph

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "web" / "node_modules" / "@comfyorg" / "litegraph" / "dist"
VIEW = {"width": 1600, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
]
PEER = "http://peer.invalid/"
"""Nothing is asked of it: the bench itself answers for that address."""
FILES = {
    "": HERE / "page" / "litegraph.html",
    "litegraph.js": HERE / "page" / "litegraph.js",
    "litegraph.es.js": PACKAGE / "litegraph.es.js",
    "litegraph.css": PACKAGE / "css" / "litegraph.css",
}
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
GESTURES = {
    "pan 1x": "bench.pan(1, {ms})",
    "pan 0.5x": "bench.pan(0.5, {ms})",
    "pan 0.1x": "bench.pan(0.1, {ms})",
    "zoom": "bench.zoom({ms})",
    "drag 1x": "bench.drag(1, {ms})",
    "drag 0.5x": "bench.drag(0.5, {ms})",
    "drag 0.1x": "bench.drag(0.1, {ms})",
}


@dataclass
class Gesture:
    """Times of a frame, in ms."""

    median: float
    p95: float
    most: float
    late: int
    """Frames that came later than two of the screen's after the one before."""
    draw: float
    draw_p95: float
    cpu: float
    """Time of the page's main thread, which is drawing, painting and the rest; other programs hardly disturb it."""


@dataclass
class Costs:
    """What one page costs with one graph: ms, and MB of JavaScript's heap over the empty page."""

    size: int
    open: float
    open_cpu: float
    build: float
    heap: float
    heap_after: float
    """After the gestures: with what is kept of all that was seen."""
    idle: float
    """Main thread, ms in a second of nothing."""
    undo: dict[str, dict[str, float]]
    gestures: dict[str, Gesture] = field(default_factory=dict[str, Gesture])


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("Chromium is not installed: the bench of the editor needs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, address: str | None) -> Iterator[tuple[Any, Any]]:
    """A fresh page of ours at `address`, or of the peer where there is none; and its debugger."""
    context = browser.new_context(viewport=VIEW, device_scale_factor=1)
    page = context.new_page()
    page.set_default_timeout(60_000)
    if address is None:
        if not PACKAGE.is_dir():
            raise SystemExit("The peer is not installed: npm install in web/.")
        context.route(f"{PEER}**", answer)
        page.goto(PEER)
        page.wait_for_function("window.subject")
    else:
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        page.evaluate("easel.graph.open({nodes: [], links: []})")
        page.evaluate((HERE / "page" / "easel.js").read_text())
    page.evaluate((HERE / "page" / "harness.js").read_text())
    debugger = context.new_cdp_session(page)
    debugger.send("Performance.enable", {"timeDomain": "threadTicks"})
    yield page, debugger
    context.close()


def answer(route: Any) -> None:
    path = FILES.get(route.request.url.removeprefix(PEER))
    if path is None:
        route.fulfill(status=404)
    else:
        route.fulfill(body=path.read_text("utf-8"), content_type=KINDS[path.suffix])


def measure(browser: Any, address: str | None, size: int, ms: int, rounds: int) -> Costs:
    """Open a graph of `size` nodes `rounds` times; the best of the times to open, and gestures on the last."""
    text = json.dumps(graph(size), separators=(",", ":"))
    best: dict[str, float] | None = None
    for last in range(rounds - 1, -1, -1):
        with opened(browser, address) as (page, debugger):
            page.wait_for_timeout(300)
            empty = heap(debugger)
            before = thread_time(debugger)
            times = page.evaluate("([text, size]) => bench.open(text, size)", [text, size])
            times["cpu"] = thread_time(debugger) - before
            if best is None or times["open"] < best["open"]:
                best = times
            if last:
                continue
            page.wait_for_timeout(1000)
            held = heap(debugger) - empty
            busy = thread_time(debugger)
            page.wait_for_timeout(1000)
            idle = thread_time(debugger) - busy
            gestures = {name: gesture(page, debugger, script.format(ms=ms)) for name, script in GESTURES.items()}
            undo = page.evaluate("rounds => bench.undo(rounds)", 3 if size <= 1000 else 1)
            page.wait_for_timeout(500)
            after = heap(debugger) - empty
            return Costs(size, best["open"], best["cpu"], best["build"], held, after, idle, undo, gestures)
    raise ValueError("at least one round")


def gesture(page: Any, debugger: Any, script: str) -> Gesture:
    before = thread_time(debugger)
    found = page.evaluate(script)
    cpu = (thread_time(debugger) - before) / found["frames"]
    frame, draw = found["frame"], found["draw"]
    return Gesture(frame["median"], frame["p95"], frame["most"], found["late"], draw["median"], draw["p95"], cpu)


def metrics(debugger: Any) -> dict[str, float]:
    return {each["name"]: each["value"] for each in debugger.send("Performance.getMetrics")["metrics"]}


def heap(debugger: Any) -> float:
    """MB, after the garbage is gone."""
    for _ in range(2):
        debugger.send("HeapProfiler.collectGarbage")
    return metrics(debugger)["JSHeapUsedSize"] / 2**20


def thread_time(debugger: Any) -> float:
    """ms that the main thread has worked."""
    return 1000 * metrics(debugger)["TaskDuration"]
