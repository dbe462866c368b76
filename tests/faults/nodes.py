"""The nodes of tests.server.weightless, and one whose result is a real picture."""

from __future__ import annotations

import random
import time
from io import BytesIO
from typing import Annotated, Any

from graph.context import Context
from graph.folders import inside
from graph.node import Int, Results, Slider, Socket, Text, node
from graph.registry import Registry
from models.numbered import write_numbered
from tests.server import weightless

SIDE = 192
"""Pixels: of noise, which does not shrink, so that its file has many blocks."""
Words = Annotated[str, Socket("STRING")]


def pixels(seed: int) -> bytes:
    return random.Random(seed).randbytes(SIDE * SIDE * 3)


@node("Paint", category="tests", output=True)
def paint(
    context: Context,
    seed: Annotated[int, Int(min=0, max=2**53)] = 0,
    name: Annotated[str, Text()] = "picture",
    after: Annotated[str | None, Socket("STRING", optional=True)] = None,
) -> Results:
    """Save noise as the real nodes save pictures."""
    from PIL import Image

    buffer = BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), pixels(seed)).save(buffer, "PNG", compress_level=0)
    place = inside(context.folders.root("output"), f"{name}-{seed}")
    path = write_numbered(place.parent, place.name, ".png", buffer.getvalue())
    return Results(ui={"images": [{"filename": path.name, "subfolder": "", "type": "output"}]})


@node("Pass", category="tests")
def passing(
    context: Context, seconds: Annotated[float, Slider(min=0.0, max=100.0)] = 0.1, word: Annotated[str, Text()] = ""
) -> str:
    """Take a while, and look up ten times."""
    for step in range(10):
        time.sleep(seconds / 10)
        context.progress(step + 1, 10)
    return word


def registry() -> Registry:
    nodes: list[Any] = [paint, passing, *weightless.registry().values()]
    return Registry(*nodes)
