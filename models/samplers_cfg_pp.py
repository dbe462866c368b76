"""Samplers that guide as CFG++ does (Chung et al., 2024): towards the guided answer, with the unguided one's noise.

Form as in `samplers`, with a model that also gives the answer to the negative prompt alone.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor

from .samplers import Run, ancestral
from .samplers_exponential import res_weights


class GuidedDenoise(Protocol):
    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor: ...

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The denoised latent, and that by the negative prompt alone, which is looked at whatever the guidance."""
        ...


def euler_ancestral_cfg_pp(
    denoise: GuidedDenoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0
) -> Tensor:
    """Euler steps of CFG++; eta and s_noise as in `samplers.euler_ancestral`."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoise.pair(x, sigma)
        run.step(i, sigmas, denoised, x)
        if sigma_next == 0:
            x = denoised
            continue
        alpha, alpha_next = run.alpha(sigma), run.alpha(sigma_next)
        d = (x - alpha * uncond) / sigma
        down, up = ancestral(sigma / alpha, sigma_next / alpha_next, eta)
        x = alpha_next * (denoised + down * d)
        if eta > 0 and s_noise > 0:
            x = x + alpha_next * noise(sigma, sigma_next) * s_noise * up
    return x


def euler_pp(denoise: GuidedDenoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """An earlier reading of CFG++: Euler steps by a slope whose guidance counts twice."""
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoise.pair(x, sigma)
        run.step(i, sigmas, denoised, x)
        x = x + (x - denoised + uncond - denoised) / sigma * (sigma_next - sigma)
    return x


def dpmpp_2s_ancestral_cfg_pp(
    denoise: GuidedDenoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 1.0, s_noise: float = 1.0
) -> Tensor:
    """DPM-Solver++(2S) with fresh noise after each step, by CFG++."""
    noise = run.fresh(x)
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoise.pair(x, sigma)
        run.step(i, sigmas, denoised, x)
        down, up = ancestral(sigma, sigma_next, eta)
        if down == 0:
            x = denoised
        else:
            middle = sigma.log().lerp(down.log(), 0.5).exp()
            half, whole = middle / sigma, down / sigma
            halfway = half * (x + denoised - uncond) + (1 - half) * denoised
            denoised_2, uncond_2 = denoise.pair(halfway, middle)
            # The second of the two by the later negative answer: so it is in the incumbent, and pictures rely on it.
            x = whole * (x + denoised - uncond_2) + (1 - whole) * denoised_2
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
    return x


def dpmpp_2m_cfg_pp(denoise: GuidedDenoise, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
    """DPM-Solver++(2M) by CFG++."""
    old: Tensor | None = None
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoise.pair(x, sigma)
        run.step(i, sigmas, denoised, x)
        h = sigma.log() - sigma_next.log()
        shrink = (-h).exp()
        ahead = denoised + shrink * (x - uncond)
        if old is not None and sigma_next > 0:
            r = (sigmas[i - 1].log() - sigma.log()) / h
            ahead = ahead - torch.expm1(-h) / (2 * r) * (denoised - old)
        x, old = ahead, uncond
    return x


def res_multistep_cfg_pp(
    denoise: GuidedDenoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 0.0, s_noise: float = 1.0
) -> Tensor:
    """The refined exponential solver of `samplers_exponential.res_multistep`, by CFG++."""
    noise = run.fresh(x)
    old: Tensor | None = None
    old_down = sigmas[0]
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoise.pair(x, sigma)
        run.step(i, sigmas, denoised, x)
        down, up = ancestral(sigma, sigma_next, eta)
        if down == 0 or old is None:
            x = denoised + (x - uncond) / sigma * down
        else:
            shrink, b1, b2 = res_weights(sigmas[i - 1], sigma, old_down, down)
            x = shrink * (x + denoised - uncond) + b1 * uncond + b2 * old
        if sigma_next > 0 and eta > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
        old, old_down = uncond, down
    return x


def gradient_estimation_cfg_pp(
    denoise: GuidedDenoise, x: Tensor, sigmas: Tensor, run: Run, ge_gamma: float = 2.0
) -> Tensor:
    """`samplers_multistep.gradient_estimation`, by CFG++."""
    old: Tensor | None = None
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoise.pair(x, sigma)
        run.step(i, sigmas, denoised, x)
        d = (x - uncond) / sigma
        if sigma_next == 0:
            x = denoised
        else:
            x = denoised + d * sigma_next
            if old is not None:
                x = x + (ge_gamma - 1) * (d - old) * (sigma_next - sigma)
        old = d
    return x


euler_cfg_pp = partial(euler_ancestral_cfg_pp, eta=0.0)
res_multistep_ancestral_cfg_pp = partial(res_multistep_cfg_pp, eta=1.0)
