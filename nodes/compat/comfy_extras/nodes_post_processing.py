# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_post_processing`: what is no node there."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def gaussian_kernel(kernel_size: int, sigma: float, device: Any = None) -> Tensor:
    """(n, n), of sum 1, over coordinates from -1 to 1."""
    line = torch.linspace(-1, 1, kernel_size, device=device)
    distance = (line[:, None] ** 2 + line[None, :] ** 2).sqrt()
    kernel = torch.exp(-(distance**2) / (2.0 * sigma * sigma))
    return kernel / kernel.sum()
