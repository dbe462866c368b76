"""How the server is, as a person at the page sees it: gone and back, a full disk, a worker that dies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.conftest import PATIENCE
from tests.browser.person import Person
from tests.server.harness import free_port, one, running

SIZE = {"width": 1440, "height": 900}


def test_what_is_wrong_is_seen_and_when_it_is_over(browser: Any, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    flags = ("--port", str(free_port()), "--output-directory", str(drive / "output"))
    with running(tmp_path, *flags) as server:
        context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", viewport=SIZE)
        context.set_default_timeout(PATIENCE)
        person = Person(context.new_page(), server)
        person.open()
        page = person.page
        sign = page.locator(".status-sign")
        expect(sign).to_have_attribute("data-tip", "Connected; all is well")
        sign.click()
        panel = page.get_by_role("dialog", name="Status")
        expect(panel.get_by_role("meter", name=re.compile("Disk: .*output"))).to_be_visible()
        drive.rename(tmp_path / "away")
        expect(sign).to_contain_text("A folder is gone")
        expect(panel).to_contain_text("is not there any more. Jobs wait until it is back.")
        assert serious(page) == ""
        (tmp_path / "away").rename(drive)

        server.kill()
        expect(sign).to_contain_text(re.compile(r"trying again\s*in \d+ s"))
        expect(panel).to_contain_text("Nothing is lost")
        expect(panel.get_by_role("button", name="Try now")).to_be_visible()
    with running(tmp_path, *flags) as server:
        server.wait_until_ready()
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")  # or the wait for the next try
        expect(panel).to_contain_text("All is well.")
        expect(page.locator(".topbar").get_by_text("All is well again.")).to_be_attached()
        expect(sign.locator(".link-state")).to_be_hidden()
        page.keyboard.press("Escape")
        expect(sign).to_be_focused()

        first = server.prompt(one("Die", marker=""))
        expect(sign).to_contain_text(re.compile("run once more|restarting"))
        server.result(first)
        server.prompt(one("Die", marker=""))
        expect(sign).to_contain_text("The queue is paused")
        page.keyboard.press("Enter")
        expect(panel).to_contain_text("made the worker die")
        panel.get_by_role("button", name="Show the failed jobs").click()
        expect(page.get_by_role("region", name="Queue")).to_contain_text("worker died")
        sign.click()
        panel.get_by_role("button", name="Let the queue go on").click()
        expect(sign).not_to_contain_text("paused")
        assert [said for said in person.errors if "WebSocket" not in said] == []  # of the server that was gone
        context.close()


def test_the_status_is_at_hand_by_keys_and_on_a_phone(person: Person, phone: Person) -> None:
    page = person.page
    page.keyboard.press("F3")
    page.keyboard.type("How the server is")
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Status")
    expect(panel).to_contain_text("connected")
    sign = page.locator(".status-sign")
    expect(sign).to_have_attribute("aria-expanded", "true")
    sign.click()
    expect(panel).to_have_count(0)
    sign.click()
    panel.get_by_role("button", name="What the server says").click()
    expect(page.get_by_role("region", name="Log")).to_be_visible()

    phone.page.locator(".status-sign").tap()
    box = phone.page.get_by_role("dialog", name="Status").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
