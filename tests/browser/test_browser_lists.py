"""Lists to choose from: folders, pictures, what is missing, what was chosen last."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import Server


@pytest.fixture(scope="module")
def files(server: Server) -> Iterator[None]:
    """Two thousand models in folders, two of them with pictures."""
    root = server.base / "models" / "checkpoints"
    made = [root / f"many/model_{number}.safetensors" for number in range(2000)]
    made += [root / "xl" / name for name in ("one.safetensors", "two.safetensors")]
    out = io.BytesIO()
    Image.new("RGB", (64, 96), "teal").save(out, "PNG")
    pictures = [root / "xl" / name for name in ("one.png", "two.preview.png")]
    for path in [*made, *pictures]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(out.getvalue() if path.suffix == ".png" else b"")
    yield
    for path in [*made, *pictures]:
        path.unlink()


@pytest.fixture
def artist(files: None, person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    asked = """() => performance.getEntriesByType('resource')
        .filter(({ name }) => name.endsWith('/easel/model_pictures')).length"""
    person.until(f"() => ({asked})() > 0")  # when it opens: another answer
    before = person.page.evaluate(asked)
    person.page.evaluate("window.easel.editor.run('refresh')")
    person.until("() => window.easel.editor.widget('node:4', 'ckpt_name').spec.options.length > 2000")
    person.until(f"before => ({asked})() > before", before)
    return person


def chosen(artist: Person) -> Any:
    return artist.page.evaluate("window.easel.editor.widget('node:4', 'ckpt_name').value")


def test_folders_open_by_keys_and_pictures_stand_beside(artist: Person) -> None:
    page = artist.page
    artist.click(4, "widget:ckpt_name")
    rows = page.locator(".combo .row")
    expect(page.locator(".combo .row[aria-selected=true]")).to_contain_text("painter.safetensors")
    expect(rows.filter(has_text="many")).to_contain_text("2000")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".combo .row[aria-selected=true]")).to_contain_text("xl")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".combo .large img")).to_have_js_property("naturalHeight", 96)
    page.keyboard.press("Enter")
    assert chosen(artist) == "xl/one.safetensors"
    artist.click(4, "widget:ckpt_name")
    expect(rows.first).to_have_text("Recent")
    page.keyboard.press("Escape")


def test_thousands_are_searched_and_scrolled(artist: Person) -> None:
    page = artist.page
    artist.click(4, "widget:ckpt_name")
    page.keyboard.type("1234")
    expect(page.locator(".combo .row")).to_have_count(1)
    page.locator(".combo .field").fill("model")
    assert page.locator(".combo .row").count() < 40
    page.keyboard.press("Control+End")
    expect(page.locator(".combo .row[aria-selected=true]")).to_be_visible()
    page.keyboard.press("Enter")
    assert chosen(artist).startswith("many/model_")


def test_a_missing_file_is_told_with_the_nearest_names(artist: Person) -> None:
    page = artist.page
    page.evaluate("window.easel.editor.setWidget('node:4', 'ckpt_name', 'elsewhere/two.ckpt')")
    artist.click(4, "widget:ckpt_name")
    rows = page.locator(".combo .row")
    expect(rows.first).to_contain_text("“two.ckpt” is not there. Nearest:")
    expect(rows.nth(1)).to_contain_text("two.safetensors")
    expect(page.locator(".combo .row[aria-selected=true]")).to_contain_text("two.safetensors")
    page.keyboard.press("Enter")
    assert chosen(artist) == "xl/two.safetensors"


def test_alt_and_the_wheel_go_through_a_list(artist: Person) -> None:
    page = artist.page
    samplers = page.evaluate("window.easel.editor.widget('node:3', 'sampler_name').spec.options")
    before = page.evaluate("window.easel.editor.widget('node:3', 'sampler_name').value")
    up = -100 if samplers.index(before) > 0 else 100
    page.mouse.move(*artist.point(3, "widget:sampler_name"))
    page.keyboard.down("Alt")
    page.mouse.wheel(0, up)
    page.keyboard.up("Alt")
    other = samplers[samplers.index(before) + (1 if up > 0 else -1)]
    artist.until("other => window.easel.editor.widget('node:3', 'sampler_name').value === other", other)
