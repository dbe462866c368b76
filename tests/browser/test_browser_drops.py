"""What is dropped on the page, dragged over it and pasted into it."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.test_browser_mask import disc
from tests.browser.test_browser_pictures import hover, six_results
from tests.browser.test_browser_touch import Fingers
from tests.browser.things import one_node


def test_a_dropped_folder_is_taken_or_told(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    (folder / "deep").mkdir(parents=True)
    Image.new("RGB", (30, 20), "teal").save(folder / "one.png")
    Image.new("RGB", (30, 20), "navy").save(folder / "deep" / "two.png")
    (folder / "notes.txt").write_text("nothing")
    empty = tmp_path / "papers"
    empty.mkdir()
    (empty / "letter.txt").write_text("nothing")
    person.load({"nodes": [], "links": []})
    devtools = person.page.context.new_cdp_session(person.page)

    def drop(path: Path) -> None:
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 300, "data": data})

    drop(folder)
    person.until("() => window.app.graph.nodes.length === 2")
    assert sorted(node["widgets_values"][0] for node in person.workflow["nodes"]) == ["one.png", "two.png"]
    drop(empty)
    expect(person.page.locator(".toast")).to_contain_text("papers holds no picture")


def test_a_result_is_dragged_onto_a_node_and_not_sent_again(person: Person) -> None:
    files = six_results(person.server)
    graph = one_node("TellResult", json.dumps({"images": files[:1]}))
    graph["nodes"].append(
        {"id": 2, "type": "LoadImage", "pos": [320, 0], "size": [260, 300], "widgets_values": ["disc.png", "image"]}
    )
    person.load(graph)
    person.run()
    sent: list[str] = []
    person.page.on("request", lambda request: sent.append(request.url) if "/upload/" in request.url else None)
    thumb = person.page.get_by_role("button", name="Result 0.png")
    x, y = person.point(2, "picture")
    canvas = person.page.locator("#overlay")
    origin = canvas.bounding_box()
    thumb.drag_to(canvas, target_position={"x": x - origin["x"], "y": y - origin["y"]})
    person.until("() => window.app.graph.getNodeById(2).widgets[0].value === 'pictures/0.png [output]'")
    person.page.keyboard.press("Control+z")
    assert person.workflow["nodes"][1]["widgets_values"][0] == "disc.png"
    hover(person, 1)
    grip = person.page.locator(".picture-bar .grip").bounding_box()
    person.drag((grip["x"] + 12, grip["y"] + 12), (x, y))
    person.until("() => window.app.graph.getNodeById(2).widgets[0].value === 'pictures/0.png [output]'")
    assert not sent


def test_a_finger_that_rests_drags_a_result_onto_a_node(phone: Person) -> None:
    files = six_results(phone.server)
    graph = one_node("TellResult", json.dumps({"images": files}))
    graph["nodes"].append(
        {"id": 2, "type": "LoadImage", "pos": [320, 0], "size": [260, 300], "widgets_values": ["disc.png", "image"]}
    )
    phone.load(graph)
    phone.run()
    phone.page.evaluate("() => window.easel.editor.run('fit')")
    thumb = phone.page.get_by_role("button", name="Result 0.png")
    thumb.scroll_into_view_if_needed()
    phone.page.wait_for_timeout(250)
    box = thumb.bounding_box()
    start, end = (box["x"] + 20, box["y"] + 20), phone.point(2, "picture")
    fingers = Fingers(phone)
    value = "() => window.app.graph.getNodeById(2).widgets[0].value"
    fingers.drag(start, end)
    assert phone.page.evaluate(value) == "disc.png", "a finger that does not rest scrolls"

    box = thumb.bounding_box()
    start = (box["x"] + 20, box["y"] + 20)
    fingers.send("touchStart", start)
    expect(phone.page.locator(".carried img")).to_be_visible()
    fingers.send("touchMove", end)
    phone.page.keyboard.press("Escape")
    expect(phone.page.locator(".carried")).to_have_count(0)
    fingers.send("touchEnd")
    assert phone.page.evaluate(value) == "disc.png"

    fingers.drag(start, end, hold=500)
    phone.until(f"() => ({value})() === 'pictures/0.png [output]'")
    expect(phone.page.locator(".carried")).to_have_count(0)
    expect(phone.page.locator("dialog.lightbox")).to_have_count(0)
    fingers.tap(start)
    expect(phone.page.locator("dialog.lightbox")).to_be_visible()


def test_a_result_opens_by_key_and_is_what_every_browser_drags(person: Person) -> None:
    person.load(one_node("TellResult", json.dumps({"images": six_results(person.server)[:1]})))
    person.run()
    thumb = person.page.get_by_role("button", name="Result 0.png")
    assert thumb.evaluate("element => element.draggable && !element.closest('button')"), "Firefox drags no button"
    thumb.focus()
    person.page.keyboard.press("Enter")
    expect(person.page.locator("dialog.lightbox")).to_be_visible()


def test_several_files_and_what_no_node_takes(person: Person) -> None:
    person.load({"nodes": [], "links": []})
    page = person.page
    page.evaluate(
        """async bytes => {
            const data = new DataTransfer()
            const picture = Uint8Array.from(bytes)
            for (const name of ['a.png', 'b.png']) data.items.add(new File([picture], name, { type: 'image/png' }))
            data.items.add(new File(['x'], 'c.xyz', { type: '' }))
            data.items.add(new File(['ID3 no sound'], 'd.mp3', { type: 'audio/mpeg' }))
            const where = { clientX: 500, clientY: 300, bubbles: true, cancelable: true, dataTransfer: data }
            document.getElementById('overlay').dispatchEvent(new DragEvent('drop', where))
        }""",
        list(disc(40, 30)),
    )
    person.until("() => window.app.graph.nodes.length === 3")
    assert sorted(node["type"] for node in person.workflow["nodes"]) == ["LoadAudio", "LoadImage", "LoadImage"]
    expect(page.locator(".toast")).to_contain_text("c.xyz is neither a picture nor a graph")


def test_dropped_text_is_nodes_or_is_told_and_an_address_does_not_take_the_page_away(person: Person) -> None:
    person.load({"nodes": [], "links": []})

    def drop(**data: str) -> bool:
        return person.page.evaluate(
            """data => {
                const dataTransfer = new DataTransfer()
                for (const [kind, text] of Object.entries(data)) dataTransfer.setData(`text/${kind}`, text)
                const where = { clientX: 500, clientY: 300, bubbles: true, cancelable: true, dataTransfer }
                const overlay = document.getElementById('overlay')
                return ['dragover', 'drop'].every(kind => !overlay.dispatchEvent(new DragEvent(kind, where)))
            }""",
            data,
        )

    toast = person.page.locator(".toast")
    address = {"uri-list": "https://example.org/fox.png", "plain": "https://example.org/fox.png"}
    for data in ({"plain": "hello"}, address, {"plain": '{"nodes": 3}'}):
        assert drop(**data), "the browser does nothing of its own with it"
        expect(toast).to_contain_text("text that holds no nodes")
    assert drop(plain=json.dumps({"nodes": [{"id": 1, "type": "ImageInvert", "pos": [0, 0]}], "links": []}))
    assert [node["type"] for node in person.workflow["nodes"]] == ["ImageInvert"]


def test_a_paste_of_anything_throws_nothing(person: Person) -> None:
    person.load({"nodes": [], "links": []})
    for kind, text in (
        ("text/plain", "hello"),
        ("text/plain", "{"),
        ("text/plain", '{"nodes": 3}'),
        ("text/html", "<img src=x onerror=alert(1)>"),
        ("text/uri-list", "http://nowhere.invalid/x.png"),
        ("application/x-unknown", "\x00\x01"),
    ):
        person.page.evaluate(
            """([kind, text]) => {
                const data = new DataTransfer()
                data.setData(kind, text)
                const event = { clipboardData: data, bubbles: true, cancelable: true }
                document.getElementById('overlay').dispatchEvent(new ClipboardEvent('paste', event))
            }""",
            [kind, text],
        )
    person.page.evaluate(
        """() => {
            const data = new DataTransfer()
            data.items.add(new File(['no picture'], 'broken.png', { type: 'image/png' }))
            const event = { clipboardData: data, bubbles: true, cancelable: true }
            document.getElementById('overlay').dispatchEvent(new ClipboardEvent('paste', event))
        }"""
    )
    expect(person.page.locator(".toast", has_text="broken.png")).to_contain_text("broken.png was not uploaded")
    expect(person.page.locator(".toast", has_text="What was pasted")).to_have_count(1)
    assert person.workflow["nodes"] == []
