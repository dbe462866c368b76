"""Prompts: words in their colours, and words offered while one types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import Server

TAGS = 'long_hair,0,4300000,longhair\nlooking_at_viewer,0,3500000,\nmiku_(vocaloid),4,100000,"hatsune_miku,miku"\n'


@pytest.fixture
def words(server: Server) -> Iterator[None]:
    tags = server.base / "tags.csv"
    embedding = server.base / "models" / "embeddings" / "bad_hands.pt"
    tags.write_text(TAGS, "utf-8")
    embedding.parent.mkdir(parents=True, exist_ok=True)
    embedding.touch()
    yield
    tags.unlink()
    embedding.unlink()


@pytest.fixture
def artist(words: None, person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def text(artist: Person) -> Any:
    return artist.page.evaluate("window.easel.editor.widget('node:6', 'text').value")


def test_tags_and_embeddings_are_offered_under_the_caret(artist: Person) -> None:
    page = artist.page
    artist.click(6, "widget:text")
    field = page.locator("textarea.edit")
    field.fill("")
    page.keyboard.type("lon")
    offers = page.locator(".completion .row")
    expect(offers).to_have_count(1)
    expect(offers.first).to_contain_text("4.3 M")
    expect(field).to_be_focused()
    page.keyboard.press("Tab")
    expect(field).to_have_value("long hair, ")
    page.keyboard.type("hatsu")
    expect(offers.first).to_contain_text("hatsune_miku → miku_(vocaloid)")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value(r"long hair, miku \(vocaloid\), ")
    page.keyboard.type("loo")
    expect(offers).to_have_count(1)
    page.keyboard.press("Enter")  # without an arrow before it, a new line
    expect(field).to_have_value("long hair, miku \\(vocaloid\\), loo\n")
    page.keyboard.type("embedding:ba")
    expect(offers.first).to_contain_text("bad_hands")
    page.keyboard.press("Escape")
    expect(page.locator(".completion")).to_have_count(0)
    expect(field).to_be_focused()
    page.keyboard.press("Control+Space")
    expect(offers).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert text(artist).endswith("loo\nembedding:bad_hands")


def test_weights_choices_and_names_have_colours_while_one_types(artist: Person) -> None:
    page = artist.page
    artist.click(6, "widget:text")
    page.locator("textarea.edit").fill("a (red:1.2) {fox|hare} embedding:x // no\nopen (")
    marks = page.locator(".edit-marks [data-mark]")
    assert [mark.get_attribute("data-mark") for mark in marks.all()] == ["weight", "choice", "name", "comment", "wrong"]
    shape = """() => ['textarea.edit', '.edit-marks'].map(each => {
        const element = document.querySelector(each)
        const { left, top, height } = element.getBoundingClientRect()
        const style = getComputedStyle(element)
        const { fontSize, lineHeight, paddingLeft, paddingTop } = style
        return [left, top, height, fontSize, lineHeight, paddingLeft, paddingTop, element.scrollHeight]
    })"""
    field, layer = page.evaluate(shape)
    assert field == layer


def test_ten_megabytes_open_at_once_and_can_be_shortened(artist: Person) -> None:
    page = artist.page
    page.evaluate("window.easel.editor.setWidget('node:6', 'text', 'lorem (ipsum:1.1) '.repeat(600000))")
    artist.click(6, "widget:text")
    card = page.get_by_role("dialog")
    expect(card).to_contain_text("10.8 million letters", timeout=1500)
    card.get_by_text("Keep the beginning").click()
    assert len(text(artist)) == 4000
    page.keyboard.press("Control+z")
    assert len(text(artist)) == 10_800_000
