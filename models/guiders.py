"""Guidance: how the answers to several prompts become one. What GUIDER is at sockets, and what it is during a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from torch import Tensor

from .denoise import predict
from .options import Guidance, Options, Sides, Start

if TYPE_CHECKING:
    from .conditions import Condition, Ready
    from .model import Model
    from .sampling import Sampled
    from .text import Conditioning

Mix = Callable[["Guiding", Tensor, Tensor], tuple[Tensor, Tensor]]
"""(the run, x, sigma) -> the denoised latent, and what the side that is guided away from gives alone."""


OwnRun = Callable[..., "Sampled"]
"""In place of `sampling.sample`: (latent, noise, sigmas, sampler, on_step, check) -> both its results."""


@dataclass(frozen=True)
class Guider:
    """A model, its prompts by side, and how their answers are mixed. Immutable."""

    model: Model
    sides: dict[str, Conditioning] = field(repr=False)
    """"positive", "negative" and others."""
    mix: Mix = field(repr=False)
    cfg: float = 1.0
    own_run: OwnRun | None = field(default=None, repr=False)
    """Where a node pack's guider samples in its own way."""

    def begin(self, sides: dict[str, list[Condition]], ready: Ready, check: Callable[[], None]) -> Guiding:
        """For one run: its conditions made ready, and the model with what its options start."""
        options = self.model.options.started(Start(self.model, ready.sigmas, tuple(ready.noise.shape), ready))
        return Guiding(self, replace(self.model, options=options), sides, ready.sigmas, check)


@dataclass(frozen=True)
class Guiding:
    """A guider at work: a `denoise.Denoiser`."""

    guider: Guider
    model: Model
    sides: dict[str, list[Condition]]
    sigmas: Tensor
    check: Callable[[], None]

    @property
    def options(self) -> Options:
        return self.model.options

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        def step(x: Tensor, sigma: Tensor) -> Tensor:
            return self.guider.mix(self, x, sigma)[0]

        return reduce(lambda inner, wrap: lambda *args: wrap(inner, *args), self.options.around_step, step)(x, sigma)

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        needing = replace(self, model=self.model.with_options(negative_always=True))
        return self.guider.mix(needing, x, sigma)

    def ask(self, sides: Sides, x: Tensor, sigma: Tensor, model: Model | None = None) -> list[Tensor]:
        """The denoised latent of each side; 0 for None."""
        return predict(model or self.model, sides, x, sigma, self.check, self.sigmas)

    def guidance(self, sides: Sides, answers: Sequence[Tensor], x: Tensor, sigma: Tensor, cfg: float) -> Guidance:
        def ask(sides: Sides, model: Model | None = None, x: Tensor = x) -> list[Tensor]:
            return self.ask(sides, x, sigma, model)

        return Guidance(self.model, x, sigma, cfg, sides, tuple(answers), self.sigmas, ask)

    def classifier_free(self, guidance: Guidance) -> Tensor:
        """uncond + cfg * (cond - uncond) (Ho and Salimans, 2022), or what the options put in its place and after."""
        if self.options.cfg is not None:
            denoised = self.options.cfg(guidance)
        else:
            denoised = guidance.uncond + (guidance.cond - guidance.uncond) * guidance.cfg
        for change in self.options.post_cfg:
            denoised = change(guidance, denoised)
        return denoised

    def before(self, sides: Sides, answers: Sequence[Tensor], x: Tensor, sigma: Tensor, cfg: float) -> Guidance:
        """The answers as the options' functions before mixing leave them."""
        guidance = self.guidance(sides, answers, x, sigma, cfg)
        for change in self.options.pre_cfg:
            guidance = replace(guidance, answers=tuple(change(guidance)))
        return guidance


def cfg(model: Model, positive: Conditioning, negative: Conditioning, cfg: float) -> Guider:
    """Classifier-free guidance. At cfg 1 the negative side cancels out and is not computed."""
    return Guider(model, {"positive": positive, "negative": negative}, _cfg, cfg)


def basic(model: Model, positive: Conditioning) -> Guider:
    """One prompt, no guidance."""
    return Guider(model, {"positive": positive}, _cfg)


def _cfg(run: Guiding, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    scale = run.guider.cfg
    skip = math.isclose(scale, 1.0) and not run.options.negative_always
    sides = [run.sides["positive"], None if skip else run.sides.get("negative")]
    own_way = run.options.ask
    found = own_way(run.guidance(sides, (), x, sigma, scale)) if own_way else run.ask(sides, x, sigma)
    guidance = run.before(sides, found, x, sigma, scale)
    return run.classifier_free(guidance), guidance.uncond


def dual(
    model: Model,
    first: Conditioning,
    second: Conditioning,
    negative: Conditioning,
    cfg_conds: float,
    cfg_second: float,
    nested: bool,
) -> Guider:
    """Two prompts, one guided from the other: the first from the second by cfg_conds, that from the negative by
    cfg_second (Brooks et al., 2023); nested: the mix of both from the negative.
    """

    def mix(run: Guiding, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        sides: list[Any] = [run.sides[name] for name in ("negative", "middle", "positive")]
        if nested:
            negative, middle, positive = run.ask(sides, x, sigma)
            guidance = run.guidance([sides[2], sides[1]], [positive, middle], x, sigma, cfg_conds)
            return negative + cfg_second * (run.classifier_free(guidance) - negative), middle
        if not run.options.negative_always and math.isclose(cfg_second, 1.0):
            sides[0] = None
            if math.isclose(cfg_conds, 1.0):
                sides[1] = None
        negative, middle, positive = run.ask(sides, x, sigma)
        guidance = run.guidance([sides[1], sides[0]], [middle, negative], x, sigma, cfg_second)
        return run.classifier_free(guidance) + (positive - middle) * cfg_conds, negative

    middle = [[cross, {**options, "prompt_type": "negative"}] for cross, options in second]
    return Guider(model, {"positive": first, "middle": middle, "negative": negative}, mix, cfg_conds)


def perp_neg(
    model: Model, positive: Conditioning, negative: Conditioning, empty: Conditioning, cfg: float, scale: float
) -> Guider:
    """Perp-Neg (Armandpour et al., 2023): of the negative prompt only what is perpendicular to the positive counts."""

    def mix(run: Guiding, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        sides: list[Any] = [run.sides[name] for name in ("positive", "negative", "empty")]
        if not run.options.negative_always and math.isclose(scale, 0.0):
            sides[1] = None
            if math.isclose(cfg, 1.0):
                sides[2] = None
        guidance = run.before(sides, run.ask(sides, x, sigma), x, sigma, cfg)
        denoised = perpendicular(*guidance.answers, scale, cfg)
        for change in run.options.post_cfg:
            denoised = change(guidance, denoised)
        return denoised, guidance.uncond

    blank = [[cross, {**options, "prompt_type": "negative"}] for cross, options in empty]
    return Guider(model, {"positive": positive, "empty": blank, "negative": negative}, mix, cfg)


def perpendicular(positive: Tensor, negative: Tensor, empty: Tensor, scale: float, cfg: float) -> Tensor:
    """empty + cfg * (p - scale * n⟂), with p and n the prompts' differences from the empty one."""
    p, n = positive - empty, negative - empty
    across = n - (n * p).sum() / p.norm() ** 2 * p
    return empty + cfg * (p - scale * across)
