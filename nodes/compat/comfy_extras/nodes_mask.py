# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_mask`: what is no node there."""

from __future__ import annotations

from torch import Tensor

from models import compose


def composite(
    destination: Tensor,
    source: Tensor,
    x: int,
    y: int,
    mask: Tensor | None = None,
    multiplier: int = 8,
    resize_source: bool = False,
) -> Tensor:
    """`source` laid on `destination`, both (b, c, h, w), with its corner at (x, y) pixels."""
    return compose.composite(destination, source, x, y, mask, multiplier, resize_source)
