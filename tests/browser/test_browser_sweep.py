"""A person sweeps values into a grid, compares two of its cells and takes the better one's values."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import until


def choose(person: Person, button: str, words: str) -> None:
    """Take a widget from the list at a button."""
    person.page.get_by_role("button", name=button).last.click()
    person.page.keyboard.type(words)
    person.page.keyboard.press("Enter")


def test_a_sweep_from_values_to_a_choice(person: Person, text_to_image: Any) -> None:
    page = person.page
    word = f"w{time.time_ns()}"
    text_to_image["nodes"] = [
        {**node, "widgets_values": [f"a red {word}"]} if node.get("title") == "Prompt" else node
        for node in text_to_image["nodes"]
    ]
    person.load(text_to_image)
    page.keyboard.press("Shift+G")
    choose(person, "Choose a widget", "cfg")
    page.keyboard.type("3, 5, 900")
    expect(page.get_by_text("900 is outside of")).to_be_visible()
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(page.get_by_text("3 values")).to_be_visible()
    choose(person, "Add an axis", "text")
    page.keyboard.type("pink, blue")
    expect(page.get_by_text("“pink” does not occur")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type("red, blue")
    expect(page.get_by_text("3 × 2 = 6 cells · 23 nodes run")).to_be_visible()
    page.get_by_role("button", name="Run 6 cells").click()

    cells = page.locator("#sweep-grid td")
    expect(cells).to_have_count(6)
    expect(page.locator("#sweep-grid td[data-state='done'] img")).to_have_count(6)
    expect(page.locator("#sweep-grid thead th")).to_contain_text(["CFG", "3", "5", "9"])
    expect(page.locator("#sweep-grid .told")).to_contain_text("6 of 6")
    names = page.locator("#sweep-grid img").evaluate_all("list => list.map(image => image.src)")
    assert len(set(names)) == 6
    assert all("CFG-" in name and "Text-" in name for name in names), names

    # The arrows walk the cells; two are chosen and compared.
    expect(cells.first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(4)).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Compare", exact=True).click()
    unlike = page.get_by_role("complementary", name="What differs")
    expect(unlike).to_contain_text("2 differences")
    expect(unlike).to_contain_text(f"a red {word} → a blue {word}")
    expect(unlike).to_contain_text("KSampler › CFG")
    for key, mode in (("d", "Difference"), ("b", "Blink"), ("s", "Side by side"), ("l", "Line")):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=mode, exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")

    # The chosen cell's values go into the open graph, as one step.
    before = person.prompt
    page.keyboard.press("u")
    after = person.prompt
    sampler = next(id for id, node in after.items() if node["class_type"] == "KSampler")
    assert after[sampler]["inputs"]["cfg"] == 5
    assert f"a blue {word}" in [node["inputs"].get("text") for node in after.values()]
    page.get_by_role("button", name="Undo").last.click()
    assert person.prompt == before

    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a picture").click()
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert picture.width > picture.height > 100

    # A page that comes later finds it again; a file of it holds the graph of its own cell.
    person.open()
    page.keyboard.press("F3")
    page.keyboard.type("newest sweep")
    page.keyboard.press("Enter")
    expect(page.locator("#sweep-grid td[data-state='done'] img")).to_have_count(6)
    cells.nth(4).click()
    page.get_by_role("button", name="Open its graph").click()
    person.until(f"async () => (await window.app.graphToPrompt()).output[{json.dumps(sampler)}]?.inputs.cfg === 5")
    assert f"a blue {word}" in [node["inputs"].get("text") for node in person.prompt.values()]


def test_a_sweep_by_touch(phone: Person, text_to_image: Any) -> None:
    """On a phone; stopped in the middle it keeps what is done."""
    page = phone.page
    phone.load(text_to_image)
    page.get_by_role("navigation").get_by_role("button", name="More", exact=True).tap()
    page.get_by_role("menuitem", name="Sweep", exact=True).tap()
    page.get_by_role("button", name="Choose a widget").tap()
    page.get_by_role("option", name="Steps").tap()
    page.get_by_role("textbox", name="Values of KSampler › Steps").fill("1, 2, 400")
    page.get_by_role("button", name="Run 3 cells").tap()
    expect(page.locator("#sweep-grid td[data-state='done']")).to_have_count(2)
    page.get_by_role("button", name="Stop", exact=True).tap()
    expect(page.locator("#sweep-grid td[data-state='missing']")).to_have_count(1)
    expect(page.locator("#sweep-grid .told")).to_contain_text("2 of 3 · stopped")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.locator("#sweep-grid td").first.get_by_role("button").tap()
    expect(page.get_by_role("menuitem", name="Use these values")).to_be_visible()


def test_two_results_of_the_strip_are_compared(person: Person, text_to_image: Any) -> None:
    sampler = next(node for node in text_to_image["nodes"] if node["type"] == "KSampler")
    sampler["widgets_values"][0] = 4_711_000  # results of a seed that another test had are those that are there already
    person.load(text_to_image)
    page = person.page
    thumbs = page.locator("#results .thumb[role=button]")
    for _ in range(2):  # the second with the next seed
        person.run()
        prompt_id = page.evaluate("() => window.easel.session.run.promptId")
        past = until(lambda id=prompt_id: person.server.get(f"/history/{id}").json().get(id), server=person.server)
        made = past["outputs"]["9"]["images"][0]["filename"]
        expect(thumbs.first).to_have_attribute("aria-label", re.compile(re.escape(made)))
    thumbs.nth(1).click(modifiers=["Shift"])
    thumbs.nth(0).click(modifiers=["Shift"])
    unlike = page.get_by_role("complementary", name="What differs")
    expect(unlike).to_contain_text("One difference")
    expect(unlike).to_contain_text("KSampler › Seed")
    expect(page.get_by_role("slider", name="Line between the two pictures")).to_be_visible()
