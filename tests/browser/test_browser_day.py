"""A day's work in one go: a graph is opened, edited, saved and branched, swept and compared; last week's picture is
found, its graph opened and run again; and all of it is still there the next morning."""

from __future__ import annotations

import copy
import io
import json
import os
import time
from typing import Any

from PIL import Image, PngImagePlugin
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import until

WEEK = 7 * 86_400


def last_weeks_picture(person: Person, graph: dict[str, Any], word: str) -> None:
    """A picture that carries its graph, as SaveImage writes them, made a week ago."""
    graph = copy.deepcopy(graph)
    for node in graph["nodes"]:
        if node.get("title") == "Prompt":
            node["widgets_values"] = [f"a lighthouse {word}"]
    person.load(graph)
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", json.dumps(person.prompt))
    info.add_text("workflow", json.dumps(person.workflow))
    out = io.BytesIO()
    Image.new("RGB", (96, 96), "steelblue").save(out, "PNG", pnginfo=info)
    path = person.server.base / "output" / f"{word}.png"
    path.write_bytes(out.getvalue())
    then = time.time() - WEEK
    os.utime(path, (then, then))
    person.server.post("/easel/gallery/scan")
    until(lambda: person.server.get("/easel/gallery/search", q=word).body.strip() != b"", server=person.server)


def test_a_days_work(person: Person, text_to_image: dict[str, Any]) -> None:
    page, keys = person.page, person.page.keyboard
    word = f"day{time.time_ns()}"
    last_weeks_picture(person, text_to_image, word)

    # Open: a file is dropped on the canvas.
    person.drop(f"{word}.json", json.dumps(text_to_image).encode(), "application/json", person.void())
    expect(page.locator(".tab.shown .name")).to_contain_text(word)

    # Edit: other words, by pointing and typing; a step back and forth.
    prompt = next(node["id"] for node in text_to_image["nodes"] if node.get("title") == "Prompt")
    person.click(prompt, "widget:text")
    keys.press("Control+a")
    keys.type(f"a red house {word}")
    keys.press("Escape")
    person.page.evaluate("window.easel.editor.focus()")
    keys.press("Control+z")
    keys.press("Control+Shift+z")
    assert any(f"a red house {word}" in str(node["inputs"].get("text")) for node in person.prompt.values())

    # Save, and name this state.
    keys.press("Control+s")
    if page.get_by_label("Name", exact=True).is_visible():
        page.get_by_label("Name", exact=True).fill(word)
        keys.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Saved")
    assert (person.server.base / "user" / "default" / "workflows" / f"{word}.json").exists()
    keys.press("Control+Alt+v")
    versions = page.locator("#versions")
    versions.get_by_role("button", name="Name this state").click()
    page.get_by_label("Name", exact=True).fill("The red one")
    keys.press("Enter")
    expect(versions.locator(".version").first.locator("strong")).to_have_text("The red one")

    # Branch it: the version becomes a graph of its own, in a tab beside.
    versions.locator(".version").first.get_by_role("button", name="More about").click()
    page.get_by_role("menuitem", name="Open as a new tab").click()
    expect(page.locator(".tab.shown .name")).to_have_text(f"{word} – The red one")

    # Sweep and compare.
    page.evaluate("window.easel.editor.focus()")
    keys.press("Shift+G")
    page.get_by_role("button", name="Choose a widget").last.click()
    keys.type("cfg")
    keys.press("Enter")
    keys.type("3, 7")
    page.get_by_role("button", name="Run 2 cells").click()
    cells = page.locator("#sweep-grid td")
    expect(page.locator("#sweep-grid td[data-state='done'] img")).to_have_count(2)
    expect(cells.first).to_be_focused()
    keys.press("Space")
    keys.press("ArrowRight")
    keys.press("Space")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("complementary", name="What differs")).to_contain_text("KSampler › CFG")
    keys.press("Escape")
    keys.press("Escape")

    # Last week's picture is found, its graph opened beside the others, and run again.
    page.evaluate("window.easel.editor.focus()")
    keys.press("a")
    page.get_by_label("Search the gallery").fill(f"lighthouse {word}")
    tile = page.get_by_role("option").locator("visible=true")
    expect(tile).to_have_count(1)
    tile.click()
    page.get_by_role("complementary", name="About the file").get_by_role("button", name="Open its graph").click()
    expect(page.locator("#gallery")).to_have_count(0)
    person.until("word => JSON.stringify(window.app.graph.serialize()).includes(`a lighthouse ${word}`)", word)
    page.evaluate("window.easel.editor.focus()")
    person.run()
    expect(page.locator("#results").get_by_role("button", name="Result").first).to_be_visible()
    assert page.evaluate("window.easel.session.run.state") == "done"

    # The next morning: the browser was closed, and all is where it was.
    tabs = page.locator(".tab .name").all_text_contents()
    page.evaluate("() => window.easel.graph.flush()")
    page.reload()
    person.wait_ready()
    expect(page.locator(".tab .name")).to_have_text(tabs)
    assert f"a lighthouse {word}" in json.dumps(person.workflow)
