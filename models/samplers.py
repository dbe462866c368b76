"""Samplers: from noise at sigmas[0] down to the last sigma. One pure function each; the letters are the papers'.

All share one form, with whatever options a method has as keyword arguments:
    denoise   (x, sigma) -> the denoised latent; sigma is a scalar tensor
    x         (b, c, h, w), or with frames (b, c, t, h, w), at noise level sigmas[0]
    sigmas    (steps + 1,), falling, most often to 0; at least one step
    run       noise for those that add some, the model's noise levels, and what is called after each step

Here are the methods of one step. `sampler_table` names them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from . import images
from . import noise as noises
from .noise import Noise

if TYPE_CHECKING:
    from .prediction import Prediction

Denoise = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Step:
    """A step that has been made."""

    index: int
    """1 to total."""
    total: int
    denoised: Tensor
    """As x: what the model took for the picture in this step, as the model scales latents."""
    x: Tensor
    """(b, c, h, w) or (b, c, t, h, w): the noisy latent that the step began with."""


def ignore_step(_: Step) -> None:
    """What is called after each step when nobody wants to know."""


@dataclass(frozen=True)
class Run:
    """What a sampler is given beside the latent and the levels."""

    seed: int
    on_step: Callable[[Step], None]
    prediction: Prediction
    """The model's: how it mixes noise with latents, and its noise levels."""
    noise: Tensor | None = None
    """As x: what the run's first noise was drawn as, for samplers that begin in their own way."""
    latent: Tensor | None = None
    """As x: what is drawn over."""

    @property
    def flow(self) -> bool:
        """Whether latents shrink as noise grows, x = (1 - sigma) x0 + sigma noise, rather than x = x0 + sigma noise."""
        return self.prediction.kind == "flow"

    def noised(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """The latent at that noise level, as the model's family mixes them."""
        return self.prediction.noised(latent, noise, sigma)

    def half_log_snr(self, sigma: Tensor) -> Tensor:
        """lambda = log(alpha / sigma): the logarithm of signal over noise. alpha is 1, for flow 1 - sigma."""
        return -sigma.logit() if self.flow else -sigma.log()

    def sigma_of(self, half_log_snr: Tensor) -> Tensor:
        """The noise level with that lambda."""
        return (-half_log_snr).sigmoid() if self.flow else (-half_log_snr).exp()

    def alpha(self, sigma: Tensor) -> Tensor:
        """The share of the clean latent in x."""
        return 1 - sigma if self.flow else torch.ones_like(sigma)

    def at_percent(self, percent: float) -> float:
        """The noise level when `percent` (0 to 1) of the way is done."""
        return self.prediction.at_percent(percent)

    def finite(self, sigmas: Tensor) -> Tensor:
        """sigmas, where the first is moved a little if it is pure noise, whose lambda is no number."""
        if not self.flow or len(sigmas) < 2 or sigmas[0] < 1:
            return sigmas
        sigmas = sigmas.clone()
        sigmas[0] = self.at_percent(1e-4)
        return sigmas

    def step(self, i: int, sigmas: Tensor, denoised: Tensor, x: Tensor) -> None:
        """Tell that step i, from 0, is made."""
        self.on_step(Step(i + 1, len(sigmas) - 1, denoised, x))

    def fresh(self, x: Tensor) -> Noise:
        return noises.fresh(x, self.seed)

    def brownian(self, x: Tensor, sigmas: Tensor) -> Noise:
        return noises.brownian(x, self.seed, sigmas)


class Sampler(Protocol):
    def __call__(self, denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, **options: Any) -> Tensor: ...


def euler(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """Euler steps (algorithm 2 of Karras et al., 2022, without churn)."""
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        x = x + (x - denoised) / sigma * (sigma_next - sigma)
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


def heunpp2(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """Heun++: slopes at this level and the next two, each weighed by its level over the first one.

    The last step is Euler's, the last but one looks at one level ahead.
    """
    end = sigmas[-1]
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        d = (x - denoised) / sigma
        ahead, level, step = x, sigma, d
        slopes, weights = [d], []
        looks = 0 if sigma_next == end else 1 if sigmas[i + 2] == end else 2
        for later in sigmas[i + 1 : i + 1 + looks]:
            ahead = ahead + step * (later - level)
            step, level = (ahead - denoise(ahead, later)) / later, later
            slopes.append(step)
            weights.append(later / ((looks + 1) * sigmas[0]))
        mean = slopes[0] * (1 - sum(weights)) + sum(w * slope for w, slope in zip(weights, slopes[1:], strict=True))
        x = x + mean * (sigma_next - sigma)
    return x


def dpm_2(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """A second-order step by the slope at its middle in log sigma (DPM-Solver-2; Lu et al., 2022)."""
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        d = (x - denoised) / sigma
        if sigma_next > 0:
            d = _middle_slope(denoise, x, d, sigma, sigma_next)
        x = x + d * (sigma_next - sigma)
    return x


def _middle_slope(denoise: Denoise, x: Tensor, d: Tensor, sigma: Tensor, to: Tensor) -> Tensor:
    """The slope halfway in log sigma from sigma to `to`, of which d is the slope at the start."""
    middle = sigma.log().lerp(to.log(), 0.5).exp()
    halfway = x + d * (middle - sigma)
    return (halfway - denoise(halfway, middle)) / middle


def euler_ancestral(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0
) -> Tensor:
    """Euler steps that go further down than asked and come back up with fresh noise."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        down, keep, up = descent(run, sigma, sigma_next, eta)
        if sigma_next == 0 or (down == 0 and not run.flow):
            x = denoised
            continue
        x = x + (x - denoised) / sigma * (down - sigma)
        if eta > 0:
            x = keep * x + noise(sigma, sigma_next) * s_noise * up
    return x


def dpm_2_ancestral(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0
) -> Tensor:
    """dpm_2 down to less noise than asked, and fresh noise back up."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        down, keep, up = descent(run, sigma, sigma_next, eta)
        d = (x - denoised) / sigma
        if down == 0:
            x = x + d * (down - sigma)
            continue
        x = x + _middle_slope(denoise, x, d, sigma, down) * (down - sigma)
        x = keep * x + noise(sigma, sigma_next) * s_noise * up
    return x


def dpmpp_2s_ancestral(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0
) -> Tensor:
    """DPM-Solver++(2S) with fresh noise after each step (Lu et al., 2022b)."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        down, keep, up = descent(run, sigma, sigma_next, eta)
        if down == 0 or sigma_next == 0:
            x = x + (x - denoised) / sigma * (down - sigma)
        else:
            middle = _middle_level(run, sigma, down)
            # From far up x is nearly gone; so it is made small before anything is added.
            half, whole = middle / sigma, down / sigma
            denoised_2 = denoise(half * x + (1 - half) * denoised, middle)
            x = whole * x + (1 - whole) * denoised_2
        if sigma_next > 0 and eta > 0:
            x = keep * x + noise(sigma, sigma_next) * s_noise * up
    return x


def _middle_level(run: Run, sigma: Tensor, to: Tensor) -> Tensor:
    """The level halfway in lambda; from pure noise, which has no lambda, a level just below it."""
    if run.flow and sigma == 1:
        return torch.full_like(sigma, 0.9999)
    return run.sigma_of(run.half_log_snr(sigma).lerp(run.half_log_snr(to), 0.5))


def lcm(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """The denoised latent, made noisy again for the next level (latent consistency models; Luo et al., 2023)."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        x = run.noised(denoised, noise(sigma, sigma_next), sigma_next) if sigma_next > 0 else denoised
    return x


def lcm_upscale(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    run: Run,
    scale: float = 1.0,
    scale_steps: int | None = None,
    method: str = "bislerp",
) -> Tensor:
    """lcm that enlarges the latent on its way, by equal amounts in each of the first scale_steps steps.

    x: (b, c, h, w). scale: the factor in the end. scale_steps: half of the steps if None. method: as `images.scale`.
    The noise goes on where the run's initial noise stopped.
    """
    count = max(len(sigmas) // 2, 1) if scale_steps is None else min(scale_steps, len(sigmas))
    factors = np.linspace(1, scale, count + 1)[1:]
    height, width = x.shape[-2:]
    draw = noises.continued(x.shape, run.seed)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        x = denoised
        if i < count:
            x = images.scale(x, round(width * factors[i]), round(height * factors[i]), method)
        if sigma_next > 0:
            x = x + sigma_next * draw(x)
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
        scaled = x / (1 + sigma**2).sqrt()
        mean = (1 / alpha).sqrt() * (scaled - (1 - alpha) * eps / (1 - kept).sqrt())
        if sigma_next > 0:
            spread = ((1 - alpha) * (1 - kept_next) / (1 - kept)).sqrt()
            mean = (mean + spread * noise(sigma, sigma_next)) * (1 + sigma_next**2).sqrt()
        x = mean
    return x


def ancestral(sigma: Tensor, sigma_next: Tensor, eta: float = 1.0) -> tuple[Tensor, Tensor]:
    """How far down to step, and how much noise to add, to arrive at sigma_next. eta: 0 adds none."""
    if eta == 0:
        return sigma_next, torch.zeros_like(sigma_next)
    # From an infinite sigma the first term is no number; then all of sigma_next is fresh noise.
    up = torch.fmin(eta * (sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2).sqrt(), sigma_next)
    return (sigma_next**2 - up**2).sqrt(), up


def descent(run: Run, sigma: Tensor, sigma_next: Tensor, eta: float) -> tuple[Tensor, Tensor, Tensor]:
    """How far down to step, what to multiply with then, and how much noise to add, to arrive at sigma_next.

    For flow, x is shrunk so that signal and noise keep adding up to 1; else it is kept.
    """
    if not run.flow:
        down, up = ancestral(sigma, sigma_next, eta)
        return down, torch.ones_like(down), up
    down = sigma_next * (1 + (sigma_next / sigma - 1) * eta)
    alpha, alpha_down = 1 - sigma_next, 1 - down
    up = (sigma_next**2 - down**2 * alpha**2 / alpha_down**2).clamp(min=0).sqrt()
    return down, alpha / alpha_down, up
