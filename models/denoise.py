"""A model as a callable (x, sigma) -> denoised: the network, its prediction, the prompts, guidance and a mask."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .conditions import Condition

if TYPE_CHECKING:
    from .handles import Model

LONGEST_REPEAT = 4
"""Prompts of unlike length share a batch if none has to be repeated more often than this to match."""


@dataclass(frozen=True)
class Guided:
    """Classifier-free guidance (Ho and Salimans, 2022): uncond + cfg * (cond - uncond).

    At cfg 1 the negative side cancels out and is not computed.
    """

    model: Model
    positive: list[Condition]
    negative: list[Condition]
    cfg: float
    check: Callable[[], None]

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x: (b, c, h, w) at noise level sigma, a scalar -> the denoised latent, float32."""
        alone = math.isclose(self.cfg, 1.0)
        sides = [self.positive] if alone else [self.positive, self.negative]
        answers = predict(self.model, sides, x, sigma, self.check)
        return answers[0] if alone else answers[1] + (answers[0] - answers[1]) * self.cfg


@dataclass(frozen=True)
class Masked:
    """Keeps what a mask leaves out: around the mask the model sees the given latent at the current noise level, and
    the answer is the given latent itself. mask: (b, c, h, w) in [0, 1], 1 where the picture may change.
    """

    denoise: Callable[[Tensor, Tensor], Tensor]
    mask: Tensor
    latent: Tensor
    noise: Tensor
    noised: Callable[[Tensor, Tensor, Tensor], Tensor]

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        kept = 1.0 - self.mask
        x = x * self.mask + self.noised(self.latent, self.noise, sigma) * kept
        return self.denoise(x, sigma) * self.mask + self.latent * kept


def predict(
    model: Model, sides: Sequence[list[Condition]], x: Tensor, sigma: Tensor, check: Callable[[], None]
) -> list[Tensor]:
    """For each side (a list of conditions) the denoised latent, its conditions weighed against each other.

    All that can share a batch does, prompts of both sides included: one pass through the network in the usual case.
    Where no condition of a side counts at this level, its answer is 0, as in ComfyUI.
    """
    level = float(sigma)
    jobs = [(side, c) for side, conditions in enumerate(sides) for c in conditions if c.counts_at(level)]
    totals = [torch.zeros_like(x) for _ in sides]
    weights = [torch.full_like(x[:, :1], 1e-37) for _ in sides]
    for batch in _batches(jobs, x):
        answers = _answers(model, [condition for _, condition in batch], x, sigma, check)
        for (side, condition), answer in zip(batch, answers, strict=True):
            weight = condition.weight(x)
            condition.crop(totals[side]).add_(answer * weight)
            condition.crop(weights[side]).add_(weight)
    return [total / weight for total, weight in zip(totals, weights, strict=True)]


def _answers(
    model: Model, conditions: list[Condition], x: Tensor, sigma: Tensor, check: Callable[[], None]
) -> list[Tensor]:
    """The model's answer to each condition: in one pass or, where memory does not last for that, in halves."""
    parts = torch.cat([condition.crop(x) for condition in conditions])
    cross = _stack([condition.cross for condition in conditions], len(x))
    try:
        return list(model.denoise(parts, sigma, cross, check).chunk(len(conditions)))
    except Exception as error:
        if len(conditions) == 1 or not model.engine.is_out_of_memory(error):
            raise
    middle = len(conditions) // 2
    halves = conditions[:middle], conditions[middle:]
    return [answer for half in halves for answer in _answers(model, half, x, sigma, check)]


def _batches(jobs: list[tuple[int, Condition]], x: Tensor) -> list[list[tuple[int, Condition]]]:
    """Jobs in groups that the network can take at once: cut-outs of one size, prompts that fit each other."""

    def size(job: tuple[int, Condition]) -> tuple[int, ...]:
        return tuple(job[1].crop(x).shape[-2:])

    batches: list[list[tuple[int, Condition]]] = []
    for _, same_size in groupby(sorted(jobs, key=size), key=size):
        rest = list(same_size)
        while rest:
            first, batch, left = rest[0], [], []
            for job in rest:
                (batch if _fit(first[1].cross, job[1].cross) else left).append(job)
            batches.append(batch)
            rest = left
    return batches


def _fit(a: Tensor, b: Tensor) -> bool:
    tokens = a.shape[1], b.shape[1]
    return a.shape[2] == b.shape[2] and math.lcm(*tokens) // min(tokens) <= LONGEST_REPEAT


def _stack(crosses: list[Tensor], batch: int) -> Tensor:
    """(n * batch, tokens, width). Shorter prompts are repeated, which attention does not notice."""
    tokens = math.lcm(*(cross.shape[1] for cross in crosses))
    rows = []
    for cross in crosses:
        whole = cross.repeat(-(-batch // len(cross)), 1, 1)[:batch]
        rows.append(whole.repeat(1, tokens // cross.shape[1], 1))
    return torch.cat(rows)
