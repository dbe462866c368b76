"""Every gesture by finger, in a window as large as a phone."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import hands
from tests.browser.hands import (
    Point,
    away,
    camera,
    graph,
    links,
    node,
    on_link,
    painters,
    reroutes,
    selected,
    undo_label,
)
from tests.browser.person import Person

GRAPH = graph(
    [
        node(1, "LoadImage", 0, 0, "", "IMAGE MASK", (210, 120)),
        node(2, "ImageInvert", 380, 0, "image", "IMAGE", (180, 40)),
        node(3, "ImageInvert", 380, 420, "image", "IMAGE", (180, 40)),
    ],
    (1, 2),
)


class Fingers:
    """What fingers do, told as a touch screen tells it."""

    def __init__(self, person: Person) -> None:
        self.page = person.page
        self.session = person.page.context.new_cdp_session(person.page)

    def send(self, kind: str, *points: Point) -> None:
        self.session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]},
        )

    def tap(self, point: Point) -> None:
        self.send("touchStart", point)
        self.send("touchEnd")

    def drag(self, *points: Point, hold: float = 0) -> None:
        self.send("touchStart", points[0])
        if hold:
            self.page.wait_for_timeout(hold)
        for start, end in pairwise(points):
            for step in range(1, 6):
                self.send("touchMove", tuple(a + (b - a) * step / 5 for a, b in zip(start, end, strict=True)))
        self.send("touchEnd")

    def two(self, start: tuple[Point, Point], end: tuple[Point, Point]) -> None:
        self.send("touchStart", start[0])
        self.send("touchStart", *start)
        for step in range(1, 7):
            self.send(
                "touchMove",
                *[
                    tuple(a + (b - a) * step / 6 for a, b in zip(*pair, strict=True))
                    for pair in zip(start, end, strict=True)
                ],
            )
        self.send("touchEnd")


@pytest.fixture
def artist(phone: Person) -> Person:
    phone.load(GRAPH)
    phone.page.evaluate("() => window.easel.editor.run('fit')")
    phone.page.wait_for_timeout(250)
    return phone


@pytest.fixture
def fingers(artist: Person) -> Fingers:
    return Fingers(artist)


def pos(person: Person, node: int) -> list[float]:
    return next(each["pos"] for each in person.workflow["nodes"] if each["id"] == node)


def shoot(person: Person, name: str) -> None:
    hands.shoot(person, f"touch-{name}")


def test_one_finger_moves_the_view_two_zoom_and_pan(artist: Person, fingers: Fingers) -> None:
    shoot(artist, "start")
    before, void = camera(artist), artist.void()
    fingers.drag(void, away(void, 30, 50))
    after = camera(artist)
    assert after["x"] < before["x"]
    assert after["y"] < before["y"]
    assert after["zoom"] == before["zoom"]
    middle = (200, 400)
    fingers.two((away(middle, -40, 0), away(middle, 40, 0)), (away(middle, -90, 0), away(middle, 90, 0)))
    zoomed = camera(artist)
    assert zoomed["zoom"] > after["zoom"] * 1.5
    fingers.two((away(middle, -40, 0), away(middle, 40, 0)), (away(middle, -40, -80), away(middle, 40, -80)))
    panned = camera(artist)
    assert abs(panned["zoom"] - zoomed["zoom"]) < 0.02
    assert panned["y"] > zoomed["y"]
    assert undo_label(artist) is None


def test_a_tap_selects_a_drag_moves_and_a_second_finger_takes_it_back(artist: Person, fingers: Fingers) -> None:
    fingers.tap(artist.point(2))
    assert selected(artist) == {"node:2"}
    before = pos(artist, 2)
    start = artist.point(2)
    fingers.drag(start, away(start, 10, 60))
    assert pos(artist, 2)[1] > before[1] + 40
    assert undo_label(artist) == "Move"
    moved = pos(artist, 2)
    start = artist.point(2)
    fingers.send("touchStart", start)
    fingers.send("touchMove", away(start, 0, 40))
    fingers.send("touchMove", away(start, 0, 60))
    fingers.send("touchStart", away(start, 0, 60), away(start, -80, 120))
    fingers.send("touchMove", away(start, 0, 50), away(start, -80, 140))
    fingers.send("touchEnd")
    assert pos(artist, 2) == moved
    fingers.tap(artist.void())
    assert selected(artist) == set()


def test_links_are_drawn_pulled_off_and_given_reroutes_by_finger(artist: Person, fingers: Fingers) -> None:
    # A finger is blunt: beside the socket is near enough.
    fingers.drag(away(artist.point(2, "out:IMAGE"), 5, 6), away(artist.point(3, "in:image"), -14, 10))
    assert links(artist) == {(1, 2), (2, 3)}
    before = painters(artist)
    fingers.tap(on_link(artist, 1, 2))
    assert selected(artist) == {"link:1"}
    artist.page.wait_for_timeout(450)
    shoot(artist, "card")
    assert painters(artist) == before + 1, "the card"
    fingers.tap(on_link(artist, 1, 2))
    fingers.tap(on_link(artist, 1, 2))
    assert len(reroutes(artist)) == 1
    artist.page.evaluate("() => window.easel.editor.run('undo')")
    fingers.drag(artist.point(3, "in:image"), artist.void())
    assert links(artist) == {(1, 2)}


def test_a_long_press_opens_menus_and_draws_a_box(artist: Person, fingers: Fingers) -> None:
    page = artist.page
    fingers.drag(artist.point(2), hold=700)
    expect(page.get_by_role("menuitem", name="Rename")).to_be_visible()
    page.keyboard.press("Escape")
    fingers.drag(artist.void(), hold=700)
    expect(page.get_by_role("menuitem", name="Select all")).to_be_visible()
    page.keyboard.press("Escape")
    a, b = artist.point(2), artist.point(3)
    fingers.drag((a[0] + 40, b[1] + 60), (a[0] - 50, a[1] - 30), hold=700)
    assert selected(artist) == {"node:2", "node:3"}
    fingers.drag(on_link(artist, 1, 2), hold=700)
    shoot(artist, "link-menu")
    page.get_by_role("menuitem", name="Delete the link").tap()
    assert links(artist) == set()


def test_a_double_tap_adds_and_the_menu_arms_what_needs_keys_elsewhere(artist: Person, fingers: Fingers) -> None:
    page = artist.page
    void = artist.void()
    fingers.tap(void)
    fingers.tap(void)
    expect(page.locator(".search")).to_be_visible()
    page.keyboard.press("Escape")

    def arm(name: str) -> None:
        fingers.drag(artist.void(), hold=700)
        page.get_by_role("menuitem", name="By hand").tap()
        page.get_by_role("menuitem", name=name).tap()

    arm("Add reroutes by hand")
    shoot(artist, "armed")
    middle = on_link(artist, 1, 2)
    fingers.drag(away(middle, 0, -40), away(middle, 0, 40))
    assert len(reroutes(artist)) == 1
    before = camera(artist)
    arm("Cut links by hand")
    middle = on_link(artist, 1, 2, 0.75)
    fingers.drag(away(middle, 0, -40), away(middle, 0, 40))
    assert links(artist) == set()
    assert reroutes(artist) == []
    arm("Join two nodes by hand")
    fingers.drag(artist.point(2), artist.point(3))
    assert links(artist) == {(2, 3)}
    arm("Select with a lasso")
    a, b = artist.point(2), artist.point(3)
    fingers.drag(away(a, -50, -30), away(a, 50, -30), away(b, 50, 40), away(b, -50, 40), away(a, -50, -30))
    assert selected(artist) == {"node:2", "node:3"}
    assert camera(artist) == before
    # What was armed is used up.
    void = artist.void()
    fingers.drag(void, away(void, 20, 30))
    assert camera(artist) != before


TELL = """([kind, given]) => document.getElementById('overlay').dispatchEvent(
  new PointerEvent(kind, { bubbles: true, cancelable: true, ...given }))"""


def tell(person: Person, kind: str, at: Point, **given: Any) -> None:
    """An event of a pointer that the tests' own fingers cannot make."""
    person.page.evaluate(TELL, [kind, {"clientX": at[0], "clientY": at[1], **given}])


