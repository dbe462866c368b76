"""Pictures and graphs that tests drop on the page."""

from __future__ import annotations

import copy
import io
from typing import Any

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo


def picture(**texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    out = io.BytesIO()
    Image.new("RGB", (24, 16), "orange").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def frames(count: int = 10) -> list[Image.Image]:
    """An orange disc that walks over a blue ground."""
    pictures: list[Image.Image] = []
    for number in range(count):
        picture = Image.new("RGB", (192, 128), (30, 60, 140))
        x = 30 + number * 12
        ImageDraw.Draw(picture).ellipse((x - 24, 40, x + 24, 88), fill=(240, 150, 40))
        pictures.append(picture)
    return pictures


def video(format: str, codec: str) -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=format) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        for picture in frames():
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode(None))
    return out.getvalue()


def animation(format: str) -> bytes:
    out = io.BytesIO()
    first, *rest = frames()
    first.save(out, format, save_all=True, append_images=rest, duration=100, loop=0)
    return out.getvalue()


def one_node(type: str, *values: Any) -> dict[str, Any]:
    node = {"id": 1, "type": type, "pos": [0, 0], "size": [260, 300], "widgets_values": list(values)}
    return {"nodes": [node], "links": []}


def with_words(graph: dict[str, Any], words: str) -> dict[str, Any]:
    changed = copy.deepcopy(graph)
    next(node for node in changed["nodes"] if node["id"] == 6)["widgets_values"] = [words]
    return changed
