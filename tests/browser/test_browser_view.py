"""The panel View: colours, palettes from files, the map, badges, a backdrop, focus mode, kept over a reload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person

DEFAULTS = {"palette": "", "palettes": [], "minimap": True, "dots": True, "backdrop": "", "edgeSpeed": 1}
PIXEL = """([x, y]) => [...document.getElementById('scene').getContext('2d').getImageData(x, y, 1, 1).data]"""


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Iterator[Person]:
    person.load(text_to_image)
    person.page.get_by_role("navigation", name="Panels").get_by_role("button", name="View").click()
    yield person
    for name, value in DEFAULTS.items():
        person.server.post(f"/settings/Easel.{name}", value)


def colour(person: Person, name: str) -> str:
    return person.page.evaluate("name => getComputedStyle(document.documentElement).getPropertyValue(name)", name)


def test_a_palette_is_chosen_and_stays(artist: Person) -> None:
    before = colour(artist, "--canvas")
    panel = artist.page.get_by_role("region", name="View")
    panel.get_by_role("button", name="Plum").click()
    expect(panel.get_by_role("button", name="Plum")).to_have_attribute("aria-pressed", "true")
    plum = colour(artist, "--canvas")
    assert plum != before
    artist.page.reload()
    artist.wait_ready()
    assert colour(artist, "--canvas") == plum


def test_a_palette_comes_from_a_file_and_goes_with_a_way_back(artist: Person, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(
        json.dumps({"easel_palette": 1, "label": "Mine", "dark": {"canvas": "#203040"}, "light": {"canvas": "#f0e0d0"}})
    )
    panel = artist.page.get_by_role("region", name="View")
    with artist.page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="From a file").click()
    chooser.value.set_files(file)
    expect(panel.get_by_role("button", name="Mine", exact=True)).to_have_attribute("aria-pressed", "true")
    assert colour(artist, "--canvas") in {"#203040", "#f0e0d0"}
    panel.get_by_role("button", name="Remove Mine").click()
    expect(panel.get_by_role("button", name="Mine", exact=True)).to_have_count(0)
    artist.page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("button", name="Mine", exact=True)).to_have_count(1)


def test_a_file_that_is_no_palette_is_refused_with_a_sentence(artist: Person, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    file.write_text('{"nodes": []}')
    with artist.page.expect_file_chooser() as chooser:
        artist.page.get_by_role("button", name="From a file").click()
    chooser.value.set_files(file)
    expect(artist.page.locator(".toast[data-tone=error]")).to_contain_text("holds no palette of Easel")


def test_the_map_and_the_dots_can_be_put_away(artist: Person) -> None:
    minimap = artist.page.locator("#minimap")
    expect(minimap).to_be_visible()
    artist.page.get_by_role("switch", name="Map").click()
    expect(minimap).to_be_hidden()
    artist.page.get_by_role("switch", name="Dots of the grid").click()
    assert artist.page.evaluate("() => window.easel.editor.look.dots") is False
    artist.page.keyboard.press("Escape")
    artist.page.keyboard.press("Alt+Shift+M")
    expect(minimap).to_be_visible()


def test_drawing_times_are_told_while_something_moves(artist: Person) -> None:
    artist.page.get_by_role("switch", name="Drawing times").click()
    artist.page.evaluate("() => window.easel.editor.setCamera({ ...window.easel.editor.camera, x: 1 })")
    expect(artist.page.locator(".canvas-info")).to_contain_text("of 7 nodes")


def test_a_picture_lies_behind_the_graph(artist: Person, tmp_path: Path) -> None:
    file = tmp_path / "red.png"
    Image.new("RGB", (8, 8), (255, 0, 0)).save(file)
    before = artist.page.evaluate(PIXEL, [500, 30])
    with artist.page.expect_file_chooser() as chooser:
        artist.page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(file)
    artist.until("() => window.easel.editor.look.backdrop !== null")
    artist.page.wait_for_timeout(60)
    assert artist.page.evaluate(PIXEL, [500, 30])[0] > before[0] + 20 or before[0] > 200
    artist.page.get_by_role("button", name="None").click()
    artist.until("() => window.easel.editor.look.backdrop === null")


def test_a_backdrop_that_is_gone_is_told(artist: Person) -> None:
    artist.server.post("/settings/Easel.backdrop", "nothing here.png [input]")
    artist.page.reload()
    artist.wait_ready()
    expect(artist.page.locator(".toast")).to_contain_text("nothing here.png")


def test_the_view_goes_along_at_its_edge_as_fast_as_one_likes(artist: Person) -> None:
    page = artist.page

    def way() -> float:
        """How far the view goes while a box is drawn to its edge."""
        before = page.evaluate("() => window.easel.editor.camera")
        box = page.locator("#overlay").bounding_box()
        assert box
        page.mouse.move(*artist.void())
        page.mouse.down()
        for step in range(8):
            page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] - 2)
            page.wait_for_timeout(20)
        page.mouse.up()
        return page.evaluate("() => window.easel.editor.camera.y") - before["y"]

    speed = page.get_by_role("slider", name="Edge speed")
    speed.focus()
    page.keyboard.press("Home")
    expect(page.locator("label.slide", has_text="Edge speed")).to_contain_text("off")
    assert way() == 0
    speed.focus()
    page.keyboard.press("End")
    assert way() > 20


def test_focus_mode_leaves_the_canvas_alone(artist: Person) -> None:
    artist.page.keyboard.press("Escape")
    artist.page.locator("#overlay").focus()
    number = artist.workflow["nodes"][0]["id"]
    place = artist.point(number)
    artist.page.keyboard.press("Control+Space")
    expect(artist.page.locator("#rail")).to_be_hidden()
    assert artist.point(number) == pytest.approx(place), "the graph stays where it is on the screen"
    width = artist.page.evaluate("() => document.getElementById('overlay').clientWidth")
    assert width == artist.page.viewport_size["width"]
    artist.page.keyboard.press("Control+Space")
    expect(artist.page.locator("#rail")).to_be_visible()
    assert artist.point(number) == pytest.approx(place)
