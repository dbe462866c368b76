"""Auto layout, as a person asks for it."""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.server.harness import running

LOOK = os.environ.get("EASEL_LOOK")


def messy(graph: dict[str, Any]) -> dict[str, Any]:
    """The same graph after a long evening."""
    found = copy.deepcopy(graph)
    chance = random.Random(4)
    for node in found["nodes"]:
        node["pos"] = [chance.randrange(0, 900), chance.randrange(0, 500)]
    return found


def rects(person: Person) -> dict[str, list[float]]:
    return person.page.evaluate(
        """() => Object.fromEntries(window.easel.editor.graph.nodes('').map(node => {
            const { x, y, w, h } = window.easel.editor.rectOf(node)
            return [node.key, [x, y, w, h]]
        }))"""
    )


def overlapping(boxes: dict[str, list[float]]) -> list[tuple[str, str]]:
    def apart(a: list[float], b: list[float]) -> bool:
        return a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]

    return [(a, b) for a in boxes for b in boxes if a < b and not apart(boxes[a], boxes[b])]


def arranged(person: Person) -> None:
    person.until("() => window.easel.editor.store.undoLabel === 'Arrange'")


def test_l_arranges_everything_in_one_step(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(messy(text_to_image))
    before = person.workflow
    assert overlapping(rects(person))
    painters = person.page.evaluate("() => window.easel.editor.painters.size")
    person.page.keyboard.press(".")
    person.page.keyboard.press("l")
    arranged(person)
    after = rects(person)
    assert not overlapping(after)
    for link in before["links"]:
        giver, reader = after[str(link[1])], after[str(link[3])]
        assert giver[0] + giver[2] < reader[0]
    person.until("count => window.easel.editor.painters.size === count", painters)  # the motion is over
    person.page.wait_for_timeout(300)
    box = person.page.locator("#overlay").bounding_box()
    assert box
    for number in after:
        x, y = person.point(number)
        assert box["x"] < x < box["x"] + box["width"], "all of it is in view"
        assert box["y"] < y < box["y"] + box["height"]
    if LOOK:
        person.shoot(Path(LOOK) / "arranged.png")
    person.page.keyboard.press("Control+z")
    assert json.dumps(person.workflow) == json.dumps(before)
    person.page.keyboard.press("Control+Shift+z")
    assert rects(person) == after


def test_less_motion_is_none(person: Person, text_to_image: dict[str, Any]) -> None:
    person.page.emulate_media(reduced_motion="reduce")
    person.load(messy(text_to_image))
    person.page.evaluate(
        """() => {
            const { editor } = window.easel
            const paint = editor.paint.bind(editor)
            window.painted = 0
            editor.paint = painter => { window.painted++; return paint(painter) }
        }"""
    )
    person.page.keyboard.press("l")
    arranged(person)
    assert person.page.evaluate("() => window.painted") == 0
    person.page.emulate_media(reduced_motion="no-preference")
    person.load(messy(text_to_image))
    person.page.keyboard.press("l")
    arranged(person)
    assert person.page.evaluate("() => window.painted") == 1


def test_a_selection_and_a_frame_are_arranged_by_their_menus(person: Person, text_to_image: dict[str, Any]) -> None:
    graph = messy(text_to_image)
    ids = [node["id"] for node in graph["nodes"]]
    for number, node in enumerate(graph["nodes"]):
        node["pos"] = [40 + 30 * number, 60 + 20 * number] if number < 3 else [900, 100 + 10 * number]
    graph["groups"] = [{"id": 1, "title": "A frame", "bounding": [0, 0, 600, 560], "color": "#3f789e"}]
    person.load(graph)
    others = {key: rects(person)[str(key)] for key in ids[3:]}
    person.page.keyboard.press(".")
    x, y = person.page.evaluate(
        """() => {
            const box = document.getElementById('overlay').getBoundingClientRect()
            const { x, y } = window.easel.editor.toScreen({ x: 20, y: 12 })
            return [x + box.left, y + box.top]
        }"""
    )
    person.page.mouse.click(x, y, button="right")
    person.page.get_by_role("menuitem", name="Arrange what is in the frame").click()
    arranged(person)
    now = rects(person)
    assert not overlapping({str(key): now[str(key)] for key in ids[:3]})
    assert {key: now[str(key)] for key in ids[3:]} == others
    left, top, width, height = person.workflow["groups"][0]["bounding"]
    assert (left, top) == (0, 0)
    for key in ids[:3]:
        box = now[str(key)]
        assert left < box[0]
        assert box[0] + box[2] < left + width
        assert top < box[1]
        assert box[1] + box[3] < top + height


def test_escape_stops_it_and_a_change_meanwhile_is_kept(person: Person) -> None:
    person.load(chains(790))
    before = rects(person)
    person.page.evaluate(
        """() => {
            window.heard = []
            window.easel.editor.on('notice', ({ message }) => window.heard.push(message))
        }"""
    )
    with person.page.expect_worker(timeout=30_000):
        person.page.keyboard.press("l")
    person.page.keyboard.press("Escape")
    person.page.wait_for_timeout(1500)
    assert not person.page.workers
    assert rects(person) == before
    assert person.page.evaluate("() => window.easel.editor.store.undoLabel") is None
    # What one does while the worker thinks is not overruled.
    with person.page.expect_worker(timeout=30_000):
        person.page.keyboard.press("l")
    person.page.evaluate(
        """() => {
            const { store } = window.easel.editor
            store.transact('Move', () => store.update('node:1', { pos: [-500, -500] }))
        }"""
    )
    person.until("() => window.heard.some(message => message.includes('changed while'))", timeout=30_000)
    assert person.page.evaluate("() => window.easel.editor.store.undoLabel") == "Move"


@pytest.mark.parametrize("sources", [False, True])
def test_thousands_are_arranged_while_the_page_stays_alive(browser: Any, tmp_path: Path, sources: bool) -> None:
    """Five thousand nodes when it counts; fewer where only the plain worker's start is looked at."""
    count = 200 if sources else 5000
    flags = ["--page-sources"] if sources else []
    with running(tmp_path, *flags, registry="tests.browser.palette:registry") as server:
        server.wait_until_ready()
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{server.port}"
        )
        context.set_default_timeout(30_000)
        person = Person(context.new_page(), server)
        person.open()
        person.load(chains(count))
        person.page.evaluate(
            """() => {
                window.ticks = 0
                const tick = () => {
                    window.ticks += 1
                    window.ticking = setTimeout(tick, 0)
                }
                tick()
                // What runs between the key and the step runs because the page was free.
                addEventListener('keydown', () => { window.ticks = 0 }, true)
                window.easel.editor.store.listen(() => { window.turns ??= window.ticks })
            }"""
        )
        person.page.keyboard.press("l")
        person.page.wait_for_function("() => window.easel.editor.store.undoLabel === 'Arrange'", timeout=60_000)
        turns = person.page.evaluate("() => { clearTimeout(window.ticking); return window.turns }")
        assert turns >= 2, "the page stood still while it was arranged"
        assert not person.errors
        context.close()


