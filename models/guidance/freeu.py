"""FreeU (Si et al., 2023): on the way up through a UNet what flows is strengthened, and what skipped over loses its low
frequencies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..networks.hooks import SkipIn, Where
from . import fourier
from .unets import width_of

if TYPE_CHECKING:
    from ..model import Model

Strengths = tuple[float, float]
"""b, for what flows, and s, for what skips over."""


def freeu(model: Model, b1: float, b2: float, s1: float, s2: float) -> Model:
    """b1, s1 where 4 times the first level's channels flow, b2, s2 where twice; b for the first half of them."""
    return model.with_hooks(output_block=_hook(model, (b1, s1), (b2, s2), lambda h, b: b))


def freeu_v2(model: Model, b1: float, b2: float, s1: float, s2: float) -> Model:
    """As FreeU; b counts more where the channels' mean is high."""
    return model.with_hooks(output_block=_hook(model, (b1, s1), (b2, s2), _by_mean))


def _hook(model: Model, four: Strengths, two: Strengths, factor: Callable[[Tensor, float], Any]) -> SkipIn:
    width = width_of(model, "FreeU")
    by_channels = {width * 4: four, width * 2: two}

    def hook(h: Tensor, skip: Tensor, where: Where) -> tuple[Tensor, Tensor]:
        if h.shape[1] not in by_channels:
            return h, skip
        b, s = by_channels[h.shape[1]]
        half = h.shape[1] // 2
        h = torch.cat([h[:, :half] * factor(h, b), h[:, half:]], 1)
        return h, fourier.scaled(skip, cutoff=1, low=s, high=1.0)

    return hook


def _by_mean(h: Tensor, b: float) -> Tensor:
    mean = h.mean(1, keepdim=True)
    low, high = mean.amin((2, 3), keepdim=True), mean.amax((2, 3), keepdim=True)
    return (b - 1) * ((mean - low) / (high - low)) + 1
