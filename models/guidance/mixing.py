"""What is done with the denoised latents of both prompts, in place of classifier-free guidance, before it or after it.

In the formulas cond and uncond are the denoised latents of the positive and the negative prompt, x is the noisy one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from ..conditions import prepare
from ..guiders import perpendicular
from ..latent_operations import Operation
from ..options import Cfg, Guidance, Options, PreCfg, Start
from . import fourier

if TYPE_CHECKING:
    from ..model import Model
    from ..text import Conditioning

PICTURE = (-1, -2, -3)
"""A latent's axes without its batch."""


def rescale_cfg(model: Model, multiplier: float) -> Model:
    """Guidance whose result, as v, is brought back to the positive answer's spread (Lin et al., 2023, section 3.4).

    multiplier: 0 to 1, from plain guidance to the whole of it.
    """

    def mix(guidance: Guidance) -> Tensor:
        x, sigma = guidance.x, guidance.sigma
        root = (sigma**2 + 1.0).sqrt()
        scaled = x / (sigma * sigma + 1.0)
        cond, uncond = ((scaled - denoised) * root / sigma for denoised in (guidance.cond, guidance.uncond))
        v = uncond + guidance.cfg * (cond - uncond)
        same_spread = v * (_spread(cond) / _spread(v))
        return scaled - (multiplier * same_spread + (1.0 - multiplier) * v) * sigma / root

    return model.with_options(cfg=mix)


def _spread(x: Tensor) -> Tensor:
    return x.std(dim=(1, 2, 3), keepdim=True)


def renorm_cfg(model: Model, cfg_trunc: float, renorm: float) -> Model:
    """Guidance at levels below cfg_trunc alone, its result no longer than renorm times the positive answer (Lumina 2).

    renorm: 0 leaves lengths as they are.
    """

    def mix(guidance: Guidance) -> Tensor:
        cond, uncond = guidance.cond, guidance.uncond
        if float(guidance.sigma) >= cfg_trunc:
            return cond
        mixed = uncond + guidance.cfg * (cond - uncond)
        if renorm > 0:
            most = torch.linalg.vector_norm(cond, dim=PICTURE, keepdim=True) * renorm
            length = torch.linalg.vector_norm(mixed, dim=PICTURE, keepdim=True)
            mixed = torch.where(length >= most, mixed * (most / length), mixed)
        return mixed

    return model.with_options(cfg=mix)


def linear_over_frames(model: Model, min_cfg: float) -> Model:
    """The scale of guidance grows from min_cfg for the first picture of the batch to the run's for the last."""
    return model.with_options(cfg=_by_frame(min_cfg, lambda place: place))


def triangle_over_frames(model: Model, min_cfg: float) -> Model:
    """The scale grows from min_cfg at the first picture of the batch to the run's in the middle, and back."""
    return model.with_options(cfg=_by_frame(min_cfg, lambda place: 2 * (place - (place + 0.5).floor()).abs()))


def _by_frame(min_cfg: float, shape: Callable[[Tensor], Tensor]) -> Cfg:
    """shape: from places in the batch, 0 to 1, to shares of the run's scale, 0 to 1."""

    def mix(guidance: Guidance) -> Tensor:
        cond, uncond = guidance.cond, guidance.uncond
        share = shape(torch.linspace(0, 1, len(cond), device=cond.device))
        scale = share * (guidance.cfg - min_cfg) + min_cfg
        return uncond + scale[:, None, None, None] * (cond - uncond)

    return mix


def cfg_zero_star(model: Model) -> Model:
    """The negative answer is first scaled to fit the positive one best (CFG-Zero*; Fan et al., 2025)."""

    def after(guidance: Guidance, denoised: Tensor) -> Tensor:
        x, uncond = guidance.x, guidance.uncond
        towards, away = x - guidance.cond, x - uncond
        along = (towards * away).sum(PICTURE, keepdim=True)
        best = along / ((away**2).sum(PICTURE, keepdim=True) + 1e-8)
        return denoised + uncond * (best - 1.0) + guidance.cfg * uncond * (1.0 - best)

    return model.with_options(post_cfg=(after,))


def cfg_norm(model: Model, strength: float) -> Model:
    """The result's channel vectors made no longer than the positive answer's, then times strength."""

    def after(guidance: Guidance, denoised: Tensor) -> Tensor:
        wanted, length = (torch.linalg.vector_norm(x, dim=1, keepdim=True) for x in (guidance.cond, denoised))
        return denoised * (wanted / (length + 1e-8)).clamp(0.0, 1.0) * strength

    return model.with_options(post_cfg=(after,))


