"""The key map in a person's hands: changed by pressing keys, chosen from presets, taken along as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.person import Person
from tests.server.harness import Server


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any], server: Server) -> Iterator[Person]:
    person.load(text_to_image)
    yield person
    server.post("/settings/Easel.keymap", {"preset": "comfyui", "own": {}})
    server.post("/settings/Easel.navigation", "")


def open_keys(person: Person, words: str = "") -> Locator:
    person.page.evaluate("() => window.easel.editor.focus()")
    person.page.keyboard.press("Control+Shift+K")
    dialog = person.page.get_by_role("dialog", name="Keys and gestures")
    dialog.get_by_role("searchbox").fill(words)
    return dialog


def mode_of(person: Person, node: int) -> int:
    return next(each["mode"] for each in person.workflow["nodes"] if each["id"] == node)


def is_pinned(person: Person, node: int) -> bool:
    return bool(next(each for each in person.workflow["nodes"] if each["id"] == node).get("flags", {}).get("pinned"))


def test_a_key_is_changed_by_pressing_another_and_stays(artist: Person) -> None:
    page = artist.page
    dialog = open_keys(artist, "pin")
    dialog.get_by_role("button", name="Pin: P. Change").click()
    page.keyboard.press("F7")
    expect(dialog.get_by_role("button", name="Pin: F7. Change")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    artist.click(8)
    page.keyboard.press("p")
    assert not is_pinned(artist, 8)
    page.keyboard.press("F7")
    assert is_pinned(artist, 8)
    other = page.context.browser.new_context(base_url=page.url)
    elsewhere = Person(other.new_page(), artist.server)
    elsewhere.open()
    keys = elsewhere.page.evaluate("() => window.easel.editor.commands.keysOf('pin')")
    assert keys == ["F7"], "the keys follow the person"
    other.close()


def test_tooltips_and_menus_tell_the_key_of_now(artist: Person) -> None:
    page = artist.page
    dialog = open_keys(artist, "add a node")
    dialog.get_by_role("button", name="Add a node: another key").click()
    page.keyboard.press("Alt+F3")
    for key in ("Tab", "Shift+A"):
        dialog.get_by_role("button", name=f"Add a node: {key}. Change").click()
        dialog.get_by_role("button", name=f"Remove {key}").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a node").hover()
    expect(page.locator("#tooltip kbd")).to_have_text(["Alt", "F3"])
    page.mouse.click(*artist.void(), button="right")
    expect(page.get_by_role("menuitem", name="Add a node").locator("kbd")).to_have_text(["Alt", "F3"])
    page.keyboard.press("Escape")
    expect(page.locator("#hint kbd").first).to_have_text("Alt")
    page.keyboard.press("Alt+F3")
    expect(page.locator(".search")).to_be_visible()


def test_a_key_that_another_command_has_is_refused_by_name_and_can_be_taken(artist: Person) -> None:
    page = artist.page
    dialog = open_keys(artist)
    dialog.get_by_role("button", name="Pin: P. Change").click()
    page.keyboard.press("Control+m")
    said = dialog.locator(".keys-said")
    expect(said).to_contain_text("Ctrl+M runs “Mute” already.")
    page.keyboard.press("Control+c")
    expect(said).to_contain_text("Ctrl+C is the browser’s own key for “Copy”.")
    page.keyboard.press("Control+w")
    expect(said).to_contain_text("The browser keeps Ctrl+W for itself.")
    page.keyboard.press("Control+m")
    said.get_by_role("button", name="Take it from there").click()
    expect(dialog.get_by_role("button", name="Pin: Ctrl+M. Change")).to_be_visible()
    expect(dialog.get_by_role("button", name="Mute: Ctrl+M. Change")).to_have_count(0)
    dialog.get_by_role("button", name="Pin: as in the preset").click()
    expect(dialog.get_by_role("button", name="Pin: P. Change")).to_be_visible()
    dialog.get_by_role("button", name="Reset all").click()
    expect(dialog.get_by_role("button", name="Mute: Ctrl+M. Change")).to_be_visible()
    expect(dialog.get_by_role("button", name="Reset all")).to_be_disabled()


def test_escape_leaves_the_catching_of_keys_and_not_the_dialog(artist: Person) -> None:
    dialog = open_keys(artist, "pin")
    dialog.get_by_role("button", name="Pin: P. Change").click()
    expect(dialog.locator(".catching")).to_be_focused()
    artist.page.keyboard.press("Shift")
    expect(dialog.locator(".catching")).to_be_visible()
    artist.page.keyboard.press("Escape")
    expect(dialog.get_by_role("button", name="Pin: P. Change")).to_be_focused()


def test_hands_from_blender(artist: Person) -> None:
    page = artist.page
    dialog = open_keys(artist)
    dialog.get_by_label("Keys", exact=True).select_option("Blender")
    dialog.get_by_label("Mouse and wheel").select_option("Blender")
    expect(dialog).to_contain_text("Zoom")
    assert page.evaluate("() => window.easel.editor.hands.preset.id") == "blender"
    dialog.get_by_role("searchbox").press("Escape")
    page.keyboard.press("Escape")
    artist.click(8)
    page.keyboard.press("m")
    assert mode_of(artist, 8) == 2
    page.keyboard.press("m")
    before = len(artist.workflow["nodes"])
    page.keyboard.press("Shift+d")
    assert len(artist.workflow["nodes"]) == before + 1
    page.keyboard.press("x")
    assert len(artist.workflow["nodes"]) == before
    page.keyboard.press("Shift+a")
    expect(page.locator(".search")).to_be_visible()
    page.keyboard.press("Escape")
    artist.page.reload()
    artist.wait_ready()
    assert page.evaluate("() => window.easel.editor.commands.keysOf('mute')") == ["M"]


def test_keys_go_out_as_a_file_and_come_in_again(artist: Person, tmp_path: Path) -> None:
    page = artist.page
    dialog = open_keys(artist, "pin")
    dialog.get_by_role("button", name="Pin: another key").click()
    page.keyboard.press("F7")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert json.loads(file.read_text())["keys"] == {"pin": ["P", "F7"]}
    dialog.get_by_role("button", name="Reset all").click()
    expect(dialog.get_by_role("button", name="Pin: F7. Change")).to_have_count(0)
    bad = tmp_path / "bad.json"
    bad.write_text('{"format": "easel/keys", "preset": "maya", "keys": {}}')
    for path in (bad, file):
        with page.expect_file_chooser() as chooser:
            dialog.get_by_role("button", name="Import").click()
        chooser.value.set_files(path)
        if path == bad:
            expect(dialog.get_by_role("alert")).to_contain_text('preset "maya"')
    expect(dialog.get_by_role("button", name="Pin: F7. Change")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)


def test_any_command_is_found_by_its_name(artist: Person) -> None:
    page = artist.page
    artist.click(8)
    page.keyboard.press("F3")
    palette = page.get_by_role("dialog", name="Find a command")
    page.keyboard.type("colour blue")
    expect(palette.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(palette).to_have_count(0)
    assert next(each for each in artist.workflow["nodes"] if each["id"] == 8)["color"]
    page.keyboard.press("F3")
    expect(palette.get_by_role("option").first).to_contain_text("Colour: blue")
    page.keyboard.type("qqq")
    expect(palette).to_contain_text("No command is called “qqq”.")
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.id") == "overlay"