def chains(count: int) -> dict[str, Any]:
    """Nodes in chains of 25, all on one heap."""
    nodes: list[dict[str, Any]] = []
    links: list[list[Any]] = []
    for number in range(1, count + 1):
        follows = number % 25 != 1
        if follows:
            links.append([len(links) + 1, number - 1, 0, number, 0, "*"])
        nodes.append(
            {
                "id": number,
                "type": "Unknown",
                "pos": [number % 70 * 10, number % 50 * 10],
                "size": [200, 80],
                "inputs": [{"name": "in", "type": "*", "link": len(links) if follows else None}],
                "outputs": [{"name": "out", "type": "*", "links": [len(links) + 1] if number % 25 else []}],
            }
        )
    return {"last_node_id": count, "last_link_id": len(links), "nodes": nodes, "links": links, "version": 0.4}


def test_what_cannot_be_loaded_is_said(person: Person, text_to_image: dict[str, Any]) -> None:
    person.load(messy(text_to_image))
    person.page.route("**/layout/worker.js", lambda route: route.abort())
    before = rects(person)
    person.page.keyboard.press("l")
    expect(person.page.locator(".toast")).to_contain_text("auto layout could not be loaded")
    assert rects(person) == before
    person.page.unroute("**/layout/worker.js")
    person.page.keyboard.press("l")
    arranged(person)
