"""Settings, log and devices: found by their keys, used by hand, set back again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.person import Person


def test_settings_are_found_changed_and_set_back(person: Person, tmp_path: Path) -> None:
    page = person.page
    page.keyboard.press("Control+,")
    panel = page.get_by_role("region", name="Settings")
    expect(panel.get_by_role("heading", name="Canvas")).to_be_visible()
    page.keyboard.type("dots")
    expect(panel.locator(".setting")).to_have_count(1)
    dots = panel.get_by_role("switch", name="Dots of the grid")
    expect(dots).to_have_accessible_description("The dots behind the graph.")
    dots.uncheck()
    assert page.evaluate("() => JSON.parse(localStorage['easel.settings']).dots") is False
    panel.get_by_role("button", name="Set Dots of the grid back").click()
    expect(dots).to_be_checked()
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(dots).not_to_be_checked()

    with page.expect_download() as download:
        panel.get_by_role("button", name="To a file").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert kept["values"]["dots"] is False
    panel.get_by_role("button", name="Set all back").click()
    expect(dots).to_be_checked()
    file = tmp_path / "settings.json"
    for text, words in (("{", "no JSON"), ("{}", "holds no settings")):
        file.write_text(text)
        with page.expect_file_chooser() as chooser:
            panel.get_by_role("button", name="From a file").click()
        chooser.value.set_files(file)
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    file.write_text(json.dumps({**kept, "values": {"dots": False, "minimap": 3, "unknown": 1}}))
    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="From a file").click()
    chooser.value.set_files(file)
    expect(page.get_by_text("One setting is taken over.")).to_be_visible()
    expect(dots).not_to_be_checked()
    panel.get_by_role("button", name="Set all back").click()
    expect(dots).to_be_checked()
    panel.get_by_role("searchbox").fill("nothing like it")
    panel.get_by_role("button", name="Show all").click()
    expect(panel.get_by_role("combobox", name="Keys")).to_be_visible()


def test_the_log_comes_as_it_is_said(person: Person) -> None:
    page = person.page
    page.keyboard.press("Control+`")
    panel = page.get_by_role("region", name="Log")
    lines = panel.locator(".line")
    expect(lines.filter(has_text="Easel is ready")).to_have_count(1)
    word = f"w{time.time_ns()}"
    prompt: dict[str, Any] = {"1": {"class_type": "Murmur", "inputs": {"text": word}}}
    person.server.prompt(prompt)
    expect(lines.filter(has_text=word)).to_have_attribute("data-level", "warning")
    panel.get_by_label("Which lines").select_option("error")
    expect(lines.filter(has_text=word)).to_have_count(0)
    panel.get_by_label("Which lines").select_option("warning")
    expect(lines.filter(has_text=word)).to_have_count(1)
    panel.get_by_role("button", name="Pause").click()
    other = f"v{time.time_ns()}"
    person.server.prompt({"1": {"class_type": "Murmur", "inputs": {"text": other}}})
    expect(panel.get_by_role("status")).to_contain_text("new line")
    expect(lines.filter(has_text=other)).to_have_count(0)
    panel.get_by_role("button", name="Follow").click()
    expect(lines.filter(has_text=other)).to_have_count(1)
    panel.get_by_role("searchbox").fill(word)
    expect(lines).to_have_count(1)


def test_the_end_of_the_log_stays_in_sight_and_going_up_stops(person: Person) -> None:
    """Lines become taller when the panel becomes narrower; that is no wish to stop following."""
    page = person.page
    page.keyboard.press("Control+`")
    panel = page.get_by_role("region", name="Log")
    for number in range(3):
        word = f"tall{number}"
        text = "\n".join(" ".join([word, *["more"] * 60]) for _ in range(20))
        person.server.prompt({"1": {"class_type": "Murmur", "inputs": {"text": text}}})
        expect(panel.locator(".line").filter(has_text=word).last).to_be_visible()
    end = "() => (s => s.scrollHeight - s.scrollTop - s.clientHeight < 2)(document.querySelector('.scrolls.log'))"
    person.until(end)
    for width in (1440, 500, 900):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)  # a scroll event would have come
        person.until(end)
        expect(panel.get_by_role("button", name="Pause")).to_be_visible()
    panel.locator(".log").hover()
    page.mouse.wheel(0, -400)
    expect(panel.get_by_role("button", name="Follow")).to_be_visible()


def test_what_the_device_holds_is_seen_and_dropped(person: Person, text_to_image: Any) -> None:
    page = person.page
    person.load(text_to_image)
    person.run()
    page.get_by_role("navigation", name="Panels").get_by_role("button", name="Devices").click()
    panel = page.get_by_role("region", name="Devices")
    expect(panel.get_by_role("meter", name="Memory of the computer")).to_be_visible()
    expect(panel.get_by_text("None is loaded.")).to_be_visible()
    panel.get_by_role("button", name="Drop the results of KSampler").click()
    expect(panel.get_by_role("button", name="Drop the results of KSampler")).to_have_count(0)
    panel.get_by_role("button", name="Drop all").click()
    expect(panel.get_by_text("None yet.")).to_be_visible()
