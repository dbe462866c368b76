"""A node of a pack whose inputs grow with their links, and whose choice brings widgets."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from tests.browser.person import Person
from tests.server.harness import Server, running

PACK = Path(__file__).parent.parent / "packs" / "growing"
SOCKETS = """() => window.easel.editor.scene.view(window.easel.editor.store.node('node:4')).layout.sockets
  .filter(({ side, widget }) => side === 'in' && !widget).map(({ name }) => name)"""
WIDGETS = """() => window.easel.editor.scene.view(window.easel.editor.store.node('node:4')).widgets
  .map(({ name, value }) => [name, value])"""
COLOURS = {1: 0xFF0000, 2: 0x00FF00, 3: 0x0000FF}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("growing")
    shutil.copytree(PACK, base / "custom_nodes" / "growing", ignore=shutil.ignore_patterns("__pycache__"))
    with running(base, "--trust-packs", registry=None) as found:
        found.wait_until_ready()
        yield found


def graph() -> dict[str, Any]:
    """Three pictures of one colour each, and the node, as nobody has linked it."""
    nodes: list[dict[str, Any]] = [
        {
            "id": id,
            "type": "EmptyImage",
            "pos": [60, 40 + 220 * (id - 1)],
            "size": [260, 150],
            "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": []}],
            "widgets_values": [32, 32, 1, colour],
        }
        for id, colour in COLOURS.items()
    ]
    tiles = {"id": 4, "type": "GrowingTiles", "pos": [520, 60], "size": [320, 420], "widgets_values": ["side by side"]}
    return {"nodes": [*nodes, tiles], "links": [], "version": 0.4}


def names(count: int) -> list[str]:
    return [f"pictures.picture{at}" for at in range(count)]


def sockets(person: Person) -> list[str]:
    return person.page.evaluate(SOCKETS)


def shown(person: Person) -> Image.Image:
    """The picture on the node."""
    person.until("() => window.easel.session.status(4).images.length === 1")
    file = person.status(4)["images"][0]
    query = urlencode({name: file[name] for name in ("filename", "subfolder", "type")})
    return Image.open(io.BytesIO(person.server.get(f"/view?{query}").body)).convert("RGB")


def test_pictures_are_linked_an_option_chosen_and_it_runs(person: Person) -> None:
    page = person.page
    person.load(graph())
    assert sockets(person) == names(2)
    for id in COLOURS:
        person.drag(person.point(id, "out:IMAGE"), person.point(4, f"in:pictures.picture{id - 1}"))
        assert sockets(person) == names(max(2, id + 1))

    person.click(4, "widget:lay")
    page.locator(".combo").get_by_role("option", name="stacked").click()
    assert page.evaluate(WIDGETS) == [["lay", "stacked"], ["lay.bar", 8], ["lay.white", True]]
    person.click(4, "widget:lay.white")
    person.run()
    picture = shown(person)
    assert picture.size == (32, 3 * 32 + 2 * 8)
    assert [picture.getpixel((16, y)) for y in (16, 36, 56)] == [(255, 0, 0), (0, 0, 0), (0, 255, 0)]

    # Back, a step at a time: the switch, the choice with what it brought, the third link with its socket.
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert page.evaluate(WIDGETS) == [["lay", "side by side"]]
    page.keyboard.press("Control+z")
    assert sockets(person) == names(3)
    person.run()
    assert shown(person).size == (64, 32)
    page.keyboard.press("Control+Shift+z")
    assert sockets(person) == names(4)

    # What is saved opens as it is.
    saved = person.workflow
    tiles = next(node for node in saved["nodes"] if node["id"] == 4)
    assert [slot["name"] for slot in tiles["inputs"]] == names(3)
    person.load(saved)
    assert sockets(person) == names(4)
    assert person.prompt["4"]["inputs"] == {
        "lay": "side by side", **{name: [str(id), 0] for id, name in zip(COLOURS, names(3), strict=True)}
    }  # fmt: skip
