"""Values typed, chosen and switched over the canvas."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.things import one_node, picture


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def value(artist: Person, node: int, name: str) -> Any:
    return artist.prompt[str(node)]["inputs"][name]


def test_numbers_take_sums_and_stay_in_range(artist: Person) -> None:
    artist.click(5, "widget:width")
    field = artist.page.locator("input.edit")
    field.fill("64*3 + 8")
    field.press("Enter")
    assert value(artist, 5, "width") == 200
    artist.click(5, "widget:width")
    field.fill("99999999")
    field.press("Enter")
    assert value(artist, 5, "width") == 16384
    artist.page.keyboard.press("Control+z")
    assert value(artist, 5, "width") == 200


def test_what_is_no_number_is_refused_and_escape_keeps_the_old(artist: Person) -> None:
    artist.click(5, "widget:width")
    field = artist.page.locator("input.edit")
    field.fill("wide")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("Escape")
    expect(field).to_have_count(0)
    assert value(artist, 5, "width") == 128


def test_arrows_step_and_tab_goes_to_the_next_widget(artist: Person) -> None:
    artist.click(5, "widget:width")
    field = artist.page.locator("input.edit")
    field.press("ArrowUp")
    field.press("Tab")
    assert value(artist, 5, "width") == 136
    expect(field).to_have_attribute("aria-label", "Height, Empty Latent Image")
    field.press("Shift+Tab")
    expect(field).to_have_attribute("aria-label", "Width, Empty Latent Image")


def test_words_get_weights_by_keys(artist: Person) -> None:
    artist.click(6, "widget:text")
    field = artist.page.locator("textarea.edit")
    field.fill("a red fox")
    field.evaluate("field => field.setSelectionRange(3, 3)")
    field.press("Control+ArrowUp")
    field.press("Control+ArrowUp")
    field.press("Escape")
    assert value(artist, 6, "text") == "a (red:1.1) fox"


def test_the_editor_follows_the_view(artist: Person) -> None:
    artist.click(6, "widget:text")
    field = artist.page.locator("textarea.edit")
    before = field.bounding_box()
    artist.page.evaluate(
        "() => window.easel.editor.setCamera({ ...window.easel.editor.camera, x: window.easel.editor.camera.x - 50 })"
    )
    after = field.bounding_box()
    assert after["x"] > before["x"]


def test_a_choice_is_searched_and_taken(artist: Person) -> None:
    artist.click(3, "widget:sampler_name")
    card = artist.page.locator(".combo")
    expect(card.get_by_role("option")).to_have_count(3)
    artist.page.keyboard.type("heu")
    expect(card.get_by_role("option")).to_have_count(1)
    artist.page.keyboard.press("Enter")
    assert value(artist, 3, "sampler_name") == "heun"
    artist.page.keyboard.press("Control+z")
    assert value(artist, 3, "sampler_name") == "dpmpp_2m"


def test_thousands_of_choices_cost_only_the_rows_in_view(artist: Person) -> None:
    artist.page.evaluate(
        """() => {
            const { editor } = window.easel
            const type = editor.schema.get('CheckpointLoaderSimple')
            const name = (_, index) => `folder/model-${index}.safetensors`
            type.inputs[0].widget.options = Array.from({ length: 8000 }, name)
        }"""
    )
    artist.click(4, "widget:ckpt_name")
    options = artist.page.locator(".combo [role=option]")
    assert options.count() < 40
    artist.page.keyboard.press("End")
    artist.page.keyboard.press("Control+End")
    expect(options.last).to_contain_text("model-7999")
    artist.page.keyboard.type("7123")
    expect(options).to_have_count(1)
    artist.page.keyboard.press("Escape")


def test_a_switch_needs_one_press(artist: Person) -> None:
    artist.load(one_node("ImageScaleBy", "lanczos", 2.0, False))
    artist.click(1, "widget:keep")
    assert artist.workflow["nodes"][0]["widgets_values"][2] is True


def test_a_seed_has_a_value_and_a_fate(artist: Person) -> None:
    artist.click(3, "widget:seed")
    card = artist.page.get_by_role("dialog", name="Seed, KSampler")
    card.get_by_label("Seed, KSampler").fill("42")
    card.get_by_text("Stay").click()
    artist.page.keyboard.press("Enter")
    assert value(artist, 3, "seed") == 42
    artist.run()
    assert value(artist, 3, "seed") == 42
    artist.page.keyboard.press("Control+z")
    assert value(artist, 3, "seed") == 20261121


def test_a_picture_is_uploaded_by_the_button(artist: Person) -> None:
    artist.load(one_node("LoadImage", None, "image"))
    with artist.page.expect_file_chooser() as waiting:
        artist.click(1, "button:image")
    waiting.value.set_files([{"name": "chosen.png", "mimeType": "image/png", "buffer": picture()}])
    artist.until("() => window.app.graph.getNodeById(1).widgets[0].value === 'chosen.png'")


def test_a_title_is_renamed(artist: Person) -> None:
    artist.click(8)
    artist.page.keyboard.press("F2")
    artist.page.locator("input.edit").fill("Develop")
    artist.page.keyboard.press("Enter")
    assert next(node for node in artist.workflow["nodes"] if node["id"] == 8)["title"] == "Develop"


def test_what_is_not_valid_reaches_the_server_as_it_is_shown(artist: Person) -> None:
    artist.click(5, "widget:height")
    field = artist.page.locator("input.edit")
    field.fill("256")
    artist.run()  # Ctrl+Enter in the field keeps the value and runs
    assert value(artist, 5, "height") == 256


@pytest.mark.parametrize("zoom", [1, 2])
def test_typed_text_stands_where_the_canvas_had_it(artist: Person, zoom: float) -> None:
    artist.page.evaluate("zoom => window.easel.editor.setCamera({ x: 150, y: -50, zoom })", zoom)
    artist.click(6, "widget:text")
    style = artist.page.locator("textarea.edit").evaluate(
        "field => { const { fontSize, lineHeight, paddingLeft } = getComputedStyle(field);"
        " return [fontSize, lineHeight, paddingLeft].map(parseFloat) }"
    )
    assert style == [12.5 * zoom, 18 * zoom, 8 * zoom]


def test_a_node_that_is_resized_comes_to_the_front(artist: Person) -> None:
    corner = artist.page.evaluate(
        """() => {
            const { editor } = window.easel
            const { x, y, w, h } = editor.rectOf(editor.store.node('node:3'))
            const point = editor.toScreen({ x: x + w - 4, y: y + h - 4 })
            const box = document.getElementById('overlay').getBoundingClientRect()
            return [point.x + box.left, point.y + box.top]
        }"""
    )
    artist.drag(tuple(corner), (corner[0] + 90, corner[1] + 40))
    highest = "() => window.easel.editor.graph.nodes('').at(-1).id"
    assert artist.page.evaluate(highest) == "node:3"
    artist.page.keyboard.press("Control+z")
    assert artist.page.evaluate(highest) != "node:3", "one step takes back both"
