"""Results that are no still pictures: videos and animations play, drawings are drawn, words and files are named."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.things import animation, one_node, video

DRAWING = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 40" width="60" height="40" onload="alert(1)">
<script>window.top.easel = null</script><rect width="60" height="40" fill="#235"/>
<circle cx="30" cy="20" r="14" fill="#f93"/></svg>"""
MARK = (240, 150, 40)
PEEK = """([name, at]) => {
  const { editor, session } = window.easel
  const ref = session.status(1).images.find(({ filename }) => filename === name)
  const { bitmap, state } = editor.pictures.get(ref)
  if (!bitmap) return state
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  const ctx = canvas.getContext('2d')
  ctx.drawImage(bitmap, 0, 0)
  const [r, g, b] = ctx.getImageData(Math.round(at[0] * bitmap.width), Math.round(at[1] * bitmap.height), 1, 1).data
  return [r, g, b]
}"""


@pytest.fixture(scope="module")
def output(server: Any) -> Any:
    """A folder of results, which is gone afterwards: other tests show what the server's folder holds."""
    pytest.importorskip("av")
    folder = server.base / "output" / "media"
    folder.mkdir(parents=True)
    (folder / "walk.mp4").write_bytes(video("mp4", "libx264"))
    (folder / "walk.webm").write_bytes(video("webm", "libvpx-vp9"))
    (folder / "walk.webp").write_bytes(animation("WEBP"))
    (folder / "walk.png").write_bytes(animation("PNG"))
    (folder / "drawing.svg").write_bytes(DRAWING)
    (folder / "broken.mp4").write_bytes(b"no video at all")
    yield folder
    shutil.rmtree(folder)


def tell(person: Person, ui: dict[str, Any]) -> None:
    person.load(one_node("TellResult", json.dumps(ui)))
    person.page.evaluate("() => window.easel.editor.select([])")
    person.run()
    person.until(
        "() => { const { images, text } = window.easel.session.status(1); return images.length + text.length }"
    )


def refs(*names: str) -> list[dict[str, str]]:
    return [{"filename": name, "subfolder": "media", "type": "output"} for name in names]


def is_near(colour: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(have - want) < 40 for have, want in zip(colour, wanted, strict=True))


@pytest.mark.parametrize("name", ["walk.mp4", "walk.webm"])
def test_a_video_shows_its_first_frame_and_plays_in_the_lightbox(person: Person, output: Path, name: str) -> None:
    tell(person, {"images": refs(name), "animated": [True]})
    person.until(f"arg => Array.isArray(({PEEK})(arg))", [name, [0, 0]])
    assert is_near(person.page.evaluate(PEEK, [name, [30 / 192, 0.5]]), MARK), (
        "the disc is where the first frame has it"
    )

    thumb = person.page.get_by_role("button", name=f"Result {name}")
    expect(thumb.locator(".plays")).to_be_visible()
    person.until("canvas => canvas.width === 216", thumb.locator("canvas").element_handle())
    thumb.click()
    playing = person.page.locator("dialog.lightbox video")
    expect(playing).to_be_visible()
    person.until("video => !video.paused && video.currentTime > 0.3 && video.muted", playing.element_handle())
    expect(person.page.get_by_role("button", name="Zoom in")).to_be_hidden()
    person.page.keyboard.press("Escape")
    expect(playing).to_have_count(0)

    person.click(1, "picture", click_count=2)
    expect(playing).to_be_visible()


@pytest.mark.parametrize("name", ["walk.webp", "walk.png"])
def test_an_animation_shows_its_first_frame_and_moves_in_the_lightbox(person: Person, output: Path, name: str) -> None:
    tell(person, {"images": refs(name), "animated": [True]})
    person.until(f"arg => Array.isArray(({PEEK})(arg))", [name, [0, 0]])
    assert is_near(person.page.evaluate(PEEK, [name, [30 / 192, 0.5]]), MARK)
    thumb = person.page.get_by_role("button", name=f"Result {name}")
    expect(thumb.locator(".plays")).to_be_visible()
    thumb.click()
    image = person.page.locator("dialog.lightbox img")
    person.until("image => image.naturalWidth === 192", image.element_handle())
    first = image.screenshot()
    for _ in range(40):
        if image.screenshot() != first:
            return
    pytest.fail("The lightbox shows a still picture.")


def test_a_drawing_is_an_image_whose_script_never_runs(person: Person, output: Path) -> None:
    tell(person, {"images": refs("drawing.svg")})
    person.until(f"arg => Array.isArray(({PEEK})(arg))", ["drawing.svg", [0, 0]])
    assert is_near(person.page.evaluate(PEEK, ["drawing.svg", [0.5, 0.5]]), (255, 153, 51))
    person.page.get_by_role("button", name="Result drawing.svg").click()
    person.until("image => image.naturalWidth === 60", person.page.locator("dialog.lightbox img").element_handle())
    assert person.page.evaluate("() => !!window.easel && !document.querySelector('svg script, object, iframe')")


def test_what_is_broken_or_gone_keeps_its_name(person: Person, output: Path) -> None:
    tell(person, {"images": refs("broken.mp4", "gone.webm", "gone.png"), "animated": [True, True, False]})
    for name in ("broken.mp4", "gone.webm", "gone.png"):
        person.until(f"arg => ({PEEK})(arg) === 'failed'", [name, [0, 0]])
        thumb = person.page.get_by_role("button", name=f"Result {name}")
        expect(thumb.locator(".missing")).to_have_text(name)
    person.page.get_by_role("button", name="Result broken.mp4").click()
    missing = person.page.locator("dialog.lightbox .missing")
    expect(missing).to_contain_text("broken.mp4")
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("ArrowLeft")
    expect(missing).to_contain_text("It is not there any more")
    person.page.keyboard.press("Escape")
    expect(missing).to_have_count(0)


def test_words_and_saved_files_are_told_on_the_node_and_beside_it(person: Person) -> None:
    files = [{"filename": "mine_00001_.safetensors", "subfolder": "checkpoints", "type": "output"}]
    tell(person, {"text": ["An owl\non a branch"], "files": files})
    assert person.status(1)["text"] == ["An owl\non a branch", "Saved output/checkpoints/mine_00001_.safetensors"]
    person.point(1, "picture")  # the place on the node where they stand
    person.click(1)
    expect(person.page.locator("#side .result")).to_contain_text("Saved output/checkpoints/mine_00001_.safetensors")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_how_they_look(person: Person, output: Path, tmp_path: Path, theme: Any) -> None:
    folder = Path(os.environ.get("EASEL_LOOK", tmp_path))
    person.page.emulate_media(color_scheme=theme)
    tell(
        person,
        {"images": refs("walk.mp4", "walk.webp", "drawing.svg", "gone.webm"), "animated": [True, True, False, True]},
    )
    person.page.keyboard.press(".")
    person.page.wait_for_load_state("networkidle")
    person.shoot(folder / f"media-{theme}.png")
    person.page.get_by_role("button", name="Result walk.mp4").click()
    person.shoot(folder / f"media-video-{theme}.png")
    person.page.keyboard.press("Escape")
    person.page.get_by_role("button", name="Result gone.webm").click()
    person.shoot(folder / f"media-gone-{theme}.png")
    person.page.keyboard.press("Escape")
    person.page.locator("dialog").wait_for(state="detached")
    tell(
        person,
        {
            "text": ["A long-eared owl sits on a branch and looks at the moon over the lake."],
            "latents": refs("l_00001_.latent"),
        },
    )
    person.page.keyboard.press(".")
    person.click(1)
    person.shoot(folder / f"media-words-{theme}.png")
