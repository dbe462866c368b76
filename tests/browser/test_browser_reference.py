"""The page that shows the routes: found by words, opened, and read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect


def test_a_route_is_found_and_read(context: Any) -> None:
    page = context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.on("console", lambda said: thrown.append(said.text) if said.type == "error" else None)
    page.goto("/easel/api")
    page.get_by_label("Find a route").fill("cancel waited")
    expect(page.locator("li:visible")).to_have_count(1)
    page.get_by_text("/easel/jobs/{prompt_id}", exact=True).locator("visible=true").click()
    expect(page.locator("pre:visible")).to_contain_text('"was": string')
    page.get_by_label("Find a route").fill("nothing of this kind")
    expect(page.locator("section:visible")).to_have_count(0)
    assert thrown == []
