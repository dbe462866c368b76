"""An inpainting with a mask that a person paints: the real nodes, with the small model that comes with Easel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from tests.browser.person import Person
from tests.browser.test_browser_mask import open_editor, stroke
from tests.server.harness import ROOT, running, until

MODEL = ROOT / "models" / "checkpoints" / "easel-emoji.safetensors"


@pytest.mark.skipif(not MODEL.is_file(), reason="The model that comes with Easel is not here.")
def test_inpaint_with_a_painted_mask(browser: Any, tmp_path: Path) -> None:
    """Only what was painted is drawn anew."""
    picture = Image.new("RGB", (128, 128), "white")
    ImageDraw.Draw(picture).ellipse((8, 8, 56, 56), (30, 60, 200))
    (tmp_path / "input").mkdir()
    picture.save(tmp_path / "input" / "dot.png")
    graph = json.loads((Path(__file__).parent / "inpaint.json").read_text())
    with running(tmp_path, registry=None) as server:
        until(lambda: server.status()["worker"]["state"] == "ready", 120.0, server)
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{server.port}"
        )
        person = Person(context.new_page(), server)
        person.open()
        person.load(graph)
        open_editor(person)
        person.page.keyboard.press("r")
        stroke(person, (64, 64), (127, 127))
        person.page.keyboard.press("Control+s")
        person.page.locator("dialog.mask-editor").wait_for(state="detached")
        person.page.keyboard.press("Control+Enter")
        person.until("() => window.easel.session.run.state === 'done'", timeout=60_000)
        person.until("() => window.easel.session.status(9).images.length")
        file = person.status(9)["images"][0]
        made = Image.open(server.base / "output" / file["subfolder"] / file["filename"]).convert("RGB")
        assert not person.errors
        context.close()
    assert changed(made, picture, (4, 72, 56, 120)) < 14, "what was not painted stays"
    assert changed(made, picture, (72, 72, 120, 120)) > 25, "what was painted is drawn anew"


def changed(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int]) -> float:
    """By how much pixels differ there, on average."""
    return sum(ImageStat.Stat(ImageChops.difference(one.crop(box), other.crop(box))).mean) / 3
