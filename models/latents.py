"""Latent formats: how a family's latents are scaled, and how they look without a decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

Matrix = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class LatentFormat:
    """LATENT values at sockets are as the VAE gives them; a model works on (latent - shift) * scale."""

    channels: int
    scale: float
    rgb: Matrix
    """For each channel, how much red, green and blue one unit of the model's latent gives, in [-1, 1]."""
    shift: float = 0.0
    rgb_bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    factor: int = 8
    """Pixels along an edge for each latent."""

    def to_model(self, latent: Tensor) -> Tensor:
        return (latent - self.shift) * self.scale

    def from_model(self, latent: Tensor) -> Tensor:
        return latent / self.scale + self.shift

    def to_rgb(self, latent: Tensor) -> Tensor:
        """A model's latent (b, c, h, w) -> (b, h, w, 3) in [0, 1]: colours and shapes, no detail."""
        factors = torch.tensor(self.rgb, dtype=torch.float32, device=latent.device)
        bias = torch.tensor(self.rgb_bias, dtype=torch.float32, device=latent.device)
        pixels = torch.einsum("bchw,cr->bhwr", latent.float(), factors) + bias
        return ((pixels + 1) / 2).clamp(0, 1)


SD1 = LatentFormat(
    channels=4,
    scale=0.18215,
    rgb=(
        (0.3512, 0.2297, 0.3227),
        (0.3250, 0.4974, 0.2350),
        (-0.2829, 0.1762, 0.2721),
        (-0.2120, -0.2616, -0.7177),
    ),
)
"""Stable Diffusion 1 and 2. The colours are the usual linear fit to its VAE."""
