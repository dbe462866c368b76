"""How each family turns a prompt into what its denoiser is given: which encoders, which states of them, joined how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from .tokens import TokenRules


class Encoded(NamedTuple):
    """What one encoder made of a prompt; float32 on the CPU."""

    states: Tensor
    """(1, tokens, width), weights applied, chunks one after another."""
    pooled: Tensor | None
    """(1, width), of the first chunk; None for T5."""
    projected: Tensor | None
    """(1, projection): `pooled` through the encoder's projection, or `pooled` itself where it has none."""


class Combined(NamedTuple):
    """What the denoiser is given."""

    states: Tensor
    """(1, tokens, width)."""
    pooled: Tensor | None
    """(1, width); None where the family has no use for it."""


@dataclass(frozen=True)
class EncoderRules:
    """One of a family's encoders."""

    name: str
    """What it is called in `Clip.encode_parts` and in packs: l, h, g, t5xxl."""
    title: str
    prefixes: tuple[str, ...]
    """Where a checkpoint has it: the first of these that any tensor starts with counts."""
    tokens: TokenRules
    layer: int | None = None
    """Which states are taken where the user says nothing: None for the last, -2 for those of the last but one layer."""
    normalised: bool = True
    """Whether states of an earlier layer than the last go through the final normalisation."""
    activation: str | None = None
    """CLIP's activation; None for T5."""
    lora_starts: tuple[str, ...] = ()
    """How LoRAs begin the names of its weights, dots as underscores."""
    embedding_key: str = ""
    """Its part of a textual inversion for several encoders."""

    def counted(self, layers: int) -> int:
        """How many layers the encoder of a file counts as having: files made by diffusers leave the last of
        OpenCLIP-H's 24 out, as it goes unused."""
        return 24 if self.name == "h" and layers == 23 else layers


@dataclass(frozen=True)
class TextRecipe:
    """A family's encoders, and how their outputs become one conditioning."""

    name: str
    title: str
    encoders: tuple[EncoderRules, ...]
    combine: Callable[[Mapping[str, Encoded]], Combined]
    any_subset: bool = False
    """Whether it works without some of its encoders: zeros stand for what they would have said."""

    def rules(self, name: str) -> EncoderRules:
        """Raises KeyError for an encoder that the family does not have."""
        return {encoder.name: encoder for encoder in self.encoders}[name]

    def is_complete(self, names: set[str]) -> bool:
        """Whether encoders of these names are enough."""
        own = {encoder.name for encoder in self.encoders}
        return bool(names) and (own <= names or (self.any_subset and names <= own))


def _alone(encoded: Mapping[str, Encoded]) -> Combined:
    (one,) = encoded.values()
    return Combined(one.states, one.projected)


def _alone_as_it_is(encoded: Mapping[str, Encoded]) -> Combined:
    """Pooled is not projected, whether the file has a projection or not."""
    (one,) = encoded.values()
    return Combined(one.states, one.pooled)


def _side_by_side(encoded: Mapping[str, Encoded]) -> Combined:
    """L and G for each token, cut to the shorter of the two; pooled is G's."""
    return Combined(_joined(encoded["l"].states, encoded["g"].states), encoded["g"].projected)


def _three(encoded: Mapping[str, Encoded]) -> Combined:
    """L and G side by side and filled up with zeros to T5's width, then T5's tokens; pooled is L's and G's."""
    left, right, t5 = (encoded.get(name) for name in ("l", "g", "t5xxl"))
    width = 4096 if t5 is None else t5.states.shape[-1]
    pooled = torch.cat([_pooled(left and left.pooled, 768), _pooled(right and right.projected, 1280)], -1)
    both = None
    if left is not None:
        both = left.states if right is None else _joined(left.states, right.states)
    elif right is not None:
        both = functional.pad(right.states, (768, 0))
    if both is not None:
        both = functional.pad(both, (0, width - both.shape[-1]))
    parts = [part for part in (both, t5 and t5.states) if part is not None]
    return Combined(torch.cat(parts, 1) if parts else torch.zeros(1, 77, width), pooled)


def _t5_and_pooled(encoded: Mapping[str, Encoded]) -> Combined:
    """T5's tokens; pooled is CLIP-L's, not projected."""
    return Combined(encoded["t5xxl"].states, encoded["l"].pooled)


