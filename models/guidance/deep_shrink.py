"""Deep shrink (Kohya, 2023): a smaller picture inside a UNet for the first part of a run, so that pictures larger than
those it was trained on get one subject, not two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from ..images import scale
from ..networks.hooks import Where

if TYPE_CHECKING:
    from ..model import Model


def deep_shrink(
    model: Model,
    block: int,
    factor: float,
    start: float,
    end: float,
    after_skip: bool,
    down: str,
    up: str,
) -> Model:
    """After input block `block` 1 / factor of the size, and what skips over it decides the size on the way up.

    start, end: from where to where in the run, 0 to 1. after_skip: whether what skips over is kept large.
    down, up: as `images.scale` takes them.
    """
    first, last = (model.prediction.at_percent(percent) for percent in (start, end))

    def shrink(h: Tensor, where: Where) -> Tensor:
        if where.place.block != block or not last < where.run.sigma <= first:
            return h
        height, width = (max(1, round(side * (1.0 / factor))) for side in h.shape[-2:])
        return scale(h, width, height, down)

    def grow(h: Tensor, skip: Tensor, where: Where) -> tuple[Tensor, Tensor]:
        if h.shape[2] != skip.shape[2]:
            h = scale(h, skip.shape[-1], skip.shape[-2], up)
        return h, skip

    if after_skip:
        return model.with_hooks(input_block_after_skip=shrink, output_block=grow)
    return model.with_hooks(input_block=shrink, output_block=grow)
