"""Renamed: graphs that were made with an older version of a pack keep running, and say the new names when saved."""

from __future__ import annotations

from typing import Annotated

from graph.node import Choice, Renamed, Slider, node
from nodes.values import Image, Mask

Strength = Annotated[float, Slider(min=0.0, max=1.0, step=0.01)]

# Version 1 had a node `OwnOldShade(picture, mode="dark" | "bright", amount)`, which gave a mask and then a picture.
WAS = Renamed(
    "OwnOldShade",
    inputs={"picture": "image", "amount": "strength"},
    values={"mode": {"dark": "darken", "bright": "lighten"}},
    added={"gamma": 1.0},
    outputs={0: 1, 1: 0},
    widgets=("mode", "amount"),
)
# Version 2 called the strength `level`.
MEANWHILE = Renamed(inputs={"level": "strength"})


@node("OwnShade", category="examples", title="Shade", outputs=("picture", "shade"), renamed=(WAS, MEANWHILE))
def shade(
    image: Image,
    strength: Strength = 0.5,
    mode: Annotated[str, Choice(options=("darken", "lighten"))] = "darken",
    gamma: Annotated[float, Slider(min=0.1, max=4.0, step=0.1)] = 2.2,
) -> tuple[Image, Mask]:
    """Make pictures darker or lighter; gives the picture and by how much each pixel changed."""
    goal = 0.0 if mode == "darken" else 1.0
    shaded = (image + (goal - image) * strength) ** gamma
    return shaded, (shaded - image).abs().mean(dim=-1)
