"""A model as a callable (x, sigma) -> denoised: the network, its prediction, the prompts and a mask."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, groupby
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from .conditions import Condition, same_batch
from .networks.hooks import Pass

if TYPE_CHECKING:
    from .model import Model
    from .options import MaskAt, Sides

LONGEST_REPEAT = 4
"""Prompts of unlike length share a batch if none has to be repeated more often than this to match."""


TEXTS = frozenset({"context", "control_context"})
"""Inputs that may be of unlike length in one batch."""

_QUESTIONS = count(1)


class Denoiser(Protocol):
    """What samplers call."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x (b, c, h, w) at noise level sigma, a scalar -> the denoised latent, float32."""
        ...

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The denoised latent, and what the negative side alone makes of x."""
        ...


@dataclass(frozen=True)
class Masked:
    """Keeps what a mask leaves out: around the mask the model sees the given latent at the current noise level, and
    the answer is the given latent itself. mask: (b, c, h, w) in [0, 1], 1 where the picture may change.
    """

    denoise: Denoiser
    mask: Tensor
    latent: Tensor
    noise: Tensor
    noised: Callable[[Tensor, Tensor, Tensor], Tensor]
    sigmas: Tensor
    mask_at: MaskAt | None = None

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        mask = self._mask(sigma)
        return self.denoise(self._seen(x, sigma, mask), sigma) * mask + self.latent * (1.0 - mask)

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        mask = self._mask(sigma)
        denoised, uncond = self.denoise.pair(self._seen(x, sigma, mask), sigma)
        return denoised * mask + self.latent * (1.0 - mask), uncond

    def _mask(self, sigma: Tensor) -> Tensor:
        return self.mask if self.mask_at is None else self.mask_at(self.mask, sigma, self.sigmas)

    def _seen(self, x: Tensor, sigma: Tensor, mask: Tensor) -> Tensor:
        return x * mask + self.noised(self.latent, self.noise, sigma) * (1.0 - mask)


@dataclass(frozen=True)
class Job:
    """One condition of one side, to be asked of the model."""

    side: int
    condition: Condition
    patches: tuple[Any, ...] = field(default=())
    """Changes of weights that hold for it at this level."""
    weight: Tensor | None = None
    """How much its answer weighs, where that is not its own to say."""

    def weigh(self, x: Tensor) -> Tensor:
        return self.condition.weight(x) if self.weight is None else self.weight


@torch.no_grad()
def predict(
    model: Model,
    sides: Sides,
    x: Tensor,
    sigma: Tensor,
    check: Callable[[], None] = lambda: None,
    sigmas: Tensor | None = None,
) -> list[Tensor]:
    """For each side (a list of conditions) the denoised latent, its conditions weighed against each other.

    All that can share a batch does, prompts of both sides included: one pass through the network in the usual case.
    Where no condition of a side counts at this level, its answer is 0, as in ComfyUI; so it is for a side that is None.
    """
    level = float(sigma)
    jobs = [
        Job(side, condition, condition.hooks.patches(level) if condition.hooks is not None else ())
        for side, conditions in enumerate(sides)
        for condition in conditions or ()
        if condition.counts_at(level)
    ]
    jobs = _with_defaults(jobs, x)
    totals = [torch.zeros_like(x) for _ in sides]
    weights = [torch.full_like(x[:, :1], 1e-37) for _ in sides]
    run = Pass(level, sigmas=sigmas, question=next(_QUESTIONS), check=check)
    for batch in _batches(jobs, x):
        for job, answer in zip(batch, _answers(model, batch, x, sigma, run), strict=True):
            weight = job.weigh(x)
            job.condition.crop(totals[job.side]).add_(answer * weight)
            job.condition.crop(weights[job.side]).add_(weight)
    return [total / weight for total, weight in zip(totals, weights, strict=True)]


def _with_defaults(jobs: list[Job], x: Tensor) -> list[Job]:
    """Default conditions weigh what the others of their side leave free; where that is nothing, they are dropped."""
    if not any(job.condition.default for job in jobs):
        return jobs
    found = [job for job in jobs if not job.condition.default]
    for side in {job.side for job in jobs if job.condition.default}:
        left = torch.ones_like(x[:, :1])
        for job in found:
            if job.side == side:
                job.condition.crop(left).sub_(job.weigh(x))
        left = left.clamp(min=0)
        if left.max() > 0:
            defaults = [job for job in jobs if job.side == side and job.condition.default]
            found += [Job(side, job.condition, job.patches, job.condition.crop(left)) for job in defaults]
    return found


def _answers(model: Model, jobs: list[Job], x: Tensor, sigma: Tensor, run: Pass) -> list[Tensor]:
    """The model's answer to each job: in one pass or, where memory does not last for that, in halves."""
    parts = torch.cat([job.condition.crop(x) for job in jobs])
    inputs = _stack([job.condition.inputs_for(x) for job in jobs])
    sides, numbers = tuple(job.side for job in jobs), tuple(id(job.condition) for job in jobs)
    run = replace(run, sides=sides, parts=numbers, shape=tuple(parts.shape))
    try:
        running = jobs[0].condition.control
        control = None if running is None else running.residuals(parts, sigma, inputs, run)
        return list(model.denoise(parts, sigma, inputs, run, control, jobs[0].patches).chunk(len(jobs)))
    except Exception as error:
        if len(jobs) == 1 or not model.engine.is_out_of_memory(error):
            raise
    middle = len(jobs) // 2
    halves = jobs[:middle], jobs[middle:]
    return [answer for half in halves for answer in _answers(model, half, x, sigma, run)]


def _batches(jobs: list[Job], x: Tensor) -> list[list[Job]]:
    """Jobs in groups that the network can take at once: cut-outs of one size, inputs that fit each other."""

    def size(job: Job) -> tuple[int, ...]:
        return tuple(job.condition.crop(x).shape[-2:])

    batches: list[list[Job]] = []
    for _, same_size in groupby(sorted(jobs, key=size), key=size):
        rest = list(same_size)
        while rest:
            first, batch, left = rest[0], [], []
            for job in rest:
                together = first.patches == job.patches and same_batch(first.condition, job.condition, _fit)
                (batch if together else left).append(job)
            batches.append(batch)
            rest = left
    return batches


def _fit(name: str, a: Any, b: Any) -> bool:
    """Whether two conditions' values of one input can stand in one batch."""
    if not isinstance(a, Tensor):
        same = isinstance(a, tuple) and all(x is y for x, y in zip(a, b, strict=False)) and len(a) == len(b)
        return same or (not isinstance(a, tuple) and a == b)
    if name not in TEXTS:
        return a.shape[1:] == b.shape[1:]
    tokens = a.shape[1], b.shape[1]
    return a.shape[2] == b.shape[2] and math.lcm(*tokens) // min(tokens) <= LONGEST_REPEAT


def _stack(inputs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The conditions' inputs, one after another: (n * batch, ...)."""
    found: dict[str, Any] = {}
    for name, first in inputs[0].items():
        if not isinstance(first, Tensor):
            found[name] = first
        elif name in TEXTS:
            tokens = math.lcm(*(each[name].shape[1] for each in inputs))
            # Shorter prompts are repeated, which attention does not notice.
            found[name] = torch.cat([v.repeat(1, tokens // v.shape[1], 1) for v in (each[name] for each in inputs)])
        else:
            found[name] = torch.cat([each[name] for each in inputs])
    return found
