"""ControlNet for Stable Diffusion 1, 2 and XL: the way down and the middle are named as in the UNet.

zero_convs.n.0, middle_block_out.0   controlnet_down_blocks.n, controlnet_mid_block
input_hint_block.0, .2, ...          controlnet_cond_embedding.conv_in, .blocks.n, .conv_out
"""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes, count
from . import unet
from .entry import Entry, both, present


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such a ControlNet."""
    return "controlnet_cond_embedding.conv_in.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    """LoRAs, which ask for this, are never of ControlNets."""
    return False


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    return unet.entries(shapes, native) + present(_entries(shapes), shapes, native)


def _entries(shapes: Shapes) -> Iterator[Entry]:
    for number in range(count(shapes, "controlnet_down_blocks.")):
        yield from both(f"zero_convs.{number}.0", f"controlnet_down_blocks.{number}", convolution=True)
    yield from both("middle_block_out.0", "controlnet_mid_block", convolution=True)
    stack = ["conv_in", *(f"blocks.{n}" for n in range(count(shapes, "controlnet_cond_embedding.blocks."))), "conv_out"]
    for number, theirs in enumerate(stack):
        yield from both(f"input_hint_block.{2 * number}", f"controlnet_cond_embedding.{theirs}")
