"""Answers used again while they change little from step to step (EasyCache; Zhou et al., 2025).

From one step to the next, the answer's change is about proportional to the input's. As long as what this adds up to,
relative to the answer, stays below a threshold, the answer is taken to be the input plus the last known difference.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..networks.hooks import Pass
from ..options import Forward, Options, Predict, Start
from ..prediction import level_at

if TYPE_CHECKING:
    from ..model import Model

_log = logging.getLogger(__name__)

SPARSE = 8
"""Changes are measured at every so-manieth place along both axes."""


def easy_cache(model: Model, threshold: float, start: float, end: float, verbose: bool = False) -> Model:
    """The network's answers, for each condition its own; the first condition decides for all.

    start, end: from where to where in the run, 0 to 1. verbose: log what is skipped.
    """

    def begin(run: Start) -> Options:
        return Options(around_forward=(_NetworkCache(run, threshold, start, end, verbose),))

    return model.with_options(at_start=(begin,))


def lazy_cache(model: Model, threshold: float, start: float, end: float, verbose: bool = False) -> Model:
    """The answer of a whole step, after guidance. As `easy_cache`, and fit for any model."""

    def begin(run: Start) -> Options:
        return Options(around_step=(_StepCache(run, threshold, start, end, verbose),))

    return model.with_options(at_start=(begin,))


class _Change:
    """What is known of how inputs and answers change, and what has added up since an answer was last computed."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.total = 0.0
        self.rate: Tensor | None = None
        """The answer's change for each unit of the input's."""
        self.x: Tensor | None = None
        self.answer: Tensor | None = None
        self.size: Tensor | None = None
        """The last answer's mean absolute value."""

    def of_input(self, x: Tensor) -> Tensor | None:
        return None if self.x is None else (_sparse(x) - self.x).abs().mean()

    def may_reuse(self, change: Tensor | None, known: bool = True) -> bool:
        """Add up what this change of the input means, and say whether it is still little."""
        if change is None or self.size is None or self.rate is None:
            return False
        self.total += float(self.rate * change / self.size)
        if self.total < self.threshold and known:
            return True
        self.total = 0.0
        return False

    def learn(self, x: Tensor, answer: Tensor, change: Tensor | None, whole: Tensor) -> None:
        """whole: the answer as far as its size is taken from it."""
        if self.answer is not None and change is not None:
            self.rate = (_sparse(answer) - self.answer).abs().mean() / change
        self.x, self.answer = _sparse(x).clone(), _sparse(answer).clone()
        self.size = whole.abs().mean()


def _sparse(x: Tensor) -> Tensor:
    return x[..., ::SPARSE, ::SPARSE]


class _Cache:
    name = ""

    def __init__(self, run: Start, threshold: float, start: float, end: float, verbose: bool) -> None:
        self.threshold, self.verbose = threshold, verbose
        self.first, self.last = (level_at(run.model.prediction, percent) for percent in (start, end))
        self.channels = run.model.latent_format.channels
        self.kind: object = None
        """Shape, precision and device; where they change, what was known is no use."""
        self.reset()

    def reset(self) -> None:
        self.change = _Change(self.threshold)

    def check(self, x: Tensor, shape: tuple[int, ...]) -> None:
        kind = x.device, x.dtype, shape
        if self.kind is not None and self.kind != kind:
            self.reset()
            kind = None
        self.kind = kind

    def tell(self, sigma: float) -> None:
        if self.verbose:
            _log.info("%s: the step at noise level %.4f is skipped; changes add up to %.4f of %.4f", self.name, sigma,
                      self.change.total, self.threshold)  # fmt: skip


class _NetworkCache(_Cache):
    """An `AroundForward`."""

    name = "EasyCache"

    def reset(self) -> None:
        super().reset()
        self.leader: int | None = None
        """The condition that decides."""
        self.differences: dict[int, Tensor] = {}
        """By condition, what the network last added to its input."""
        self.skipped = 0
        """The question to which no answer was computed."""

    def __call__(self, forward: Forward, x: Tensor, run: Pass, network: nn.Module) -> Tensor:
        if run.sigma <= self.last:
            return forward(x)
        seen, change = x[:, : self.channels], None
        if run.sigma <= self.first:
            self.check(seen, tuple(seen.shape[1:]))
            known = all(part in self.differences for part in run.parts)
            if self.skipped == run.question and known:
                return self._reused(seen, run)
            if self.leader is None:
                self.leader = run.parts[-1]  # ComfyUI's batches are in reverse order
            if self.leader in run.parts:
                mine = self._leaders(seen, run)
                change = self.change.of_input(mine)
                if self.change.may_reuse(change, known):
                    self.skipped = run.question
                    self.tell(run.sigma)
                    return self._reused(seen, run)
        found = forward(x)
        answer = found[:, : self.channels]
        for part, piece in zip(run.parts, (answer - seen).chunk(len(run.parts)), strict=True):
            self.differences[part] = piece
        if self.leader in run.parts:
            self.change.learn(self._leaders(seen, run), self._leaders(answer, run), change, answer)
        return found

    def _leaders(self, x: Tensor, run: Pass) -> Tensor:
        return x.chunk(len(run.parts))[run.parts.index(self.leader)]

    def _reused(self, x: Tensor, run: Pass) -> Tensor:
        return x + torch.cat([self.differences[part] for part in run.parts])


class _StepCache(_Cache):
    """An `AroundStep`."""

    name = "LazyCache"

    def reset(self) -> None:
        super().reset()
        self.difference: Tensor | None = None

    def __call__(self, predict: Predict, x: Tensor, sigma: Tensor) -> Tensor:
        level = float(sigma)
        if level <= self.last:
            return predict(x, sigma)
        change = None
        if level <= self.first:
            self.check(x, tuple(x.shape))
            change = self.change.of_input(x)
            if self.change.may_reuse(change) and self.difference is not None:
                self.tell(level)
                return x + self.difference
        answer = predict(x, sigma)
        self.difference = answer - x
        self.change.learn(x, answer, change, answer)
        return answer
