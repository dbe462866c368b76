"""What packs add to the page, as a person meets it: the example pack, and packs that throw in every hook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE
from tests.browser.person import Person
from tests.server.harness import Server, running

BROKEN = """
export const version = 1
const oh = what => () => { throw new Error(`oh, ${what}`) }
export async function activate(easel) {
  easel.registerCommand({ id: 'fails', label: 'Fail at once', run: oh('command') })
  easel.registerCommand({ id: 'late', label: 'Fail later', run: async () => { await 0; oh('later')() } })
  easel.registerPanel({ id: 'panel', title: 'A panel that fails', fill: oh('panel') })
  easel.registerNodeWidget('a_broken.mood', { create: oh('widget') })
}
"""
THROWS = """
export const version = 1
customElements.define('throws-always', class extends HTMLElement {
  connectedCallback() { throw new Error('oh, element') }
})
export function activate(easel) {
  for (const name of ['graph', 'selection', 'run', 'node', 'results']) {
    easel.onEvent(name, () => { throw new Error(`oh, ${name}`) })
  }
  easel.registerPanel({ id: 'panel', title: 'An element that fails', element: 'throws-always' })
  setTimeout(() => { throw new Error('oh, timer') })
  throw new Error('oh, activate')
}
"""
MOOD = '''
from typing import Annotated
from graph.node import Int, Socket, node

@node("Mood", category="examples")
def mood(mood: Annotated[int, Int(min=0, max=5, element="a_broken.mood")] = 2) -> Annotated[str, Socket("STRING")]:
    """A mood."""
    return str(mood)
'''
SCRIPTS = {
    "a_broken": BROKEN,
    "b_throws": THROWS,
    "c_syntax": "export const version = 1\nexport function activate( {",
    "d_newer": "export const version = 2\nexport function activate() {}",
    "e_nothing": "export const version = 1",
    "f_wrong": "export const version = 1\nexport const activate = easel => easel.registerCommand({ id: 'x y' })",
}


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("packs")
    for name, script in SCRIPTS.items():
        page = base / "custom_nodes" / name / "page"
        page.mkdir(parents=True)
        (page.parent / "__init__.py").write_text('PAGE_DIRECTORY = "./page"\n' + (MOOD if name == "a_broken" else ""))
        (page / "index.js").write_text(script)
    with running(base, "--trust-packs", registry=None) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def artist(browser: Any, packs: Server) -> Iterator[Person]:
    address = f"http://127.0.0.1:{packs.port}"
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
    context.set_default_timeout(PATIENCE)
    person = Person(context.new_page(), packs)
    person.open()
    person.page.wait_for_selector(".rail .packs button")
    yield person
    context.close()


def stars(artist: Person) -> Any:
    graph = {
        "nodes": [
            {
                "id": 1,
                "type": "ExampleStars",
                "pos": [100, 100],
                "size": [280, 90],
                "inputs": [],
                "outputs": [{"name": "text", "type": "STRING", "links": []}],
                "widgets_values": [3],
            }
        ],
        "links": [],
    }
    artist.load(graph)
    return artist.page.get_by_role("slider", name="rating")


def value(artist: Person) -> Any:
    return artist.prompt["1"]["inputs"]["rating"]


def test_the_example_pack_brings_a_widget_a_command_and_a_panel(artist: Person) -> None:
    page = artist.page
    rating = stars(artist)
    expect(rating).to_have_text("★★★☆☆")
    box = rating.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    expect(rating).to_have_text("★★★★★")
    rating.press("ArrowLeft")
    expect(rating).to_have_attribute("aria-valuenow", "4")
    assert value(artist) == 4
    artist.page.evaluate("window.easel.editor.focus()")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(rating).to_have_text("★★★☆☆")
    # It goes along with the canvas, and makes way where it could not be read.
    before = rating.bounding_box()
    page.mouse.move(*artist.void())
    page.mouse.wheel(0, 240)
    artist.until(
        "width => (document.querySelector('.pack-widget')?.getBoundingClientRect().width ?? 0) < width", before["width"]
    )
    page.evaluate("window.easel.editor.setCamera({ x: 0, y: 0, zoom: 0.2 })")
    expect(rating).to_have_count(0)
    page.evaluate("window.easel.editor.setCamera({ x: 0, y: 0, zoom: 1 })")

    page.keyboard.press("F3")
    page.keyboard.type("longest text")
    page.keyboard.press("Enter")
    artist.until("() => window.easel.editor.selection.size === 1")
    page.locator(".rail").get_by_role("button", name="Nodes by type (Example)").click()
    panel = page.get_by_role("region", name="Nodes by type (Example)")
    expect(panel.get_by_role("listitem")).to_have_text(["ExampleStars: 1"])
    page.evaluate("window.easel.editor.addNode('ExampleStars')")
    expect(panel.get_by_role("listitem")).to_have_text(["ExampleStars: 2"])


def test_packs_that_throw_are_named_and_hurt_nobody(artist: Person) -> None:
    page = artist.page
    notices = page.locator(".toasts")
    stars(artist)
    expect(page.get_by_role("slider", name="rating")).to_be_visible()
    expect(notices).to_contain_text("The script of the pack b_throws failed.")
    for label in ("Fail at once", "Fail later"):
        page.keyboard.press("F3")
        page.keyboard.type(label)
        page.keyboard.press("Enter")
    expect(notices).to_contain_text("The script of the pack a_broken failed.")
    expect(notices).to_contain_text("command “Fail at once”: Error: oh, command In index.js, line 3.")
    expect(notices).to_contain_text("oh, later")
    # What its widget would show is a number, as it is without the pack.
    page.evaluate("window.easel.editor.addNode('Mood', { point: { x: 500, y: 300 } })")
    expect(notices).to_contain_text("oh, widget")
    page.locator(".rail").get_by_role("button", name="An element that fails").click()
    expect(notices).to_contain_text("oh, element")
    page.keyboard.press("Escape")
    # The page works on: a change, an undo.
    page.evaluate("window.easel.editor.setWidget('node:1', 'rating', 1)")
    expect(page.get_by_role("slider", name="rating")).to_have_text("★☆☆☆☆")
    page.evaluate("window.easel.editor.focus()")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("slider", name="rating")).to_have_text("★★★☆☆")
    # Chromium writes what no code of a pack caught to its console; of the page itself there is nothing.
    assert not [error for error in artist.errors if "oh, " not in error and "Unexpected token" not in error]


FITS_NOT = {
    "b_throws": "oh, activate",
    "c_syntax": "SyntaxError",
    "d_newer": "It is written for version 2 of the interface; this page has version 1.",
    "e_nothing": "Its index.js exports no function `activate`.",
    "f_wrong": "registerCommand: `id` must be a short name without spaces.",
}


def test_scripts_that_do_not_fit_are_told_apart(artist: Person) -> None:
    said: list[str] = []
    artist.page.on("console", lambda message: said.append(message.text))
    artist.page.reload()
    artist.page.wait_for_selector(".rail .packs button")
    expect(artist.page.locator(".toasts")).to_contain_text("The script of the pack f_wrong failed.")
    for pack, words in FITS_NOT.items():
        assert any(f"[{pack}]" in line and words in line for line in said), (pack, said)
