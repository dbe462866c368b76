"""Finding nodes: the library, the search with its filters, and the way back through the history."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person
from tests.server.harness import Server


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def newest(person: Person) -> dict[str, Any]:
    return max(person.workflow["nodes"], key=lambda node: node["id"])


def links(person: Person) -> set[tuple[int, int, int, int]]:
    return {tuple(link[1:5]) for link in person.workflow["links"]}


def open_library(person: Person, words: str = "") -> Locator:
    person.page.evaluate("() => window.easel.editor.focus()")
    person.page.keyboard.press("n")
    drawer = person.page.locator("#library")
    drawer.get_by_role("combobox").fill(words)
    return drawer


def row(drawer: Locator, name: str) -> Locator:
    return drawer.get_by_role("option").filter(has_text=name).first


def touch_drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, held: bool = False) -> None:
    session = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    send("touchStart", start)
    page.wait_for_timeout(450 if held else 0)
    for step in range(1, 11):
        send("touchMove", (start[0] + (end[0] - start[0]) * step / 10, start[1] + (end[1] - start[1]) * step / 10))
    send("touchEnd")


def middle(element: Locator) -> tuple[float, float]:
    expect(element).to_be_visible()
    box = None
    while box is None:  # the list draws its rows anew
        box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_library_is_walked_by_keys_and_adds_in_the_middle(artist: Person) -> None:
    page = artist.page
    drawer = open_library(artist)
    expect(drawer.get_by_role("combobox")).to_be_focused()
    category = row(drawer, "sampling")
    while category.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(row(drawer, "KSampler")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(drawer.locator(".about canvas")).to_be_visible()
    page.keyboard.press("Enter")
    assert newest(artist)["type"] == "KSampler"
    x, y = artist.point(newest(artist)["id"])
    assert 300 < x < 1200
    assert 100 < y < 700
    assert page.evaluate("() => document.activeElement.id") == "overlay"
    page.keyboard.press("n")
    expect(drawer).to_have_count(0)


def test_a_type_is_dragged_onto_the_canvas(artist: Person) -> None:
    page = artist.page
    drawer = open_library(artist, "upscale")
    x, y = artist.void()
    page.mouse.move(*middle(row(drawer, "Upscale Image By")))
    page.mouse.down()
    page.mouse.move(500, 300, steps=4)
    expect(page.locator(".ghost canvas")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    page.mouse.up()
    assert newest(artist)["id"] == 9, "Escape lets it go"
    artist.drag(middle(row(drawer, "Upscale Image By")), (x, y))
    node = newest(artist)
    assert node["type"] == "ImageScaleBy"
    assert artist.point(node["id"]) == pytest.approx((x, y), abs=2), "its title lies where the pointer let it go"
    expect(page.locator(".ghost")).to_have_count(0)
    artist.drag(middle(row(drawer, "Upscale Image By")), (150, 300))
    assert newest(artist)["id"] == node["id"], "a drop on the drawer is none"


def test_a_type_dropped_on_a_link_stands_in_it(artist: Person) -> None:
    drawer = open_library(artist, "invert")
    start, end = artist.point(8, "out:IMAGE"), artist.point(9, "in:images")
    artist.drag(middle(row(drawer, "Invert Image")), ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    new = newest(artist)["id"]
    assert {(8, 0, new, 0), (new, 0, 9, 0)} <= links(artist)
    artist.page.keyboard.press("Control+z")
    assert (8, 0, 9, 0) in links(artist)


def test_favourites_stay_and_say_how_at_first(artist: Person, server: Server) -> None:
    page = artist.page
    drawer = open_library(artist)
    expect(drawer).to_contain_text("A star behind a type puts it here.")
    drawer.get_by_role("combobox").fill("invert")
    row(drawer, "Invert Image").hover()
    row(drawer, "Invert Image").get_by_role("button", name="Add to the favourites").click()
    assert newest(artist)["id"] == 9, "the star adds nothing"
    drawer.get_by_role("combobox").fill("load image")
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitemcheckbox", name="Favourite").click()
    page.reload()
    artist.wait_ready()
    drawer = open_library(artist)
    expect(drawer.get_by_role("option")).to_contain_text(["Favourites", "Invert Image", "Load Image"])
    row(drawer, "Invert Image").get_by_role("button", name="Take out of the favourites").click()
    expect(drawer.get_by_role("option").nth(1)).to_contain_text("Load Image")
    server.post("/settings/Easel.favourites", [])


def test_types_of_a_later_version_are_marked_and_nothing_found_is_told(artist: Person) -> None:
    drawer = open_library(artist, "wan")
    expect(drawer.get_by_role("option").first).to_contain_text("not yet")
    expect(drawer.locator(".about")).to_contain_text("Not in this version yet")
    drawer.get_by_role("combobox").fill("qqqqqq")
    expect(drawer).to_contain_text("No node is called “qqqqqq”.")


def test_a_finger_drags_out_of_the_library_on_a_phone(phone: Person, text_to_image: dict[str, Any]) -> None:
    phone.load(text_to_image)
    phone.page.get_by_role("button", name="Library").tap()
    drawer = phone.page.locator("#library")
    drawer.get_by_role("combobox").fill("invert")
    start = middle(row(drawer, "Invert Image"))
    touch_drag(phone.page, start, (start[0] + 20, start[1] + 250), held=True)
    phone.until("() => window.easel.editor.graph.nodes('').length === 8")
    expect(drawer).to_have_count(0)
    assert newest(phone)["type"] == "ImageInvert"
    phone.page.get_by_role("button", name="Library").tap()
    drawer.get_by_role("combobox").fill("invert")
    touch_drag(phone.page, start, (start[0] + 90, start[1] + 60))
    phone.until("() => window.easel.editor.graph.nodes('').length === 9")
    phone.page.get_by_role("button", name="Library").tap()
    drawer.get_by_role("combobox").fill("load image")
    row(drawer, "Load Image").tap()
    assert newest(phone)["type"] == "LoadImage"
    phone.page.get_by_role("button", name="Add a node").tap()
    phone.page.get_by_label("Search for a node").fill("vae")
    phone.page.get_by_role("option").first.tap()
    assert newest(phone)["type"] == "VAEDecode"


def test_the_search_shows_the_node_and_what_was_used_last(artist: Person) -> None:
    page = artist.page
    artist.page.mouse.click(*artist.void())
    page.keyboard.press("Tab")
    page.keyboard.type("invert")
    search = page.locator(".search")
    expect(search.get_by_role("img", name="Invert Image")).to_be_visible()
    drawn = """canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        return data.some(part => part > 0)
    }"""
    assert search.locator("canvas").evaluate(drawn)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(search.get_by_role("option").first).to_contain_text("Invert Image")
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.id") == "overlay"


def test_filters_are_typed_or_chosen_by_keys(artist: Person) -> None:
    page = artist.page
    page.mouse.click(*artist.void())
    page.keyboard.press("Tab")
    search = page.locator(".search")
    page.keyboard.type("in:latent out:image")
    expect(search.get_by_role("option")).to_have_count(1)
    expect(search.get_by_role("option")).to_contain_text("VAE Decode")
    search.get_by_role("combobox").fill("")
    page.keyboard.press("Tab")
    expect(search.get_by_role("button", name="Filter: takes any")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("v")
    page.keyboard.press("Enter")
    expect(search.get_by_role("button", name="Filter: takes VAE")).to_have_attribute("aria-pressed", "true")
    expect(search.get_by_role("combobox")).to_be_focused()
    titles = search.locator("[role=option] .name").all_inner_texts()
    assert "VAE Decode" in titles
    assert "KSampler" not in titles
    page.keyboard.press("Shift+Tab")
    expect(search.get_by_role("button", name="Filter: in all")).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).to_have_count(0)


def test_the_history_names_the_steps_and_goes_to_any(artist: Person) -> None:
    page = artist.page
    page.evaluate("() => window.easel.editor.focus()")
    page.keyboard.press("Control+Alt+z")
    drawer = page.locator("#history")
    expect(drawer).to_contain_text("Nothing was done yet.")
    x, y = artist.point(8)
    artist.drag((x, y), (x + 40, y + 60))
    page.keyboard.press("Control+m")
    page.keyboard.press("Delete")
    steps = drawer.get_by_role("option")
    expect(steps).to_contain_text(["As it was opened", "Move", "Mute", "Delete"])
    expect(steps.nth(3)).to_contain_text("now")
    steps.nth(1).click()
    assert any(node["id"] == 8 and node["mode"] == 0 for node in artist.workflow["nodes"])
    expect(steps.nth(1)).to_contain_text("now")
    expect(drawer.locator(".undone")).to_have_text(["Mute", "Delete"])
    drawer.get_by_role("listbox").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert all(node["id"] != 8 for node in artist.workflow["nodes"])
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(steps.first).to_contain_text("now")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    expect(page.get_by_role("button", name="Redo")).to_be_enabled()
