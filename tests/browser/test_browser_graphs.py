"""The library of saved graphs: folders, favourites, tags, search, renaming, moving, the trash; the templates."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person


@pytest.fixture
def place(person: Person) -> str:
    """A folder that only this test has."""
    return f"test {time.time_ns()}"


def save(person: Person, name: str, *texts: str) -> None:
    nodes = [
        {"id": n + 1, "type": "CLIPTextEncode", "pos": [n * 300, 0], "size": [200, 100], "widgets_values": [text]}
        for n, text in enumerate(texts or ("a fox",))
    ]
    path = "/userdata/" + quote(f"workflows/{name}.json", safe="")
    assert person.server.post(path, {"nodes": nodes, "links": [], "version": 0.4}).status == 200


def open_library(person: Person, folder: str | None = None) -> Any:
    person.page.keyboard.press("w")
    panel = person.page.locator("#graphs")
    expect(panel.get_by_role("combobox", name="Search saved graphs")).to_be_focused()
    if folder is not None:
        row(panel, folder).click()
    return panel


def row(panel: Any, name: str) -> Any:
    return panel.locator(".row", has=panel.page.locator(".title", has_text=name))


def menu(panel: Any, name: str, entry: str) -> None:
    row(panel, name).click(button="right")
    panel.page.get_by_role("menuitem", name=re.compile(f"^{entry}")).click()


def titles(panel: Any) -> list[str]:
    return panel.locator(".row .title").all_text_contents()


def test_a_graph_is_found_by_its_words_and_opened_by_keys(person: Person, place: str) -> None:
    save(person, f"{place}/one", "an unheard-of heron")
    save(person, f"{place}/two", "a fox")
    open_library(person)
    person.page.keyboard.type(f"heron {place[5:]}")
    panel = person.page.locator("#graphs")
    expect(panel.locator(".row .title")).to_have_text(["one"])
    expect(panel.locator(".row .small")).to_contain_text(place)
    person.page.keyboard.press("Enter")
    expect(panel).to_have_count(0)
    expect(person.page.locator(".tab.shown .name")).to_have_text("one")
    expect(person.page.locator(".tab.shown .name")).to_have_attribute("data-tip", f"{place}/one")
    assert person.workflow["nodes"][0]["widgets_values"] == ["an unheard-of heron"]


def test_favourites_come_first_and_tags_choose(person: Person, place: str) -> None:
    for name in ("a", "b", "c"):
        save(person, f"{place}/{name}")
    panel = open_library(person, place)
    panel.get_by_role("combobox", name="Order").select_option("Name")
    expect(panel.locator(".row .title")).to_have_text(["a", "b", "c"])
    row(panel, "c").hover()
    row(panel, "c").locator(".star").click()
    expect(panel.locator(".row .title")).to_have_text(["c", "a", "b"])
    menu(panel, "b", "Tags")
    tag = f"tag{place[5:]}"
    person.page.get_by_label("Tags", exact=True).fill(f"{tag}, other")
    person.page.keyboard.press("Enter")
    expect(row(panel, "b").locator(".small")).to_contain_text(f"#{tag}")
    panel.get_by_role("button", name=tag).click()
    expect(panel.locator(".row .title")).to_have_text(["b"])
    panel.get_by_role("button", name=tag).click()
    expect(panel.locator(".row .title")).to_have_count(3)


def test_rename_move_by_menu_and_by_drag_and_delete_with_a_way_back(person: Person, place: str) -> None:
    save(person, f"{place}/a")
    panel = open_library(person, place)
    row(panel, "a").hover()
    person.page.keyboard.press("F2")
    person.page.get_by_label("Name", exact=True).fill("שלום 🎨")
    person.page.keyboard.press("Enter")
    expect(panel.locator(".row .title")).to_have_text(["שלום 🎨"])
    panel.get_by_role("button", name="New folder").click()
    person.page.get_by_label("Name", exact=True).fill("inner")
    person.page.keyboard.press("Enter")
    expect(panel.locator(".row .title")).to_have_text(["inner", "שלום 🎨"])

    box, target = row(panel, "שלום").bounding_box(), row(panel, "inner").bounding_box()
    person.drag((box["x"] + 150, box["y"] + 20), (target["x"] + 150, target["y"] + 20))
    expect(panel.locator(".row .title")).to_have_text(["inner"])
    row(panel, "inner").click()
    expect(panel.locator(".row .title")).to_have_text(["שלום 🎨"])
    menu(panel, "שלום", "Move to a folder")
    person.page.get_by_role("dialog").get_by_role("button", name=place, exact=True).click()
    expect(panel.get_by_text("This folder is empty")).to_be_visible()
    panel.get_by_role("navigation").get_by_role("button", name=place).click()
    expect(panel.locator(".row .title")).to_have_text(["inner", "שלום 🎨"])

    menu(panel, "שלום", "Duplicate")
    expect(panel.locator(".row .title")).to_have_count(3)
    menu(panel, "שלום 🎨 2", "Delete")
    expect(panel.locator(".row .title")).to_have_count(2)
    person.page.get_by_role("button", name="Bring it back").click()
    expect(panel.locator(".row .title")).to_have_count(3)


def test_a_file_deleted_elsewhere_is_told(person: Person, place: str) -> None:
    save(person, f"{place}/gone")
    panel = open_library(person, place)
    expect(panel.locator(".row .title")).to_have_text(["gone"])
    (person.server.base / "user" / "default" / "workflows" / place / "gone.json").unlink()
    row(panel, "gone").click()
    expect(person.page.locator(".toast")).to_contain_text("It is not there any more")
    expect(panel.locator(".row .title")).to_have_count(0)


def test_an_open_graph_that_is_moved_stays_the_same_graph(person: Person, place: str) -> None:
    save(person, f"{place}/a")
    panel = open_library(person, place)
    row(panel, "a").click()
    expect(panel).to_have_count(0)
    panel = open_library(person)
    menu(panel, "a", "Rename")
    person.page.get_by_label("Name", exact=True).fill("b")
    person.page.keyboard.press("Enter")
    expect(panel.locator(".row .title.now")).to_have_text("b")
    expect(person.page.locator(".tab.shown .name")).to_have_attribute("data-tip", f"{place}/b")
    menu(panel, "b", "Delete")
    person.until("() => window.easel.graph.stored === null && window.easel.graph.dirty")
    person.page.get_by_role("button", name="Bring it back").click()
    person.until("name => window.easel.graph.stored === name && !window.easel.graph.dirty", f"{place}/b")


def test_what_was_never_saved_is_among_the_recent(person: Person, place: str) -> None:
    person.page.evaluate(
        "([json, name]) => window.easel.graph.open(json, { name, dirty: true })",
        [{"nodes": [{"id": 1, "type": "CLIPTextEncode", "pos": [0, 0]}], "links": []}, place],
    )
    person.until("() => easel.graph.tab.sent >= easel.graph.tab.turn")
    panel = open_library(person)
    panel.get_by_role("button", name="Recent").click()
    expect(row(panel, place).locator(".small")).to_contain_text("never saved")
    panel.get_by_role("button", name="Saved", exact=True).click()


def test_a_template_is_found_and_opened_by_keys(person: Person) -> None:
    page = person.page
    page.keyboard.press("Control+Alt+t")
    cards = page.locator("#templates .card")
    expect(cards.first).to_be_visible()
    assert cards.count() >= 12
    expect(cards.first.locator("img")).to_have_js_property("complete", True)
    page.keyboard.type("subgraph")
    expect(cards).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(cards.first.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#templates")).to_have_count(0)
    assert [graph["name"] for graph in person.workflow["definitions"]["subgraphs"]] == ["Draw"]


def test_on_a_phone(phone: Person) -> None:
    name = f"phone {time.time_ns()}"
    save(phone, f"{name}/a")
    phone.page.evaluate("() => window.easel.editor.run('graphs')")
    panel = phone.page.locator("#graphs")
    row(panel, name).tap()
    expect(panel.locator(".row .title")).to_have_text(["a"])
    expect(row(panel, "a")).to_be_visible()
    below = row(panel, "a").bounding_box()["y"]
    row(panel, "a").locator(".act").tap()
    expect(phone.page.get_by_role("menu")).to_be_visible()
    assert phone.page.get_by_role("menu").bounding_box()["y"] > below - 40  # at its row
    phone.page.get_by_role("menuitemcheckbox", name="Favourite").tap()
    expect(row(panel, "a").locator(".star")).to_have_attribute("data-on", "true")
    row(panel, "a").tap()
    expect(panel).to_have_count(0)
