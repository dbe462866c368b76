"""Hands on the canvas: nodes and links by mouse and by keys."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def ids(person: Person) -> list[int]:
    return sorted(node["id"] for node in person.workflow["nodes"])


def links(person: Person) -> set[tuple[int, int, int, int]]:
    return {tuple(link[1:5]) for link in person.workflow["links"]}


def test_the_default_graph_is_there_at_the_first_visit(person: Person) -> None:
    assert person.workflow["nodes"], "a page that was never opened begins with a graph"
    assert not person.page.locator(".toast").count()


def test_nodes_move_by_dragging_and_come_back_by_undo(artist: Person) -> None:
    before = next(node["pos"] for node in artist.workflow["nodes"] if node["id"] == 8)
    x, y = artist.point(8)
    artist.drag((x, y), (x + 60, y + 40))
    after = next(node["pos"] for node in artist.workflow["nodes"] if node["id"] == 8)
    assert after[0] > before[0]
    assert after[1] > before[1]
    artist.page.keyboard.press("Control+z")
    assert next(node["pos"] for node in artist.workflow["nodes"] if node["id"] == 8) == before
    artist.page.keyboard.press("Control+Shift+z")
    assert next(node["pos"] for node in artist.workflow["nodes"] if node["id"] == 8) == after


def test_a_link_is_pulled_off_and_put_back(artist: Person) -> None:
    assert (3, 0, 8, 0) in links(artist)
    artist.drag(artist.point(8, "in:samples"), artist.void())
    artist.page.keyboard.press("Escape")  # the search that the void offers
    assert (3, 0, 8, 0) not in links(artist)
    artist.drag(artist.point(3, "out:LATENT"), artist.point(8, "in:samples"))
    assert (3, 0, 8, 0) in links(artist)


def test_sockets_that_do_not_fit_are_not_linked(artist: Person) -> None:
    before = links(artist)
    artist.drag(artist.point(4, "out:VAE"), artist.point(3, "in:positive"))
    artist.page.keyboard.press("Escape")
    assert links(artist) == before


def test_delete_undo_redo(artist: Person) -> None:
    before = ids(artist)
    artist.click(8)
    artist.page.keyboard.press("Delete")
    assert 8 not in ids(artist)
    assert all(8 not in (link[0], link[2]) for link in links(artist))
    artist.page.keyboard.press("Control+z")
    assert ids(artist) == before
    artist.page.keyboard.press("Control+y")
    assert 8 not in ids(artist)


def test_copy_and_paste(artist: Person) -> None:
    artist.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    artist.click(6)
    artist.page.keyboard.down("Shift")
    artist.click(3)
    artist.page.keyboard.up("Shift")
    artist.page.keyboard.press("Control+c")
    artist.page.keyboard.press("Control+v")
    added = [node for node in artist.workflow["nodes"] if node["id"] > 9]
    assert sorted(node["type"] for node in added) == ["CLIPTextEncode", "KSampler"]
    new = {node["type"]: node["id"] for node in added}
    assert (new["CLIPTextEncode"], 0, new["KSampler"], 1) in links(artist), "the link between them came along"


def test_all_nodes_are_selected_by_a_box(artist: Person) -> None:
    box = artist.page.locator("#overlay").bounding_box()
    artist.page.keyboard.press(".")
    artist.drag((box["x"] + 4, box["y"] + 4), (box["x"] + box["width"] - 8, box["y"] + box["height"] - 8))
    expect(artist.page.locator("#side h2")).to_have_text("7 nodes")


def test_a_node_is_added_by_double_click_and_typing(artist: Person) -> None:
    artist.page.mouse.dblclick(*artist.void())
    field = artist.page.get_by_label("Search for a node")
    field.fill("invert")
    expect(artist.page.locator(".search .card")).to_contain_text("Invert Image")
    field.press("Enter")
    assert "ImageInvert" in [node["type"] for node in artist.workflow["nodes"]]
    expect(artist.page.locator(".search")).to_have_count(0)


def test_tab_opens_the_search_and_escape_leaves_it(artist: Person) -> None:
    artist.page.mouse.click(*artist.void())
    artist.page.keyboard.press("Tab")
    expect(artist.page.locator(".search")).to_be_visible()
    artist.page.keyboard.press("ArrowDown")
    assert artist.page.locator(".search [role=option][aria-selected=true]").get_attribute("data-index") == "1"
    artist.page.keyboard.press("Escape")
    expect(artist.page.locator(".search")).to_have_count(0)
    assert len(ids(artist)) == 7


def test_a_link_dropped_in_the_void_offers_what_fits(artist: Person) -> None:
    artist.drag(artist.point(8, "out:IMAGE"), artist.void())
    search = artist.page.locator(".search")
    expect(search.locator(".filter")).to_contain_text("IMAGE")
    titles = search.locator("[role=option] .name").all_inner_texts()
    assert "Invert Image" in titles
    assert "KSampler" not in titles
    artist.page.keyboard.type("invert")
    artist.page.keyboard.press("Enter")
    new = max(ids(artist))
    assert (8, 0, new, 0) in links(artist)


def test_the_menu_of_a_node_runs_commands(artist: Person) -> None:
    artist.click(7, button="right")
    menu = artist.page.get_by_role("menu")
    expect(menu).to_be_visible()
    menu.get_by_role("menuitem", name="Delete").first.click()
    assert 7 not in ids(artist)


def test_the_menu_is_walked_by_keys(artist: Person) -> None:
    artist.page.mouse.click(*artist.void(), button="right")
    artist.page.keyboard.press("ArrowDown")
    assert artist.page.evaluate("() => document.activeElement.getAttribute('role')") == "menuitem"
    artist.page.keyboard.press("Escape")
    expect(artist.page.get_by_role("menu")).to_have_count(0)


def test_the_wheel_zooms_and_a_key_fits(artist: Person) -> None:
    before = artist.page.evaluate("() => window.easel.editor.camera.zoom")
    artist.page.mouse.move(*artist.void())
    artist.page.mouse.wheel(0, -400)
    artist.until("before => window.easel.editor.camera.zoom > before", before)
    artist.page.keyboard.press(".")
    artist.until("before => Math.abs(window.easel.editor.camera.zoom - before) < 0.4", before)


def test_the_outline_is_walked_and_edited_by_keys(artist: Person) -> None:
    artist.page.get_by_role("button", name="Nodes in this graph").click()
    tree = artist.page.get_by_role("tree")
    expect(tree.get_by_role("treeitem")).to_have_count(7)
    artist.page.keyboard.press("Home")
    artist.page.keyboard.press("ArrowRight")
    artist.page.keyboard.press("ArrowDown")
    assert "painter" in artist.page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    artist.page.keyboard.press("ArrowLeft")
    artist.page.keyboard.press("Delete")
    assert 4 not in ids(artist)


def test_a_graph_is_edited_and_run_by_keys_alone(artist: Person) -> None:
    page = artist.page
    page.keyboard.press("Shift+Tab")  # from the canvas to the rail
    assert page.evaluate("() => document.activeElement.closest('#rail') !== null")
    page.keyboard.press("Control+Shift+L")
    expect(page.get_by_role("tree", name="Nodes")).to_be_visible()  # it is loaded when it is first asked for
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("ArrowDown")  # the second prompt
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # its link, then its words
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("a castle")
    artist.run()
    assert "a castle" in {node["inputs"].get("text") for node in artist.prompt.values()}
    page.keyboard.press("Shift+Tab")  # the button before the tree
    page.keyboard.press("Enter")
    page.keyboard.type("invert")
    page.keyboard.press("Enter")
    assert max(ids(artist)) == 10
    artist.until("() => (document.activeElement.getAttribute('aria-label') ?? '').startsWith('Invert')")
    page.keyboard.press("Delete")
    assert max(ids(artist)) == 9


def test_random_gestures_never_throw(artist: Person) -> None:
    import random

    chance = random.Random(7)
    box = artist.page.locator("#overlay").bounding_box()
    mouse, keyboard = artist.page.mouse, artist.page.keyboard
    for _ in range(60):
        point = (box["x"] + chance.random() * box["width"], box["y"] + chance.random() * box["height"])
        act = chance.randrange(6)
        if act == 0:
            mouse.click(*point, button=chance.choice(["left", "right", "middle"]))
        elif act == 1:
            mouse.dblclick(*point)
        elif act == 2:
            artist.drag(point, (box["x"] + chance.random() * box["width"], box["y"] + chance.random() * box["height"]))
        elif act == 3:
            mouse.move(*point)
            mouse.wheel(0, chance.choice([-300, 300]))
        elif act == 4:
            keyboard.press(chance.choice(["Escape", "Delete", "Control+a", "Control+d", "ArrowLeft", "c", "Tab"]))
        else:
            keyboard.press(chance.choice(["Control+z", "Control+Shift+z"]))
    keyboard.press("Escape")
    assert artist.page.evaluate("() => JSON.stringify(window.app.graph.serialize()).length") > 0
