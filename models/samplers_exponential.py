"""Samplers that integrate in the logarithm of the noise level: DPM-Solver++(2M), RES.

With lambda = -log sigma, a step of length h solves the linear part of the equation exactly and treats the denoised
latent as a polynomial in lambda. Same form as in `samplers`; those that add noise on the way are in
`samplers_stochastic`.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import torch
from torch import Tensor

from .samplers import Denoise, Run, ancestral


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


def res_multistep(
    denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, eta: float = 0.0, s_noise: float = 1.0
) -> Tensor:
    """Refined exponential solver, second order, multistep (Zhang et al., 2023)."""
    noise = run.fresh(x)
    old: Tensor | None = None
    old_down = sigmas[0]
    for i, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        run.step(i, sigmas, denoised, x)
        down, up = ancestral(sigma, sigma_next, eta)
        if down == 0 or old is None:
            x = x + (x - denoised) / sigma * (down - sigma)
        else:
            shrink, b1, b2 = res_weights(sigmas[i - 1], sigma, old_down, down)
            x = shrink * x + b1 * denoised + b2 * old
        if sigma_next > 0 and eta > 0:
            x = x + noise(sigma, sigma_next) * s_noise * up
        old, old_down = denoised, down
    return x


def res_weights(last: Tensor, sigma: Tensor, old_down: Tensor, down: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What to multiply x, the denoised latent and the one before it with, for a step from sigma to down.

    last: the level before sigma, from which the last step went to old_down.
    """
    h = sigma.log() - down.log()
    c2 = (old_down.log() - last.log()) / h
    phi_1 = torch.expm1(-h) / -h
    phi_2 = (phi_1 - 1) / -h
    b1, b2 = (phi_1 - phi_2 / c2).nan_to_num(nan=0.0), (phi_2 / c2).nan_to_num(nan=0.0)
    return (-h).exp(), h * b1, h * b2


res_multistep_ancestral = partial(res_multistep, eta=1.0)
