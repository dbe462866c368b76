"""Samplers that fit a polynomial through the slopes of the last steps: Adams-Bashforth and its relatives.

The slope is d = (x - denoised) / sigma. Same form as in `samplers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from .samplers import Denoise, Run


def lms(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, order: int = 4) -> Tensor:
    """Linear multistep (Adams-Bashforth): the integral of a polynomial through the last slopes."""
    levels = sigmas.double().cpu().numpy()
    slopes: list[Tensor] = []
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        slopes = [(x - denoised) / sigma, *slopes][:order]
        if sigma_next == 0:
            x = denoised
            continue
        for j, slope in enumerate(slopes):
            x = x + _lagrange_integral(levels, i, j, len(slopes)) * slope
    return x


def _lagrange_integral(levels: np.ndarray, i: int, j: int, count: int) -> float:
    """From levels[i] to levels[i + 1], of the polynomial that is 1 at levels[i - j] and 0 at the others."""
    polynomial = np.poly1d([1.0])
    for k in range(count):
        if k != j:
            gap = levels[i - j] - levels[i - k]
            polynomial = polynomial * np.poly1d([1.0 / gap, -levels[i - k] / gap])
    whole = polynomial.integ()
    return float(whole(levels[i + 1]) - whole(levels[i]))


_ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
"""By order: the weights of the last slopes, the latest first, for steps of equal length."""


def ipndm(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, max_order: int = 4) -> Tensor:
    """Improved PNDM (Zhang and Chen, 2023): Adams-Bashforth as if all steps were of one length. max_order: 1 to 4."""
    slopes: list[Tensor] = []
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        slopes = [(x - denoised) / sigma, *slopes][:max_order]
        if sigma_next == 0:
            x = denoised
        else:
            x = x + (sigma_next - sigma) * _weighed(_ADAMS_BASHFORTH[len(slopes) - 1], slopes)
    return x


def ipndm_v(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, max_order: int = 4) -> Tensor:
    """ipndm with weights for steps of unlike lengths, as published with GITS (Chen et al., 2024). max_order: 1 to 4."""
    levels = sigmas.double().tolist()
    slopes: list[Tensor] = []
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        slopes = [(x - denoised) / sigma, *slopes][:max_order]
        if sigma_next == 0:
            x = denoised
        else:
            lengths = [levels[i + 1 - k] - levels[i - k] for k in range(len(slopes))]
            x = x + (sigma_next - sigma) * _weighed(_unlike_steps(lengths), slopes)
    return x


def _unlike_steps(lengths: Sequence[float]) -> list[float]:
    """The weights of the last slopes, the latest first, by the lengths of this step and of those before it.

    They are the published code's, which pictures made with it rely on. The weights b and c of the second and third
    differences there are not those of Adams and Bashforth, so that the method's order stays at 2.
    """
    if len(lengths) == 1:
        return [1.0]
    h, h1 = lengths[:2]
    weights = [1 + h / h1 / 2, -h / h1 / 2]
    if len(lengths) == 2:
        return weights
    h2 = lengths[2]
    b = (1 - h**2 / (3 * h1 * (h1 + h2))) / 2
    weights = [weights[0] + b, weights[1] - (1 + h1 / h2) * b, h1 / h2 * b]
    if len(lengths) == 3:
        return weights
    h3 = lengths[3]
    c = (1 - h / (3 * (h + h1))) / 2 + (1 - h / (2 * (h + h1))) * h / (6 * (h + h1 + h2))
    c *= h * (h + h1) * (h + h1 + h2) / (h1 * (h1 + h2) * (h1 + h2 + h3))
    q = h1 * (h1 + h2) / (h2 * (h2 + h3))
    # By the method the last would be -q * h2 / h3, which differs only where the lengths' ratio changes.
    third = (1.0, -(1 + h1 / h2 + q), h1 / h2 + q * (1 + h2 / h3), -q * h1 / h2)
    return [weight + c * t for weight, t in zip([*weights, 0.0], third, strict=True)]


def deis(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, max_order: int = 3) -> Tensor:
    """DEIS, the tAB variant (Zhang and Chen, 2023): polynomials in the time of a variance-preserving diffusion.

    max_order: 1 to 4.
    """
    levels = sigmas.float().cpu()
    slopes: list[Tensor] = []
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        slopes = [(x - denoised) / sigma, *slopes][:max_order]
        if len(slopes) == 1 or sigma_next <= 0:
            x = x + (sigma_next - sigma) * slopes[0]
        else:
            x = x + _weighed(_deis_weights(levels, i, len(slopes)), slopes)
    return x


_DEIS_POINTS = 10000
_DEIS_LOW, _DEIS_HIGH, _DEIS_LAST = 0.002, 80.0, 1e-3
"""The noise levels at the two ends of that diffusion, and the time of the lower; the higher's is 1."""


def _deis_weights(levels: Tensor, i: int, count: int) -> list[float]:
    """The integral over sigma of each Lagrange polynomial in time, from levels[i] to levels[i + 1].

    By the plain sum over points that the published code takes, which is 1e-4 off the integral, and like that in single
    precision: where levels are small it rounds to a thousandth, and pictures rely on it. levels: (n,) float32, CPU.
    """
    low, high = (torch.log(torch.tensor(end) ** 2 + 1) for end in (_DEIS_LOW, _DEIS_HIGH))
    slope = 2 * (low / _DEIS_LAST - high) / (_DEIS_LAST - 1)
    first = high - 0.5 * slope
    times = ((first**2 + 2 * slope * (levels[: i + 2] ** 2 + 1).log()).sqrt() - first) / slope
    t = torch.linspace(float(times[i]), float(times[i + 1]), _DEIS_POINTS)
    share = torch.exp(-0.5 * t**2 * slope - t * first)  # of the signal, 1 / (sigma^2 + 1), at t
    d_sigma = 0.5 * (slope * t + first) / (share * (1 - share)).sqrt()
    past = times[: i + 1].flip(0)[:count]
    weights = []
    for j, own in enumerate(past):
        polynomial = torch.ones_like(t)
        for k, other in enumerate(past):
            if k != j:
                polynomial = polynomial * ((t - other) / (own - other))
        weights.append(float((d_sigma * polynomial).sum() * ((times[i + 1] - times[i]) / _DEIS_POINTS)))
    return weights


def _weighed(weights: Sequence[float], slopes: Sequence[Tensor]) -> Tensor:
    total = weights[0] * slopes[0]
    for weight, slope in zip(weights[1:], slopes[1:], strict=True):
        total = total + weight * slope
    return total


def gradient_estimation(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, ge_gamma: float = 2.0) -> Tensor:
    """Euler steps whose slope is drawn on by its last change (Permenter and Yuan, 2024). ge_gamma: 1 is Euler's."""
    old: Tensor | None = None
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        d = (x - denoised) / sigma
        if sigma_next == 0:
            x = denoised
        else:
            slope = d if old is None else d + (ge_gamma - 1) * (d - old)
            x = x + slope * (sigma_next - sigma)
        old = d
    return x
