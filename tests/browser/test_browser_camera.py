"""A picture from a camera: taken, taken again, used; and what is told where there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.person import Person

INFO = {
    "input": {
        "required": {
            "image": ["WEBCAM", {}],
            "width": ["INT", {"default": 0, "min": 0, "max": 16384}],
            "height": ["INT", {"default": 0, "min": 0, "max": 16384}],
            "capture_on_queue": ["BOOLEAN", {"default": True}],
        }
    },
    "output": ["IMAGE"],
    "output_name": ["IMAGE"],
    "display_name": "Webcam Capture",
}
CAMERAS = """names => {
    window.open_cameras = new Set()
    const source = document.createElement('canvas')
    Object.assign(source, { width: 320, height: 240 })
    const ctx = source.getContext('2d')
    setInterval(() => {
        ctx.fillStyle = '#e08020'
        ctx.fillRect(0, 0, 320, 240)
    }, 30)
    window.camera_fails = null
    navigator.mediaDevices.getUserMedia = async ({ video }) => {
        if (window.camera_fails) throw new DOMException('no', window.camera_fails)
        const stream = source.captureStream(30)
        const [track] = stream.getTracks()
        track.getSettings = () => ({ deviceId: video.deviceId?.exact ?? names[0] })
        window.open_cameras.add(track)
        window.camera = track.getSettings().deviceId
        return stream
    }
    navigator.mediaDevices.enumerateDevices = async () =>
        names.map(name => ({ kind: 'videoinput', deviceId: name, label: name }))
}"""
ON = "() => [...window.open_cameras].filter(track => track.readyState === 'live').length"


def show(person: Person, *cameras: str, size: tuple[int, int] = (0, 0)) -> Any:
    person.page.evaluate(CAMERAS, list(cameras or ("front",)))
    person.page.evaluate(
        "info => easel.editor.setSchema(new easel.editor.schema.constructor({ WebcamCapture: info }))", INFO
    )
    node = {
        "id": 1,
        "type": "WebcamCapture",
        "pos": [0, 0],
        "size": [300, 340],
        "widgets_values": ["", *size, True],
    }
    person.load({"nodes": [node], "links": []})
    person.click(1, "widget:image")
    return person.page.get_by_role("dialog", name="Take a picture")


def value(person: Person) -> str:
    return person.workflow["nodes"][0]["widgets_values"][0]


def test_a_picture_is_taken_and_taken_again_and_used(person: Person) -> None:
    dialog = show(person, "front", "back", size=(128, 128))
    take = dialog.get_by_role("button", name="Take the picture")
    expect(take).to_be_enabled()
    dialog.get_by_role("combobox", name="Camera").select_option("back")
    person.until("() => window.camera === 'back'")
    person.until(f"() => ({ON})() === 1")
    expect(take).to_be_enabled()
    take.click()
    dialog.get_by_role("button", name="Take another").click()
    take.click()
    person.page.route("**/upload/image", lambda route: route.fulfill(status=507, body="The disk is full."))
    keep = dialog.get_by_role("button", name="Use this picture")
    keep.click()
    expect(dialog.get_by_role("alert")).to_contain_text("The disk is full.")
    person.page.unroute("**/upload/image")
    keep.click()
    expect(dialog).to_have_count(0)
    assert person.page.evaluate(ON) == 0, "the camera is off"
    name = value(person)
    assert name.startswith("webcam/")
    assert name.endswith(".png [temp]")
    assert person.workflow["nodes"][0]["widgets_values"][1:] == [128, 128, True]
    [path] = person.server.base.glob(f"**/{name.removesuffix(' [temp]')}")
    with Image.open(path) as picture:
        assert picture.size == (128, 128)
        red, green, blue = picture.convert("RGB").getpixel((64, 64))
    assert red > 200
    assert 100 < green < 150
    assert blue < 60
    shown = "() => easel.editor.scene.view(easel.editor.store.node('node:1')).layout.picture.h > 0"
    assert person.page.evaluate(shown)
    person.page.keyboard.press("Control+z")
    assert value(person) == ""


def test_without_a_camera_or_leave_one_is_told_and_can_try_again(person: Person) -> None:
    dialog = show(person)
    take = dialog.get_by_role("button", name="Take the picture")
    expect(take).to_be_enabled()
    person.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    person.until(f"() => ({ON})() === 0")
    for name, words in (
        ("NotAllowedError", "does not let this page use a camera"),
        ("NotFoundError", "There is no camera"),
        ("NotReadableError", "another program may be using it"),
    ):
        person.page.evaluate("name => { window.camera_fails = name }", name)
        person.click(1, "widget:image")
        expect(dialog.get_by_role("alert")).to_contain_text(words)
        expect(take).to_be_hidden()
        person.page.evaluate("() => { window.camera_fails = null }")
        dialog.get_by_role("button", name="Try again").click()
        expect(take).to_be_enabled()
        person.page.keyboard.press("Escape")
    person.page.locator(".values").get_by_role("button", name="Image: nothing").click()  # beside the canvas
    expect(take).to_be_enabled()
    person.page.keyboard.press("Escape")
    assert value(person) == ""
    assert person.page.evaluate("easel.editor.store.undoLabel") is None


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_how_it_looks(person: Person, tmp_path: Path, theme: Any) -> None:
    folder = Path(os.environ.get("EASEL_LOOK", tmp_path))
    person.page.emulate_media(color_scheme=theme)
    dialog = show(person, "Front camera", "Back camera")
    expect(dialog.get_by_role("combobox", name="Camera")).to_be_visible()
    person.page.wait_for_timeout(200)
    person.shoot(folder / f"camera-{theme}.png")
    dialog.get_by_role("button", name="Take the picture").click()
    person.shoot(folder / f"camera-taken-{theme}.png")
    person.page.keyboard.press("Escape")
    person.page.evaluate("() => { window.camera_fails = 'NotAllowedError' }")
    person.click(1, "widget:image")
    expect(dialog.get_by_role("alert")).to_be_visible()
    person.shoot(folder / f"camera-failed-{theme}.png")
