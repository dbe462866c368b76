"""Differential diffusion (Levin and Fried, 2023): how dark a mask is says when in the run a place begins to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from ..options import Options, Start

if TYPE_CHECKING:
    from ..model import Model


def differential(model: Model, strength: float = 1.0) -> Model:
    """strength: below 1 the given mask is mixed in; 0 counts as 1, as in ComfyUI."""

    def begin(start: Start) -> Options:
        prediction = start.model.prediction

        def mask_at(mask: Tensor, sigma: Tensor, sigmas: Tensor) -> Tensor:
            lowest = sigmas[-1].clamp(min=prediction.sigma_min)
            first, last, now = (prediction.timestep(level) for level in (sigmas[0], lowest, sigma))
            threshold = (now - last) / (first - last)
            open_now = (mask >= threshold).to(mask.dtype)
            if 0 < strength < 1:
                return strength * open_now + (1 - strength) * mask
            return open_now

        return Options(mask_at=mask_at)

    return model.with_options(at_start=(begin,))
