"""Versions of a graph: what changed in each, compared on the canvas, named, restored, opened as a graph of its own."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

SENT = "() => { const { tab } = window.easel.graph; return tab.sent >= tab.turn && tab.base !== null }"


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    """Someone whose graph the server has in two versions: then more steps, a node moved, one gone."""
    person.page.evaluate("json => window.easel.graph.open(json, { name: 'Fox', dirty: true })", text_to_image)
    keep(person)
    person.page.evaluate(
        """() => {
            const { editor } = window.easel
            editor.setWidget('node:3', 'steps', 33)
            const { pos: [x, y] } = editor.store.node('node:9')
            editor.store.transact('Move', () => editor.store.update('node:9', { pos: [x + 200, y + 90] }))
            editor.select(['node:7'])
            editor.run('delete')
        }"""
    )
    keep(person)
    return person


def keep(person: Person) -> None:
    person.page.evaluate("() => window.easel.graph.flush()")
    person.until(SENT)


def open_versions(person: Person) -> Any:
    person.page.keyboard.press("Control+Alt+v")
    panel = person.page.locator("#versions")
    expect(panel.locator(".version").nth(1)).to_be_visible()
    return panel


def steps(person: Person) -> Any:
    return person.page.evaluate("() => window.easel.editor.widget('node:3', 'steps').value")


def compare(person: Person) -> Any:
    open_versions(person).locator(".version .open").last.click()
    bar = person.page.locator(".diff-bar")
    expect(bar).to_be_visible()
    return bar


def test_each_version_says_what_changed(artist: Person) -> None:
    panel = open_versions(artist)
    newest = panel.locator(".version").first
    expect(newest.locator(".changes")).to_contain_text("steps 10 → 33")
    expect(panel.locator("h3")).to_have_text(["Today"])
    expect(panel.locator(".version").last.locator(".changes")).to_have_text("The first version")


def test_a_comparison_is_walked_by_keys_and_follows_edits(artist: Person) -> None:
    bar = compare(artist)
    page = artist.page
    where, words = bar.locator(".where"), bar.locator(".words")
    expect(where).to_have_text("1 of 3")
    seen = set()
    for _ in range(3):
        seen.add(words.text_content())
        before = where.text_content()
        page.keyboard.press("n")
        expect(where).not_to_have_text(before)
    assert any("steps 10 → 33" in text for text in seen)
    assert any("moved" in text for text in seen)
    assert any("removed" in text for text in seen)
    while "steps" not in words.text_content():
        page.keyboard.press("p")
    bar.get_by_role("button", name="Take this change back").click()
    expect(where).to_contain_text("of 2")
    assert steps(artist) == 10
    page.evaluate("() => window.easel.editor.store.undo()")
    expect(where).to_contain_text("of 3")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)


def test_a_version_is_restored_as_one_step(artist: Person) -> None:
    bar = compare(artist)
    bar.get_by_role("button", name="Restore this version").click()
    assert steps(artist) == 10
    assert len(artist.workflow["nodes"]) == 7
    expect(artist.page.locator(".toast")).to_contain_text("The graph is as it was")
    artist.page.get_by_role("button", name="Undo", exact=True).last.click()
    assert steps(artist) == 33
    assert len(artist.workflow["nodes"]) == 6


def test_a_version_gets_a_name_and_a_tab_of_its_own(artist: Person) -> None:
    panel = open_versions(artist)
    page = artist.page
    panel.locator(".version .open").last.focus()
    page.keyboard.press("F2")
    page.get_by_label("Name", exact=True).fill("Before the fire 🔥")
    page.keyboard.press("Enter")
    expect(panel.locator(".version").last.locator("strong")).to_have_text("Before the fire 🔥")
    panel.get_by_role("button", name="Name this state").click()
    page.get_by_label("Name", exact=True).fill("After it")
    page.keyboard.press("Enter")
    expect(panel.locator(".version").first.locator("strong")).to_have_text("After it")
    panel.locator(".version").last.get_by_role("button", name="More about").click()
    page.get_by_role("menuitem", name="Open as a new tab").click()
    expect(page.locator(".tab.shown .name")).to_have_text("Fox – Before the fire 🔥")
    assert steps(artist) == 10


def test_two_versions_are_compared_with_each_other(artist: Person) -> None:
    panel = open_versions(artist)
    panel.locator(".version").first.get_by_role("button", name="More about").click()
    artist.page.get_by_role("menuitem", name="Compare with another version").click()
    panel.locator(".version .open").last.click()
    dialog = artist.page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").first).to_contain_text("steps 10 → 33")
    dialog.get_by_role("button", name="Show on the canvas").click()
    expect(artist.page.locator(".diff-bar .where")).to_contain_text("of 3")


def test_what_is_open_is_compared_with_its_file(artist: Person) -> None:
    page = artist.page
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved")
    page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 5)")
    page.evaluate("() => window.easel.editor.run('compare_saved')")
    expect(page.locator(".diff-bar .words")).to_contain_text("steps 33 → 5")


def test_a_version_that_is_broken_or_gone_is_told(artist: Person) -> None:
    panel = open_versions(artist)
    for reply in ({"json": {"version": 1, "workflow": {"nodes": "none"}}}, {"status": 404, "json": {}}):
        artist.page.route("**/versions/1", lambda route, _, reply=reply: route.fulfill(**reply))
        panel.locator(".version .open").last.click()
        expect(artist.page.locator(".toast[data-tone='error']")).to_contain_text("could not be read")
        artist.page.locator(".toast").get_by_role("button", name="Dismiss").click()
        artist.page.unroute("**/versions/1")
        expect(panel.locator(".version")).to_have_count(2)
    assert steps(artist) == 33


def test_on_a_phone(phone: Person, text_to_image: dict[str, Any]) -> None:
    phone.page.evaluate("json => window.easel.graph.open(json, { dirty: true })", text_to_image)
    keep(phone)
    phone.page.evaluate("() => window.easel.editor.setWidget('node:3', 'steps', 8)")
    keep(phone)
    phone.page.evaluate("() => window.easel.editor.run('versions')")
    phone.page.locator(".version .open").last.tap()
    bar = phone.page.locator(".diff-bar")
    expect(bar.locator(".words")).to_contain_text("steps 10 → 8")
    box = bar.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    bar.get_by_role("button", name="Take this change back").tap()
    assert steps(phone) == 10
