"""Notes in Markdown: read on the canvas and at the side, edited, followed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.person import Person

LOOK = os.environ.get("EASEL_LOOK")
TEXT = """# Two passes
Read [the page](https://easel.invalid/read?a=1&b=2), **then** run `twice`.

- [x] first
- second

> said <b onclick="window.hurt = 1">by</b> <img src=x onerror="window.hurt = 1"> [bad](javascript:window.hurt=1)
"""


def graph(text: str = TEXT) -> dict[str, Any]:
    notes = [
        {"id": 1, "type": "MarkdownNote", "pos": [0, 0], "size": [400, 300], "widgets_values": [text]},
        {"id": 2, "type": "Note", "pos": [460, 0], "size": [240, 160], "widgets_values": ["# not formatted"]},
    ]
    return {"last_node_id": 2, "last_link_id": 0, "nodes": notes, "links": [], "version": 0.4}


def open_note(person: Person, text: str = TEXT) -> None:
    person.load(graph(text))
    person.page.keyboard.press(".")
    person.page.wait_for_timeout(400)


def link_place(person: Person) -> tuple[float, float]:
    """Where the note's first link is on the page, as the canvas was drawn."""
    return tuple(
        person.page.wait_for_function(
            """() => {
                const { editor } = window.easel
                const box = document.getElementById('overlay').getBoundingClientRect()
                for (let y = 0; y < 200; y += 4) {
                    for (let x = 0; x < 380; x += 6) {
                        const at = editor.toScreen({ x, y })
                        const target = editor.targetAt(at)
                        if (target.part?.startsWith('link')) return [at.x + box.left + 4, at.y + box.top + 4]
                    }
                }
            }"""
        ).json_value()
    )


def test_a_note_is_formatted_when_it_is_there_and_costs_nothing_when_not(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.load({"nodes": [{"id": 1, "type": "Note", "pos": [0, 0], "widgets_values": ["# x"]}], "links": []})
    person.page.wait_for_timeout(300)
    assert not [url for url in asked if "marked" in url]
    open_note(person)
    link_place(person)
    assert [url for url in asked if "marked" in url], "what reads Markdown came now"
    if LOOK:
        person.shoot(Path(LOOK) / "note.png")


def test_links_are_followed_with_ctrl_and_by_the_menu(person: Person, context: Any) -> None:
    open_note(person)
    context.route("https://easel.invalid/**", lambda route: route.fulfill(body="there", content_type="text/plain"))
    x, y = link_place(person)
    with context.expect_page() as found:
        person.page.keyboard.down("Control")
        person.page.mouse.click(x, y)
        person.page.keyboard.up("Control")
    assert found.value.url == "https://easel.invalid/read?a=1&b=2"
    found.value.close()
    person.page.mouse.click(x, y, button="right")
    with context.expect_page() as found:
        person.page.get_by_role("menuitem", name="Open “the page”").click()
    assert found.value.url == "https://easel.invalid/read?a=1&b=2"
    found.value.close()
    person.page.mouse.click(x, y)
    expect(person.page.locator("textarea.edit")).to_have_value(TEXT)


def test_a_note_is_edited_as_its_text(person: Person) -> None:
    open_note(person)
    person.click(1, "widget:text")
    field = person.page.locator("textarea.edit")
    expect(field).to_be_visible()
    field.fill("## Other words\n\n- *one*")
    person.page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    assert person.workflow["nodes"][0]["widgets_values"] == ["## Other words\n\n- *one*"]
    expect(person.page.locator(".side .note h2")).to_have_text("Other words")
    person.page.keyboard.press("Control+z")
    assert person.workflow["nodes"][0]["widgets_values"] == [TEXT]
    expect(person.page.locator(".side .note h1")).to_have_text("Two passes")


def test_the_side_shows_it_and_nothing_in_it_runs(person: Person) -> None:
    open_note(person)
    person.click(1)
    note = person.page.locator(".side .note")
    expect(note.locator("h1")).to_have_text("Two passes")
    expect(note.locator("strong")).to_have_text("then")
    link = note.locator("a").first
    expect(link).to_have_attribute("href", "https://easel.invalid/read?a=1&b=2")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(note.locator("li").first).to_contain_text("☑ first")
    assert note.locator("img, script, [onclick], [onerror]").count() == 0
    assert note.locator("a").count() == 1
    assert person.page.evaluate("window.hurt") is None


def test_ten_megabytes_of_note_freeze_nothing(person: Person) -> None:
    person.page.evaluate(
        """() => {
            const text = '# Much\\n\\n' + '- **word** [a](https://x.example) `code`\\n'.repeat(260_000)
            const node = { id: 1, type: 'MarkdownNote', pos: [0, 0], size: [400, 300], widgets_values: [text] }
            window.app.loadGraphData({ nodes: [node], links: [] })
            window.easel.editor.setCamera({ x: -100, y: -100, zoom: 1 })
        }"""
    )
    link_place(person)
    spent = person.page.evaluate(
        """() => {
            const { editor } = window.easel
            const times = []
            for (let step = 0; step < 20; step++) {
                editor.setCamera({ x: -100 - step, y: -100, zoom: 1 + step / 100 })
                editor.renderer.drawNow()
                times.push(editor.renderer.lastDraw)
            }
            return times.sort((a, b) => a - b)[10]
        }"""
    )
    assert spent < 60, f"a frame takes {spent} ms"
    person.click(1)
    expect(person.page.locator(".side .note")).to_contain_text("The note goes on", timeout=20_000)
