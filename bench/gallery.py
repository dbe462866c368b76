"""The gallery with a hundred thousand pictures: how fast they are indexed, searched and scrolled.

    python3 -m bench.gallery [--count 100000] [--base FOLDER] [--no-browser]

Small PNGs that carry prompts of their own are written to a folder (kept where --base names it, and used again), a
server indexes them, and a headless Chromium scrolls its wall. Every figure stands beside a floor of the same run: a
plain LIKE over the same prompts, and a page that only scrolls a tall empty box.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from api.gallery.search import Question, search
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.server.harness import Server, running

WORDS = """
fox snow owl branch castle sea river dawn portrait light boat paper hill moon market night forest rain
tower bridge garden winter summer storm cloud lamp mirror window door stone gold silver smoke dust fire
ice wolf deer horse crow robe mask crown sword book ship island desert canyon valley field meadow harbour
street cafe library train station neon fog mist glow shadow silhouette detail film grain bokeh macro wide
angle oil painting ink watercolour pastel charcoal etching poster render photograph studio candid vintage
modern baroque gothic minimal ornate soft hard warm cold muted vivid pale deep calm wild quiet busy
ancient new broken whole small vast near far old young happy sad
""".split()  # noqa: SIM905
CHINESE = ("雪中的狐狸", "傍晚的光", "海上的城堡", "竹林", "水墨风景", "月下的湖")
MODELS = [f"family{n % 6}/model_{n}.safetensors" for n in range(40)]
DAYS = 900
SEARCHES = 60


def picture(red: int, green: int, blue: int, side: int = 96) -> tuple[bytes, bytes]:
    """A PNG's head and its picture, between which texts go."""

    def row(y: int) -> bytes:
        return b"\0" + bytes((c * (side - y) // side + x) % 256 for x in range(side) for c in (red, green, blue))

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return head, chunk(b"IDAT", zlib.compress(b"".join(map(row, range(side))))) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def prompt(chance: random.Random) -> tuple[dict[str, Any], str]:
    # Words are as uneven as people's: a few in many prompts, most in few.
    words = [WORDS[min(len(WORDS) - 1, int(chance.expovariate(1 / 40)))] for _ in range(chance.randint(8, 40))]
    if chance.random() < 0.1:
        words.insert(0, chance.choice(CHINESE))
    text = ", ".join(words)
    sampler = {"seed": chance.randrange(2**53), "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal"}
    nodes = {
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": chance.choice(MODELS)}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry, low quality", "clip": ["4", 1]}},
        "3": {"class_type": "KSampler", "inputs": {**sampler, "positive": ["6", 0], "negative": ["7", 0]}},
    }
    return nodes, text


def write(base: Path, count: int) -> None:
    """As many pictures as asked for, over a few years and folders; those that are there stay."""
    import os

    chance = random.Random(1)
    colours = [picture(*(chance.randrange(256) for _ in range(3))) for _ in range(48)]
    newest = time.time() - 3600
    for number in range(count):
        path = base / "output" / f"series_{number % 37:02}" / f"easel_{number:06}_.png"
        nodes, _ = prompt(chance)
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        head, tail = colours[number % len(colours)]
        path.write_bytes(head + chunk(b"tEXt", b"prompt\0" + json.dumps(nodes).encode()) + tail)
        at = newest - number * DAYS * 86400 / count
        os.utime(path, (at, at))


def index(server: Server, base: Path, count: int) -> None:
    """Looked at from outside, so that nobody but the scan keeps the index busy."""
    begin = time.monotonic()
    database = sqlite3.connect(f"file:{base / 'user' / 'gallery.db'}?mode=ro", uri=True)

    def left() -> tuple[int, int]:
        return database.execute("SELECT count(*), sum(read = 0) FROM files WHERE state = 0").fetchone()

    while left()[0] < count:
        time.sleep(0.1)
    spent = time.monotonic() - begin
    print(f"found: {count:,} files after {spent:.1f} s ({count / spent:,.0f} a second)", flush=True)
    worst = 0.0
    while left()[1]:
        asked = time.monotonic()
        server.get("/easel/status")
        worst = max(worst, time.monotonic() - asked)
        time.sleep(0.5)
    spent = time.monotonic() - begin
    print(f"read: all prompts after {spent:.1f} s ({count / spent:,.0f} a second);", end=" ")
    print(f"the slowest other answer meanwhile took {worst * 1000:.0f} ms", flush=True)
    database.close()


def searches(chance: random.Random) -> list[str]:
    """What people type: a word, the beginning of one, several, a phrase, a model, Chinese, one that is not wanted."""
    pick = lambda: chance.choice(WORDS)  # noqa: E731
    kinds: list[Callable[[], str]] = [
        lambda: pick(),
        lambda: pick()[:3],
        lambda: f"{pick()} {pick()}",
        lambda: f"{pick()} {pick()} {pick()[:2]}",
        lambda: f'"{pick()} {pick()}"',
        lambda: f"model:model_{chance.randrange(40)}",
        lambda: chance.choice(CHINESE)[:2],
        lambda: f"{pick()} -{pick()}",
        lambda: f"easel_{chance.randrange(100):02}",
    ]
    found: list[str] = []
    while len(found) < SEARCHES:
        text = kinds[len(found) % len(kinds)]()
        found.append(text if text not in found else f"{text} {pick()}")
    return found


