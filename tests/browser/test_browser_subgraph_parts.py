"""What goes into a subgraph, comes out, and is seen of it outside: a picture, a frozen result, one use of two."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.person import Person
from tests.browser.test_browser_subgraphs import graph_of, look, make, menu, select


@pytest.fixture
def artist(person: Person, text_to_image: dict[str, Any]) -> Person:
    person.load(text_to_image)
    return person


def test_nodes_are_dragged_in_with_ctrl_and_come_out_by_the_menu(artist: Person) -> None:
    instance = make(artist, 3, 8)
    before = artist.prompt
    artist.page.keyboard.press("Escape")
    start, end = artist.point(5), artist.point(instance)
    artist.page.mouse.move(*start)
    artist.page.mouse.down()
    artist.page.keyboard.down("Control")
    artist.page.mouse.move(end[0] + 20, end[1] + 60, steps=6)
    look(artist, "subgraph-into")
    artist.page.mouse.up()
    artist.page.keyboard.up("Control")
    assert f"{instance}:5" in artist.prompt
    assert len(artist.prompt) == len(before)
    assert artist.page.evaluate("() => window.easel.editor.store.undoLabel") == "Move into the subgraph"
    artist.page.keyboard.press("Control+z")
    assert artist.prompt == before
    artist.page.keyboard.press("Control+y")
    artist.page.keyboard.press("Alt+Enter")
    graph = graph_of(artist)
    look(artist, "subgraph-into-inside")
    menu(artist, artist.point(f"{graph}/8"), "Move out of the subgraph")
    assert graph_of(artist) == ""
    assert {f"{instance}:3", f"{instance}:5", "8"} <= set(artist.prompt)
    look(artist, "subgraph-out")
    select(artist, 6, instance)
    menu(artist, artist.point(instance), "Move into the subgraph")
    assert f"{instance}:6" in artist.prompt
    artist.run()
    assert artist.status(f"{instance}:6")["state"] in {"done", "cached"}
    assert artist.status(9)["images"]


def test_an_instance_shows_the_picture_inside_where_it_has_the_room(artist: Person) -> None:
    instance = make(artist, 3, 5, 8, 9)
    layout = """id => {
        const { scene, store } = window.easel.editor
        const { height, picture } = scene.view(store.node('node:' + id)).layout
        return [height, picture && [picture.w, picture.h]]
    }"""
    height, picture = artist.page.evaluate(layout, instance)
    assert picture is None
    artist.run()
    artist.idle()
    look(artist, "subgraph-picture-corner")
    after, picture = artist.page.evaluate(layout, instance)
    assert after == height, "it never grows by it"
    assert picture
    x, y = artist.page.evaluate(
        """id => {
            const { editor } = window.easel
            const box = document.getElementById('overlay').getBoundingClientRect()
            const { x, y, w, h } = editor.scene.rect(editor.store.node('node:' + id))
            const at = editor.toScreen({ x: x + w - 1, y: y + h - 1 })
            return [at.x + box.left, at.y + box.top]
        }""",
        instance,
    )
    artist.drag((x, y), (x + 60, y + 220))
    _, picture = artist.page.evaluate(layout, instance)
    assert picture[1] > 150
    look(artist, "subgraph-picture")


def test_a_frozen_subgraph_keeps_what_goes_out_of_it(artist: Person) -> None:
    instance = make(artist, 3, 8)
    artist.run()
    menu(artist, artist.point(instance), "Freeze the result")
    look(artist, "subgraph-frozen")
    artist.page.evaluate("() => window.easel.editor.setWidget('node:6', 'text', 'something else')")
    artist.run()
    assert artist.status(f"{instance}:8")["frozen"]
    assert artist.status(6)["state"] == "idle", "what only the frozen result needs is not asked for"
    artist.load(artist.workflow)
    artist.run()
    assert artist.status(f"{instance}:8")["frozen"], "it is in the file"
    menu(artist, artist.point(instance), "Thaw the result")
    artist.run()
    assert artist.status(6)["state"] == "done"
    assert not artist.status(f"{instance}:8")["frozen"]


def test_run_to_here_runs_the_use_that_one_is_in(artist: Person) -> None:
    first = make(artist, 3, 8)
    artist.page.keyboard.press("Control+Shift+D")
    second = artist.page.evaluate("() => [...window.easel.editor.selection][0].slice(5)")
    artist.page.keyboard.press("Alt+Enter")
    artist.click(f"{graph_of(artist)}/8")
    artist.run("Shift+Enter")
    assert artist.status(f"{second}:8")["state"] in {"done", "cached"}
    assert artist.status(f"{first}:8")["state"] == "idle"
