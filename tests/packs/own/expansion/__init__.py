"""Expansion: a node that has other nodes run in its place."""

from __future__ import annotations

from typing import Annotated

from graph.builder import Subgraph, Wire
from graph.context import Context
from graph.node import Expansion, Int, Slider, Socket, node
from nodes.values import Image

# With `raw_link` a node is given the link itself: what it passes on is known by its name, so results are found again.
Passed = Annotated[Wire, Socket("IMAGE", raw_link=True)]


@node("OwnFade", category="examples")
def fade(image: Image, share: Annotated[float, Slider(min=0.0, max=1.0, step=0.01)] = 0.5) -> Image:
    """Make pictures darker."""
    return image * share


@node("OwnFadeAway", category="examples", title="Fade Away")
def fade_away(
    image: Passed, context: Context, times: Annotated[int, Int(min=1, max=100)] = 3
) -> Annotated[Expansion, Socket("IMAGE"), Socket("IMAGE")]:
    """Fade a picture so many times, each time a node of its own; gives the last picture, and its opposite."""
    graph = Subgraph(context)
    last = image
    for _ in range(times):
        last = graph.node(fade, image=last, share=0.5).out("IMAGE")
    opposite = graph.node("ImageInvert", image=last)
    return graph.result(last, opposite.out(0))
