"""UniPC (Zhao et al., 2023) of order 3: a predictor, and a corrector that costs no further look at the model.

It walks in the coordinates of a diffusion that keeps variance: x / sqrt(1 + sigma^2), where the latent's share is
alpha = 1 / sqrt(1 + sigma^2), the noise's std = sqrt(1 - alpha^2), and lambda = log(alpha / std). These are taken from
log alpha in single precision, as ComfyUI takes them: the std of the last level, 0.001, comes out at 0.00098, and that
of others is off in the fifth digit. Form as in `samplers`.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from .samplers import Denoise, Run

LAST = 0.001
"""What a last level of 0 is taken as: lambda still has a value there."""


class Levels(NamedTuple):
    """Of each level so far, (n,)."""

    alpha: Tensor
    std: Tensor
    lam: Tensor

    @classmethod
    def of(cls, sigmas: Tensor) -> Levels:
        log_alpha = 0.5 * (1 / (sigmas * sigmas + 1)).log()
        variance = 1 - (2 * log_alpha).exp()
        return cls(log_alpha.exp(), variance.sqrt(), log_alpha - 0.5 * variance.log())

    def until(self, i: int) -> Levels:
        return Levels(*(each[: i + 1] for each in self))


def uni_pc(denoise: Denoise, x: Tensor, sigmas: Tensor, run: Run, variant: Literal["bh1", "bh2"] = "bh1") -> Tensor:
    """The multistep method, with lower orders at both ends. variant: the paper's B(h), -h or expm1(-h).

    One step alone only looks at the model, and gives back the noise, as in ComfyUI; its schedule has two for a step.
    """
    to_zero = bool(sigmas[-1] == 0)
    sigmas = torch.cat([sigmas[:-1], sigmas.new_tensor([LAST])]) if to_zero else sigmas
    levels = Levels.of(sigmas)
    steps = len(sigmas) - 1
    order = min(3, steps - 1)

    def look(x: Tensor, i: int) -> Tensor:
        whole = x * (sigmas[i] ** 2 + 1).sqrt()
        noise = (whole - denoise(whole, sigmas[i])) / sigmas[i]
        return (x - levels.std[i] * noise) / levels.alpha[i]

    x = x / (1 + sigmas[0] ** 2).sqrt()
    answers = [look(x, 0)]
    run.step(0, sigmas, answers[-1], x)
    for i in range(1, steps + 1) if order else ():
        use = min(i, order, steps + 1 - i)
        base, ahead = _predict(x, answers, levels.until(i), use, variant)
        if i == steps:
            x = ahead
            break
        answer = look(ahead, i)
        x = _correct(base, answers, answer, levels.until(i), use, variant)
        answers = [*answers, answer][-order:]
        run.step(i, sigmas, answer, ahead)
    x = x / levels.alpha[-1]
    return x / run.alpha(sigmas[-1]) if to_zero else x


def _terms(answers: list[Tensor], levels: Levels, order: int, variant: str) -> tuple[Tensor, ...]:
    """The system (R, b) of the paper's theorem, its factor B, the differences D and the step's length h."""
    lam = levels.lam
    h = lam[-1] - lam[-2]
    rks = [(lam[-2 - k] - lam[-2]) / h for k in range(1, order)]
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


def _predict(x: Tensor, answers: list[Tensor], levels: Levels, order: int, variant: str) -> tuple[Tensor, Tensor]:
    """The first-order step, and the prediction of order `order` on top of it."""
    R, b, B, D, h = _terms(answers, levels, order, variant)
    alpha, std = levels.alpha, levels.std
    base = std[-1] / std[-2] * x - alpha[-1] * torch.expm1(-h) * answers[-1]
    if order == 1:
        return base, base
    rhos = b.new_tensor([0.5]) if order == 2 else torch.linalg.solve(R[:-1, :-1], b[:-1])
    return base, base - alpha[-1] * B * torch.tensordot(rhos.to(x), D, 1)


def _correct(base: Tensor, answers: list[Tensor], answer: Tensor, levels: Levels, order: int, variant: str) -> Tensor:
    R, b, B, D, _ = _terms(answers, levels, order, variant)
    rhos = b.new_tensor([0.5]) if order == 1 else torch.linalg.solve(R, b)
    change = rhos[-1] * (answer - answers[-1])
    if order > 1:
        change = change + torch.tensordot(rhos[:-1].to(base), D, 1)
    return base - levels.alpha[-1] * B * change


uni_pc_bh2 = partial(uni_pc, variant="bh2")
