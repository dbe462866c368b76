"""Hands on nodes and the view: shaking, inserting, sizes, boxes, loops, copies, moving the view."""

from __future__ import annotations

import random

import pytest

from tests.browser.hands import (
    CHAIN,
    away,
    camera,
    drag,
    held,
    links,
    on_link,
    on_page,
    painters,
    prefer,
    selected,
    shoot,
    undo_label,
)
from tests.browser.person import Person


@pytest.fixture
def artist(person: Person) -> Person:
    person.load(CHAIN)
    person.page.keyboard.press(".")
    person.page.wait_for_timeout(250)
    return person


def test_a_shaken_node_leaves_its_links_and_one_let_go_on_a_link_takes_its_place(artist: Person) -> None:
    mouse = artist.page.mouse
    start = artist.point(2)
    mouse.move(*start)
    mouse.down()
    for turn in range(7):
        mouse.move(*away(start, 70 if turn % 2 == 0 else -10, 20), steps=4)
    mouse.move(*away(start, 0, 200), steps=4)
    mouse.up()
    assert links(artist) == {(1, 3)}
    assert undo_label(artist) == "Pull out of its links"
    artist.page.keyboard.press("Control+z")
    assert links(artist) == {(1, 2), (2, 3)}
    # The free one goes in by itself.
    drag(artist, artist.point(4), away(on_link(artist, 2, 3), 0, -60), let_go=False)
    shoot(artist, "insert")
    mouse.up()
    assert links(artist) == {(1, 2), (2, 4), (4, 3)}
    # By where it is held, too.
    artist.page.keyboard.press("Control+z")
    drag(artist, artist.point(4), on_link(artist, 2, 3))
    assert links(artist) == {(1, 2), (2, 4), (4, 3)}
    # A linked one only with Ctrl.
    artist.page.keyboard.press("Control+z")
    drag(artist, artist.point(1, "out:IMAGE"), artist.point(4, "in:image"))
    before = links(artist)
    middle = on_link(artist, 2, 3)
    drag(artist, artist.point(4), away(middle, 0, -60))
    assert links(artist) == before
    artist.page.keyboard.press("Control+z")
    drag(artist, artist.point(4), away(middle, 0, -60), let_go=False)
    with held(artist, "Control"):
        mouse.move(*away(middle, 1, -60))
        mouse.up()
    assert links(artist) == {(1, 2), (2, 4), (4, 3)}


def test_a_node_keeps_to_its_neighbours_edges_and_to_the_grid_with_shift(artist: Person) -> None:
    def pos() -> list[float]:
        return next(each["pos"] for each in artist.workflow["nodes"] if each["id"] == 4)

    zoom = camera(artist)["zoom"]
    start = artist.point(4)
    drag(artist, start, away(start, 3 * zoom, 20), let_go=False)
    assert pos()[0] == 420, "in line with the node above"
    shoot(artist, "guides")
    with held(artist, "Shift"):
        artist.page.mouse.move(*away(start, 31 * zoom, 47 * zoom))
        assert [value % 20 for value in pos()] == [0, 0]
        artist.page.mouse.up()


def test_a_node_is_sized_by_every_edge(artist: Person) -> None:
    def box() -> list[float]:
        return artist.page.evaluate(
            "() => Object.values(window.easel.editor.rectOf(window.easel.editor.store.node('node:2')))"
        )

    for where, grip, by in (((0, 0.16), (2, 0), (-60, 0)), ((0.7, 1), (0, -2), (0, 50)), ((1, 1), (-4, -4), (40, 30))):
        left, top, width, height = before = box()
        place = on_page(artist, left + width * where[0], top + height * where[1])
        start = away(place, *grip)
        drag(artist, start, away(start, *by))
        after = box()
        assert after[2] >= before[2]
        assert after[3] >= before[3]
        assert after[2] + after[3] > before[2] + before[3]
        if by[0] < 0:
            assert after[0] < before[0]
            assert abs(after[0] + after[2] - before[0] - before[2]) <= 1, "the other side stays"
    assert undo_label(artist) == "Resize"


