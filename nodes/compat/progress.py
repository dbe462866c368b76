"""Progress bars as packs use them: told for the node in whose function they are used, and a place to be stopped."""

from __future__ import annotations

import copy
from io import BytesIO
from typing import Any, Literal

from PIL import Image

from graph.context import Context
from graph.types import NodeId
from nodes.compat.host import running


class ProgressBar:
    """`ProgressBar(steps)`, then `update(1)`, or `update_absolute(done, steps, ("JPEG", picture, 512))`."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.node_id = node_id
        self.hook = None
        self._made_in = running()

    def update(self, value: float) -> None:
        self.update_absolute(self.current + value)

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        """Tell it, with a picture if there is one: (format, picture, pixels along the longer edge or None).

        Raises Cancelled where the run is asked to stop.
        """
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        # A pack's own thread runs in no node's call, but its bar was made in one.
        context = of_node(running() or self._made_in, self.node_id)
        if context is None:
            return
        context.progress(self.current, self.total)
        if preview is not None:
            show(context, preview)


def of_node(context: Context | None, node_id: str | None) -> Context | None:
    """The same call's context, to speak for another node."""
    if context is None or node_id is None or node_id == context.node_id:
        return context
    other = copy.copy(context)
    other.node_id = NodeId(node_id)
    other.display_node = other.real_node = node_id
    return other


def show(context: Context, preview: Any) -> None:
    """Show a preview of the incumbent's kind: (format, Pillow image, largest edge or None), or what `encoded` gave.

    One that is made smaller only shows how far it is; one in its own size is what the node gives to a program.
    """
    kind, picture, *size = preview
    sketch = bool(size) and size[0] is not None
    format: Literal["JPEG", "PNG"] = "PNG" if str(kind).upper() == "PNG" else "JPEG"
    data = bytes(picture) if isinstance(picture, bytes) else encoded(picture, format, *size)
    context.preview(data, format, sketch=sketch)


def encoded(picture: Image.Image, format: str, size: int | None = None) -> bytes:
    """A Pillow image as a file, no larger than `size` along its longer edge."""
    if size is not None and max(picture.size) > size:
        scale = size / max(picture.size)
        width, height = (max(1, round(length * scale)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    if format == "JPEG" and picture.mode not in ("RGB", "L"):
        picture = picture.convert("RGB")
    buffer = BytesIO()
    picture.save(buffer, format, **({"quality": 95} if format == "JPEG" else {"compress_level": 1}))
    return buffer.getvalue()
