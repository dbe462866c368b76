"""The gallery: pictures of other days are found, looked at, judged, thrown away, brought back; mouse, keys, touch."""

from __future__ import annotations

import io
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from playwright.sync_api import Locator, expect

from tests.browser.person import Person
from tests.server.harness import Server, until

DAY = 86_400


def png(colour: tuple[int, int, int], prompt: str | None = None, seed: int = 1) -> bytes:
    info = PngImagePlugin.PngInfo()
    if prompt is not None:
        say = {
            "1": {"class_type": "Say", "inputs": {"text": prompt}},
            "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}},
        }
        sampler = {"seed": seed, "steps": 20, "positive": ["4", 0], "negative": ["5", 0]}
        info.add_text(
            "prompt",
            json.dumps(
                {
                    **say,
                    "3": {"class_type": "KSampler", "inputs": sampler},
                    "4": {"class_type": "CLIPTextEncode", "inputs": {"text": prompt}},
                    "5": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry"}},
                }
            ),
        )
        node = {"id": 1, "type": "Say", "pos": [40, 40], "size": [220, 80], "widgets_values": [prompt]}
        info.add_text("workflow", json.dumps({"nodes": [node], "links": [], "version": 0.4}))
    out = io.BytesIO()
    Image.new("RGB", (96, 64), colour).save(out, "PNG", pnginfo=info)
    return out.getvalue()


class Shelf:
    """A folder of the server's outputs with pictures of several days, which share a word that nobody else uses."""

    def __init__(self, server: Server) -> None:
        self.word = f"word{time.time_ns()}"
        self.server = server
        self.folder = server.base / "output" / self.word
        self.folder.mkdir(parents=True)
        for number in range(12):
            name = f"{self.word}_{number:02}.png"
            self.put(
                name,
                png((20 * number, 90, 120), f"{self.word} picture{number}, evening", number),
                number // 6 * DAY + number,
            )
        self.settle(12)

    def put(self, name: str, data: bytes, age: float = 0) -> None:
        path = self.folder / name
        path.write_bytes(data)
        at = time.time() - age
        os.utime(path, (at, at))

    def settle(self, count: int, **query: Any) -> None:
        self.server.post("/easel/gallery/scan")

        def there() -> bool:
            text = self.server.get("/easel/gallery/search", q=self.word, **query).body.decode().split("\n")[0]
            return len(text.split(",") if text else []) == count

        until(there, server=self.server)

    def path(self, number: int) -> Path:
        return self.folder / f"{self.word}_{number:02}.png"


@pytest.fixture(scope="module")
def shelf(server: Server) -> Iterator[Shelf]:
    shelf = Shelf(server)
    yield shelf
    for path in shelf.folder.iterdir():
        path.unlink()
    shelf.folder.rmdir()


def open_gallery(person: Person, words: str) -> Locator:
    """By its key; returns the tiles."""
    person.page.locator("#overlay").focus()
    person.page.keyboard.press("a")
    find(person, words)
    return person.page.get_by_role("option")


def find(person: Person, words: str) -> None:
    """What is typed is searched for a moment later, and what was chosen before is not any more."""
    with person.page.expect_response(lambda reply: "/gallery/search?" in reply.url and "q=" in reply.url):
        person.page.get_by_label("Search the gallery").fill(words)


def seen(tiles: Locator) -> Locator:
    return tiles.locator("visible=true")


def names(tiles: Locator) -> list[str]:
    return [re.sub(r"^word\d+_|\.png.*$", "", label) for label in tiles.evaluate_all(
        "tiles => tiles.filter(({ style }) => style.visibility !== 'hidden')"
        ".sort((a, b) => a.getAttribute('aria-posinset') - b.getAttribute('aria-posinset'))"
        ".map(tile => tile.getAttribute('aria-label'))"
    )]  # fmt: skip