def test_frames_are_sized_by_their_edges_and_take_along_what_lies_in_them(artist: Person) -> None:
    page = artist.page
    artist.click(2)
    page.keyboard.press("Control+g")
    page.keyboard.type("Inner")
    page.keyboard.press("Enter")
    assert artist.workflow["groups"][0]["title"] == "Inner", "a new frame is there to be named"
    page.keyboard.press("Control+g")
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    page.wait_for_timeout(250)
    inner, outer = (each["bounding"] for each in artist.workflow["groups"])

    x, y, width, height = outer
    grip = on_page(artist, x + width - 2, y + height / 2)
    drag(artist, grip, away(grip, 50, 0))
    grip = on_page(artist, x + 2, y + 2)
    drag(artist, grip, away(grip, -40, -30))
    after = artist.workflow["groups"][1]["bounding"]
    assert after[2] > width + 60
    assert after[3] > height + 20
    assert after[0] < x
    assert artist.workflow["groups"][0]["bounding"] == inner
    before = next(each["pos"] for each in artist.workflow["nodes"] if each["id"] == 2)
    title = on_page(artist, after[0] + 40, after[1] + 14)
    drag(artist, title, away(title, 0, 60))
    assert artist.workflow["groups"][0]["bounding"][1] > inner[1] + 40, "the frame in the frame"
    assert next(each["pos"] for each in artist.workflow["nodes"] if each["id"] == 2)[1] > before[1] + 40
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert artist.workflow["groups"][1]["bounding"] == outer


def test_a_trackpad_pans_and_pinches(artist: Person) -> None:
    page = artist.page
    start = artist.void()
    page.mouse.move(*start)
    wheel = """([x, y, ctrlKey]) => document.getElementById('overlay').dispatchEvent(new WheelEvent('wheel', {
        deltaX: x, deltaY: y, ctrlKey, clientX: 600, clientY: 400, bubbles: true, cancelable: true }))"""
    before = camera(artist)
    for step in range(4):
        page.evaluate(wheel, [3 + step, 5 + step, False])
    after = camera(artist)
    assert after["zoom"] == before["zoom"]
    assert after["x"] > before["x"]
    assert after["y"] > before["y"]
    page.wait_for_timeout(300)
    prefer(artist, "blender")
    for _ in range(4):
        page.evaluate(wheel, [0, -6, True])
    assert camera(artist)["zoom"] > after["zoom"], "a pinch is told as Ctrl, and no key was pressed"
    with held(artist, "Control"):
        zoom = camera(artist)["zoom"]
        page.evaluate(wheel, [0, 120, True])
        assert camera(artist)["zoom"] == zoom, "Ctrl and the wheel go across in Blender"


def test_alt_leaves_copies_behind_and_a_frames_copy_brings_its_own(artist: Person) -> None:
    page = artist.page
    artist.click(2)
    page.keyboard.press("Control+g")
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    page.wait_for_timeout(250)
    before = artist.workflow
    x, y, *_ = before["groups"][0]["bounding"]
    title = on_page(artist, x + 40, y + 12)
    with held(artist, "Alt"):
        drag(artist, title, away(title, 20, 160), let_go=False)
        page.keyboard.press("Escape")
        page.mouse.up()
    assert artist.workflow == before
    with held(artist, "Alt"):
        drag(artist, title, away(title, 20, 160))
    after = artist.workflow
    assert undo_label(artist) == "Duplicate"
    assert after["groups"][0] == before["groups"][0]
    assert [each["pos"] for each in after["nodes"]][:4] == [each["pos"] for each in before["nodes"]]
    assert len(after["groups"]) == 2
    assert after["nodes"][-1]["type"] == "ImageInvert"
    assert after["nodes"][-1]["pos"][1] > 100
    assert (1, after["nodes"][-1]["id"]) in links(artist), "fed by what feeds the original"