def mahiro(model: Model) -> Model:
    """More of the positive answer scaled by itself, the less the result is like the negative answer."""

    def after(guidance: Guidance, denoised: Tensor) -> Tensor:
        leap = guidance.cond * guidance.cfg
        alike = functional.cosine_similarity(_root(guidance.uncond * guidance.cfg), _root((leap + denoised) / 2))
        share = 2 * (alike.mean() + 1)
        return (share * denoised + (4 - share) * leap) / 4

    return model.with_options(post_cfg=(after,))


def _root(x: Tensor) -> Tensor:
    """The root of its size, with its sign."""
    return x.abs().sqrt() * x.sign()


def epsilon_scaling(model: Model, factor: float) -> Model:
    """The noise that is taken away, divided by a factor (Ning et al., 2023)."""

    def after(guidance: Guidance, denoised: Tensor) -> Tensor:
        return guidance.x - (guidance.x - denoised) / factor

    return model.with_options(post_cfg=(after,))


def tangential_damping(model: Model) -> Model:
    """Of the negative answer's noise only what lies along the main direction of both (TCFG; Kwon et al., 2025)."""

    def before(guidance: Guidance) -> Sequence[Tensor]:
        if any(side is None for side in guidance.sides[:2]):
            return guidance.answers
        x = guidance.x
        cond, uncond = ((x - answer).reshape(len(x), 1, -1).float() for answer in guidance.answers[:2])
        main = torch.linalg.svd(torch.cat([uncond, cond], 1), full_matrices=False)[2][:, :1]
        damped = (uncond @ main.transpose(1, 2)) * main
        return guidance.cond, x - damped.reshape(x.shape).to(x.dtype), *guidance.answers[2:]

    return model.with_options(pre_cfg=(before,))


def projected(model: Model, eta: float, norm_threshold: float, momentum: float) -> Model:
    """Adaptive projected guidance (Sadat et al., 2024): what guidance adds along the positive answer is scaled by eta.

    norm_threshold: the greatest length of what is added, 0 for any. momentum: how much of what was added in the last
    step is added again, negative in the paper.
    """

    def begin(start: Start) -> Options:
        return Options(pre_cfg=(_projecting(eta, norm_threshold, momentum),))

    return model.with_options(at_start=(begin,))


def _projecting(eta: float, norm_threshold: float, momentum: float) -> PreCfg:
    average: Tensor | None = None
    level = float("-inf")

    def before(guidance: Guidance) -> Sequence[Tensor]:
        nonlocal average, level
        cond, uncond = guidance.answers[:2]
        if float(guidance.sigma) > level:
            average = None  # the noise rises: a new beginning
        level = float(guidance.sigma)
        added = cond - uncond
        if momentum != 0:
            average = added = added if average is None else momentum * average + added
        if norm_threshold > 0:
            length = torch.linalg.vector_norm(added, dim=PICTURE, keepdim=True)
            added = added * (norm_threshold / length).clamp(max=1.0)
        along = functional.normalize(cond, dim=PICTURE)  # pyright: ignore[reportArgumentType]  # takes several axes
        parallel = (added * along).sum(PICTURE, keepdim=True) * along
        changed = added - parallel + eta * parallel
        return (uncond + changed) + (cond - uncond) / guidance.cfg, uncond, *guidance.answers[2:]

    return before


def frequency_scaled(model: Model, low: float, high: float, cutoff: int) -> Model:
    """FreSca (Huang et al., 2025): what guidance adds, its low and its high frequencies scaled apart."""

    def before(guidance: Guidance) -> Sequence[Tensor]:
        cond, uncond = guidance.answers[:2]
        return fourier.scaled(cond - uncond, cutoff, low, high) + uncond, uncond, *guidance.answers[2:]

    return model.with_options(pre_cfg=(before,))


def operation_on_guidance(model: Model, operation: Operation) -> Model:
    """A latent operation on what guidance adds, in every step."""

    def before(guidance: Guidance) -> Sequence[Tensor]:
        cond, uncond = guidance.answers[:2]
        return operation(latent=cond - uncond) + uncond, uncond, *guidance.answers[2:]

    return model.with_options(pre_cfg=(before,))


def perp_neg(model: Model, empty: Conditioning, scale: float) -> Model:
    """Perp-Neg (Armandpour et al., 2023), with any sampler: of the negative prompt what is across to the positive."""

    def begin(start: Start) -> Options:
        conditions = prepare(empty, start.ready, "negative")

        def mix(guidance: Guidance) -> Tensor:
            (blank,) = guidance.predict([conditions])
            return perpendicular(guidance.cond, guidance.uncond, blank, scale, guidance.cfg)

        return Options(cfg=mix)

    return model.with_options(at_start=(begin,))
