"""Guidance away from what the model makes of a spoiled question: attention switched off, what it attends to blurred,
layers left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from ..networks.attention import attend
from ..networks.hooks import NO_HOOKS, Place, Where
from ..options import Guidance, Options, Start

if TYPE_CHECKING:
    from ..model import Model

THRESHOLD = 1.0
"""How much attention, summed over all who attend, a place must get for it to be blurred."""
KERNEL = 9
SMALLEST = 4
"""Latents along an edge for which there is nothing to mirror round the blur."""


def perturbed_attention(model: Model, scale: float) -> Model:
    """Away from what the UNet answers if in its middle each place attends to itself alone (PAG; Ahn et al., 2024)."""

    def after(guidance: Guidance, denoised: Tensor) -> Tensor:
        if scale == 0:
            return denoised
        blind = guidance.model.with_hooks(attn1={("middle", 0): lambda q, k, v, where: v})
        (perturbed,) = guidance.predict([guidance.sides[0]], blind)
        return denoised + (guidance.cond - perturbed) * scale

    return model.with_options(post_cfg=(after,), negative_always=True)


def self_attention(model: Model, scale: float, blur: float) -> Model:
    """Away from what the UNet answers if what it attends to is blurred (SAG; Hong et al., 2022).

    blur: the blur's sigma, in latents.
    """

    def begin(start: Start) -> Options:
        seen = _Attention()

        def after(guidance: Guidance, denoised: Tensor) -> Tensor:
            if min(denoised.shape[2:]) <= SMALLEST or seen.received is None:
                return denoised
            uncond = guidance.uncond
            mask = (seen.received > THRESHOLD).to(uncond.dtype)
            mask = functional.interpolate(mask.unflatten(1, seen.size)[:, None], uncond.shape[2:])
            degraded = gaussian_blur(uncond, blur) * mask + uncond * (1 - mask)
            (answer,) = guidance.predict([guidance.sides[1]], x=degraded + guidance.x - uncond)
            return denoised + (degraded - answer) * scale

        return Options(post_cfg=(after,), hooks=NO_HOOKS.with_added(attn1={Place("middle", 0, 0): seen.attend}))

    return model.with_options(at_start=(begin,), negative_always=True)


class _Attention:
    """How much attention each place of the negative side got when it was last asked."""

    def __init__(self) -> None:
        self.received: Tensor | None = None
        """(b, tokens)"""
        self.size = (0, 0)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, where: Where) -> Tensor:
        if 1 in where.run.sides:
            at, count = where.run.sides.index(1), len(q) // len(where.run.sides)
            asking, asked = (t[at * count : (at + 1) * count].unflatten(-1, (where.heads, -1)) for t in (q, k))
            logits = torch.einsum("bihd,bjhd->bhij", asking, asked) * asking.shape[-1] ** -0.5
            self.received = logits.softmax(-1).mean(1).sum(1)
            self.size = where.size
        return attend(q, k, v, where.heads)


def gaussian_blur(x: Tensor, sigma: float) -> Tensor:
    """x (b, c, h, w) blurred by a kernel of 9 x 9, mirrored at the edges. sigma 0 leaves x as it is."""
    if sigma == 0:
        return x
    places = torch.linspace(-(KERNEL - 1) / 2, (KERNEL - 1) / 2, KERNEL)
    bell = torch.exp(-0.5 * (places / sigma) ** 2)
    bell = (bell / bell.sum()).to(x)
    kernel = torch.outer(bell, bell).expand(x.shape[1], 1, KERNEL, KERNEL)
    around = functional.pad(x, [KERNEL // 2] * 4, mode="reflect")
    return functional.conv2d(around, kernel, groups=x.shape[1])


# Skipped layers: for transformers


def numbers(text: str) -> tuple[int, ...]:
    """All whole numbers in a text, such as "7, 8, 9"."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


def skip_layers(
    model: Model,
    double: Sequence[int],
    single: Sequence[int],
    scale: float,
    start: float,
    end: float,
    rescale: float = 0.0,
) -> Model:
    """Away from what a transformer answers without some of its blocks (SLG, for SD3.5 by Stability AI, 2024).

    double, single: numbers of blocks. start, end: from where to where in the run, 0 to 1. rescale: how much of the
    positive answer's spread the result gets back, 0 to 1.
    """
    if not double and not single:
        return model
    holds = _between(model, start, end)
    hooks = _skipping(double, single)

    def after(guidance: Guidance, denoised: Tensor) -> Tensor:
        if scale <= 0 or not holds(guidance.sigma):
            return denoised
        (skipped,) = guidance.predict([guidance.sides[0]], guidance.model.with_hooks(blocks=hooks))
        denoised = denoised + (guidance.cond - skipped) * scale
        if rescale != 0:
            factor = guidance.cond.std() / denoised.std()
            denoised = denoised * (rescale * factor + (1 - rescale))
        return denoised

    return model.with_options(post_cfg=(after,))


def skip_layers_of_negative(
    model: Model, double: Sequence[int], single: Sequence[int], start: float, end: float
) -> Model:
    """The negative prompt is asked without some of the blocks; nothing else changes."""
    if not double and not single:
        return model
    holds = _between(model, start, end)
    hooks = _skipping(double, single)

    def ask(guidance: Guidance) -> Sequence[Tensor]:
        cond, uncond = guidance.sides[:2]
        if uncond is None or not holds(guidance.sigma):
            return guidance.predict(guidance.sides)
        skipping = guidance.model.with_hooks(blocks=hooks)
        return guidance.predict([cond, None])[0], guidance.predict([None, uncond], skipping)[1]

    return model.with_options(ask=ask)


def _between(model: Model, start: float, end: float) -> Callable[[Tensor], bool]:
    first, last = (model.prediction.at_percent(percent) for percent in (start, end))
    return lambda sigma: last < float(sigma) <= first


def _skipping(double: Sequence[int], single: Sequence[int]) -> Mapping[tuple[str, int], Any]:
    places = [("double", number) for number in double] + [("single", number) for number in single]
    return {place: lambda values, run, where: values for place in places}
