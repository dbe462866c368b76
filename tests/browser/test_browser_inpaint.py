"""An inpainting with a mask that a person paints: the real nodes, with the small model that comes with Easel."""

from __future__ import annotations

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
    graph = inpainting()
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


def inpainting() -> dict[str, Any]:
    """Load, encode, mask, sample, decode, save."""

    def node(
        id: int,
        type: str,
        values: list[Any],
        inputs: dict[str, int | None],
        outputs: list[str],
        links: dict[int, list[int]],
    ) -> dict[str, Any]:
        return {
            "id": id, "type": type, "pos": [(id % 5) * 320, (id // 5) * 420], "size": [280, 300], "widgets_values": values,
            "inputs": [{"name": name, "type": "*", "link": link} for name, link in inputs.items()],
            "outputs": [{"name": name, "type": name, "links": links.get(slot, [])} for slot, name in enumerate(outputs)],
        }  # fmt: skip

    return {
        "nodes": [
            node(1, "LoadImage", ["dot.png", "image"], {}, ["IMAGE", "MASK"], {0: [1], 1: [2]}),
            node(2, "CheckpointLoaderSimple", ["easel-emoji.safetensors"], {}, ["MODEL", "CLIP", "VAE"], {0: [3], 1: [4, 5], 2: [6, 7]}),
            node(3, "CLIPTextEncode", ["a red apple"], {"clip": 4}, ["CONDITIONING"], {0: [8]}),
            node(4, "CLIPTextEncode", [""], {"clip": 5}, ["CONDITIONING"], {0: [9]}),
            node(5, "VAEEncode", [], {"pixels": 1, "vae": 6}, ["LATENT"], {0: [10]}),
            node(6, "SetLatentNoiseMask", [], {"samples": 10, "mask": 2}, ["LATENT"], {0: [11]}),
            node(
                7, "KSampler", [7, "fixed", 8, 4.0, "euler", "normal", 1.0],
                {"model": 3, "positive": 8, "negative": 9, "latent_image": 11}, ["LATENT"], {0: [12]},
            ),
            node(8, "VAEDecode", [], {"samples": 12, "vae": 7}, ["IMAGE"], {0: [13]}),
            node(9, "SaveImage", ["inpaint"], {"images": 13}, [], {}),
        ],
        "links": [
            [1, 1, 0, 5, 0, "IMAGE"], [2, 1, 1, 6, 1, "MASK"], [3, 2, 0, 7, 0, "MODEL"], [4, 2, 1, 3, 0, "CLIP"], [5, 2, 1, 4, 0, "CLIP"],
            [6, 2, 2, 5, 1, "VAE"], [7, 2, 2, 8, 1, "VAE"], [8, 3, 0, 7, 1, "CONDITIONING"], [9, 4, 0, 7, 2, "CONDITIONING"],
            [10, 5, 0, 6, 0, "LATENT"], [11, 6, 0, 7, 3, "LATENT"], [12, 7, 0, 8, 0, "LATENT"], [13, 8, 0, 9, 0, "IMAGE"],
        ],
    }  # fmt: skip
