"""Painting a mask, by mouse, keys and touch; what is saved, and what is told."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.person import Person


def disc(width: int = 640, height: int = 480, mode: str = "RGB") -> bytes:
    """An orange disc on blue."""
    picture = Image.new("RGB", (width, height), (40, 90, 160))
    ImageDraw.Draw(picture).ellipse(
        (width // 2 - 120, height // 2 - 120, width // 2 + 120, height // 2 + 120), (230, 150, 40)
    )
    out = io.BytesIO()
    if mode == "RGBA":
        picture.putalpha(255)
        picture.paste((40, 90, 160, 0), (0, 0, 100, 100))
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def loaded(person: Person) -> Person:
    folder = person.server.base / "input"
    folder.mkdir(exist_ok=True)
    (folder / "disc.png").write_bytes(disc())
    load(person, "disc.png")
    return person


def load(person: Person, name: str) -> None:
    node = {"id": 1, "type": "LoadImage", "pos": [0, 0], "size": [260, 300], "widgets_values": [name, "image"]}
    person.load({"nodes": [node], "links": []})


def open_editor(person: Person) -> Any:
    person.page.mouse.click(*person.void())  # a second click on the title would rename the node
    person.click(1)
    person.page.keyboard.press("Shift+M")
    editor = person.page.locator("dialog.mask-editor")
    expect(editor).to_be_visible()
    person.page.evaluate("() => localStorage.removeItem('easel.mask')")
    return editor


def at(person: Person, x: float, y: float) -> tuple[float, float]:
    """A pixel of the picture, as a place on the page."""
    box = person.page.locator(".mask-editor .sheet").bounding_box()
    width = person.page.evaluate("() => document.querySelector('.mask-editor .sheet canvas').width")
    scale = box["width"] / width
    return box["x"] + (x + 0.5) * scale, box["y"] + (y + 0.5) * scale


def masked(person: Person, x: int, y: int) -> int:
    """How much of a pixel is selected, as it is shown."""
    return person.page.evaluate(
        "([x, y]) => document.querySelector('.mask-editor .mask').getContext('2d').getImageData(x, y, 1, 1).data[3]",
        [x, y],
    )


def stroke(person: Person, *points: tuple[float, float], **options: Any) -> None:
    mouse = person.page.mouse
    mouse.move(*at(person, *points[0]))
    mouse.down(**options)
    for point in points[1:]:
        mouse.move(*at(person, *point), steps=6)
    mouse.up(**options)


def save(person: Person) -> tuple[str, Image.Image]:
    """The value that the node has now, and the picture that it names."""
    person.page.get_by_role("button", name="Save", exact=True).click()
    person.page.locator("dialog.mask-editor").wait_for(state="detached")
    value = person.workflow["nodes"][0]["widgets_values"][0]
    path = person.server.base / "input" / value.removesuffix(" [input]")
    return value, Image.open(path)


def test_brush_eraser_bucket_and_undo_make_a_mask_that_is_saved_beside_the_picture(loaded: Person) -> None:
    before = (loaded.server.base / "input" / "disc.png").read_bytes()
    editor = open_editor(loaded)
    stroke(loaded, (60, 60), (260, 60))
    assert masked(loaded, 160, 60) == 255
    assert masked(loaded, 160, 120) == 0
    stroke(loaded, (160, 40), (160, 80), button="right")
    assert masked(loaded, 160, 60) == 0, "the right button erases"
    assert masked(loaded, 80, 60) == 255
    loaded.page.keyboard.press("Control+z")
    assert masked(loaded, 160, 60) == 255
    loaded.page.keyboard.press("Control+Shift+z")
    assert masked(loaded, 160, 60) == 0
    loaded.page.keyboard.press("g")
    loaded.page.mouse.click(*at(loaded, 320, 240))
    assert masked(loaded, 320, 130) == 255
    assert masked(loaded, 320, 110) == 0, "the disc alone is like its middle"
    value, picture = save(loaded)
    assert value.startswith("clipspace/clipspace-mask-")
    assert value.endswith(".png [input]")
    assert picture.mode == "RGBA"
    assert picture.getpixel((320, 240)) == (230, 150, 40, 0), "what is selected is transparent, its colour kept"
    assert picture.getpixel((600, 400)) == (40, 90, 160, 255)
    assert (loaded.server.base / "input" / "disc.png").read_bytes() == before
    assert loaded.page.evaluate("() => window.easel.editor.store.undoLabel") == "Edit the mask"
    loaded.page.keyboard.press("Control+z")
    assert loaded.workflow["nodes"][0]["widgets_values"][0] == "disc.png"
    expect(editor).to_have_count(0)


def test_lasso_rectangle_line_and_what_is_done_to_the_whole(loaded: Person) -> None:
    open_editor(loaded)
    page = loaded.page
    page.keyboard.press("r")
    stroke(loaded, (100, 100), (199, 149))
    assert [masked(loaded, *place) for place in ((101, 101), (198, 148), (220, 120))] == [255, 255, 0]
    page.keyboard.press("l")
    stroke(loaded, (300, 300), (400, 300), (400, 400), (300, 400))
    assert masked(loaded, 350, 350) == 255
    page.get_by_role("button", name="Invert").click()
    assert [masked(loaded, 350, 350), masked(loaded, 20, 20)] == [0, 255]
    page.keyboard.press("Control+i")
    page.get_by_role("button", name="Grow").click()
    assert masked(loaded, 95, 120) == 255
    assert masked(loaded, 88, 120) == 0
    page.get_by_role("button", name="Shrink").click()
    assert masked(loaded, 96, 120) == 0
    page.get_by_role("button", name="Soften").click()
    assert 60 < masked(loaded, 100, 125) < 195
    page.keyboard.press("Delete")
    assert masked(loaded, 350, 350) == 0
    page.keyboard.press("b")
    page.mouse.click(*at(loaded, 50, 400))
    page.keyboard.down("Shift")
    page.mouse.click(*at(loaded, 500, 440))
    page.keyboard.up("Shift")
    assert masked(loaded, 275, 420) == 255, "Shift draws a straight line"
    size = page.get_by_role("slider", name="Size")
    old = size.get_attribute("aria-valuetext")
    page.keyboard.press("]")
    assert size.get_attribute("aria-valuetext") != old
    page.keyboard.press("[")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("dialog.mask-editor")).to_have_count(0)


def edge(person: Person, y: int) -> int:
    """Where what is selected begins in a row of pixels."""
    return person.page.evaluate(
        """y => {
            const mask = document.querySelector('.mask-editor .mask')
            const row = mask.getContext('2d').getImageData(0, y, mask.width, 1).data
            return row.findIndex((value, at) => at % 4 === 3 && value > 0) >> 2
        }""",
        y,
    )


def test_a_large_mask_is_softened_aside_and_escape_stops_it(person: Person) -> None:
    (person.server.base / "input").mkdir(exist_ok=True)
    Image.new("RGB", (2600, 2600), (40, 90, 160)).save(person.server.base / "input" / "large.png")
    load(person, "large.png")
    editor = open_editor(person)
    page = person.page
    working = editor.locator(".working")
    page.keyboard.press("r")
    stroke(person, (300, 300), (2299, 2299))
    left = edge(person, 1200)
    assert 290 < left < 310
    page.evaluate(  # the worker is asked, and what it says is late
        """() => {
            const post = Worker.prototype.postMessage
            Worker.prototype.postMessage = function (...all) { window.ask = () => post.apply(this, all) }
        }"""
    )
    editor.get_by_role("button", name="Soften").click()
    expect(working).to_contain_text("Softening the mask…")
    expect(editor.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    stroke(person, (40, 40), (200, 200))
    assert masked(person, 120, 120) == 0, "nothing is painted meanwhile"
    page.keyboard.press("Escape")
    expect(working).to_be_hidden()
    expect(editor).to_be_visible()
    assert edge(person, 1200) == left, "Escape left the mask as it was"

    editor.get_by_role("button", name="Grow").click()
    page.evaluate("() => window.ask()")
    expect(working).to_be_hidden()
    assert edge(person, 1200) == left - 8
    page.keyboard.press("Control+z")
    assert edge(person, 1200) == left

    page.route("**/mask/worker*.js", lambda route: route.abort())
    editor.get_by_role("button", name="Shrink").click()
    expect(editor.locator(".told")).to_contain_text("The mask stays as it was")
    person.errors.clear()  # the browser's own word on what could not be fetched
    page.unroute("**/mask/worker*.js")
    editor.get_by_role("button", name="Shrink").click()
    page.evaluate("() => window.ask()")
    expect(working).to_be_hidden()
    expect(editor.locator(".told")).to_be_hidden()
    assert edge(person, 1200) == left + 8


def test_strokes_that_are_not_saved_are_not_lost_without_a_question(loaded: Person) -> None:
    editor = open_editor(loaded)
    page = loaded.page
    page.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    open_editor(loaded)
    stroke(loaded, (60, 60), (260, 60))
    page.keyboard.press("Escape")
    expect(page.get_by_text("Leave without saving?")).to_be_visible()
    page.get_by_role("button", name="Cancel").last.click()
    expect(editor).to_be_visible()

    page.route("**/upload/mask", lambda route: route.fulfill(status=507, body="The disk is full."))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".mask-editor .told")).to_contain_text("The disk is full.")
    assert masked(loaded, 160, 60) == 255, "the work is still there"
    page.unroute("**/upload/mask")
    picture = loaded.server.base / "input" / "disc.png"
    picture.rename(picture.with_name("away.png"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".mask-editor .told")).to_contain_text("disc.png is not on the server any more")
    picture.with_name("away.png").rename(picture)
    value, _ = save(loaded)
    assert value.startswith("clipspace/")


def test_a_mask_is_painted_on_and_the_colours_under_it_stay(person: Person) -> None:
    (person.server.base / "input").mkdir(exist_ok=True)
    (person.server.base / "input" / "holed.png").write_bytes(disc(mode="RGBA"))
    load(person, "holed.png")
    open_editor(person)
    assert masked(person, 50, 50) == 255, "what was transparent is selected"
    stroke(person, (400, 400), (420, 420))
    first, picture = save(person)
    assert picture.getpixel((50, 50)) == (40, 90, 160, 0)
    assert picture.getpixel((410, 410))[3] == 0
    open_editor(person)
    assert masked(person, 410, 410) == 255
    person.page.keyboard.press("Delete")
    second, picture = save(person)
    assert second != first
    assert picture.getextrema()[3] == (255, 255)


def test_a_mask_in_another_channel_becomes_alpha(person: Person) -> None:
    (person.server.base / "input").mkdir(exist_ok=True)
    (person.server.base / "input" / "disc.png").write_bytes(disc())
    node = {
        "id": 1,
        "type": "LoadImageMask",
        "pos": [0, 0],
        "size": [260, 300],
        "widgets_values": ["disc.png", "red", "image"],
    }
    person.load({"nodes": [node], "links": []})
    open_editor(person)
    assert masked(person, 320, 240) == 230
    _, picture = save(person)
    assert person.workflow["nodes"][0]["widgets_values"][1] == "alpha"
    assert picture.getpixel((320, 240))[3] == 25
    person.page.keyboard.press("Control+z")
    assert person.workflow["nodes"][0]["widgets_values"][:2] == ["disc.png", "red"]


def test_by_keyboard_alone(loaded: Person) -> None:
    open_editor(loaded)
    keys = loaded.page.keyboard
    keys.press("Enter")
    assert masked(loaded, 320, 240) == 255, "the brush begins in the middle"
    for _ in range(6):
        keys.press("ArrowLeft")
    keys.press("Shift+Enter")
    assert masked(loaded, 290, 240) == 255
    keys.press("Control+s")
    loaded.page.locator("dialog.mask-editor").wait_for(state="detached")
    assert "clipspace" in loaded.workflow["nodes"][0]["widgets_values"][0]


def test_a_picture_that_does_not_decode_is_told(person: Person) -> None:
    (person.server.base / "input").mkdir(exist_ok=True)
    (person.server.base / "input" / "broken.png").write_bytes(b"no picture")
    load(person, "broken.png")
    person.click(1)
    person.page.keyboard.press("Shift+M")
    expect(person.page.locator(".toast")).to_contain_text("broken.png cannot be shown here")
    person.page.mouse.click(*person.void())
    load(person, "gone.png")
    person.click(1)
    person.page.keyboard.press("Shift+M")
    expect(person.page.locator(".toast")).to_contain_text("gone.png is not there any more")


def test_fingers_paint_and_pinch(phone: Person) -> None:
    (phone.server.base / "input").mkdir(exist_ok=True)
    (phone.server.base / "input" / "disc.png").write_bytes(disc())
    load(phone, "disc.png")
    phone.page.evaluate("() => window.easel.editor.select(['node:1'])")
    phone.page.evaluate("() => window.easel.editor.run('picture_mask')")
    expect(phone.page.locator("dialog.mask-editor")).to_be_visible()
    touch = phone.page.context.new_cdp_session(phone.page)

    def touches(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]},
        )

    touches("touchStart", at(phone, 60, 60))
    touches("touchMove", at(phone, 200, 60))
    touches("touchEnd")
    assert masked(phone, 130, 60) == 255
    box = phone.page.locator(".mask-editor .sheet").bounding_box()
    touches("touchStart", at(phone, 300, 300))
    touches("touchStart", at(phone, 300, 300), at(phone, 340, 300))
    touches("touchMove", at(phone, 200, 300), at(phone, 440, 300))
    touches("touchEnd")
    assert phone.page.locator(".mask-editor .sheet").bounding_box()["width"] > 2 * box["width"]
    assert masked(phone, 300, 300) == 0, "a pinch is no stroke"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_how_it_looks(person: Person, tmp_path: Path, theme: Any) -> None:
    folder = Path(os.environ.get("EASEL_LOOK", tmp_path))
    person.page.emulate_media(color_scheme=theme)
    (person.server.base / "input").mkdir(exist_ok=True)
    (person.server.base / "input" / "disc.png").write_bytes(disc())
    load(person, "disc.png")
    open_editor(person)
    stroke(person, (60, 60), (260, 60), (400, 300))
    person.shoot(folder / f"mask-{theme}.png")
    person.page.set_viewport_size({"width": 390, "height": 844})
    person.shoot(folder / f"mask-phone-{theme}.png")