def test_a_lasso_a_box_with_alt_and_links_in_a_box(artist: Person) -> None:
    a, b = artist.point(1), artist.point(2)
    ring = [
        away(a, -90, -30),
        away(a, 0, -40),
        away(b, 130, -30),
        away(b, 130, 110),
        away(a, -90, 180),
        away(a, -90, -20),
    ]
    with held(artist, "Alt"):
        drag(artist, *ring, let_go=False)
        shoot(artist, "lasso")
        artist.page.mouse.up()
    assert selected(artist) == {"node:1", "node:2"}
    page = artist.page
    start = away(artist.point(2), -110, -40)
    page.mouse.move(*start)
    page.mouse.down()
    page.keyboard.down("Alt")
    page.mouse.move(*away(start, 200, 60), steps=4)
    page.keyboard.up("Alt")
    page.keyboard.down("Alt")
    assert selected(artist) == {"node:1"}, "taken away, without a move of the pointer"
    page.keyboard.up("Alt")
    assert selected(artist) == {"node:2"}
    page.mouse.up()
    middle = on_link(artist, 2, 3)
    drag(artist, away(middle, -30, -30), away(middle, 30, 30), let_go=False)
    shoot(artist, "box")
    page.mouse.up()
    assert selected(artist) == {"link:2"}, "where there is nothing but a link"
    page.keyboard.press("Delete")
    assert links(artist) == {(1, 2)}


def test_each_program_moves_the_view_its_own_way(artist: Person) -> None:
    page = artist.page
    start = artist.void()
    with held(artist, "Control", "Shift"):
        drag(artist, start, away(start, 80, -80))
    assert camera(artist)["zoom"] > 1
    page.keyboard.press(".")
    page.wait_for_timeout(250)
    start, before = artist.void(), camera(artist)
    drag(artist, start, away(start, 50, 30))
    assert camera(artist) == before
    prefer(artist, "drag")
    drag(artist, start, away(start, 50, 30))
    assert camera(artist)["x"] < before["x"]
    prefer(artist, "standard")
    before = camera(artist)
    page.mouse.move(*start)
    page.mouse.wheel(0, 120)
    artist.until(
        "before => window.easel.editor.camera.y > before.y && window.easel.editor.camera.zoom === before.zoom", before
    )
    prefer(artist, "nuke")
    before = camera(artist)
    with held(artist, "Alt"):
        drag(artist, artist.point(1), away(artist.point(1), 50, 30))
    assert camera(artist)["x"] < before["x"]
    assert len(artist.workflow["nodes"]) == 4, "nothing was cloned"
    prefer(artist, "easel")
    idle = painters(artist)
    page.evaluate("() => window.easel.editor.run('cut_links')")
    assert painters(artist) == idle + 1, "a hint"
    page.keyboard.press("Escape")
    assert painters(artist) == idle
    page.keyboard.press("h")
    assert painters(artist) == idle + 1
    before = camera(artist)
    drag(artist, artist.point(1), away(artist.point(1), 50, 30))
    assert camera(artist)["x"] < before["x"]
    assert undo_label(artist) is None
    page.keyboard.press("v")
    assert painters(artist) == idle
    drag(artist, artist.point(1), away(artist.point(1), 50, 30))
    assert undo_label(artist) == "Move"


