"""Lists whose choices are read from an address of the server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

REMOTE = {"route": "/packs/files", "max_retries": 0, "refresh_button": True, "control_after_refresh": "last"}


def show(person: Person, value: str = "kept.png", **more: Any) -> Any:
    """A node with such a list, opened."""
    info = {
        "input": {"required": {"file": ["COMBO", {"remote": {**REMOTE, **more}}]}},
        "output": ["IMAGE"],
        "output_name": ["IMAGE"],
        "display_name": "Pick",
    }
    person.page.evaluate("info => easel.editor.setSchema(new easel.editor.schema.constructor({ Pick: info }))", info)
    node = {"id": 1, "type": "Pick", "pos": [0, 0], "size": [300, 120], "widgets_values": [value]}
    person.load({"nodes": [node], "links": []})
    person.click(1, "widget:file")
    return person.page.locator(".combo")


def value(person: Person) -> str:
    return person.workflow["nodes"][0]["widgets_values"][0]


def test_the_list_is_read_when_it_opens_and_again_by_its_button(person: Person) -> None:
    lists = [["a.png", "b.png"], ["a.png", "b.png", "c.png"]]
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"names": lists[min(len(asked), 2) - 1]})

    person.page.route("**/packs/files*", answer)
    card = show(person, response_key="names", query_params={"kind": "any"})
    expect(card.locator(".row")).to_have_count(2)
    assert asked[0].endswith("/packs/files?kind=any")
    assert value(person) == "kept.png", "what the graph holds stays"
    card.locator(".row").filter(has_text="b.png").click()
    assert value(person) == "b.png"
    person.page.keyboard.press("Control+z")
    assert value(person) == "kept.png"

    person.click(1, "widget:file")
    expect(card.locator(".row")).to_have_count(2)
    assert len(asked) == 1, "what was read holds"
    card.get_by_role("button", name="Read the list again").click()
    expect(card).to_have_count(0)
    assert value(person) == "c.png", "the last, as its node says"


def test_a_failure_is_told_and_tried_again(person: Person) -> None:
    person.page.route("**/packs/files*", lambda route: route.fulfill(status=500))
    card = show(person)
    expect(card.get_by_role("status")).to_contain_text("could not make the list of /packs/files (status 500)")
    person.page.unroute("**/packs/files*")
    person.page.route("**/packs/files*", lambda route: route.fulfill(json=["a.png"]))
    card.get_by_role("button", name="Try again").click()
    expect(card).to_have_count(0)
    assert value(person) == "a.png"


def test_another_server_is_not_asked(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    card = show(person, route="https://example.com/list")
    expect(card.get_by_role("status")).to_contain_text("example.com, which is not this server")
    person.page.keyboard.press("Escape")
    assert value(person) == "kept.png"
    assert not [url for url in asked if "example.com" in url]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_how_it_looks(person: Person, tmp_path: Path, theme: Any) -> None:
    folder = Path(os.environ.get("EASEL_LOOK", tmp_path))
    person.page.emulate_media(color_scheme=theme)
    person.page.route("**/packs/files*", lambda route: None)
    card = show(person, value="")
    expect(card.get_by_role("status")).to_contain_text("Reading the list")
    person.shoot(folder / f"remote-reading-{theme}.png")
    person.page.keyboard.press("Escape")
    person.page.unroute("**/packs/files*")
    person.page.route("**/packs/files*", lambda route: route.fulfill(status=404))
    person.click(1, "widget:file")
    expect(card.get_by_role("status")).to_contain_text("status 404")
    person.shoot(folder / f"remote-failed-{theme}.png")
    person.page.keyboard.press("Escape")
    person.page.unroute("**/packs/files*")
    person.page.route("**/packs/files*", lambda route: route.fulfill(json=[f"{n}.png" for n in range(40)]))
    person.click(1, "widget:file")
    expect(card.locator(".row").first).to_be_visible()
    person.shoot(folder / f"remote-read-{theme}.png")