def test_search_finds_it_and_its_graph_opens(person: Person, shelf: Shelf):
    page = person.page
    tiles = open_gallery(person, shelf.word)
    expect(page.get_by_text("12 files", exact=True)).to_be_visible()
    expect(seen(tiles)).to_have_count(12)
    expect(page.get_by_role("heading", name="Yesterday")).to_be_visible()
    find(person, f'{shelf.word} "picture7, evening"')
    expect(seen(tiles)).to_have_count(1)
    seen(tiles).click()
    about = page.get_by_role("complementary", name="About the file")
    expect(about.get_by_text(f"{shelf.word} picture7, evening")).to_be_visible()
    expect(about.get_by_text("blurry")).to_be_visible()
    about.get_by_role("button", name="Open its graph").click()
    expect(page.locator("#gallery")).to_have_count(0)
    person.until(
        "word => window.app.graph.serialize().nodes.some(node => node.widgets_values?.[0]?.startsWith(word))",
        shelf.word,
    )


def test_keys_walk_choose_judge_and_undo(person: Person, shelf: Shelf):
    page, keys = person.page, person.page.keyboard
    tiles = open_gallery(person, shelf.word)
    expect(seen(tiles)).to_have_count(12)
    keys.press("Enter")
    expect(page.locator(".tile.active")).to_have_attribute("aria-posinset", "1")
    keys.press("ArrowRight")
    keys.press("Shift+ArrowRight")
    expect(page.locator('.tile[aria-selected="true"]')).to_have_count(2)
    keys.press("4")
    expect(page.get_by_role("option", name="4 stars")).to_have_count(2)
    keys.press("f")
    expect(page.get_by_role("option", name="favourite")).to_have_count(2)
    keys.press("Control+z")
    expect(page.get_by_role("option", name="favourite")).to_have_count(0)
    keys.press("Control+z")
    expect(page.get_by_role("option", name="4 stars")).to_have_count(0)
    keys.press("Escape")
    expect(page.locator('.tile[aria-selected="true"]')).to_have_count(0)
    keys.press("End")
    expect(page.locator(".tile.active")).to_have_attribute("aria-posinset", "12")
    keys.press("Enter")
    expect(page.locator("dialog.lightbox")).to_be_visible()
    expect(page.locator("dialog.lightbox .name").first).to_contain_text("_11.png")
    keys.press("Escape")
    keys.press("Escape")
    keys.press("Escape")
    expect(page.locator("#gallery")).to_have_count(0)


def test_the_trash_and_the_way_back(person: Person, shelf: Shelf):
    page = person.page
    tiles = open_gallery(person, shelf.word)
    expect(seen(tiles)).to_have_count(12)
    tiles.and_(page.locator('[aria-label*="_03.png"]')).click()
    tiles.and_(page.locator('[aria-label*="_05.png"]')).click(modifiers=["Control"])
    page.keyboard.press("Delete")
    expect(seen(tiles)).to_have_count(10)
    assert not shelf.path(3).exists()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(seen(tiles)).to_have_count(12)
    assert shelf.path(3).exists()
    tiles.and_(page.locator('[aria-label*="_04.png"]')).click(button="right")
    page.get_by_role("menuitem", name="Move to the trash").click()
    expect(seen(tiles)).to_have_count(11)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("switch", name="In the trash").check()
    page.keyboard.press("Escape")
    expect(seen(tiles)).to_have_count(1)
    seen(tiles).click()
    page.locator(".chosen-bar").get_by_role("button", name="Bring back").click()
    expect(page.get_by_text("No file has all of this.")).to_be_visible()
    page.get_by_role("button", name="Take away: In the trash").click()
    expect(seen(tiles)).to_have_count(12)


def test_new_pictures_come_on_top_without_moving_what_is_looked_at(person: Person, shelf: Shelf):
    page = person.page
    page.set_viewport_size({"width": 700, "height": 560})
    tiles = open_gallery(person, shelf.word)
    expect(page.get_by_text("12 files", exact=True)).to_be_visible()
    wall = page.locator(".wall")
    wall.evaluate("wall => { wall.scrollTop = 300 }")
    target = tiles.and_(page.locator('[aria-label*="_07.png"]'))
    expect(target).to_be_visible()
    before = target.bounding_box()
    fresh_ones = [f"{shelf.word}_new{number}.png" for number in range(4)]
    for name in fresh_ones:
        shelf.put(name, png((250, 10, 10), f"{shelf.word} fresh"))
    shelf.server.post("/easel/gallery/scan")
    try:
        fresh = page.get_by_role("button", name="4 new files")
        expect(fresh).to_be_visible()
        after = target.bounding_box()
        assert before
        assert after
        assert abs(before["y"] - after["y"]) < 1
        fresh.click()
        expect(tiles.and_(page.locator('[aria-label*="_new0.png"]'))).to_be_visible()
    finally:
        for name in fresh_ones:
            (shelf.folder / name).unlink()
        shelf.settle(12)


