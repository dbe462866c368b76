"""Samplers: from noise at sigmas[0] down to the last sigma. One pure function each; the letters are the papers'.

All share one form:
    denoise   (x, sigma) -> the denoised latent; sigma is a scalar tensor
    x         (b, c, h, w), at noise level sigmas[0]
    sigmas    (steps + 1,), falling, most often to 0; at least one step
    run       noise for those that add some, and what is called after each step
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from . import noise as noises
from .noise import Noise

Denoise = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Step:
    """A step that has been made."""

    index: int
    """1 to total."""
    total: int
    denoised: Tensor
    """(b, c, h, w): what the model took for the picture in this step, as the model scales latents."""
    x: Tensor
    """(b, c, h, w): the noisy latent that the step began with."""


def ignore_step(_: Step) -> None:
    """What is called after each step when nobody wants to know."""


@dataclass(frozen=True)
class Run:
    """What a sampler is given beside the latent and the levels."""

    seed: int
    on_step: Callable[[Step], None]
    noised: Callable[[Tensor, Tensor, Tensor], Tensor]
    """(latent, noise, sigma) -> the latent at that noise level, as the model's family mixes them."""

    def step(self, i: int, sigmas: Tensor, denoised: Tensor, x: Tensor) -> None:
        self.on_step(Step(i + 1, len(sigmas) - 1, denoised, x))

    def fresh(self, x: Tensor) -> Noise:
        return noises.fresh(x, self.seed)

    def brownian(self, x: Tensor, sigmas: Tensor) -> Noise:
        return noises.brownian(x, self.seed, sigmas)


class Sampler(Protocol):
    def __call__(self, denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor: ...


def euler(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """Euler steps (algorithm 2 of Karras et al., 2022, without churn)."""
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        x = x + (x - denoised) / sigma * (sigma_next - sigma)
    return x


def euler_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """Euler steps that go further down than asked and come back up with fresh noise."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        sigma_down, sigma_up = ancestral(sigma, sigma_next)
        if sigma_down == 0:
            x = denoised
        else:
            x = x + (x - denoised) / sigma * (sigma_down - sigma) + noise(sigma, sigma_next) * sigma_up
    return x


def heun(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """Heun's method: the mean of the slopes at both ends of a step (algorithm 2 of Karras et al., 2022)."""
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        d = (x - denoised) / sigma
        ahead = x + d * (sigma_next - sigma)
        if sigma_next > 0:
            d_ahead = (ahead - denoise(ahead, sigma_next)) / sigma_next
            ahead = x + (d + d_ahead) / 2 * (sigma_next - sigma)
        x = ahead
    return x


def dpm_2(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """A second-order step by the slope at its middle in log sigma (DPM-Solver-2; Lu et al., 2022)."""
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        d = (x - denoised) / sigma
        if sigma_next > 0:
            middle = sigma.log().lerp(sigma_next.log(), 0.5).exp()
            halfway = x + d * (middle - sigma)
            d = (halfway - denoise(halfway, middle)) / middle
        x = x + d * (sigma_next - sigma)
    return x


def dpm_2_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """dpm_2 down to less noise than asked, and fresh noise back up."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        sigma_down, sigma_up = ancestral(sigma, sigma_next)
        d = (x - denoised) / sigma
        if sigma_down == 0:
            x = x + d * (sigma_down - sigma)
            continue
        middle = sigma.log().lerp(sigma_down.log(), 0.5).exp()
        halfway = x + d * (middle - sigma)
        d = (halfway - denoise(halfway, middle)) / middle
        x = x + d * (sigma_down - sigma) + noise(sigma, sigma_next) * sigma_up
    return x


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


def dpmpp_2s_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """DPM-Solver++(2S) with fresh noise after each step (Lu et al., 2022b)."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        sigma_down, sigma_up = ancestral(sigma, sigma_next)
        if sigma_down == 0:
            x = x + (x - denoised) / sigma * (sigma_down - sigma)
            continue
        t, t_down = -sigma.log(), -sigma_down.log()
        h = t_down - t
        middle = (-(t + h / 2)).exp()
        halfway = middle / sigma * x - torch.expm1(-h / 2) * denoised
        x = sigma_down / sigma * x - torch.expm1(-h) * denoise(halfway, middle)
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * sigma_up
    return x


def dpmpp_2m(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """DPM-Solver++(2M): two steps' answers, drawn on to the middle of the next (Lu et al., 2022b)."""
    old: Tensor | None = None
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        h = sigma.log() - sigma_next.log()
        ahead = denoised
        if old is not None and sigma_next > 0:
            r = (sigmas[i - 1].log() - sigma.log()) / h
            ahead = (1 + 1 / (2 * r)) * denoised - 1 / (2 * r) * old
        x = sigma_next / sigma * x - torch.expm1(-h) * ahead
        old = denoised
    return x


def lcm(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """The denoised latent, made noisy again for the next level (latent consistency models; Luo et al., 2023)."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        x = run.noised(denoised, noise(sigma, sigma_next), sigma_next) if sigma_next > 0 else denoised
    return x


def ddpm(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """The posterior step of DDPM (Ho et al., 2020), of the kind that keeps variance."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        kept, kept_next = 1 / (sigma**2 + 1), 1 / (sigma_next**2 + 1)
        alpha = kept / kept_next
        eps = (x - denoised) / sigma
        scaled = x * kept.sqrt()
        mean = (1 / alpha).sqrt() * (scaled - (1 - alpha) * eps / (1 - kept).sqrt())
        if sigma_next > 0:
            spread = ((1 - alpha) * (1 - kept_next) / (1 - kept)).sqrt()
            mean = (mean + spread * noise(sigma, sigma_next)) / kept_next.sqrt()
        x = mean
    return x


def ancestral(sigma: Tensor, sigma_next: Tensor, eta: float = 1.0) -> tuple[Tensor, Tensor]:
    """How far down to step, and how much noise to add, to arrive at sigma_next. eta: 0 adds none."""
    if eta == 0:
        return sigma_next, torch.zeros_like(sigma_next)
    up = (eta * (sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2).sqrt()).minimum(sigma_next)
    return (sigma_next**2 - up**2).sqrt(), up
