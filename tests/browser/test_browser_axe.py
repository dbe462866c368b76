"""Nobody is shut out: axe-core finds nothing serious in any state of the page, dark, light and in high contrast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.person import Person


def command(id: str, seen: str) -> Callable[[Person], None]:
    def run(artist: Person) -> None:
        artist.page.evaluate("id => void window.easel.editor.run(id)", id)
        artist.page.locator(seen).first.wait_for()

    return run


def selected(artist: Person) -> None:
    artist.click(3)
    artist.page.locator(".side h2").wait_for()


def failed(artist: Person) -> None:
    artist.page.evaluate("window.easel.editor.setWidget('node:4', 'ckpt_name', 'gone.safetensors')")
    artist.page.keyboard.press("Control+Enter")
    artist.until("() => document.querySelector('.toast, .drawer#problems') !== null")


STATES: dict[str, Callable[[Person], None]] = {
    "graph": lambda artist: None,
    "node": selected,
    "failed": failed,
    "search": command("search", ".search, [role=combobox]"),
    "commands": command("palette", "[role=listbox]"),
    "shortcuts": command("shortcuts", "dialog, [role=dialog]"),
    "versions": command("versions", ".drawer .version, .drawer .none"),
    "templates": command("templates", ".card"),
    "export": command("export_picture", "dialog"),
}
LOOKS: dict[str, dict[str, Any]] = {
    "dark": {"theme": "dark", "palette": ""},
    "light": {"theme": "light", "palette": ""},
    "contrast": {"theme": "dark", "palette": "contrast"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_state(person: Person, text_to_image: dict[str, Any], look: str) -> None:
    page = person.page
    values = LOOKS[look]
    page.emulate_media(reduced_motion="reduce")  # what fades in is looked at when it is there
    page.evaluate("values => localStorage.setItem('easel.settings', JSON.stringify(values))", values)
    found: list[str] = []
    for name, reach in STATES.items():
        page.reload()
        person.wait_ready()
        person.load(text_to_image)
        reach(person)
        if words := serious(page):
            found.append(f"{name}, {look}:\n{words}")
    page.reload()
    person.wait_ready()
    person.load(text_to_image)
    for button in page.locator(".rail button[aria-controls]").all():
        name = button.get_attribute("aria-label")
        button.click()
        page.locator(".drawer .panel > *").first.wait_for()
        page.wait_for_load_state("networkidle")
        if words := serious(page):
            found.append(f"panel {name}, {look}:\n{words}")
        page.locator(".drawer header").get_by_role("button", name="Close", exact=True).click()
        expect(page.locator(".drawer")).to_have_count(0)
    assert not found, "\n\n".join(found)
