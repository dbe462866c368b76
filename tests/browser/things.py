"""Pictures and graphs that tests drop on the page."""

from __future__ import annotations

import copy
import io
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def picture(**texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    out = io.BytesIO()
    Image.new("RGB", (24, 16), "orange").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def one_node(type: str, *values: Any) -> dict[str, Any]:
    node = {"id": 1, "type": type, "pos": [0, 0], "size": [260, 300], "widgets_values": list(values)}
    return {"nodes": [node], "links": []}


def with_words(graph: dict[str, Any], words: str) -> dict[str, Any]:
    changed = copy.deepcopy(graph)
    next(node for node in changed["nodes"] if node["id"] == 6)["widgets_values"] = [words]
    return changed
