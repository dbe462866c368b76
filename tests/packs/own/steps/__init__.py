"""Progress, previews and stopping: what a node that takes long owes the artist."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import Int, node
from nodes.previews import jpeg
from nodes.values import Image


@node("OwnSoften", category="examples", title="Soften Step By Step")
def soften(
    image: Image, context: Context, steps: Annotated[int, Int(min=1, max=1000, tooltip="How often.")] = 20
) -> Image:
    """Mix each pixel with its neighbours, again and again.

    - `context.progress` draws the bar, and ends the run here when it was stopped
    - `context.preview` shows what there is so far
    """
    for step in range(steps):
        left, right = image.roll(1, dims=2), image.roll(-1, dims=2)
        image = (left + image + right) / 3  # a new tensor: what was given stays as it was
        context.preview(jpeg(image))
        context.progress(step + 1, steps)
    if steps > 100:
        context.warn("More than 100 steps are hardly seen.")
    return image
