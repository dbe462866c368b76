"""Colours, curves, sliders, lists of several, and values of other pages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

TINT = {
    "input": {
        "required": {
            "colour": ["COLOR", {"default": "#ff8800"}],
            "curve": ["CURVE", {}],
            "strength": [
                "FLOAT",
                {"default": 1, "min": 0.01, "max": 100, "step": 0.01, "display": "slider", "log": True},
            ],
            "parts": ["COMBO", {"options": ["sky", "sea", "land"], "multiselect": True}],
            "scene": ["LOAD_3D", {}],
            "after": ["INT", {"default": 3, "min": 0, "max": 9}],
        }
    },
    "output": ["IMAGE"],
    "output_name": ["IMAGE"],
    "display_name": "Tint",
}
CURVE = {"points": [[0, 0], [0.5, 0.5], [1, 1]], "interpolation": "monotone_cubic"}


@pytest.fixture
def artist(person: Person) -> Person:
    person.page.evaluate("info => easel.editor.setSchema(new easel.editor.schema.constructor({ Tint: info }))", TINT)
    values = ["#ff8800", CURVE, 1, ["sky"], "", 7]
    node = {"id": 1, "type": "Tint", "pos": [0, 0], "size": [300, 420], "widgets_values": values}
    person.load({"nodes": [node], "links": []})
    return person


def values(artist: Person) -> list[Any]:
    return artist.workflow["nodes"][0]["widgets_values"]


def test_a_colour_is_typed_by_name_or_number(artist: Person) -> None:
    artist.click(1, "widget:colour")
    card = artist.page.get_by_role("dialog", name="Colour, Tint")
    field = card.get_by_label("Colour, Tint", exact=True)
    field.fill("teal")
    field.press("Enter")
    assert values(artist)[0] == "#008080"
    artist.click(1, "widget:colour")
    field.fill("nonsense")
    expect(card.get_by_role("status")).to_contain_text("#rrggbb")
    field.press("Escape")
    assert values(artist)[0] == "#008080"


def test_a_curve_is_drawn_on_the_node_and_in_its_card(artist: Person) -> None:
    page = artist.page
    x, y = artist.point(1, "widget:curve")
    artist.drag((x, y), (x, y - 20))
    points = values(artist)[1]["points"]
    assert len(points) == 3
    assert points[1][1] > 0.55
    assert values(artist)[1]["interpolation"] == "monotone_cubic"
    artist.drag((x, y - 20), (x, y + 400))  # out of the square
    assert len(values(artist)[1]["points"]) == 2
    page.keyboard.press("Control+z")
    artist.click(1, "widget:curve")
    card = page.get_by_role("dialog", name="Curve, Tint")
    expect(card.locator("circle")).to_have_count(3)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    expect(card.locator("circle")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    assert len(values(artist)[1]["points"]) == 2


def test_a_logarithmic_slider_goes_by_powers(artist: Person) -> None:
    x, y = artist.point(1, "widget:strength")
    width = artist.page.evaluate(
        "easel.editor.scene.view(easel.editor.store.node('node:1')).layout.widgets"
        ".find(({ name }) => name === 'strength').field.w * easel.editor.camera.zoom"
    )
    artist.drag((x, y), (x + width / 4, y))  # a quarter of four powers of ten
    assert values(artist)[2] == pytest.approx(10, rel=0.15)


def test_several_of_a_list_are_ticked(artist: Person) -> None:
    page = artist.page
    artist.click(1, "widget:parts")
    page.locator(".combo .row").filter(has_text="land").click()
    page.locator(".combo .row").filter(has_text="sky").click()
    page.locator(".combo .row").filter(has_text="sea").click()
    page.keyboard.press("Escape")
    assert values(artist)[3] == ["land", "sea"]


def test_what_another_page_makes_keeps_its_place(artist: Person) -> None:
    artist.click(1, "widget:scene")
    assert values(artist)[4:] == ["", 7]
    assert artist.page.evaluate("easel.editor.store.undoLabel") is None
    assert artist.prompt["1"]["inputs"]["after"] == 7
