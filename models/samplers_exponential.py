"""Samplers that integrate in the logarithm of the noise level: DPM-Solver++(2M), RES, UniPC.

With lambda = -log sigma, a step of length h solves the linear part of the equation exactly and treats the denoised
latent as a polynomial in lambda. Same form as in `samplers`; those that add noise on the way are in
`samplers_stochastic`.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Literal

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


def uni_pc(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, variant: Literal["bh1", "bh2"] = "bh1") -> Tensor:
    """UniPC of order 3: a predictor, and a corrector that costs no further look at the model (Zhao et al., 2023).

    A last sigma of 0 is taken as 0.001, where log sigma still has a value; for flow x is then scaled as a clean one.
    """
    levels = sigmas.clone()
    to_zero = bool(levels[-1] == 0)
    if to_zero:
        levels[-1] = 0.001
    steps = len(levels) - 1
    order = min(3, steps - 1)
    answers = [denoise(x, levels[0])]
    run.step(0, sigmas, answers[-1], x)
    for i in range(1, steps + 1):
        last = i == steps
        use = min(i, order, steps + 1 - i) if order else 1
        base, ahead = _unipc_predict(x, answers, levels[: i + 1], use, variant)
        if last:
            x = ahead
            break
        answer = denoise(ahead, levels[i])
        x = _unipc_correct(base, answers, answer, levels[: i + 1], use, variant)
        answers = [*answers, answer][-max(order, 1) :]
        run.step(i, sigmas, answer, ahead)
    return x / run.alpha(levels[-1]) if to_zero else x


def _unipc_terms(answers: list[Tensor], levels: Tensor, order: int, variant: str) -> tuple[Tensor, ...]:
    """The system (R, b) of the paper's theorem, its factor B, the differences D and the step's length h."""
    lambdas = -levels.log()
    h = lambdas[-1] - lambdas[-2]
    rks = [(lambdas[-2 - k] - lambdas[-2]) / h for k in range(1, order)]
    differences = [(answers[-1 - k] - answers[-1]) / rks[k - 1] for k in range(1, order)]
    rks.append(torch.ones_like(h))
    B = -h if variant == "bh1" else torch.expm1(-h)
    rows, b = [], []
    phi = torch.expm1(-h) / -h - 1
    factorial = 1
    for k in range(1, order + 1):
        rows.append(torch.stack(rks) ** (k - 1))
        b.append(phi * factorial / B)
        factorial *= k + 1
        phi = phi / -h - 1 / factorial
    D = torch.stack(differences) if differences else answers[-1].new_zeros(0)
    return torch.stack(rows), torch.stack(b), B, D, h


def _unipc_predict(x: Tensor, answers: list[Tensor], levels: Tensor, order: int, variant: str) -> tuple[Tensor, Tensor]:
    """The first-order step, and the prediction of order `order` on top of it."""
    R, b, B, D, h = _unipc_terms(answers, levels, order, variant)
    base = levels[-1] / levels[-2] * x - torch.expm1(-h) * answers[-1]
    if order == 1:
        return base, base
    rhos = b.new_tensor([0.5]) if order == 2 else torch.linalg.solve(R[:-1, :-1], b[:-1])
    return base, base - B * torch.tensordot(rhos.to(x), D, 1)


def _unipc_correct(
    base: Tensor, answers: list[Tensor], answer: Tensor, levels: Tensor, order: int, variant: str
) -> Tensor:
    R, b, B, D, _ = _unipc_terms(answers, levels, order, variant)
    rhos = b.new_tensor([0.5]) if order == 1 else torch.linalg.solve(R, b)
    change = rhos[-1] * (answer - answers[-1])
    if order > 1:
        change = change + torch.tensordot(rhos[:-1].to(base), D, 1)
    return base - B * change


res_multistep_ancestral = partial(res_multistep, eta=1.0)
uni_pc_bh2 = partial(uni_pc, variant="bh2")
