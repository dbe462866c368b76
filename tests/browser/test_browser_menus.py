"""Menus beside menus, and what they do to nodes and frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.person import Person
from tests.server.harness import Server


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def node(person: Person, number: int) -> dict[str, Any]:
    return next(each for each in person.workflow["nodes"] if each["id"] == number)


def links(person: Person) -> set[tuple[int, int, int, int]]:
    return {tuple(link[1:5]) for link in person.workflow["links"]}


def menu_of(person: Person, number: int) -> Locator:
    person.click(number, button="right")
    return person.page.get_by_role("menu", name="Menu of the node")


def choose_two(person: Person, one: int, other: int) -> None:
    person.click(one)
    person.page.keyboard.down("Shift")
    person.click(other)
    person.page.keyboard.up("Shift")


def test_a_menu_beside_the_menu_opens_by_hovering_and_colours_the_node(artist: Person) -> None:
    page = artist.page
    menu_of(artist, 8).get_by_role("menuitem", name="Colour").hover()
    colours = page.get_by_role("menu", name="Colour")
    expect(colours.get_by_role("menuitemcheckbox", name="None")).to_have_attribute("aria-checked", "true")
    colours.get_by_role("menuitemcheckbox", name="Blue").click()
    expect(page.get_by_role("menu")).to_have_count(0)
    assert node(artist, 8)["color"].startswith("#")
    assert node(artist, 8)["bgcolor"] != node(artist, 8)["color"]
    menu_of(artist, 8).get_by_role("menuitem", name="Colour").hover()
    expect(colours.get_by_role("menuitemcheckbox", name="Blue")).to_have_attribute("aria-checked", "true")
    page.get_by_role("menuitem", name="Rename").hover()
    expect(colours).to_have_count(0)
    page.keyboard.press("Escape")


def test_a_menu_beside_the_menu_is_walked_by_keys(artist: Person) -> None:
    page = artist.page
    artist.click(8)
    page.keyboard.press("Shift+F10")
    menu = page.get_by_role("menu", name="Menu of the node")
    shape = menu.get_by_role("menuitem", name="Shape")
    for _ in range(30):
        if shape.evaluate("item => item === document.activeElement"):
            break
        page.keyboard.press("s")
    page.keyboard.press("ArrowRight")
    inner = page.get_by_role("menu", name="Shape")
    expect(inner.get_by_role("menuitemcheckbox", name="Collapse")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(inner).to_have_count(0)
    expect(shape).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_have_count(0)
    assert node(artist, 8)["flags"]["pinned"]
    assert page.evaluate("() => document.activeElement.id") == "overlay"


def test_a_node_is_added_by_its_category(artist: Person) -> None:
    page = artist.page
    before = len(artist.workflow["nodes"])
    page.mouse.click(*artist.void(), button="right")
    page.get_by_role("menuitem", name="Add by category").click()
    page.get_by_role("menuitem", name="Latent").click()
    page.get_by_role("menuitem", name="Empty Latent Image").click()
    assert [each["type"] for each in artist.workflow["nodes"]][before:] == ["EmptyLatentImage"]
    assert page.get_by_role("menu").count() == 0
    page.keyboard.press("Control+z")
    assert len(artist.workflow["nodes"]) == before


def test_a_menu_beside_the_menu_opens_by_a_finger(browser: Any, server: Server, text_to_image: dict[str, Any]) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 780}, has_touch=True, base_url=f"http://127.0.0.1:{server.port}"
    )
    phone = Person(context.new_page(), server)
    phone.open()
    phone.load(text_to_image)
    page = phone.page
    page.keyboard.press(".")
    page.wait_for_timeout(300)
    session = context.new_cdp_session(page)
    x, y = phone.point(3)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    page.wait_for_timeout(700)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    menu = page.get_by_role("menu", name="Menu of the node")
    menu.get_by_role("menuitem", name="Colour").tap()
    inner = page.get_by_role("menu", name="Colour")
    box = inner.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    inner.get_by_role("menuitemcheckbox", name="Red").tap()
    assert node(phone, 3)["color"]
    assert not phone.errors
    context.close()


def test_nodes_are_lined_up_from_the_menu(artist: Person) -> None:
    choose_two(artist, 6, 5)
    artist.click(5, button="right")
    artist.page.get_by_role("menuitem", name="Line up").hover()
    artist.page.get_by_role("menuitem", name="Align right edges").click()
    right = [node(artist, number)["pos"][0] + node(artist, number)["size"][0] for number in (5, 6)]
    assert right[0] == right[1]


def test_a_node_is_replaced_and_keeps_its_links(artist: Person) -> None:
    page = artist.page
    artist.click(8)
    page.keyboard.press("Shift+S")
    search = page.locator(".search")
    expect(search.get_by_role("combobox")).to_have_attribute("placeholder", "Replace it by")
    page.keyboard.type("invert")
    page.keyboard.press("Enter")
    assert node(artist, 8)["type"] == "ImageInvert"
    assert (8, 0, 9, 0) in links(artist)
    assert not [link for link in links(artist) if link[2] == 8]
    expect(page.locator(".toast")).to_contain_text("does not take 2 links, which were cut: Samples, VAE")
    page.keyboard.press("Control+z")
    assert node(artist, 8)["type"] == "VAEDecode"
    assert {(3, 0, 8, 0), (4, 2, 8, 1), (8, 0, 9, 0)} <= links(artist)


def test_the_best_fit_for_a_place_comes_first(artist: Person) -> None:
    page = artist.page
    artist.drag(artist.point(8, "out:IMAGE"), artist.void())
    page.keyboard.type("invert")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+S")
    titles = page.locator(".search [role=option] .name").all_inner_texts()
    assert titles.index("Upscale Image By") < titles.index("Preview Image"), "it gives a picture too"
    assert "Invert Image" not in titles
    page.keyboard.press("Escape")


def test_a_frame_does_things_to_what_is_in_it(artist: Person) -> None:
    page = artist.page
    choose_two(artist, 6, 7)
    page.keyboard.press("Control+g")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+F10")
    menu = page.get_by_role("menu", name="Menu of the group")
    menu.get_by_role("menuitemcheckbox", name="Mute all in the frame").click()
    assert [node(artist, number)["mode"] for number in (6, 7, 8)] == [2, 2, 0]
    page.keyboard.press("Shift+F10")
    expect(menu.get_by_role("menuitemcheckbox", name="Mute all in the frame")).to_have_attribute("aria-checked", "true")
    menu.get_by_role("menuitem", name="Remove the frame only").click()
    assert artist.workflow["groups"] == []
    expect(page.locator("#side h2")).to_have_text("2 nodes")
    page.keyboard.press("Control+z")
    assert len(artist.workflow["groups"]) == 1


def test_nodes_go_out_as_text_and_come_back_from_it(artist: Person) -> None:
    page = artist.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    menu_of(artist, 3).get_by_role("menuitem", name="Copy otherwise").hover()
    page.get_by_role("menuitem", name="Copy as text").click()
    text = page.evaluate("() => navigator.clipboard.readText()")
    assert json.loads(text)["nodes"][0]["type"] == "KSampler"
    assert len(text.splitlines()) > 10
    page.evaluate("text => navigator.clipboard.writeText('Look at this:\\n' + text + '\\nNice?')", text)
    page.mouse.click(*artist.void())
    page.keyboard.press("Control+v")
    artist.until("() => window.easel.editor.graph.nodes('').length === 8")


def test_a_node_is_explained(artist: Person) -> None:
    page = artist.page
    artist.click(3)
    page.keyboard.press("F1")
    dialog = page.get_by_role("dialog", name="KSampler")
    expect(dialog).to_contain_text("Makes a picture out of noise, step by step.")
    expect(dialog).to_contain_text("1 to 10000")
    expect(dialog.locator("canvas")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_selected_nodes_are_linked_and_a_chain_is_selected(artist: Person) -> None:
    page = artist.page
    artist.drag(artist.point(9, "in:images"), artist.void())
    page.keyboard.press("Escape")
    assert (8, 0, 9, 0) not in links(artist)
    choose_two(artist, 9, 8)
    page.keyboard.press("Alt+l")
    assert (8, 0, 9, 0) in links(artist)
    artist.click(8, button="right")
    page.get_by_role("menuitem", name="Select", exact=True).hover()
    page.get_by_role("menuitem", name="Select all that feeds it").click()
    expect(page.locator("#side h2")).to_have_text("7 nodes")


def test_any_other_colour_is_one_step(artist: Person) -> None:
    page = artist.page
    menu_of(artist, 8).get_by_role("menuitem", name="Colour").hover()
    page.get_by_role("menuitem", name="Another one").click()
    chooser = page.get_by_label("Colour", exact=True)
    chooser.fill("#ff8800", force=True)
    assert node(artist, 8)["color"] == "#ff8800"
    expect(chooser).to_have_count(0)
    page.keyboard.press("Control+z")
    assert "color" not in node(artist, 8) or not node(artist, 8)["color"]


def test_a_replaced_node_shows_nothing_that_the_old_one_gave(artist: Person) -> None:
    page = artist.page
    artist.run()
    artist.until("() => window.easel.session.status('9').images.length")
    artist.click(9)
    page.keyboard.press("Shift+S")
    page.keyboard.type("preview image")
    page.keyboard.press("Enter")
    assert node(artist, 9)["type"] == "PreviewImage"
    assert not artist.status(9)["images"]
    assert artist.status(9)["state"] == "idle"