def test_what_a_hand_holds_may_go_and_nothing_breaks(artist: Person) -> None:
    page = artist.page
    before = artist.workflow
    for grip in ("title", "out:IMAGE"):
        start = artist.point(2, grip)
        drag(artist, start, away(start, 60, 60), let_go=False)
        page.keyboard.press("Control+z")
        page.mouse.move(*away(start, 90, 90), steps=3)
        page.mouse.up()
        assert artist.workflow == before, "undo took what was being done back, and the hand let go"
    start = artist.point(2)
    drag(artist, start, away(start, 60, 60), let_go=False)
    page.evaluate("graph => window.app.loadGraphData(graph)", CHAIN)
    page.mouse.move(*away(start, 90, 90), steps=3)
    page.mouse.up()
    assert undo_label(artist) is None
    for act in ("resize", "blur", "lost", "second"):
        start = artist.point(2)
        drag(artist, start, away(start, 60, 60), let_go=False)
        if act == "resize":
            page.set_viewport_size({"width": 1000, "height": 700})
        elif act == "blur":
            page.evaluate("() => window.dispatchEvent(new Event('blur'))")
        elif act == "lost":
            lost = "new PointerEvent('pointercancel', { pointerId: 1, bubbles: true })"
            page.evaluate(f"() => document.getElementById('overlay').dispatchEvent({lost})")
        else:
            page.mouse.down(button="right")
            page.mouse.up(button="right")
        page.mouse.move(*away(start, 90, 70), steps=3)
        page.mouse.up()
        if act == "resize":
            page.keyboard.press("Control+z")
            page.set_viewport_size({"width": 1440, "height": 900})
            page.wait_for_timeout(100)
        assert undo_label(artist) is None, act
    start = artist.point(2)
    drag(artist, start, away(start, 60, 60), let_go=False)
    page.evaluate(
        """() => {
          const { store } = window.easel.editor
          store.transact('Gone', () => ['node:2', 'link:1', 'link:2'].forEach(id => store.remove(id)))
        }"""
    )
    page.mouse.move(*away(start, 90, 90), steps=3)
    page.mouse.up()
    assert [each["id"] for each in artist.workflow["nodes"]] == [1, 3, 4]


def test_random_gestures_of_all_kinds_never_throw(artist: Person) -> None:
    chance = random.Random(11)
    page = artist.page
    box = page.locator("#overlay").bounding_box()
    keys = ["Shift", "Control", "Alt"]
    before = artist.workflow

    def somewhere() -> tuple[float, float]:
        return box["x"] + chance.random() * box["width"], box["y"] + chance.random() * box["height"]

    def on_something() -> tuple[float, float]:
        found = page.evaluate(
            """part => {
              const { scene, graph } = window.easel.editor
              const wires = scene.wiresIn({ x: -5000, y: -5000, w: 10000, h: 10000 }), nodes = graph.nodes('')
              const wire = wires[Math.floor(part * wires.length)], node = nodes[Math.floor(part * nodes.length)]
              if (part < 0.5 && wire) return [wire.curves[0].a.x, wire.curves[0].a.y]
              return node ? [node.pos[0] + 30, node.pos[1] - 10] : null
            }""",
            chance.random(),
        )
        return on_page(artist, *found) if found else somewhere()

    for _ in range(70):
        down = [key for key in keys if chance.random() < 0.35]
        button = chance.choice(["left", "left", "left", "right", "middle"])
        points = [chance.choice([somewhere, on_something])() for _ in range(chance.randrange(2, 4))]
        for key in down:
            page.keyboard.down(key)
        page.mouse.move(*points[0])
        page.mouse.down(button=button)
        for point in points[1:]:
            page.mouse.move(*point, steps=3)
            if chance.random() < 0.15:
                page.keyboard.press(chance.choice(["Control+z", "Escape", "Delete", "Control+y", "."]))
        if chance.random() < 0.9:
            page.mouse.up(button=button)
        for key in down:
            page.keyboard.up(key)
        if chance.random() < 0.2:
            page.mouse.dblclick(*on_something())
        page.keyboard.press("Escape")
        page.mouse.up()
        page.mouse.up(button="right")
        page.mouse.up(button="middle")
    page.evaluate("() => { const { store } = window.easel.editor; while (store.undo() !== null) {} }")
    assert artist.workflow == before, "all of it can be taken back"
