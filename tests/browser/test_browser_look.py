"""How the page looks and who can use it; with EASEL_SCREENSHOTS=1 it also makes the pictures in docs/images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import Server

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def background(person: Person) -> str:
    return person.page.evaluate("() => getComputedStyle(document.querySelector('.stage')).backgroundColor")


def test_the_theme_follows_the_system_and_the_choice_stays(browser: Any, server: Server) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", color_scheme="light", viewport={"width": 1440, "height": 900}
    )
    person = Person(context.new_page(), server)
    person.open()
    light = background(person)
    person.page.get_by_role("button", name="Dark colours").click()
    dark = background(person)
    assert light != dark
    person.page.reload()
    person.wait_ready()
    assert background(person) == dark
    person.page.get_by_role("button", name="Light colours").click()
    assert background(person) == light
    server.post("/settings/Easel.theme", "system")
    assert not person.errors
    context.close()


def test_every_control_has_a_name_and_a_tooltip_with_its_keys(artist: Person) -> None:
    nameless = artist.page.evaluate(
        """() => [...document.querySelectorAll('button, input, a, select')].filter(element => {
            const shown = element.offsetParent !== null
            const name = element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length
            return shown && !name
        }).map(element => element.outerHTML)"""
    )
    assert nameless == []
    artist.page.get_by_role("button", name="Run", exact=True).hover()
    expect(artist.page.locator("#tooltip")).to_contain_text("Run the graph")
    expect(artist.page.locator("#tooltip kbd").first).to_have_text("Ctrl")
    for panel, key in (("Graphs", "W"), ("Nodes in this graph", "L")):
        artist.page.get_by_role("button", name=panel).hover()
        expect(artist.page.locator("#tooltip")).to_contain_text(panel)
        expect(artist.page.locator("#tooltip kbd").last).to_have_text(key)


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgb = color => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return { parts: [r, g, b], alpha: a / 255 }
  }
  const light = ({ parts }) => parts
    .map(part => part / 255)
    .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
  const ground = element => {
    for (let up = element; up; up = up.parentElement) {
      const color = rgb(getComputedStyle(up).backgroundColor)
      if (color.alpha > 0.75) return color
    }
    return rgb(getComputedStyle(document.documentElement).backgroundColor)
  }
  const poor = []
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    if (!own || !element.checkVisibility({ opacityProperty: true }) || element.closest(':disabled')) continue
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.trim().slice(0, 40)}`)
  }
  return poor
}"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_is_legible(browser: Any, server: Server, text_to_image: dict[str, Any], theme: str) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", color_scheme=theme, viewport={"width": 1440, "height": 900}
    )
    person = Person(context.new_page(), server)
    person.open()
    person.load(text_to_image)
    person.run()
    person.click(3)
    assert person.page.evaluate(CONTRAST) == []
    person.page.keyboard.press("w")
    person.page.wait_for_selector(".drawer :is(.graph-list, .none):not([hidden])")
    assert person.page.evaluate(CONTRAST) == []
    for panel in ("library", "view", "history", "shortcuts", "palette", "help"):
        person.page.evaluate("name => { const { editor } = window.easel; editor.focus(); editor.run(name) }", panel)
        person.page.wait_for_timeout(200)
        assert person.page.evaluate(CONTRAST) == [], panel
        person.page.keyboard.press("Escape")
    person.page.keyboard.press("Escape")
    person.page.mouse.click(*person.void())
    person.page.keyboard.press("Tab")
    person.page.keyboard.type("im")
    assert person.page.evaluate(CONTRAST) == []
    person.page.keyboard.press("Escape")
    person.page.evaluate("() => window.easel.editor.setWidget('node:5', 'width', 0)")
    person.page.keyboard.press("Control+Enter")
    person.page.wait_for_selector(".toast[data-tone=error]")
    assert person.page.evaluate(CONTRAST) == []
    context.close()


def test_what_floats_gives_way_to_nodes(person: Person) -> None:
    page = person.page
    hint, minimap = page.locator("#hint"), page.locator("#minimap")
    expect(minimap).to_be_visible()
    expect(hint).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 720})
    page.keyboard.press(".")
    expect(minimap).to_be_hidden()
    page.keyboard.press("Control+0")
    page.evaluate("() => window.easel.editor.setCamera({ x: 0, y: 100, zoom: 2 })")
    expect(hint).to_be_hidden()
    expect(minimap).to_be_visible()


ERRORS_WRITTEN = """() => {
  const { editor } = window.easel
  const canvas = document.getElementById('scene')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const wanted = parseInt(editor.renderer.theme.errorSurface.slice(1), 16)
  let found = 0
  for (let at = 0; at < data.length; at += 4) {
    found += ((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]) === wanted
  }
  return found
}"""


def test_many_errors_do_not_cover_the_graph_from_afar(person: Person) -> None:
    nodes = [{"id": n, "type": "SaveImage", "pos": [n * 320, 0], "size": [260, 200]} for n in range(1, 4)]
    person.load({"nodes": nodes, "links": []})
    person.page.keyboard.press("Control+Enter")
    person.page.wait_for_selector(".toast[data-tone=error]")
    look = "zoom => window.easel.editor.setCamera({ x: 0, y: -200, zoom })"
    person.page.evaluate(look, 1)
    person.page.wait_for_timeout(200)
    assert person.page.evaluate(ERRORS_WRITTEN) > 1000
    person.page.evaluate(look, 0.4)
    person.page.wait_for_timeout(200)
    assert person.page.evaluate(ERRORS_WRITTEN) == 0
    person.click(2)
    person.page.wait_for_timeout(200)
    assert person.page.evaluate(ERRORS_WRITTEN) > 1000


def test_a_phone_shows_the_whole_page(phone: Person, text_to_image: dict[str, Any]) -> None:
    phone.load(text_to_image)
    page = phone.page
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for name in ("Run", "Graphs", "Add a node"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390.5
        assert box["height"] >= 28
    page.get_by_role("button", name="Run", exact=True).tap()
    phone.until("() => window.easel.results.list.length > 0")
    phone.idle()
    page.touchscreen.tap(*phone.point(6, "widget:text"))
    expect(page.locator("textarea.edit")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Graphs").tap()
    assert page.locator(".drawer").bounding_box()["width"] <= 390.5


def test_twice_the_size_still_fits(browser: Any, server: Server, text_to_image: dict[str, Any]) -> None:
    """A window of 1440 x 900 at 200% zoom has this many CSS pixels."""
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", viewport={"width": 720, "height": 450}, device_scale_factor=2
    )
    person = Person(context.new_page(), server)
    person.open()
    person.load(text_to_image)
    assert person.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    stage = person.page.locator("#stage").bounding_box()
    assert stage["height"] >= 200
    expect(person.page.get_by_role("button", name="Run", exact=True)).to_be_in_viewport()
    context.close()


@pytest.mark.parametrize("size", [(390, 780), (720, 450)])
def test_a_large_picture_fits_a_small_window(
    browser: Any, server: Server, text_to_image: dict[str, Any], size: tuple[int, int]
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", viewport=viewport)
    person = Person(context.new_page(), server)
    person.open()
    person.load(text_to_image)
    person.run()
    page = person.page
    page.locator(".strip .thumb:not(.waiting)").first.click()
    lightbox = page.locator(".lightbox")
    expect(lightbox.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    page.keyboard.press("i")
    expect(lightbox.locator(".details")).to_be_visible()
    assert lightbox.evaluate("box => box.scrollWidth <= innerWidth && box.scrollHeight <= innerHeight")
    assert lightbox.locator(".view").bounding_box()["width"] >= size[0] / 2
    context.close()


def test_an_empty_canvas_says_how_to_begin(person: Person) -> None:
    page = person.page
    empty = page.locator(".empty-canvas")
    expect(empty).to_be_hidden()
    person.load({"nodes": [], "links": []})
    expect(empty).to_be_visible()
    empty.get_by_role("button", name="Add a node").click()
    page.keyboard.type("vae decode")
    page.keyboard.press("Enter")
    expect(empty).to_be_hidden()
    page.keyboard.press("Control+z")
    expect(empty).to_be_visible()
    empty.get_by_role("button", name="Open a graph").click()
    expect(page.locator(".drawer#graphs")).to_be_visible()


def test_nothing_moves_under_reduced_motion(browser: Any, server: Server) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", reduced_motion="reduce")
    person = Person(context.new_page(), server)
    person.open()
    person.page.get_by_role("button", name="Graphs").click()
    assert person.page.evaluate("() => getComputedStyle(document.querySelector('.drawer')).animationDuration") == "0s"
    context.close()


def test_the_keys_are_listed(artist: Person) -> None:
    artist.page.mouse.click(*artist.void())
    artist.page.keyboard.press("?")
    dialog = artist.page.get_by_role("dialog", name="Keys and gestures")
    expect(dialog).to_contain_text("Stop what runs")
    artist.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_page_loads_little_and_nothing_from_elsewhere(context: Any, server: Server) -> None:
    page = context.new_page()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto("/")
    page.wait_for_selector("html[data-ready]")
    host = f"http://127.0.0.1:{server.port}/"
    assert [url for url in urls if not url.startswith((host, "data:", "blob:", "ws:"))] == []


@pytest.mark.skipif(not os.environ.get("EASEL_SCREENSHOTS"), reason="EASEL_SCREENSHOTS=1 makes the pictures")
def test_screenshots(browser: Any) -> None:
    from tests.browser.pictures import take

    take(browser, IMAGES)


def test_titles_can_be_read_however_far_out(artist: Person) -> None:
    """A block that is too small for its title tells it when it is pointed at."""
    artist.page.evaluate("() => window.easel.editor.setCamera({ x: -4000, y: -2000, zoom: 0.08 })")
    artist.page.evaluate(
        """() => {
            window.written = []
            const { prototype } = CanvasRenderingContext2D
            const { fillText } = prototype
            prototype.fillText = function (text, ...place) {
                if (this.canvas.id === 'overlay') window.written.push(text)
                return fillText.call(this, text, ...place)
            }
        }"""
    )
    artist.page.mouse.move(*artist.point(5))
    artist.until("() => window.written.includes('Empty Latent Image')")


def test_a_low_window_keeps_the_rest_of_the_rail_behind_one_button(artist: Person) -> None:
    page = artist.page
    rail = page.locator("#rail")
    expect(rail.get_by_role("button", name="View", exact=True)).to_be_visible()
    expect(rail.get_by_role("button", name="More", exact=True)).to_be_hidden()
    page.set_viewport_size({"width": 1000, "height": 600})
    expect(rail.get_by_role("button", name="View", exact=True)).to_be_hidden()
    assert rail.evaluate("rail => rail.scrollHeight <= rail.clientHeight")
    rail.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="View", exact=True).click()
    expect(page.locator("#view")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(rail.get_by_role("button", name="More", exact=True)).to_be_hidden()
