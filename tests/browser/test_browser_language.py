"""The page in another language: chosen, from a file of one's own, from a broken one; what it shows, what files keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.person import Person
from tests.server.harness import Server

ENGLISH = "Select a node to see why it ran"
CHINESE = "选择一个节点，查看它为何运行"


def someone(browser: Any, server: Server, locale: str) -> Person:
    server.post("/settings", {"Easel.language": ""})
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale=locale, base_url=f"http://127.0.0.1:{server.port}"
    )
    return Person(context.new_page(), server)


@pytest.fixture
def chinese(browser: Any, server: Server) -> Iterator[Person]:
    """Whose browser asks for Chinese."""
    person = someone(browser, server, "zh-CN")
    person.open()
    yield person
    person.page.context.close()
    assert not person.errors, "\n".join(person.errors)


def test_chinese_is_shown_and_files_stay_english(chinese: Person, text_to_image: dict[str, Any]) -> None:
    page = chinese.page
    chinese.load(text_to_image)
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["zh-CN", "ltr"]
    page.get_by_role("complementary", name="详情").get_by_text(CHINESE).wait_for()
    page.get_by_role("button", name="运行", exact=True).wait_for()

    page.mouse.click(*chinese.void())
    page.keyboard.press("Tab")
    field = page.get_by_label("搜索节点")
    for words in ("采样器", "ksampler"):
        field.fill(words)
        page.get_by_role("option").first.get_by_text("K采样器", exact=True).wait_for()
    # The Enter and the Escape of an input method choose and close nothing.
    for key in ("Enter", "Escape"):
        field.evaluate(
            """(field, key) => field.dispatchEvent(
                new KeyboardEvent('keydown', { key, isComposing: true, bubbles: true }))""",
            key,
        )
    page.get_by_role("option").first.get_by_text("K采样器", exact=True).wait_for()
    assert page.evaluate("() => window.easel.editor.store.undoLabel") is None
    page.keyboard.press("Enter")
    chinese.until("() => [...window.easel.editor.selection].length === 1")
    page.get_by_role("heading", name="K采样器").wait_for()
    assert page.evaluate("() => window.easel.editor.store.undoLabel") == "添加 K采样器"

    page.keyboard.press("Control+Z")
    workflow, prompt = json.dumps(chinese.workflow), chinese.prompt
    assert "采样器" not in workflow
    assert {node["_meta"]["title"] for node in prompt.values() if node["class_type"] == "KSampler"} == {"KSampler"}


def test_what_the_server_says_is_chinese_too(chinese: Person, text_to_image: dict[str, Any]) -> None:
    chinese.load(text_to_image)
    page = chinese.page
    sampler = next(node["id"] for node in text_to_image["nodes"] if node["type"] == "KSampler")
    page.evaluate("id => window.easel.editor.setWidget('node:' + id, 'cfg', 1000)", sampler)
    page.evaluate("id => window.easel.editor.select(['node:' + id])", sampler)
    page.keyboard.press("Control+Enter")
    page.get_by_text("CFG 是 1000.0，必须不大于 100.0。").first.wait_for()


def test_a_language_is_chosen_and_the_graph_stays(person: Person) -> None:
    page = person.page
    page.get_by_text(ENGLISH).wait_for()
    before = person.page.evaluate("() => window.easel.editor.graph.nodes('').length")
    person.page.evaluate("() => window.easel.editor.addNode('Note', { point: { x: 0, y: 0 } })")
    page.get_by_role("button", name="View", exact=True).click()
    choice = page.get_by_role("combobox", name="Language")
    choice.locator("option[value=zh-CN]").wait_for(state="attached")
    choice.select_option("zh-CN")
    page.wait_for_selector("html[lang=zh-CN][data-ready]")
    page.get_by_text(CHINESE).wait_for()
    person.until("count => window.easel.editor.graph.nodes('').length === count", before + 1)

    page.get_by_role("button", name="视图", exact=True).click()
    page.get_by_role("combobox", name="语言").select_option("")  # the server keeps the setting: as it was
    page.wait_for_selector("html[lang=en][data-ready]")
    page.get_by_text(ENGLISH).wait_for()
    person.until("count => window.easel.editor.graph.nodes('').length === count", before + 1)


def test_a_file_of_ones_own_may_have_holes(browser: Any, server: Server) -> None:
    folder = server.base / "user" / "languages"
    folder.mkdir(parents=True, exist_ok=True)
    words = {"Run": "רוץ", "{count} nodes": {"other": "אין מספר"}, "No nodes yet": 7}
    path = folder / "he.json"
    path.write_text(json.dumps({"name": "עברית", "words": words}), "utf-8")
    person = someone(browser, server, "he-IL")
    try:
        person.open()
        page = person.page
        page.wait_for_selector("html[lang=he][dir=rtl]")
        page.get_by_role("button", name="רוץ", exact=True).wait_for()
        page.get_by_text(ENGLISH).wait_for()  # a hole
        page.get_by_text(" nodes").first.wait_for()  # a sentence that loses its number
        # Nothing is cut off where all is the other way round.
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        bar = page.locator("#side").bounding_box()
        assert bar is not None
        assert bar["x"] < 200
        x, y = person.void()
        page.mouse.click(x, y, button="right")
        box = page.get_by_role("menu").bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= 1440 - box["width"]
        assert not person.errors, "\n".join(person.errors)
    finally:
        path.unlink()
        person.page.context.close()


def test_a_broken_file_is_told_with_its_place(browser: Any, server: Server) -> None:
    folder = server.base / "user" / "languages"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sv.json"
    path.write_text('{"name": "svenska",\n  "words": {"Run": "Kör" "Stop": "Stopp"}}', "utf-8")
    person = someone(browser, server, "sv-SE")
    try:
        person.open()
        toast = person.page.get_by_role("alert").filter(has_text="sv.json")
        toast.get_by_text("line 2, column").wait_for()
        person.page.get_by_role("button", name="Run", exact=True).wait_for()
        assert person.page.evaluate("document.documentElement.lang") == "en"
        assert not person.errors, "\n".join(person.errors)
    finally:
        path.unlink()
        person.page.context.close()
