"""Where links lie, and how hands move: for tests of gestures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.person import Person

Point = tuple[float, float]

ON_LINK = """([from, to, part]) => {
  const { editor } = window.easel
  const link = editor.graph.links('').find(link => link.from === from && link.to === to)
  const { curves } = editor.scene.wire(link.id)
  const { a, b, c, d } = curves[Math.min(Math.floor(part * curves.length), curves.length - 1)]
  const t = part * curves.length % 1, s = 1 - t
  const at = axis => s * s * s * a[axis] + 3 * s * s * t * b[axis] + 3 * s * t * t * c[axis] + t * t * t * d[axis]
  return [at('x'), at('y')]
}"""

ON_PAGE = """([x, y]) => {
  const box = document.getElementById('overlay').getBoundingClientRect()
  const at = window.easel.editor.toScreen({ x, y })
  return [at.x + box.left, at.y + box.top]
}"""


def node(
    number: int, kind: str, x: float, y: float, takes: str = "", gives: str = "", size: Any = (200, 60)
) -> dict[str, Any]:
    """A node of a file; `takes` is its input, `gives` its outputs, of pictures."""
    return {
        "id": number,
        "type": kind,
        "pos": [x, y],
        "size": list(size),
        "inputs": [{"name": name, "type": "IMAGE"} for name in takes.split()],
        "outputs": [{"name": name, "type": name} for name in gives.split()],
    }


def graph(nodes: list[dict[str, Any]], *links: tuple[int, int]) -> dict[str, Any]:
    """A file of nodes, of which some feed the first input of others by their first output."""
    by_id = {each["id"]: each for each in nodes}
    for number, (start, end) in enumerate(links, 1):
        by_id[start]["outputs"][0].setdefault("links", []).append(number)
        by_id[end]["inputs"][0]["link"] = number
    rows = [[number, start, 0, end, 0, "IMAGE"] for number, (start, end) in enumerate(links, 1)]
    return {"nodes": nodes, "links": rows}


def on_page(person: Person, x: float, y: float) -> Point:
    """A point of the canvas, in pixels of the page."""
    left, top = person.page.evaluate(ON_PAGE, [x, y])
    return left, top


def on_link(person: Person, start: int, end: int, part: float = 0.5) -> Point:
    return on_page(person, *person.page.evaluate(ON_LINK, [start, end, part]))


def on_reroute(person: Person, index: int, aside: float = 0) -> Point:
    x, y = person.page.evaluate("index => window.easel.editor.graph.reroutes('')[index].pos", index)
    return on_page(person, x + aside, y)


def links(person: Person) -> set[tuple[int, int]]:
    return {(link[1], link[3]) for link in person.workflow["links"]}


def reroutes(person: Person) -> list[dict[str, Any]]:
    return (person.workflow.get("extra") or {}).get("reroutes") or []


def undo_label(person: Person) -> str | None:
    return person.page.evaluate("() => window.easel.editor.store.undoLabel")


def selected(person: Person) -> set[str]:
    return set(person.page.evaluate("() => [...window.easel.editor.selection]"))


def camera(person: Person) -> dict[str, float]:
    return person.page.evaluate("() => window.easel.editor.camera")


def painters(person: Person) -> int:
    """How much is painted over the graph besides what is always there."""
    return person.page.evaluate("() => window.easel.editor.painters.size")


def prefer(person: Person, navigation: str) -> None:
    person.page.evaluate("navigation => window.easel.editor.prefer({ navigation })", navigation)


@contextmanager
def held(person: Person, *keys: str) -> Iterator[None]:
    for key in keys:
        person.page.keyboard.down(key)
    yield
    for key in keys:
        person.page.keyboard.up(key)


def drag(person: Person, *points: Point, button: Any = "left", let_go: bool = True) -> None:
    mouse = person.page.mouse
    mouse.move(*points[0])
    mouse.down(button=button)
    for point in points[1:]:
        mouse.move(*point, steps=5)
    if let_go:
        mouse.up(button=button)


def away(point: Point, x: float, y: float) -> Point:
    return point[0] + x, point[1] + y


def shoot(person: Person, name: str) -> None:
    if folder := os.environ.get("EASEL_LOOK"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        person.shoot(Path(folder) / f"{name}.png")


CHAIN = graph(
    [
        node(1, "LoadImage", 0, 0, "", "IMAGE MASK", (210, 120)),
        node(2, "ImageInvert", 420, 0, "image", "IMAGE", (180, 40)),
        node(3, "SaveImage", 820, 0, "images", "", (210, 120)),
        node(4, "ImageScaleBy", 420, 420, "image", "IMAGE", (240, 120)),
    ],
    (1, 2),
    (2, 3),
)
