"""Several graphs open at once: what each tab keeps, and that none is lost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.person import Person
from tests.browser.things import with_words

NODES = "() => window.app.graph.nodes.length"


def names(person: Person) -> list[str]:
    return person.page.locator(".tab .name").all_inner_texts()


def document(person: Person) -> str:
    return person.page.evaluate("() => window.easel.graph.id")


def versions(person: Person, id: str) -> list[dict[str, Any]]:
    return person.server.get(f"/easel/documents/{id}/versions").json().get("versions", [])


def saved(person: Person) -> None:
    """Wait until the server has all of the shown graph."""
    person.until("() => window.easel.graph.autosave.stateOf(window.easel.graph.tab) === 'saved'")


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def delete(person: Person, node: int) -> None:
    person.click(node)
    person.page.keyboard.press("Delete")


def test_each_tab_keeps_its_steps_view_and_selection(artist: Person, text_to_image: dict[str, Any]) -> None:
    page = artist.page
    delete(artist, 8)
    artist.click(3)
    page.mouse.move(*artist.void())
    page.mouse.wheel(0, 240)
    camera = page.evaluate("() => window.easel.editor.camera")
    page.keyboard.press("Control+Alt+n")
    expect(page.get_by_role("tab")).to_have_count(2)
    assert artist.workflow["nodes"] == []
    artist.load(with_words(text_to_image, "the second"))
    page.get_by_role("tab").first.click()
    artist.until("() => window.app.graph.nodes.length === 6")
    assert page.evaluate("() => window.easel.editor.camera") == camera
    assert page.evaluate("() => [...window.easel.editor.selection]") == ["node:3"]
    page.keyboard.press("Control+z")
    assert len(artist.workflow["nodes"]) == 7
    page.keyboard.press("Alt+2")
    artist.until("() => window.app.graph.getNodeById(6)?.widgets[0]?.value === 'the second'")
    assert page.evaluate("() => window.easel.editor.store.undoLabel") is None
    page.keyboard.press("Alt+PageDown")
    assert artist.prompt["6"]["inputs"]["text"] != "the second"


def test_a_closed_graph_is_not_lost(artist: Person) -> None:
    page = artist.page
    delete(artist, 8)
    page.keyboard.press("Control+Alt+n")
    page.keyboard.press("Alt+1")
    page.keyboard.press("Alt+w")
    expect(page.get_by_role("tab")).to_have_count(1)
    page.get_by_role("button", name="Reopen").click()
    artist.until("() => window.app.graph.nodes.length === 6")
    page.locator(".tab.shown").click(button="middle")
    page.keyboard.press("Alt+Shift+t")
    artist.until("() => window.app.graph.nodes.length === 6")
    page.keyboard.press("Control+z")
    assert len(artist.workflow["nodes"]) == 7


def test_a_job_of_a_tab_that_is_left_goes_on_there(artist: Person) -> None:
    page = artist.page
    delete(artist, 9)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Alt+n")
    artist.until("() => window.easel.graph.tabs.runOf(window.easel.graph.tabs.list[0])?.state === 'done'")
    assert page.evaluate("() => [...window.easel.session.ids()]") == []
    page.keyboard.press("Alt+1")
    artist.until("() => window.easel.session.status('9').images.length === 1")
    assert artist.status(9)["state"] in ("done", "cached")


def test_tabs_come_back_after_a_reload_in_order(artist: Person) -> None:
    page = artist.page
    words = f"🦊 {time.time_ns()}"
    for index, name in enumerate((words, "שועל אדום", "fox")):
        page.evaluate(
            "([name, graph]) => window.easel.graph.open(graph, { name, dirty: true })",
            [name, {"nodes": [{"id": index + 1, "type": "SaveImage", "pos": [0, 0]}], "links": []}],
        )
    saved(artist)
    assert names(artist) == [words, "שועל אדום", "fox"]
    first = page.locator(".tab").first.bounding_box()
    last = page.locator(".tab").last.bounding_box()
    artist.drag((last["x"] + 30, last["y"] + 20), (first["x"] + 10, first["y"] + 20))
    assert names(artist) == ["fox", words, "שועל אדום"]
    page.get_by_role("tab", name="שועל אדום").click()
    artist.until("() => window.app.graph.nodes[0]?.id === 2")
    page.reload()
    artist.wait_ready()
    assert names(artist) == ["fox", words, "שועל אדום"]
    assert [node["id"] for node in artist.workflow["nodes"]] == [2]
    page.get_by_role("tab", name=words).click()
    artist.until("() => window.app.graph.nodes[0]?.id === 1")


def test_every_change_becomes_a_version(artist: Person) -> None:
    delete(artist, 8)
    saved(artist)
    id = document(artist)
    (first,) = versions(artist, id)
    assert (first["nodes"], first["thumbnail"]) == (6, True)
    picture = artist.server.get(f"/easel/documents/{id}/versions/1/thumbnail")
    assert picture.headers["content-type"] == "image/webp"
    artist.page.keyboard.press("Control+z")
    artist.until("() => window.easel.graph.tab.base === 2")
    assert [one["nodes"] for one in versions(artist, id)] == [7, 6]
    expect(artist.page.locator(".save-state")).to_have_text("Saved")
    artist.page.reload()
    artist.wait_ready()
    delete(artist, 9)
    artist.until("() => window.easel.graph.tab.base === 3")
    assert document(artist) == id


def test_a_tab_is_renamed_duplicated_and_listed(artist: Person) -> None:
    page = artist.page
    page.locator(".tab.shown .name").dblclick()
    page.get_by_role("textbox", name="Name").fill("owl 🦉")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab")).to_have_accessible_name("owl 🦉")
    saved(artist)
    page.get_by_role("tab").focus()
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(page.get_by_role("tab")).to_have_count(2)
    assert names(artist) == ["owl 🦉", "owl 🦉 copy"]
    # One that is not shown too: the server has all of it afterwards.
    page.get_by_role("tab", name="owl 🦉", exact=True).click(button="right")
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("barn owl")
    page.keyboard.press("Enter")
    expect(page.locator(".tab .name").first).to_have_text("barn owl")
    artist.until(
        "() => { const { autosave, tabs } = window.easel.graph; return autosave.stateOf(tabs.list[0]) === 'saved' }"
    )
    page.evaluate("() => window.easel.graph.rename(window.easel.graph.tabs.list[0], 'owl 🦉')")
    page.get_by_role("button", name="All tabs").click()
    assert not [
        line for line in serious(page).splitlines() if "tablist" in line or 'class="tab' in line or "menu" in line
    ]
    page.get_by_role("menuitemcheckbox", name="owl 🦉", exact=True).click()
    expect(page.locator(".tab.shown .name")).to_have_text("owl 🦉")
    page.get_by_role("tab", selected=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tab.shown .name")).to_have_text("owl 🦉 copy")
    page.keyboard.press("Delete")
    expect(page.get_by_role("tab")).to_have_count(1)


def test_five_hundred_tabs_come_back_and_only_one_is_read(person: Person) -> None:
    page = person.page
    page.evaluate(
        """() => {
            for (let i = 0; i < 500; i++) {
                const nodes = [{ id: i + 1, type: 'SaveImage', pos: [0, 0] }]
                window.easel.graph.open({ nodes, links: [] }, { name: `graph ${i}`, dirty: true })
            }
            window.easel.graph.flush()
        }"""
    )
    person.until("() => window.easel.graph.writer.writing === null")  # in the browser's database
    page.reload()
    person.wait_ready()
    expect(page.locator(".tab")).to_have_count(500)
    assert [node["id"] for node in person.workflow["nodes"]] == [500]
    loaded = page.evaluate("() => window.easel.graph.tabs.list.filter(tab => tab.aside).length")
    assert loaded == 0
    page.keyboard.press("Alt+1")
    person.until("() => window.app.graph.nodes[0]?.id === 1")
    page.get_by_role("button", name="All tabs").click()
    page.get_by_role("menuitemcheckbox", name="graph 250", exact=True).click()
    person.until("() => window.app.graph.nodes[0]?.id === 251")
    expect(page.locator(".tab.shown")).to_be_in_viewport()


def test_a_graph_of_a_newer_easel_is_a_copy(artist: Person, text_to_image: dict[str, Any]) -> None:
    page = artist.page
    newer = {**text_to_image, "extra": {"easel": {"format": 99, "holo": True}}}
    artist.drop("later.json", json.dumps(newer).encode(), "application/json", artist.void())
    toast = page.locator(".toast", has_text="newer Easel")
    expect(toast).to_be_visible()
    assert artist.workflow["extra"]["easel"] == newer["extra"]["easel"]
    assert page.evaluate("() => window.easel.graph.stored") is None
    # Also where a tab that is shown again finds that it has become one.
    artist.load(text_to_image)
    delete(artist, 8)
    saved(artist)
    id = document(artist)
    page.keyboard.press("Control+Alt+n")
    body = {"base": 1, "name": "later", "stored": None, "workflow": newer}
    assert artist.server.post(f"/easel/documents/{id}/versions", body).status == 200
    page.reload()
    artist.wait_ready()
    page.get_by_role("tab").nth(1).click()
    expect(toast).to_be_visible()
    delete(artist, 8)
    saved(artist)
    assert document(artist) != id
    assert [one["version"] for one in versions(artist, id)] == [2, 1]


def test_tabs_by_touch(phone: Person) -> None:
    page = phone.page
    page.get_by_role("button", name="All tabs").tap()
    page.get_by_role("menuitem", name="New graph").tap()
    phone.until("() => window.app.graph.nodes.length === 0")
    page.get_by_role("button", name="All tabs").tap()
    expect(page.get_by_role("menuitemcheckbox")).to_have_count(2)
    page.get_by_role("menuitemcheckbox").first.tap()
    phone.until("() => window.app.graph.nodes.length > 0")
    page.get_by_role("button", name="All tabs").tap()
    page.get_by_role("menuitem", name="Close the tab").tap()
    phone.until("() => window.app.graph.nodes.length === 0")


def test_graphs_without_a_name_are_told_apart(artist: Person) -> None:
    page = artist.page
    artist.click(8)
    page.keyboard.press("Delete")  # a graph that nobody changed gives way to the next
    for count in (2, 3):
        page.keyboard.press("Control+Alt+n")
        expect(page.locator(".tab")).to_have_count(count)
        artist.page.evaluate("window.easel.editor.addNode('KSampler')")
    expect(page.locator(".tab .name")).to_have_text(["Untitled", "Untitled 2", "Untitled 3"])
    saved(artist)
    page.reload()
    artist.wait_ready()
    expect(page.locator(".tab .name")).to_have_text(["Untitled", "Untitled 2", "Untitled 3"])
    expect(page.locator(".tab.shown .name")).to_have_text("Untitled 3")