def busy(work: Callable[[], object]) -> float:
    """Milliseconds of the processor, which other work on the machine hardly touches."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


def ask_all(server: Server, base: Path) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)

    def ask(address: str) -> tuple[float, int]:
        begin = time.perf_counter()
        connection.request("GET", f"/easel/gallery/search?{address}")
        body = connection.getresponse().read()
        return (time.perf_counter() - begin) * 1000, body.split(b"\n")[0].count(b",") + 1

    texts = searches(random.Random(2))
    ask("q=warm")
    times: list[float] = []
    found: list[int] = []
    for text in texts:
        spent, count = ask(f"q={quote(text)}")
        times.append(spent)
        found.append(count)
    everything = statistics.median(ask(f"since={n}")[0] for n in range(9))
    others = {
        "by name": "sort=name",
        "by stars": "sort=rating",
        "one model": f"models={quote(MODELS[3])}",
        "a year": "since=1750000000&until=1781536000",
    }
    middle, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(
        f"search, {len(texts)} of them, {statistics.median(found):,.0f} found in the median: {middle:.1f} ms, 95 %",
        end=" ",
    )
    print(f"{high:.1f} ms, slowest {max(times):.1f} ms over HTTP")
    database = sqlite3.connect(f"file:{base / 'user' / 'gallery.db'}?mode=ro", uri=True)

    def plain(text: str) -> None:
        words = [word.strip('"-').split(":")[-1] for word in text.split()]
        where = " AND ".join("positive LIKE ?" for _ in words)
        statement = f"SELECT file FROM facts JOIN files ON id = file WHERE {where} ORDER BY time DESC"
        database.execute(statement, [f"%{word}%" for word in words]).fetchall()

    ours = [busy(lambda text=text: search(database, Question(text=text))) for text in texts]
    theirs = [busy(lambda text=text: plain(text)) for text in texts]
    whole = busy(lambda: search(database, Question()))
    database.close()
    middle, high = statistics.median(ours), statistics.quantiles(ours, n=20)[-1]
    print(f"of that the processor in SQLite: {middle:.1f} ms, 95 % {high:.1f} ms, slowest {max(ours):.1f} ms,", end=" ")
    print(f"all of them {whole:.1f} ms; a plain LIKE {statistics.median(theirs):.1f} ms,", end=" ")
    print(f"{statistics.median(theirs) / middle:.0f} times ours")
    print(f"all of them: {everything:.1f} ms", end="")
    for name, address in others.items():
        print(f"; {name} {ask(address)[0]:.1f} ms", end="")
    print(flush=True)


SCROLL = """async ({ selector, step, frames }) => {
  const wall = document.querySelector(selector)
  const gaps = []
  wall.scrollTop = 0
  await new Promise(done => setTimeout(done, 600))
  let last = await new Promise(requestAnimationFrame)
  for (let frame = 0; frame < frames; frame++) {
    wall.scrollTop = step === 'anywhere' ? (frame * 0.6180339887 % 1) * wall.scrollHeight : wall.scrollTop + step
    const now = await new Promise(requestAnimationFrame)
    gaps.push(now - last)
    last = now
  }
  return gaps
}"""
STEPS: dict[str, Any] = {"read": 12, "wheel": 100, "fling": 600, "jumps": "anywhere"}
FRAMES = 240


def scroll(server: Server) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.wait_for_selector("html[data-ready]")
        page.keyboard.press("a")
        page.wait_for_selector(".tile[data-state='shown']")
        begin = time.perf_counter()
        page.get_by_label("Search the gallery").fill("fox snow")
        page.get_by_text("Today").or_(page.locator(".wall h3").first).first.wait_for()
        page.get_by_label("Search the gallery").fill("")
        page.wait_for_timeout(1500)
        print(f"opened and searched in {time.perf_counter() - begin:.1f} s", flush=True)
        floor = browser.new_page(viewport={"width": 1600, "height": 900})
        floor.set_content("<div id=box style='height:860px;overflow:auto'><div style='height:3000000px'></div></div>")
        for name, step in STEPS.items():
            page.bring_to_front()
            ours = measured(page, ".wall", step)
            floor.bring_to_front()
            print(f"scroll, {name}: {ours}; empty box: {measured(floor, '#box', step)}", flush=True)
        browser.close()


def measured(page: Any, selector: str, step: Any) -> str:
    """Gaps between frames, and the main thread's time for one."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent_so_far() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration") * 1000

    before = spent_so_far()
    gaps = page.evaluate(SCROLL, {"selector": selector, "step": step, "frames": FRAMES})
    spent = (spent_so_far() - before) / FRAMES
    session.detach()
    high, late = statistics.quantiles(gaps, n=20)[-1], sum(gap > 33.5 for gap in gaps)
    return (
        f"median {statistics.median(gaps):.1f} ms, 95 % {high:.1f}, worst {max(gaps):.1f},"
        f" {late} of {len(gaps)} over 33 ms, main thread {spent:.2f} ms a frame"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--base", type=Path, help="a folder to keep the pictures in")
    parser.add_argument("--no-browser", action="store_true")
    chosen = parser.parse_args()
    base: Path = chosen.base or Path(tempfile.mkdtemp(prefix="easel-gallery-"))
    try:
        begin = time.monotonic()
        write(base, chosen.count)
        print(f"{chosen.count:,} pictures written in {time.monotonic() - begin:.0f} s", flush=True)
        with running(base) as server:
            index(server, base, chosen.count)
            ask_all(server, base)
            if not chosen.no_browser:
                scroll(server)
    finally:
        if chosen.base is None:
            shutil.rmtree(base)


if __name__ == "__main__":
    main()
