"""Pictures on nodes as a person meets them: batches, comparisons, words, sounds, crops."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.test_browser_mask import disc
from tests.browser.things import one_node, video, with_words

SHOWN = "id => { const { editor } = window.easel; return editor.statusOf(editor.store.node('node:' + id)) }"


@pytest.fixture
def files(server: Any) -> list[dict[str, str]]:
    return six_results(server)


def six_results(server: Any) -> list[dict[str, str]]:
    """In six colours."""
    folder = server.base / "output" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(6):
        Image.new("RGB", (96, 64), (40 * number, 90, 160)).save(folder / f"{number}.png")
    (server.base / "input").mkdir(exist_ok=True)
    (server.base / "input" / "disc.png").write_bytes(disc())
    return [{"filename": f"{number}.png", "subfolder": "pictures", "type": "output"} for number in range(6)]


def tell(person: Person, ui: dict[str, Any]) -> None:
    person.load(one_node("TellResult", json.dumps(ui)))
    person.page.evaluate("() => window.easel.editor.select([])")
    person.run()
    person.until(f"id => {{ const {{ images, text }} = ({SHOWN})(id); return images.length + text.length }}", "1")


def hover(person: Person, node: int, where: str = "picture") -> tuple[float, float]:
    x, y = person.point(node, where)
    person.page.mouse.move(x - 2, y)
    person.page.mouse.move(x, y)
    return x, y


def shown_large(person: Person) -> int:
    """Which picture is seen large on the node."""
    hover(person, 1)
    person.page.locator(".picture-bar").get_by_role("button", name="Show it large").click()
    name = person.page.locator("dialog.lightbox .name").first.inner_text()
    person.page.keyboard.press("Escape")
    hover(person, 1)
    return int(name.removesuffix(".png"))


def test_one_of_a_batch_is_looked_at_and_the_grid_comes_back(person: Person, files: list[dict[str, str]]) -> None:
    tell(person, {"images": files})
    bar = person.page.locator(".picture-bar")
    x, y = hover(person, 1)
    expect(bar).to_be_visible()
    expect(bar.get_by_role("button", name="Next picture")).to_have_count(0)
    before = person.page.evaluate("() => window.easel.editor.store.undoLabel")
    person.page.mouse.click(x, y)
    hover(person, 1)
    expect(bar.get_by_role("button", name="Show all pictures")).to_be_visible()
    first = shown_large(person)
    bar.get_by_role("button", name="Next picture").click()
    bar.get_by_role("button", name="Next picture").click()
    assert shown_large(person) == (first + 2) % 6
    hover(person, 1)
    bar.get_by_role("button", name="Show all pictures").click()
    expect(bar.get_by_role("button", name="Next picture")).to_have_count(0)
    assert person.page.evaluate("() => window.easel.editor.store.undoLabel") == before, "looking is no edit"


def test_the_lightbox_zooms_tells_and_compares(person: Person, files: list[dict[str, str]]) -> None:
    tell(person, {"images": files})
    page = person.page
    page.mouse.dblclick(*person.point(1, "picture"))
    box = page.locator("dialog.lightbox")
    image = box.locator(".view .both > .pane img")
    person.until("image => image.naturalWidth === 96", image.element_handle())
    page.keyboard.press("1")
    person.until("image => image.style.transform.endsWith('scale(1)')", image.element_handle())
    page.keyboard.press("0")
    page.keyboard.press("i")
    expect(box.locator(".details")).to_contain_text("96 × 64")
    page.keyboard.press("i")
    page.keyboard.press("c")
    second = box.locator(".comparison img")
    name = box.locator(".name").first.inner_text()
    other = second.get_attribute("alt")
    assert other != f"Compared with {name}"
    page.keyboard.press("ArrowRight")
    assert second.get_attribute("alt") not in (other, f"Compared with {name}")
    divider = box.get_by_role("slider")
    divider.focus()
    page.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "48"
    box.get_by_role("button", name="Side by side").click()
    left, right = image.bounding_box(), second.bounding_box()
    assert right["x"] >= left["x"] + left["width"]
    assert abs(left["y"] - right["y"]) < 1
    page.keyboard.press("c")
    expect(box.locator(".comparison")).to_be_hidden()


def test_a_comparison_follows_the_pointer(person: Person, files: list[dict[str, str]]) -> None:
    tell(person, {"a_images": files[:1], "b_images": files[5:]})
    x, y = hover(person, 1)
    person.page.wait_for_load_state("networkidle")

    def colour(at: float) -> list[int]:
        return person.page.evaluate(
            """([x, y]) => {
                const canvas = document.getElementById('scene')
                const box = canvas.getBoundingClientRect()
                const [px, py] = [(x - box.left) * canvas.width / box.width, (y - box.top) * canvas.height / box.height]
                return [...canvas.getContext('2d').getImageData(px, py, 1, 1).data].slice(0, 3)
            }""",
            [at, y],
        )

    person.page.mouse.move(x + 40, y)
    person.until("() => window.easel.editor.renderer.frames > 0")
    person.page.wait_for_timeout(100)
    assert colour(x)[0] < 20, "left of the pointer the first"
    person.page.mouse.move(x - 40, y)
    person.page.wait_for_timeout(100)
    assert colour(x)[0] > 180, "right of it the second"
    person.page.mouse.dblclick(x, y)
    expect(person.page.locator("dialog.lightbox .comparison")).to_be_visible()


def test_words_are_read_scrolled_and_copied(person: Person, context: Any) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    words = "An owl. " * 60_000
    tell(person, {"text": [words]})
    person.click(1, "picture")
    reader = person.page.locator(".reader-box pre")
    expect(reader).to_be_focused()
    person.page.mouse.wheel(0, 300)
    person.until("pre => pre.scrollTop > 100", reader.element_handle())
    expect(reader).to_contain_text("more letters")
    person.page.get_by_role("button", name="Copy all").click()
    person.until("async length => (await navigator.clipboard.readText()).length === length", len(words))
    person.page.keyboard.press("Escape")
    expect(reader).to_have_count(0)
    person.click(1, "picture")
    expect(reader).to_be_visible()
    person.page.evaluate("() => window.easel.editor.load({ nodes: [], links: [] })")
    expect(reader).to_have_count(0)


def test_the_wheel_zooms_over_words_but_for_long_ones_that_are_read(person: Person) -> None:
    zoom = "() => window.easel.editor.camera.zoom"

    def wheel(by: int) -> bool:
        before = person.page.evaluate(zoom)
        person.page.mouse.wheel(0, by)
        person.page.wait_for_timeout(100)
        return person.page.evaluate(zoom) != before

    tell(person, {"text": ["An owl. " * 2000, "A second text. " * 200]})
    hover(person, 1)
    assert wheel(-120), "words that are not read"
    person.click(1, "title")
    hover(person, 1)
    assert wheel(-120), "a node that is only selected"
    person.click(1, "picture")
    reader = person.page.locator(".reader-box pre")
    expect(reader).to_be_focused()
    assert not wheel(300)
    person.until("pre => pre.scrollTop > 100", reader.element_handle())
    person.page.keyboard.down("Control")
    assert wheel(120), "with Ctrl the canvas, never the browser's own zoom"
    person.page.keyboard.up("Control")
    tell(person, {"text": ["An owl."]})
    person.click(1, "picture")
    expect(reader).to_be_focused()
    assert wheel(120), "a few words have nothing to scroll"
    expect(reader).to_be_visible()


def test_a_sound_plays_on_the_node_and_in_the_lightbox(person: Person) -> None:
    folder = person.server.base / "output"
    folder.mkdir(exist_ok=True)
    with wave.open(str(folder / "tone.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8000 * 3))
    tell(person, {"audio": [{"filename": "tone.wav", "subfolder": "", "type": "output"}]})
    person.click(1, "picture")
    player = person.page.locator(".player-box audio")
    person.until("audio => audio.duration === 3", player.element_handle())
    person.page.keyboard.press("Escape")
    expect(player).to_have_count(0)
    person.page.get_by_role("button", name="Result tone.wav").click()
    expect(person.page.locator("dialog.lightbox audio")).to_be_visible()
    person.page.keyboard.press("Escape")
    (folder / "tone.wav").unlink()


def test_a_node_shows_the_video_or_sound_that_it_loads(person: Person) -> None:
    pytest.importorskip("av")
    folder = person.server.base / "input"
    folder.mkdir(exist_ok=True)
    (folder / "walk.mp4").write_bytes(video("mp4", "libx264"))
    with wave.open(str(folder / "tone.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8000 * 65))
    graph = one_node("LoadVideo", "walk.mp4", "image")
    graph["nodes"].append(one_node("LoadAudio", "tone.wav", "image")["nodes"][0] | {"id": 2, "pos": [320, 0]})
    graph["nodes"].append(one_node("LoadVideo", "", "image")["nodes"][0] | {"id": 3, "pos": [640, 0]})
    person.load(graph)
    known = (
        "name => [...Object.values(window.easel.editor.pictures.get({ filename: name, subfolder: '', type: 'input' }))]"
    )
    person.until(f"name => ({known})(name).includes('ready')", "walk.mp4", timeout=25_000)
    person.click(1, "picture")
    playing = person.page.locator(".player-box video")
    person.until("video => !video.paused && video.duration > 0.5", playing.element_handle())
    person.page.keyboard.press("Escape")
    expect(playing).to_have_count(0)
    person.click(2, "picture")
    sounding = person.page.locator(".player-box audio")
    person.until("audio => audio.duration === 65", sounding.element_handle())
    person.page.mouse.click(*person.void())
    expect(sounding).to_have_count(0)
    with person.page.expect_file_chooser() as chosen:
        person.click(3, "picture")
    chosen.value.set_files({"name": "other.mp4", "mimeType": "video/mp4", "buffer": video("mp4", "libx264")})
    person.until("() => window.app.graph.getNodeById(3).widgets[0].value === 'other.mp4'")


def test_a_finger_drags_the_line_of_a_comparison(phone: Person, files: list[dict[str, str]]) -> None:
    tell(phone, {"a_images": files[:1], "b_images": files[5:]})
    phone.page.keyboard.press(".")
    phone.page.wait_for_timeout(400)
    x, y = phone.point(1, "picture")
    place = phone.workflow["nodes"][0]["pos"]
    touch = phone.page.context.new_cdp_session(phone.page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 30, "y": y}]),
        ("touchMove", [{"x": x + 60, "y": y}]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    phone.page.wait_for_timeout(150)
    red = """([x, y]) => {
        const canvas = document.getElementById('scene')
        const box = canvas.getBoundingClientRect()
        const scale = canvas.width / box.width
        return canvas.getContext('2d').getImageData((x - box.left) * scale, (y - box.top) * scale, 1, 1).data[0]
    }"""
    assert phone.page.evaluate(red, [x + 40, y]) < 20, "left of the finger the first"
    assert phone.workflow["nodes"][0]["pos"] == place, "the node stays"


def crop_graph() -> dict[str, Any]:
    load = one_node("LoadImage", "disc.png", "image")["nodes"][0]
    load |= {
        "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [1]}, {"name": "MASK", "type": "MASK", "links": []}]
    }
    crop = {"id": 2, "type": "ImageCrop", "pos": [320, 0], "size": [240, 200], "widgets_values": [200, 150, 100, 80]}
    crop["inputs"] = [{"name": "image", "type": "IMAGE", "link": 1}]
    return {"nodes": [load, crop], "links": [[1, 1, 0, 2, 0, "IMAGE"]]}


def test_a_crop_is_set_on_the_picture(person: Person, files: list[dict[str, str]]) -> None:
    person.load(crop_graph())
    person.click(2)
    person.page.keyboard.press("Shift+C")
    box = person.page.locator(".crop-box .box")
    expect(box).to_be_visible()
    sheet = person.page.locator(".crop-box .sheet").bounding_box()
    scale = sheet["width"] / 640

    def values() -> list[int]:
        return person.workflow["nodes"][1]["widgets_values"]

    corner = (sheet["x"] + 300 * scale, sheet["y"] + 230 * scale)
    person.drag(corner, (corner[0] + 60 * scale, corner[1] + 40 * scale))
    assert values() == [260, 190, 100, 80]
    middle = (sheet["x"] + 200 * scale, sheet["y"] + 150 * scale)
    person.drag(middle, (middle[0] - 900 * scale, middle[1]))
    assert values() == [260, 190, 0, 80], "the box stays in the picture"
    person.page.keyboard.press("Control+z")
    assert values() == [260, 190, 100, 80], "a drag is one step"
    person.page.get_by_role("combobox", name="Shape").select_option("1")
    assert values() == [260, 260, 100, 80]
    width = person.page.get_by_role("spinbutton", name="Width")
    width.fill("99999")
    width.press("Enter")
    assert values()[0] == 640
    person.page.get_by_role("button", name="All of it").click()
    assert values() == [640, 480, 0, 0]
    person.page.get_by_role("combobox", name="Shape").select_option("own")
    box.focus()
    person.page.keyboard.press("Alt+ArrowLeft")
    assert values() == [639, 479, 0, 0], "the shape is kept"
    person.page.keyboard.press("Escape")
    expect(box).to_have_count(0)


def test_a_preview_moves_nothing(person: Person, text_to_image: dict[str, Any]) -> None:
    graph = with_words(text_to_image, "a calm preview")
    sampler = next(node for node in graph["nodes"] if node["type"] == "KSampler")
    person.load(graph)
    rects = "() => window.easel.editor.graph.nodes('').map(node => window.easel.editor.rectOf(node))"
    before = person.page.evaluate(rects)
    person.page.evaluate(
        "id => { const { editor, session } = window.easel; window.seen = []; session.listen(() => {"
        " if (!session.status(id).preview) return;"
        " window.seen.push(JSON.stringify(editor.graph.nodes('').map(node => editor.rectOf(node)))) }) }",
        str(sampler["id"]),
    )
    person.run()
    seen = person.page.evaluate("() => window.seen")
    assert seen
    assert all(json.loads(each) == before for each in seen)
    assert person.page.evaluate(rects) == before


def test_late_and_doubled_pictures_and_those_of_nodes_that_are_gone_throw_nothing(
    person: Person, files: list[dict[str, str]]
) -> None:
    tell(person, {"images": files})
    person.page.evaluate(
        """files => {
            const { session, editor } = window.easel
            for (const id of ['1', '99', '1:2']) {
                session.update(id, { images: files })
                session.update(id, { images: files, text: ['late'] })
                session.update(id, { images: [] , text: [] })
            }
            editor.load({ nodes: [], links: [] })
            session.update('1', { images: files })
        }""",
        files,
    )
    person.page.mouse.move(500, 300)
    person.page.mouse.move(520, 320)
    person.page.wait_for_timeout(200)


def test_a_box_that_a_widget_holds_is_set_on_the_picture(person: Person, files: list[dict[str, str]]) -> None:
    graph = crop_graph()
    box = {"x": 100, "y": 80, "width": 200, "height": 150, "mine": "kept"}
    graph["nodes"][1] |= {"type": "ImageCropV2", "widgets_values": [box]}
    person.load(graph)
    person.click(2, "widget:crop_region")
    expect(person.page.locator(".crop-box .box")).to_be_focused()
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("Escape")
    assert person.workflow["nodes"][1]["widgets_values"] == [box | {"x": 101}]
    person.page.keyboard.press("Control+z")
    assert person.workflow["nodes"][1]["widgets_values"] == [box]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_how_they_look(person: Person, files: list[dict[str, str]], tmp_path: Path, theme: Any) -> None:
    folder = Path(os.environ.get("EASEL_LOOK", tmp_path))
    person.page.emulate_media(color_scheme=theme)
    graph = crop_graph()
    for number, ui in enumerate(
        ({"images": files}, {"a_images": files[:1], "b_images": files[4:5]}, {"text": ["An owl. " * 300]})
    ):
        node = one_node("TellResult", json.dumps(ui))["nodes"][0]
        graph["nodes"].append(node | {"id": 3 + number, "pos": [320 * number, 420]})
    person.load(graph)
    person.run()
    person.page.keyboard.press(".")
    person.page.wait_for_load_state("networkidle")
    hover(person, 3)
    person.shoot(folder / f"pictures-{theme}.png")
    person.page.mouse.dblclick(*person.point(4, "picture"))
    person.page.keyboard.press("i")
    person.shoot(folder / f"pictures-compare-{theme}.png")
    person.page.keyboard.press("Escape")
    person.click(2)
    person.page.keyboard.press("Shift+C")
    person.shoot(folder / f"pictures-crop-{theme}.png")
