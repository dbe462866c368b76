"""ControlNets for Flux.1. Their own blocks have one name everywhere, save MistoLine's single ones."""

from __future__ import annotations

from ..networks.layout import Shapes
from . import flux
from .entry import Entry, both, present


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such a ControlNet, or MistoLine's."""
    return "controlnet_x_embedder.weight" in shapes or "single_controlnet_blocks.0.linear.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    """LoRAs, which ask for this, are never of ControlNets."""
    return False


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    own = [*both("pos_embed_input", "controlnet_x_embedder")]
    for name in shapes:
        if name.startswith("single_controlnet_blocks."):
            own.append(Entry(name.replace("single_controlnet_", "controlnet_single_"), (name,)))
    theirs = flux.entries(shapes, native) if "x_embedder.weight" in shapes else []
    return theirs + present(own, shapes, native)
