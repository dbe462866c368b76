"""Noise levels by formulas that need no model, and what can be done with levels: all (n,) float32, falling.

Those that end in 0 have one level more than steps.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from .errors import ModelError
from .prediction import Prediction


def exponential_between(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Evenly spaced in log sigma, then 0."""
    return _to_zero(torch.linspace(_log(sigma_max), _log(sigma_min), steps).exp())


def polyexponential_between(steps: int, sigma_min: float, sigma_max: float, rho: float = 1.0) -> Tensor:
    """A power of an even spacing in log sigma, then 0. rho: above 1 more levels are low."""
    low, high = _log(sigma_min), _log(sigma_max)
    ramp = torch.linspace(1, 0, steps) ** rho
    return _to_zero((ramp * (high - low) + low).exp())


def variance_preserving(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3) -> Tensor:
    """The continuous schedule of Song et al. (2021), evenly in its time from 1 to eps_s, then 0."""
    t = torch.linspace(1, eps_s, steps)
    return _to_zero(torch.expm1(beta_d * t**2 / 2 + beta_min * t).sqrt())


def laplace(steps: int, sigma_min: float, sigma_max: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Log sigma by the quantiles of a Laplace distribution about mu (Hang et al., 2024). `steps` levels, none 0."""
    x = torch.linspace(0, 1, steps)
    spread = (1 - 2 * (0.5 - x).abs() + 1e-5).log()  # The addend keeps the ends finite.
    return (mu - beta * (0.5 - x).sign() * spread).exp().clamp(sigma_min, sigma_max)


def turbo(prediction: Prediction, steps: int, denoise: float = 1.0) -> Tensor:
    """The levels that SD Turbo was distilled for: ten of the training's, from the top. steps: 1 to 10."""
    first = 10 - int(10 * denoise)
    times = (torch.arange(10, 0, -1) * 100 - 1)[first : first + steps]
    return _to_zero(prediction.sigma(times).cpu())


def ltxv(
    steps: int,
    tokens: int = 4096,
    max_shift: float = 2.05,
    base_shift: float = 0.95,
    stretch: bool = True,
    terminal: float = 0.1,
) -> Tensor:
    """Even flow levels, shifted up the more the more tokens there are (LTX-Video; HaCohen et al., 2024).

    tokens: of the latent. base_shift, max_shift: at 1024 and 4096 tokens. stretch: until the last level above 0 is
    `terminal`.
    """
    shift = math.exp(base_shift + (max_shift - base_shift) * (tokens - 1024) / (4096 - 1024))
    even = torch.linspace(1.0, 0.0, steps + 1)[:-1]
    sigmas = shift / (shift + (1 / even - 1))
    if stretch:
        if steps < 2:
            raise ModelError("One step cannot be stretched to a terminal. Take two steps or more, or turn stretch off.")
        sigmas = 1 - (1 - sigmas) * ((1 - terminal) / (1 - sigmas[-1]))
    return _to_zero(sigmas)


def split(sigmas: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """The levels of the first `step` steps and those of the others; the level between them is in both."""
    return sigmas[: step + 1], sigmas[step:]


def split_by_share(sigmas: Tensor, denoise: float) -> tuple[Tensor, Tensor]:
    """The levels up to the last round(denoise * steps) steps, and the levels of these."""
    last = round(max(len(sigmas) - 1, 0) * denoise)
    return sigmas[: len(sigmas) - last if last else 0], sigmas[-(last + 1) :]


def flipped(sigmas: Tensor) -> Tensor:
    """The way back up, to make noise of a picture. It begins just above 0, where a sampler can."""
    if len(sigmas) == 0:
        return sigmas
    sigmas = sigmas.flip(0)
    if sigmas[0] == 0:
        sigmas[0] = 0.0001
    return sigmas


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """The levels with another first."""
    if len(sigmas) == 0:
        raise ModelError("There is no first noise level to set: the sigmas are empty.")
    return torch.cat([sigmas.new_tensor([sigma]), sigmas[1:]])


def extended(
    sigmas: Tensor, steps: int, high: float, low: float, spacing: Literal["linear", "cosine", "sine"] = "linear"
) -> Tensor:
    """Levels with each step that begins between `low` and `high` made into `steps`."""
    x = torch.linspace(0, 1, steps + 1)[1:-1]
    if spacing == "cosine":
        x = (x * math.pi / 2).sin()
    elif spacing == "sine":
        x = 1 - (x * math.pi / 2).cos()
    parts = []
    for sigma, sigma_next in pairwise(sigmas):
        parts.append(sigma[None])
        if low <= sigma <= high:
            parts.append(sigma + x.to(sigmas) * (sigma_next - sigma))
    return torch.cat([*parts, sigmas[-1:]])


def _log(sigma: float) -> float:
    if sigma <= 0:
        raise ModelError("A noise level of 0 has no logarithm. Set sigma_min and sigma_max above 0.")
    return math.log(sigma)


def _to_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas.float(), torch.zeros(1)])
