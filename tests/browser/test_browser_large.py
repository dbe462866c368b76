"""Graphs that are too large, and values that are too wild, for a page that draws everything at once."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image, ImageChops

from bench.editor.graphs import graph

SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
LOOK = "([x, y, zoom]) => window.easel.editor.setCamera({ x, y, zoom })"


def field(count, kind="ImageInvert", **more):
    """As the bench's graphs, of a type that this server has."""
    made = graph(count)
    for node in made["nodes"]:
        node.update({"type": kind, "widgets_values": [], **more})
    return made


def picture(person):
    person.page.evaluate(SETTLED)
    data = person.page.evaluate("() => document.getElementById('scene').toDataURL()")
    return Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB")


def unlike(one, other):
    """The share of pixels that differ so that one could see it."""
    grey = ImageChops.difference(one, other).convert("L").point(lambda value: 255 if value > 40 else 0)
    return grey.histogram()[255] / (one.width * one.height)


@pytest.mark.parametrize("zoom", [0.12, 0.35, 1.0])
def test_a_picture_that_was_moved_and_mended_is_the_one_that_is_drawn_anew(person, zoom):
    person.load(field(600))
    page = person.page
    for step in range(6):
        page.evaluate(LOOK, [3000 + step * 31 / zoom, 2000 - step * 17.3 / zoom, zoom])
        page.evaluate(SETTLED)
    page.evaluate("""() => {
        const { store } = window.easel.editor
        const at = window.easel.editor.toCanvas({ x: 300, y: 300 })
        for (const step of [1, 2, 3]) {
            store.transact('Move', () => store.update('node:200', { pos: [at.x + step * 15, at.y + step * 9] }))
        }
    }""")
    mended = picture(person)
    page.evaluate("() => window.easel.editor.invalidate()")
    assert unlike(mended, picture(person)) < 0.004


def test_a_node_in_hand_is_where_the_pointer_is_and_nothing_else_is_drawn(person):
    person.load(field(600))
    page = person.page
    x, y = page.evaluate("() => window.easel.editor.store.node('node:300').pos")
    page.evaluate(LOOK, [x - 300, y - 200, 1])
    page.evaluate(SETTLED)
    page.mouse.move(*person.point(300))
    page.mouse.down()
    page.mouse.move(500, 300, steps=3)
    page.evaluate("""() => {
        const { renderer } = window.easel.editor
        const { fillText } = renderer.scene
        window.written = 0
        renderer.scene.fillText = function (...given) { window.written++; return fillText.apply(this, given) }
    }""")
    page.mouse.move(620, 420, steps=6)
    page.evaluate(SETTLED)
    assert page.evaluate("window.written") == 0
    held = page.evaluate(
        "() => window.easel.editor.toScreen(easel.editor.scene.rect(easel.editor.store.node('node:300')))"
    )
    page.mouse.up()
    page.evaluate(SETTLED)
    assert page.evaluate("window.written") > 0, "put down, it is part of the graph again"
    assert 0 < 620 - held["x"] < 300
    page.keyboard.press("Control+z")
    assert page.evaluate("() => window.easel.editor.store.node('node:300').pos") == [x, y]


def test_nothing_moves_while_nothing_happens(person):
    person.load(field(300))
    person.page.wait_for_timeout(1200)  # the draft is written
    counted = person.page.evaluate("""async () => {
        let asked = 0
        const { requestAnimationFrame: frame, setInterval: every } = window
        window.requestAnimationFrame = callback => { asked++; return frame(callback) }
        window.setInterval = (...given) => { asked++; return every(...given) }
        const before = window.easel.editor.renderer.frames
        await new Promise(done => setTimeout(done, 800))
        window.requestAnimationFrame = frame
        window.setInterval = every
        return [asked, window.easel.editor.renderer.frames - before]
    }""")
    assert counted == [0, 0]


def test_titles_are_legible_at_every_zoom(person):
    person.load(field(300, title="A rather long title of a node"))
    sizes = person.page.evaluate("""async () => {
        const { editor } = window.easel
        const { scene } = editor.renderer
        const { fillText } = scene
        const sizes = []
        scene.fillText = function (text, ...at) {
            const size = Number(/([\\d.]+)px/.exec(this.font)[1]) * this.getTransform().a
            if (/^600/.test(this.font)) sizes.push(size)
            return fillText.call(this, text, ...at)
        }
        for (const zoom of [0.1, 0.14, 0.2, 0.27, 0.3, 0.5, 0.8, 1.5]) {
            editor.setCamera({ x: 0, y: 0, zoom })
            await new Promise(done => setTimeout(done, 200))
        }
        scene.fillText = fillText
        return sizes
    }""")
    assert len(sizes) > 100
    assert min(sizes) > 10.95


MANY = """() => {
    const count = 20_000
    const nodes = Array.from({ length: count }, (_, index) => ({
        id: index + 1, type: 'ImageInvert', pos: [(index % 150) * 300, Math.floor(index / 150) * 280], size: [240, 120],
        inputs: [{ name: 'image', type: 'IMAGE', link: index || null }],
        outputs: [{ name: 'IMAGE', type: 'IMAGE', links: index < count - 1 ? [index + 1] : null }],
    }))
    const links = nodes.slice(1).map((_, index) => [index + 1, index + 1, 0, index + 2, 0, 'IMAGE'])
    nodes[1].pos = [1e9, -1e9]
    nodes[2].pos = [NaN, 'here']
    nodes[3].id = nodes[4].id
    nodes[5].widgets_values = { no: ['such', null] }
    nodes[6].unknown = { kept: true }
    links[10] = [11, 11, 7, 12, 9, 'IMAGE']
    links.push([999_999, 1, 0, 77_777, 0, 'IMAGE'])
    window.made = { nodes, links, groups: [], version: 0.4 }
    return window.easel.graph.open(structuredClone(window.made))
}"""


