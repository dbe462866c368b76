"""Handles of mixed models. Weights are mixed when a network is used, from the two files and their own patches."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from .errors import PatchError
from .load import Component
from .patches import Factors, Merge, Other, Shares, WeightPatch, check_alike

if TYPE_CHECKING:
    from .engine import Engine
    from .handles import Clip, Model


def merge_models(first: Model, second: Model, shares: Shares) -> Model:
    """The first model, options and all, with weights of the second mixed in.

    PatchError where the two are not of one make.
    """
    check_alike(first.component, second.component)
    other = _other(second.engine, second.component, second.dtype, second.patches)
    return first.with_patches(Merge(((first.component, other),), shares))


def merge_clips(first: Clip, second: Clip, shares: Shares) -> Clip:
    """The first text encoders with weights of the second mixed in, each with that of its name.

    PatchError where the two are not of one make.
    """
    pairs = [(own, second.components[name]) for name, own in first.encoders if name in second.components]
    if not pairs:
        raise PatchError(
            f"The text encoders of {first.recipe.title} cannot be mixed with those of {second.recipe.title}: "
            "no encoder is in both. Choose two of one family."
        )
    for own, theirs in pairs:
        check_alike(own, theirs)
    others = [(own, _other(second.engine, theirs, second.dtype_of(theirs), second.patches)) for own, theirs in pairs]
    return first.with_patches(Merge(tuple(others), shares))


def multiply_attention(model: Model, attention: str, q: float, k: float, v: float, out: float) -> Model:
    """A UNet whose projections are times a number. attention: "attn1" attends to the picture, "attn2" to the text."""
    factors = {"to_q": q, "to_k": k, "to_v": v, "to_out.0": out}
    return model.with_patches(_factors({f"{attention}.{part}": factor for part, factor in factors.items()}))


def multiply_temporal_attention(
    model: Model, self_structural: float, self_temporal: float, cross_structural: float, cross_temporal: float
) -> Model:
    """What a UNet's attentions give, times a number: in each picture, and from picture to picture in a video model."""
    rules: list[tuple[str, str, float]] = []
    for attention, structural, temporal in (
        ("attn1", self_structural, self_temporal),
        ("attn2", cross_structural, cross_temporal),
    ):
        for within, factor in ((".time_stack.", temporal), ("", structural)):
            rules += [(within, f"{attention}.to_out.0.{kind}", factor) for kind in ("weight", "bias")]
    return model.with_patches(Factors(tuple(rules)))


def multiply_clip_attention(clip: Clip, q: float, k: float, v: float, out: float) -> Clip:
    """Text encoders of CLIP's make whose projections are times a number."""
    factors = {"q_proj": q, "k_proj": k, "v_proj": v, "out_proj": out}
    return clip.with_patches(_factors({f"self_attn.{part}": factor for part, factor in factors.items()}))


def _factors(modules: dict[str, float]) -> Factors:
    rules = [("", f"{name}.{kind}", factor) for name, factor in modules.items() for kind in ("weight", "bias")]
    return Factors(tuple(rules))


def _other(engine: Engine, component: Component, dtype: torch.dtype, patches: tuple[WeightPatch, ...]) -> Other:
    return Other(component, patches, dtype, partial(engine.residency.original, component, dtype))
