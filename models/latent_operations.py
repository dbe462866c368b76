"""Arithmetic on latents: added, mixed, cut, joined, sharpened. (b, c, h, w), or (b, c, t, h, w) of a video.

Nothing changes its arguments. The formulas are ComfyUI's, so that graphs give the same pictures to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .compose import repeat_to
from .effects import convolve, unsharp
from .images import scale

Operation = Callable[..., Tensor]
"""Called with `latent=` (b, c, h, w); gives as much. What travels as LATENT_OPERATION. More keywords may be passed."""

AXES = {"x": -1, "y": -2, "t": -3}
"""`t` is time; a latent of one picture has its channels there."""


def matched(like: Tensor, x: Tensor) -> Tensor:
    """x in the size of `like`, its middle kept, and repeated or cut to as many."""
    if x.shape[1:] != like.shape[1:]:
        x = scale(x, like.shape[-1], like.shape[-2], "bilinear", "center")
    x = repeat_to(x, len(like))
    if x.shape != like.shape:
        raise ValueError(
            f"a latent of {_shape(x)} does not go together with one of {_shape(like)}: "
            "they were made for different kinds of model"
        )
    return x


def _shape(x: Tensor) -> str:
    return " x ".join(map(str, x.shape[1:]))


def interpolate(a: Tensor, b: Tensor, ratio: float) -> Tensor:
    """Between b (ratio 0) and a (1): channel vectors turn from one to the other, their lengths are mixed apart."""
    length_a, length_b = (torch.linalg.vector_norm(x, dim=1, keepdim=True) for x in (a, b))
    direction = _unit(a, length_a) * ratio + _unit(b, length_b) * (1 - ratio)
    direction = _unit(direction, torch.linalg.vector_norm(direction, dim=1, keepdim=True))
    return direction * (length_a * ratio + length_b * (1 - ratio))


def _unit(x: Tensor, length: Tensor) -> Tensor:
    return torch.nan_to_num(x / length)


def join(a: Tensor, b: Tensor, where: str) -> Tensor:
    """b after a along "x", "y" or "t", or before it ("-x", "-y", "-t"); repeated or cut to as many."""
    b = repeat_to(b, len(a))
    axis = AXES[where.removeprefix("-")]
    if b.dim() != a.dim() or b.movedim(axis, 0).shape[1:] != a.movedim(axis, 0).shape[1:]:
        raise ValueError(
            f"latents of {_shape(a)} and {_shape(b)} (channels x rows x columns) cannot be joined along "
            f"{where.removeprefix('-')}: they may differ only there"
        )
    return torch.cat((b, a) if where.startswith("-") else (a, b), axis)


def cut(x: Tensor, where: str, index: int, amount: int) -> Tensor:
    """`amount` rows ("y"), columns ("x") or frames ("t") from `index` on, which counts from the end when below 0."""
    axis = x.dim() + AXES[where]
    length = x.shape[axis]
    start = min(index, length - 1) if index >= 0 else max(0, length + index)
    return x.narrow(axis, start, min(amount, length - start))


def regrouped(latents: Sequence[Any], size: int) -> list[dict[str, Any]]:
    """All latents of a list of LATENT dicts, in batches of `size`, in order; one begins anew where the shape changes.

    Each keeps its noise mask and the number of the noise that it would have had. Masks that are 1 everywhere go.
    """
    groups: list[tuple[list[Tensor], list[Tensor], list[int]]] = []
    seen = 0
    for latent in latents:
        samples = latent["samples"]
        masks = repeat_to(_mask(latent), len(samples))
        numbers = latent.get("batch_index", range(seen, seen + len(samples)))
        seen += len(samples)
        for one, mask, number in zip(samples, masks, numbers, strict=False):
            last = groups[-1] if groups else None
            if last is None or len(last[0]) == size or last[0][0].shape != one.shape:
                last = ([], [], [])
                groups.append(last)
            for part, item in zip(last, (one, mask, number), strict=True):
                part.append(item)
    return [_latent(*group) for group in groups]


def _mask(latent: Any) -> Tensor:
    mask = latent.get("noise_mask")
    if mask is None:
        height, width = latent["samples"].shape[-2:]
        return torch.ones(1, 1, height * 8, width * 8)
    return mask.reshape(-1, 1, *mask.shape[-2:])


def _latent(samples: list[Tensor], masks: list[Tensor], numbers: list[int]) -> dict[str, Any]:
    made = {"samples": torch.stack(samples), "batch_index": numbers}
    if all((mask == 1).all() for mask in masks):
        return made
    height, width = samples[0].shape[-2] * 8, samples[0].shape[-1] * 8
    if len({mask.shape for mask in masks}) > 1:
        masks = [functional.interpolate(mask[None], size=(height, width), mode="bilinear")[0] for mask in masks]
    return {**made, "noise_mask": torch.stack(masks)}


def sharpener(radius: int, sigma: float, alpha: float) -> Operation:
    """Sharpens the directions of the channel vectors and leaves their lengths."""

    def sharpen(latent: Tensor, **_: Any) -> Tensor:
        length = torch.linalg.vector_norm(latent, dim=1, keepdim=True) + 1e-6
        return length * convolve(latent / length, unsharp(radius, sigma, alpha))

    return sharpen


def tonemapper(multiplier: float) -> Operation:
    """Reinhard's (2002) curve, l t / (l + t), on the lengths l of the channel vectors, so that none reaches t, which is
    `multiplier` times five deviations above the mean."""

    def tonemap(latent: Tensor, **_: Any) -> Tensor:
        length = torch.linalg.vector_norm(latent, dim=1, keepdim=True) + 1e-10
        axes = tuple(range(1, latent.dim()))
        top = (length.std(axes, keepdim=True) * 5 + length.mean(axes, keepdim=True)) * multiplier
        return latent / length * (length * top / (length + top))

    return tonemap