def test_two_are_compared_and_one_is_dragged_into_the_graph(person: Person, shelf: Shelf):
    page = person.page
    tiles = open_gallery(person, shelf.word)
    expect(seen(tiles)).to_have_count(12)
    tiles.and_(page.locator('[aria-label*="_01.png"]')).click()
    tiles.and_(page.locator('[aria-label*="_02.png"]')).click(modifiers=["Shift"])
    page.locator(".chosen-bar").get_by_role("button", name="Compare").click()
    expect(page.locator("dialog.lightbox .divider")).to_be_visible()
    page.keyboard.press("Escape")
    box = tiles.and_(page.locator('[aria-label*="_06.png"]')).bounding_box()
    assert box
    mouse = page.mouse
    mouse.move(box["x"] + 40, box["y"] + 40)
    mouse.down()
    mouse.move(box["x"] + 60, box["y"] + 60, steps=3)
    expect(page.locator("#gallery.away")).to_have_count(1)
    mouse.move(box["x"] + 120, box["y"] + 120, steps=4)
    mouse.up()
    person.until("word => JSON.stringify(window.app.graph.serialize()).includes(`${word}_06.png [output]`)", shelf.word)
    expect(page.locator("#gallery.away")).to_have_count(0)


def test_empty_gone_and_unreadable(person: Person, shelf: Shelf):
    page = person.page
    tiles = open_gallery(person, f"{shelf.word} nothinglikeit")
    expect(page.get_by_text("No file has all of this.")).to_be_visible()
    page.locator(".empty-wall button").click()
    expect(page.get_by_text("No file has all of this.")).to_be_hidden()
    shelf.put(f"{shelf.word}_bad.png", b"not a picture")
    shelf.settle(13)
    find(person, f"name:{shelf.word}_bad")
    expect(seen(tiles)).to_have_count(1)
    seen(tiles).click()
    expect(page.get_by_text("It cannot be read")).to_be_visible()
    (shelf.folder / f"{shelf.word}_bad.png").unlink()  # while it is listed
    page.keyboard.press("Delete")
    expect(page.get_by_text(re.compile("was not moved to the trash: it is not there any more"))).to_be_visible()
    shelf.settle(12)
    expect(page.get_by_text("No file has all of this.")).to_be_visible()


def test_a_search_that_gets_no_answer_says_so_in_words(person: Person):
    page = person.page
    page.route(re.compile("/easel/gallery/search"), lambda route: route.abort())
    page.keyboard.press("a")
    gallery = page.get_by_role("region", name="Gallery")
    told = gallery.get_by_text("The gallery cannot be read: The server does not answer. Is it still running?")
    expect(told).to_be_visible()
    page.unroute_all()
    gallery.get_by_role("button", name="Try again").click()
    expect(told).to_be_hidden()


def test_a_finger_opens_and_gathers(phone: Person, shelf: Shelf):
    page = phone.page
    page.get_by_role("button", name="Gallery").first.tap()
    find(phone, shelf.word)
    tiles = page.get_by_role("option")
    expect(page.get_by_text("12 files", exact=True)).to_be_visible()
    first = tiles.and_(page.locator('[aria-label*="_00.png"]'))
    first.tap()
    expect(page.locator("dialog.lightbox")).to_be_visible()
    page.locator("dialog.lightbox").get_by_role("button", name="Close").tap()
    box = first.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    point = {"x": box["x"] + 30, "y": box["y"] + 30}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(first).to_have_attribute("aria-selected", "true")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tiles.and_(page.locator('[aria-label*="_01.png"]')).tap()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    assert names(tiles)[:2] == ["00", "01"]
    page.get_by_role("button", name="Choose none").tap()
    expect(page.locator('.tile[aria-selected="true"]')).to_have_count(0)
