"""Vector pictures saved, and pictures from a camera."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image as Pillow

from graph.context import Context
from nodes import image, output

DRAWING = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="4"><svg><title>ä</title></svg></svg>'
SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Drawings:
    """What packs put into an SVG socket."""

    data: list[BytesIO] = field(default_factory=lambda: [BytesIO(DRAWING.encode()) for _ in range(2)])


def test_drawings_carry_the_graph_that_made_them(context: Context) -> None:
    drawings = Drawings()
    drawings.data[1].read()  # somebody has read it before
    extra = {"workflow": {"note": "]]> ends a section"}}
    result = output.save_svg(drawings, context, "svg/a%batch_num%", {"1": {}}, extra)
    assert [entry["filename"] for entry in result.ui["images"]] == ["a0_00001_.svg", "a1_00002_.svg"]
    assert {entry["subfolder"] for entry in result.ui["images"]} == {"svg"}
    for entry in result.ui["images"]:
        tree = ElementTree.parse(context.folders.root("output") / "svg" / entry["filename"]).getroot()
        assert json.loads(tree.findtext(f"{SVG}metadata") or "") == {"prompt": {"1": {}}, **extra}
        assert tree.findtext(f"{SVG}svg/{SVG}title") == "ä"
        assert len(tree.findall(f".//{SVG}metadata")) == 1


def test_a_drawing_without_a_graph_is_kept_as_it_is(context: Context) -> None:
    output.save_svg(Drawings([BytesIO(DRAWING.encode())]), context, "plain")
    assert (context.folders.root("output") / "plain_00001_.svg").read_text("utf-8") == DRAWING


@pytest.mark.parametrize(("data", "why"), [(b"\xff\xfe", "not text in UTF-8"), (b"<html/>", "no <svg> element")])
def test_what_is_no_drawing_is_refused(context: Context, data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        output.save_svg(Drawings([BytesIO(data)]), context)
    assert not list(context.folders.root("output").rglob("*.svg"))


def test_a_picture_from_the_camera_is_read_anew_when_asked(context: Context) -> None:
    folder = context.folders.root("temp") / "webcam"
    folder.mkdir()
    Pillow.fromarray(np.full((6, 8, 3), 51, np.uint8)).save(folder / "1.png")
    name = "webcam/1.png [temp]"
    taken = image.webcam_capture(name, context=context)
    assert taken.shape == (1, 6, 8, 3)
    assert taken.unique().tolist() == pytest.approx([0.2])
    changed = image.webcam_capture.type.is_changed
    assert changed is not None
    assert math.isnan(changed(context, {"image": name, "capture_on_queue": True}))
    assert changed(context, {"image": name, "capture_on_queue": False}) == name