def test_a_pen_draws_as_a_mouse_and_its_other_end_cuts(artist: Person) -> None:
    def pen(start: Point, end: Point, button: int = 0, buttons: int = 1) -> None:
        given = {"pointerId": 9, "pointerType": "pen", "isPrimary": True}
        tell(artist, "pointerdown", start, button=button, buttons=buttons, **given)
        for step in range(1, 6):
            x, y = (a + (b - a) * step / 5 for a, b in zip(start, end, strict=True))
            tell(artist, "pointermove", (x, y), button=-1, buttons=buttons, **given)
        tell(artist, "pointerup", end, button=button, buttons=0, **given)

    pen(away(artist.point(2, "out:IMAGE"), 4, 0), artist.point(3, "in:image"))
    assert links(artist) == {(1, 2), (2, 3)}
    middle = on_link(artist, 1, 2)
    pen(away(middle, 0, -40), away(middle, 0, 40), button=5, buttons=32)
    assert links(artist) == {(2, 3)}
    assert undo_label(artist) == "Cut a link"


def test_fingers_out_of_order_never_throw(artist: Person, fingers: Fingers) -> None:
    chance = random.Random(5)
    before = artist.workflow
    ends = ["pointerup", "pointercancel", "lostpointercapture"]
    kinds = ["pointerdown", "pointermove", "pointermove", "pointermove", *ends]
    for _ in range(250):
        kind, at = chance.choice(kinds), (chance.random() * 390, 60 + chance.random() * 640)
        tell(
            artist,
            kind,
            at,
            pointerId=chance.randrange(1, 5),
            pointerType=chance.choice(["touch", "touch", "pen", "mouse"]),
            button=-1 if kind == "pointermove" else 0,
            buttons=0 if kind in ends else 1,
        )
        if chance.random() < 0.05:
            artist.page.evaluate("id => window.easel.editor.run(id)", chance.choice(["undo", "redo"]))
    artist.page.keyboard.press("Escape")
    artist.page.evaluate("() => { const { store } = window.easel.editor; while (store.undo() !== null) {} }")
    assert artist.workflow == before
