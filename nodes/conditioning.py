"""Prompts, and where, when and how strongly they hold."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Tensor
from torch.nn import functional

from graph.node import MAX_RESOLUTION, Choice, Int, Slider, node
from nodes.values import Conditioning, ConditioningList, Mask

Strength = Annotated[float, Slider(min=0.0, max=10.0, step=0.01)]
Fraction = Annotated[float, Slider(min=0.0, max=1.0, step=0.01)]
Length = Annotated[int, Int(min=64, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")]
Offset = Annotated[int, Int(min=0, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")]


def _with(conditioning: ConditioningList, **values: Any) -> ConditioningList:
    return [[tensor, {**options, **values}] for tensor, options in conditioning]


def _refuse_other_encoders(conditioning: ConditioningList, other: Tensor) -> None:
    for tensor, _ in conditioning:
        if tensor.shape[-1] != other.shape[-1]:
            raise ValueError(
                f"one prompt was encoded {tensor.shape[-1]:,} wide and the other {other.shape[-1]:,}: they belong to "
                "different kinds of model. Encode both with the same CLIP"
            )


@node("ConditioningCombine", category="conditioning", title="Conditioning (Combine)")
def combine(conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Follow both prompts: the sampler asks the model about each and blends its answers."""
    return [*conditioning_1, *conditioning_2]


@node("ConditioningAverage", category="conditioning")
def average(
    conditioning_to: Conditioning,
    conditioning_from: Conditioning,
    conditioning_to_strength: Fraction = 1.0,
) -> Conditioning:
    """Blend two prompts into one that lies between them. 1 is all of `conditioning_to`."""
    strength = conditioning_to_strength
    source, pooled = conditioning_from[0][0], conditioning_from[0][1].get("pooled_output")
    _refuse_other_encoders(conditioning_to, source)

    def blend(tensor: Tensor, options: dict[str, Any]) -> list[Any]:
        other = functional.pad(source[:, : tensor.shape[1]], (0, 0, 0, max(0, tensor.shape[1] - source.shape[1])))
        own = options.get("pooled_output", pooled)
        if pooled is not None:
            blended = pooled if own is None else own * strength + pooled * (1 - strength)
            options = {**options, "pooled_output": blended}
        return [tensor * strength + other * (1 - strength), dict(options)]

    return [blend(tensor, options) for tensor, options in conditioning_to]


@node("ConditioningConcat", category="conditioning", title="Conditioning (Concat)")
def concat(conditioning_to: Conditioning, conditioning_from: Conditioning) -> Conditioning:
    """Read one prompt after the other as a single longer one, each in chunks of its own."""
    added = conditioning_from[0][0]
    _refuse_other_encoders(conditioning_to, added)
    return [[torch.cat((tensor, added), 1), dict(options)] for tensor, options in conditioning_to]


@node("ConditioningSetArea", category="conditioning", title="Conditioning (Set Area)", search_aliases=("region",))
def set_area(
    conditioning: Conditioning,
    width: Length = 64,
    height: Length = 64,
    x: Offset = 0,
    y: Offset = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt hold in a rectangle only, given in pixels from the upper left corner."""
    area = (height // 8, width // 8, y // 8, x // 8)
    return _with(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaPercentage", category="conditioning", title="Conditioning (Set Area with Percentage)")
def set_area_percentage(
    conditioning: Conditioning,
    width: Fraction = 1.0,
    height: Fraction = 1.0,
    x: Fraction = 0.0,
    y: Fraction = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt hold in a rectangle only, given as parts of the picture's size."""
    area = ("percentage", height, width, y, x)
    return _with(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaStrength", category="conditioning")
def set_area_strength(conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Weigh a prompt against the others that hold in the same place."""
    return _with(conditioning, strength=strength)


@node("ConditioningSetMask", category="conditioning", title="Conditioning (Set Mask)", search_aliases=("region",))
def set_mask(
    conditioning: Conditioning,
    mask: Mask,
    *,
    strength: Strength = 1.0,
    set_cond_area: Annotated[
        str,
        Choice(
            options=("default", "mask bounds"),
            tooltip="mask bounds: the model sees only the rectangle round the mask, which is quicker.",
        ),
    ],
) -> Conditioning:
    """Let a prompt hold where a mask is white."""
    mask = mask if mask.dim() == 3 else mask.unsqueeze(0)
    to_bounds = set_cond_area != "default"
    return _with(conditioning, mask=mask, set_area_to_bounds=to_bounds, mask_strength=strength)


Percent = Annotated[float, Slider(min=0.0, max=1.0, step=0.001, tooltip="0 is pure noise, 1 the finished picture.")]


@node("ConditioningSetTimestepRange", category="advanced/conditioning")
def set_timestep_range(conditioning: Conditioning, start: Percent = 0.0, end: Percent = 1.0) -> Conditioning:
    """Let a prompt hold during a part of the sampling only."""
    return _with(conditioning, start_percent=start, end_percent=end)


@node("ConditioningZeroOut", category="advanced/conditioning")
def zero_out(conditioning: Conditioning) -> Conditioning:
    """An empty guide: what a prompt encodes to, replaced by zeros."""

    def zero(options: dict[str, Any]) -> dict[str, Any]:
        zeroed = ("pooled_output", "conditioning_lyrics")
        tensors = {k: torch.zeros_like(v) for k, v in options.items() if k in zeroed and v is not None}
        return {**options, **tensors}

    return [[torch.zeros_like(tensor), zero(options)] for tensor, options in conditioning]
