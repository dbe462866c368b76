"""CONDITIONING values made ready for one run: areas and masks on the latent's grid, time ranges as noise levels.

An entry is [tensor (b, tokens, width), dict]. Of the dict, these keys are read; others are left alone:
    area            (h, w, y, x) in latents, or ("percentage", h, w, y, x) of the latent's size
    mask            (n, h, w) in [0, 1]; mask_strength multiplies it; set_area_to_bounds crops to where it is not 0
    strength        how much the entry weighs against others in the same place; 1 when absent
    start_percent, end_percent   from where to where in the run it counts, 0 to 1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .prediction import Prediction

Area = tuple[int, int, int, int]
"""Height, width, top and left, in latents."""

FEATHER = 8
"""Latents over which an area without a mask fades out, where it does not end at the picture's border."""


@dataclass(frozen=True)
class Condition:
    """One entry, for one run. `cross` (b, tokens, width)."""

    cross: Tensor
    extra: dict[str, Any]
    strength: float = 1.0
    area: Area | None = None
    mask: Tensor | None = None
    """(b or 1, 1, h, w) on the latent's grid, its strength multiplied in."""
    start: float = float("inf")
    end: float = 0.0

    def counts_at(self, sigma: float) -> bool:
        return self.end <= sigma <= self.start

    def crop(self, x: Tensor) -> Tensor:
        """The part of a latent (b, c, h, w) that the entry sees."""
        if self.area is None:
            return x
        height, width, top, left = self.area
        return x[..., top : top + height, left : left + width]

    def weight(self, x: Tensor) -> Tensor:
        """How much the answer weighs, (b, 1, h, w) over the entry's part of the latent x (b, c, H, W)."""
        part = self.crop(x)
        weight = torch.full((len(x), 1, *part.shape[-2:]), self.strength, device=x.device)
        if self.mask is not None:
            return weight * _to_batch(self.crop(self.mask), len(x))
        if self.area is not None:
            height, width, top, left = self.area
            _fade(weight, 2, top > 0, top + height < x.shape[2])
            _fade(weight, 3, left > 0, left + width < x.shape[3])
        return weight


def prepare(
    entries: Sequence[Sequence[Any]], latent: Sequence[int], prediction: Prediction, device: torch.device
) -> list[Condition]:
    """One Condition for each entry, for a latent of shape (b, c, h, w)."""
    return [_prepare(cross, dict(options), latent, prediction, device) for cross, options in entries]


def _prepare(
    cross: Tensor, options: dict[str, Any], latent: Sequence[int], prediction: Prediction, device: torch.device
) -> Condition:
    height, width = latent[-2:]
    mask, area = options.get("mask"), _area(options.get("area"), height, width)
    if mask is not None:
        mask = mask.to(device, torch.float32).reshape(-1, 1, *mask.shape[-2:])
        if mask.shape[-2:] != (height, width):
            mask = functional.interpolate(mask, size=(height, width), mode="bilinear", align_corners=False)
        if options.get("set_area_to_bounds", False):
            area = _bounds(mask)
        mask = _to_batch(mask, latent[0]) * options.get("mask_strength", 1.0)
    levels = {"start": float("inf"), "end": 0.0}
    for name in levels:
        if f"{name}_percent" in options:
            levels[name] = prediction.at_percent(options[f"{name}_percent"])
    return Condition(
        cross=cross.to(device),
        extra=options,
        strength=options.get("strength", 1.0),
        area=area,
        mask=mask,
        **levels,
    )


def pair_areas(ours: list[Condition], others: list[Condition]) -> list[Condition]:
    """`ours`, and for each area among `others` an entry of ours with that very area.

    So the two sides of guidance see the same cut-out: from ours, the entry with the smallest area that encloses it.
    """
    paired = list(ours)
    for other in others:
        if other.area is None:
            continue
        enclosing = [c for c in paired if c.area is None or _encloses(c.area, other.area)]
        if not enclosing:
            continue
        # min keeps the first of equals; an entry without an area sees the whole latent
        smallest = min(enclosing, key=lambda c: float("inf") if c.area is None else c.area[0] * c.area[1])
        if smallest.area != other.area:
            paired.append(replace(other, cross=smallest.cross, extra=smallest.extra))
    return paired


def _area(area: Sequence[Any] | None, height: int, width: int) -> Area | None:
    if area is None:
        return None
    if area[0] == "percentage":
        h, w, y, x = area[1:]
        area = (max(1, round(h * height)), max(1, round(w * width)), round(y * height), round(x * width))
    h, w, y, x = (int(value) for value in area)
    y, x = min(y, height - 1), min(x, width - 1)
    return min(h, height - y), min(w, width - x), y, x


def _bounds(mask: Tensor) -> Area:
    """The smallest rectangle, no smaller than 8 x 8, outside which the mask is 0."""
    rows, columns = (mask.abs().amax(dim=(0, 1, axis)).nonzero().flatten() for axis in (3, 2))
    if not len(rows):
        return 8, 8, 0, 0
    top, left = int(rows[0]), int(columns[0])
    return max(8, int(rows[-1]) - top + 1), max(8, int(columns[-1]) - left + 1), top, left


def _encloses(outer: Area, inner: Area) -> bool:
    return all(outer[2 + i] <= inner[2 + i] and inner[i] + inner[2 + i] <= outer[i] + outer[2 + i] for i in (0, 1))


def _fade(weight: Tensor, axis: int, before: bool, after: bool) -> None:
    length = weight.shape[axis]
    steps = min(FEATHER, length // 4)
    for at in range(steps):
        if before:
            weight.narrow(axis, at, 1).mul_((at + 1) / steps)
        if after:
            weight.narrow(axis, length - 1 - at, 1).mul_((at + 1) / steps)


def _to_batch(mask: Tensor, count: int) -> Tensor:
    """As many masks as there are latents: the first ones, or repeated."""
    if len(mask) >= count:
        return mask[:count]
    return mask.repeat(-(-count // len(mask)), 1, 1, 1)[:count]
