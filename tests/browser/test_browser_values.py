"""Numbers and expressions: what the hands do with values on the canvas."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def value(artist: Person, node: int, name: str) -> Any:
    return artist.prompt[str(node)]["inputs"][name]


def undo_label(artist: Person) -> Any:
    return artist.page.evaluate("window.easel.editor.store.undoLabel")


def test_an_expression_reads_another_widget_and_follows_it(artist: Person) -> None:
    page = artist.page
    artist.click(5, "widget:width")
    field = page.locator("input.edit")
    field.fill("=[Emp")
    page.keyboard.type("ty")
    offers = page.locator(".completion .row")
    expect(offers.first).to_contain_text("Empty Latent Image")
    field.press("Escape")
    expect(page.locator(".completion")).to_have_count(0)
    field.fill("=[KSampler].st")
    page.keyboard.type("e")
    field.press("Tab")
    expect(field).to_have_value("=[KSampler].steps")
    page.keyboard.type(" * 16")
    expect(page.locator(".edit-hint")).to_contain_text("= ")
    field.press("Enter")
    steps = value(artist, 3, "steps")
    assert value(artist, 5, "width") == steps * 16
    artist.click(3, "widget:steps")
    field.fill("12")
    field.press("Enter")
    assert value(artist, 5, "width") == 192
    page.keyboard.press("Control+z")
    assert (value(artist, 3, "steps"), value(artist, 5, "width")) == (steps, steps * 16)
    node = next(node for node in artist.workflow["nodes"] if node["id"] == 5)
    assert node["properties"]["easel_expressions"] == {"width": "[KSampler].steps * 16"}


def test_what_is_wrong_with_an_expression_is_told_and_not_taken(artist: Person) -> None:
    artist.click(5, "widget:width")
    field = artist.page.locator("input.edit")
    field.fill("=[#5].width + 1")
    expect(artist.page.locator(".edit-hint")).to_have_text("This goes in a circle.")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("Escape")
    assert value(artist, 5, "width") == 128


def test_limits_units_and_commas(artist: Person) -> None:
    page = artist.page
    artist.click(5, "widget:width")
    field = page.locator("input.edit")
    hint = page.locator(".edit-hint")
    expect(hint).to_have_text("16 to 16384, steps of 8")
    field.fill("20000 px")
    expect(hint).to_contain_text("At most 16384")
    field.fill("256px")
    field.press("Enter")
    assert value(artist, 5, "width") == 256
    artist.click(3, "widget:cfg")
    field.fill("6,5")
    field.press("Enter")
    assert value(artist, 3, "cfg") == 6.5


def test_alt_and_the_wheel_step_what_is_under_the_pointer(artist: Person) -> None:
    page = artist.page
    steps = value(artist, 3, "steps")
    zoom = page.evaluate("window.easel.editor.camera.zoom")
    page.mouse.move(*artist.point(3, "widget:steps"))
    page.keyboard.down("Alt")
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Alt")
    page.wait_for_function("steps => window.easel.editor.widget('node:3', 'steps').value === steps + 3", arg=steps)
    assert page.evaluate("window.easel.editor.camera.zoom") == zoom
    page.keyboard.press("Control+z")
    assert value(artist, 3, "steps") == steps


def test_a_value_is_reset_copied_and_pasted_by_hovering(artist: Person) -> None:
    page = artist.page
    page.mouse.click(*artist.void())
    page.mouse.move(*artist.point(5, "widget:width"))
    page.keyboard.press("Control+c")
    page.mouse.move(*artist.point(5, "widget:height"))
    page.keyboard.press("Backspace")
    assert value(artist, 5, "height") == 512
    page.keyboard.press("Control+v")
    page.wait_for_function("window.easel.editor.widget('node:5', 'height').value === 128")
    page.mouse.click(*artist.point(5, "widget:height"), button="middle")
    assert value(artist, 5, "height") == 512
    assert undo_label(artist) == "Reset height"


def test_alt_sets_the_same_widget_of_all_selected_nodes(artist: Person) -> None:
    page = artist.page
    page.evaluate("window.easel.editor.select(['node:3'])")
    page.keyboard.press("Control+d")
    other = page.evaluate("[...window.easel.editor.selection][0]")
    away = (
        "id => { const { store } = easel.editor; store.transact('Move', () => store.update(id, { pos: [0, -600] })) }"
    )
    page.evaluate(away, other)
    page.evaluate("id => window.easel.editor.select(['node:3', id])", other)
    artist.click(3, "widget:steps")
    field = page.locator("input.edit")
    expect(page.locator(".edit-hint")).to_contain_text("Alt+Enter: all 2 selected")
    field.fill("7")
    field.press("Alt+Enter")
    both = "id => [window.easel.editor.widget('node:3', 'steps').value, window.easel.editor.widget(id, 'steps').value]"
    assert page.evaluate(both, other) == [7, 7]
    assert undo_label(artist) == "Change steps of 2 nodes"
    page.keyboard.press("Control+z")
    assert page.evaluate(both, other)[0] != 7


def test_the_menu_of_a_widget_sets_it_back(artist: Person) -> None:
    page = artist.page
    artist.click(5, "widget:width", button="right")
    menu = page.get_by_role("menu")
    expect(menu).to_be_visible()
    menu.get_by_text("Reset width").click()
    assert value(artist, 5, "width") == 512


def test_the_seed_of_the_last_run_is_one_press_away(artist: Person) -> None:
    page = artist.page
    used = value(artist, 3, "seed")
    page.evaluate("easel.editor.setWidget('node:3', 'seed', 'randomize', 'control')")
    artist.run()
    artist.until("used => easel.editor.widget('node:3', 'seed').value !== used", used)
    field = page.evaluate(
        "(() => { const { field } = easel.editor.scene.view(easel.editor.store.node('node:3')).layout.widgets"
        ".find(({ name }) => name === 'seed'); return field.w * easel.editor.camera.zoom / 2 })()"
    )
    x, y = artist.point(3, "widget:seed")
    page.mouse.click(x - field + 8, y)
    seed = page.evaluate("(({ value, control }) => [value, control])(easel.editor.widget('node:3', 'seed'))")
    assert seed == [used, "fixed"]
    assert undo_label(artist) == "Use the last seed"


def test_a_link_dropped_on_the_row_of_a_widget_feeds_it(artist: Person) -> None:
    outputs = [{"name": "INT", "type": "INT", "links": []}]
    primitive = {"id": 20, "type": "PrimitiveNode", "pos": [-300, 520], "size": [200, 80], "title": "Size"}
    primitive |= {"outputs": outputs, "widgets_values": [256, "fixed"]}
    graph = artist.workflow
    graph["nodes"].append(primitive)
    artist.load(graph)
    artist.page.evaluate("easel.editor.run('fit')")
    artist.page.wait_for_timeout(400)
    artist.drag(artist.point(20, "out:INT"), artist.point(5, "widget:height"))
    assert value(artist, 5, "height") == 256
    assert value(artist, 5, "width") == 128


def test_alt_takes_the_others_along_while_a_number_is_dragged(artist: Person) -> None:
    page = artist.page
    page.evaluate("easel.editor.select(['node:3'])")
    page.keyboard.press("Control+d")
    other = page.evaluate("[...easel.editor.selection][0]")
    page.evaluate(
        "id => easel.editor.store.transact('', () => easel.editor.store.update(id, { pos: [0, -600] }))", other
    )
    page.evaluate("id => easel.editor.select(['node:3', id])", other)
    both = "id => [easel.editor.widget('node:3', 'steps').value, easel.editor.widget(id, 'steps').value]"
    first = page.evaluate(both, other)
    x, y = artist.point(3, "widget:steps")
    page.mouse.move(x, y)
    page.mouse.down()
    page.keyboard.down("Alt")
    page.mouse.move(x + 30, y, steps=3)
    assert page.evaluate(both, other) == [first[0] + 5] * 2
    page.keyboard.up("Alt")
    page.mouse.move(x + 36, y)
    assert page.evaluate(both, other) == [first[0] + 6, first[1]]
    page.keyboard.down("Alt")
    page.mouse.move(x + 42, y)
    page.mouse.up()
    page.keyboard.up("Alt")
    assert page.evaluate(both, other) == [first[0] + 7] * 2
    assert undo_label(artist) == "Change steps of 2 nodes"
    page.keyboard.press("Control+z")
    assert page.evaluate(both, other) == first
