"""Needs: a run that cannot be met is refused before it starts, with a sentence."""

from __future__ import annotations

from typing import Annotated

import torch

from graph.node import Int, Memory, Needs, node
from nodes.values import Image

Side = Annotated[int, Int(min=1, max=1_000_000)]


@node("OwnCanvas", category="examples", memory=Memory(12, ("width", "height")))
def canvas(width: Side = 64, height: Side = 64) -> Image:
    """A grey picture: 12 bytes for each pixel, which is known before it is made."""
    return torch.full((1, height, width, 3), 0.5)


@node("OwnOnTheCard", category="examples", needs=Needs(device="cuda"))
def on_the_card(image: Image) -> Image:
    """Works on a CUDA graphics card only."""
    return (image.cuda() * 0.5).cpu()


@node("OwnLarge", category="examples", needs=Needs(vram=10**15))
def large(image: Image) -> Image:
    """Needs a device with a petabyte of memory."""
    return image