def _joined(left: Tensor, right: Tensor) -> Tensor:
    tokens = min(left.shape[1], right.shape[1])
    return torch.cat([left[:, :tokens], right[:, :tokens]], -1)


def _pooled(vector: Tensor | None, width: int) -> Tensor:
    return torch.zeros(1, width) if vector is None else vector


_FIRST = ("lora_te_", "lora_te1_", "text_encoder_", "base_model_model_text_encoder_")
_SECOND = ("lora_te2_", "text_encoder_2_")

_L = partial(
    EncoderRules,
    name="l",
    title="CLIP-L",
    tokens=TokenRules(pad=49407),
    activation="quick_gelu",
    lora_starts=(*_FIRST, "text_encoders_clip_l_transformer_"),
    embedding_key="clip_l",
)
_G = partial(
    EncoderRules,
    name="g",
    title="OpenCLIP-G",
    tokens=TokenRules(pad=0),
    layer=-2,
    normalised=False,
    activation="gelu",
    lora_starts=(*_SECOND, "text_encoders_clip_g_transformer_"),
    embedding_key="clip_g",
)
_T5 = partial(
    EncoderRules,
    name="t5xxl",
    title="T5-XXL",
    embedding_key="t5xxl",
)
_T5_BESIDE = "text_encoders.t5xxl.transformer."
_BESIDE = "text_encoders.clip_{}.transformer.".format
_FOLDER, _FOLDER_2, _FOLDER_3 = "text_encoder.", "text_encoder_2.", "text_encoder_3."
"""A diffusers folder's encoders, whose names begin with their folder's."""

SD1 = TextRecipe(
    "sd1", "Stable Diffusion 1", (_L(prefixes=("cond_stage_model.transformer.", _FOLDER)),), _alone_as_it_is
)

SD2 = TextRecipe(
    "sd2",
    "Stable Diffusion 2",
    (
        EncoderRules(
            name="h",
            title="OpenCLIP-H",
            prefixes=("cond_stage_model.model.", "cond_stage_model.transformer.", _FOLDER),
            tokens=TokenRules(pad=0),
            layer=-2,
            activation="gelu",
            lora_starts=(*_FIRST, "text_encoders_clip_h_transformer_"),
            embedding_key="clip_h",
        ),
    ),
    _alone,
)

SDXL = TextRecipe(
    "sdxl",
    "Stable Diffusion XL",
    (
        _L(prefixes=("conditioner.embedders.0.transformer.", _BESIDE("l"), _FOLDER), layer=-2, normalised=False),
        _G(prefixes=("conditioner.embedders.1.model.", _BESIDE("g"), _FOLDER_2)),
    ),
    _side_by_side,
)

SDXL_REFINER = TextRecipe(
    "sdxl_refiner",
    "Stable Diffusion XL's refiner",
    (
        _G(
            prefixes=("conditioner.embedders.0.model.", _FOLDER_2),
            lora_starts=(*_FIRST, *_SECOND, "text_encoders_clip_g_transformer_"),
        ),
    ),
    _alone,
)

SD3 = TextRecipe(
    "sd3",
    "Stable Diffusion 3",
    (
        _L(prefixes=(_BESIDE("l"), _FOLDER), layer=-2, normalised=False),
        _G(prefixes=(_BESIDE("g"), _FOLDER_2)),
        _T5(
            prefixes=(_T5_BESIDE, _FOLDER_3),
            tokens=TokenRules(pad=0, start=None, end=1, length=None, least=77),
            lora_starts=("lora_te3_", "text_encoder_3_", "text_encoders_t5xxl_transformer_"),
        ),
    ),
    _three,
    any_subset=True,
)

FLUX = TextRecipe(
    "flux",
    "Flux",
    (
        _L(prefixes=(_BESIDE("l"), _FOLDER)),
        _T5(
            prefixes=(_T5_BESIDE, _FOLDER_2),
            tokens=TokenRules(pad=0, start=None, end=1, length=None, least=256),
            lora_starts=("lora_te2_", "lora_te3_", "text_encoder_2_", "text_encoders_t5xxl_transformer_"),
        ),
    ),
    _t5_and_pooled,
)

RECIPES: Mapping[str, TextRecipe] = {r.name: r for r in (SD1, SD2, SDXL, SDXL_REFINER, SD3, FLUX)}
"""By the name of the family."""
