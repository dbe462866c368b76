# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_sag`: what is no node there."""

from __future__ import annotations

from torch import Tensor

from models.guidance.perturbed import gaussian_blur


def gaussian_blur_2d(img: Tensor, kernel_size: int, sigma: float) -> Tensor:
    """img (b, c, h, w), blurred, mirrored at the edges. A kernel of 9 x 9 is all that the engine has."""
    if kernel_size != 9:
        raise NotImplementedError(f"Easel blurs by 9 x 9 places here, not by {kernel_size} x {kernel_size}.")
    return gaussian_blur(img, sigma)