def test_twenty_thousand_nodes_and_what_is_wrong_with_them(person):
    page = person.page
    notes = page.evaluate(MANY)
    assert any("position" in note for note in notes)
    assert any("Two nodes have the id" in note for note in notes)
    assert any("ends nowhere" in note for note in notes)
    page.evaluate(SETTLED)
    page.evaluate(LOOK, [20_000, 15_000, 0.05])
    page.evaluate(SETTLED)
    page.evaluate("() => window.easel.editor.focus()")
    page.keyboard.press("Control+a")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => window.easel.editor.store.node('node:9').pos[0]") == 8 * 300 + 10
    page.keyboard.press("Control+z")
    kept, count = page.evaluate("""() => {
        const { nodes } = JSON.parse(JSON.stringify(window.app.graph.serialize()))
        return [JSON.stringify(nodes[6]) === JSON.stringify(window.made.nodes[6]), nodes.length]
    }""")
    assert kept
    assert count == 20_000


def test_values_of_any_kind_and_size_are_drawn_and_kept(person):
    text = "a fox (in the snow:1.2), " * 420_000  # 10 MB
    person.load(
        {
            "nodes": [
                {"id": 1, "type": "CLIPTextEncode", "pos": [0, 0], "size": [300, 200], "widgets_values": [text]},
                {
                    "id": 2,
                    "type": "KSampler",
                    "pos": [400, 0],
                    "size": [300, 300],
                    "widgets_values": ["x", {}, [1], None, 7],
                },
                {"id": 3, "type": "KSampler", "pos": [800, 0], "size": [300, 300], "widgets_values": list(range(40))},
                {
                    "id": 4,
                    "type": "Nobody",
                    "pos": [0, 400],
                    "size": [300, 200],
                    "widgets_values": [text[:100_000], True],
                },
            ],
            "links": [],
        }
    )
    page = person.page
    for zoom in (0.2, 0.5, 1.0):
        page.evaluate(LOOK, [-100, -100, zoom])
        page.evaluate(SETTLED)
        page.evaluate("() => window.easel.editor.invalidate()")
        page.evaluate(SETTLED)
        assert page.evaluate("() => window.easel.editor.renderer.lastDraw") < 500
    assert page.evaluate("() => window.app.graph.serialize().nodes[0].widgets_values[0].length") == len(text)
    values = page.evaluate(
        "() => JSON.stringify(window.app.graph.serialize().nodes.slice(1, 3).map(n => n.widgets_values))"
    )
    assert json.loads(values) == [["x", {}, [1], None, 7], list(range(40))]


def test_a_picture_that_does_not_decode_leaves_its_node_usable(person):
    person.server.upload("no_picture.png", b"this is no picture")
    person.load(
        {
            "nodes": [
                {
                    "id": 1,
                    "type": "LoadImage",
                    "pos": [100, 100],
                    "size": [300, 300],
                    "widgets_values": ["no_picture.png", "image"],
                }
            ],
            "links": [],
        }
    )
    person.page.wait_for_timeout(400)
    before = person.page.evaluate("() => window.easel.editor.renderer.frames")
    person.page.wait_for_timeout(400)
    assert person.page.evaluate("() => window.easel.editor.renderer.frames") - before < 3, (
        "it is not asked for again and again"
    )
    person.click(1)
    assert person.page.evaluate("() => [...window.easel.editor.selection]") == ["node:1"]


def test_a_window_that_is_resized_in_mid_gesture(person):
    person.load(field(30))
    page = person.page
    page.evaluate(LOOK, [-100, -100, 1])
    page.evaluate(SETTLED)
    start = person.point(1)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 60, start[1] + 40, steps=3)
    page.set_viewport_size({"width": 900, "height": 640})
    page.evaluate(SETTLED)
    page.mouse.move(start[0] + 90, start[1] + 70, steps=3)
    page.mouse.up()
    moved = page.evaluate("() => window.easel.editor.store.node('node:1').pos")
    assert moved == [90, 70]
    sizes = page.evaluate(
        """() => ['scene', 'overlay'].map(id => {
            const { width, clientWidth } = document.getElementById(id)
            return [width, clientWidth]
        })"""
    )
    assert all(width == wide for width, wide in sizes)


def test_after_a_sleep_everything_is_where_it_was_going(person):
    person.load(field(30))
    page = person.page
    page.evaluate(LOOK, [0, 0, 0.5])
    sleep = "() => { const begun = performance.now(); while (performance.now() - begun < 1500); }"
    page.evaluate("() => window.easel.editor.setCamera({ x: 300, y: 200, zoom: 1 }, { smooth: true })")
    page.evaluate(sleep)
    person.until(
        "() => { const { x, y, zoom } = window.easel.editor.camera; return x === 300 && y === 200 && zoom === 1 }"
    )
    page.evaluate(LOOK, [-100, -100, 1])
    page.evaluate(SETTLED)
    start = person.point(1)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 50, start[1] + 50, steps=3)
    page.evaluate(sleep)
    page.mouse.move(start[0] + 80, start[1] + 60, steps=2)
    page.mouse.up()
    assert page.evaluate("() => window.easel.editor.store.node('node:1').pos") == [80, 60]
    assert page.evaluate("() => window.easel.editor.store.history.undos.length") == 1
