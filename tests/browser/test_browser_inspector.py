"""Values beside the canvas: all by keyboard, of one node or of many."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.person import Person


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def select(artist: Person, *nodes: int) -> Locator:
    artist.page.evaluate("ids => window.easel.editor.select(ids.map(id => `node:${id}`))", list(nodes))
    return artist.page.locator(".side .values")


def value(artist: Person, node: int, name: str) -> Any:
    return artist.page.evaluate("([id, name]) => easel.editor.widget(`node:${id}`, name).value", [node, name])


def test_numbers_are_typed_stepped_and_reset_by_keys(artist: Person) -> None:
    page = artist.page
    values = select(artist, 3)
    steps = values.get_by_label("Steps", exact=True)
    steps.fill("5 * 6")
    expect(values.get_by_role("status").filter(has_text="= 30")).to_be_visible()
    steps.press("Enter")
    assert value(artist, 3, "steps") == 30
    steps.press("ArrowUp")
    assert value(artist, 3, "steps") == 31
    expect(steps).to_be_focused()
    steps.fill("=[KSampler].cfg * 4")
    steps.press("Tab")
    assert value(artist, 3, "steps") == 20
    default = page.evaluate("easel.editor.widget('node:3', 'steps').spec.default")
    reset = values.get_by_label(f"Reset steps to {default}")
    expect(reset).to_be_focused()
    page.keyboard.press("Enter")
    expect(steps).to_have_value(str(default))
    steps.fill("nonsense")
    expect(values.get_by_role("status").filter(has_text="There is no “nonsense”")).to_be_visible()
    steps.press("Escape")
    expect(steps).to_have_value(str(default))


def test_a_list_opens_beside_its_button(artist: Person) -> None:
    page = artist.page
    values = select(artist, 3)
    values.get_by_label("Sampler: dpmpp_2m").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("heun")
    page.keyboard.press("Enter")
    assert value(artist, 3, "sampler_name") == "heun"
    expect(values.get_by_label("Sampler: heun")).to_be_focused()


def test_shared_values_of_several_nodes_are_set_in_one_step(artist: Person) -> None:
    page = artist.page
    values = select(artist, 6, 7)
    text = values.get_by_label("Text", exact=True)
    expect(text).to_have_attribute("placeholder", "mixed")
    text.fill("both of them")
    text.press("Tab")
    assert [value(artist, node, "text") for node in (6, 7)] == ["both of them"] * 2
    assert page.evaluate("easel.editor.store.undoLabel") == "Change text of 2 nodes"
    page.evaluate("easel.editor.store.undo()")
    expect(text).to_have_attribute("placeholder", "mixed")


def test_what_is_typed_survives_changes_elsewhere(artist: Person) -> None:
    values = select(artist, 3)
    cfg = values.get_by_label("CFG", exact=True)
    cfg.fill("6.")
    artist.page.evaluate("easel.editor.setWidget('node:3', 'steps', 44)")
    expect(values.get_by_label("Steps", exact=True)).to_have_value("44")
    expect(cfg).to_have_value("6.")
    expect(cfg).to_be_focused()
    cfg.press("Enter")
    assert value(artist, 3, "cfg") == 6


def test_a_linked_value_names_what_feeds_it(artist: Person) -> None:
    graph = {
        "nodes": [
            {"id": 1, "type": "PrimitiveNode", "title": "Size", "pos": [0, 0], "widgets_values": [256, "fixed"],
             "outputs": [{"name": "INT", "type": "INT", "links": [1]}]},
            {"id": 2, "type": "EmptyLatentImage", "pos": [300, 0], "widgets_values": [64, 64, 1],
             "inputs": [{"name": "width", "type": "INT", "link": 1, "widget": {"name": "width"}}]},
        ],
        "links": [[1, 1, 0, 2, 0, "INT"]],
    }  # fmt: skip
    artist.load(graph)
    values = select(artist, 2)
    expect(values.get_by_text("← Size")).to_be_visible()
    expect(values.get_by_label("Width", exact=True)).to_be_hidden()
