"""Mixing models: whole, by blocks, by differences; and weights of attention times a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from graph.annotations import input_of
from graph.node import Function, Slider, node
from models import merging
from models.patches import Shares
from nodes.context import present
from nodes.values import Clip, Model

MERGING = "advanced/model_merging"
ATTENTION = "_for_testing/attention_experiments"

Ratio = Annotated[
    float, Slider(min=0.0, max=1.0, step=0.01, tooltip="The share of the first; 1 is the first alone, 0 the second.")
]
Multiplier = Annotated[
    float, Slider(min=-10.0, max=10.0, step=0.01, tooltip="How much of the difference is left; 1 is all of it.")
]
Times = Annotated[float, Slider(min=0.0, max=10.0, step=0.01)]

_SUM = Shares((1.0, 1.0))


def _difference(multiplier: float) -> Shares:
    return Shares((multiplier, -multiplier))


def _merged(model1: Model, model2: Model, shares: Shares) -> Model:
    return merging.merge_models(present(model1, "MODEL"), present(model2, "MODEL"), shares)


def _merged_clips(clip1: Clip, clip2: Clip, shares: Shares) -> Clip:
    return merging.merge_clips(present(clip1, "CLIP"), present(clip2, "CLIP"), shares)


@node("ModelMergeSimple", category=MERGING, search_aliases=("merge", "blend models"))
def merge_simple(model1: Model, model2: Model, ratio: Ratio = 1.0) -> Model:
    """Mix two models of one family, all weights alike."""
    return _merged(model1, model2, Shares.blend(ratio))


@node("ModelMergeBlocks", category=MERGING)
def merge_blocks(model1: Model, model2: Model, *, input: Ratio = 1.0, middle: Ratio = 1.0, out: Ratio = 1.0) -> Model:
    """Mix two UNets with one share for each part: the way down, the middle, and the way up."""
    return _merged(model1, model2, Shares.blend(input, input=input, middle=middle, out=out))


@node("ModelMergeSubtract", category=MERGING)
def merge_subtract(model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """What the first model has that the second has not: a difference to add to a third."""
    return _merged(model1, model2, _difference(multiplier))


@node("ModelMergeAdd", category=MERGING)
def merge_add(model1: Model, model2: Model) -> Model:
    """The sum of two models' weights; the second should be a difference."""
    return _merged(model1, model2, _SUM)


@node("CLIPMergeSimple", category=MERGING)
def clip_merge_simple(clip1: Clip, clip2: Clip, ratio: Ratio = 1.0) -> Clip:
    """Mix two text encoders of one family, all weights alike."""
    return _merged_clips(clip1, clip2, Shares.blend(ratio))


@node("CLIPMergeSubtract", category=MERGING)
def clip_merge_subtract(clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """What the first text encoder has that the second has not."""
    return _merged_clips(clip1, clip2, _difference(multiplier))


@node("CLIPMergeAdd", category=MERGING)
def clip_merge_add(clip1: Clip, clip2: Clip) -> Clip:
    """The sum of two text encoders' weights; the second should be a difference."""
    return _merged_clips(clip1, clip2, _SUM)


def _by_parts(class_type: str, family: str, parts: Sequence[str]) -> Function[..., Model]:
    """A node with a share for each part, a beginning of weights' names. The first also counts for what none names."""

    def merge(model1: Model, model2: Model, **shares: float) -> Model:
        given = {part: shares.get(part, 1.0) for part in parts}
        return _merged(model1, model2, Shares.blend(given[parts[0]], **given))

    declared = node(
        class_type, category=f"{MERGING}/model_specific", description=f"Mix two {family} models, block by block."
    )(merge)
    share = Slider(min=0.0, max=1.0, step=0.01)
    inputs = (*declared.type.spec.inputs, *(input_of(class_type, part, share, 1.0) for part in parts))
    spec = replace(declared.type.spec, inputs=inputs, open_inputs=False)
    return Function(merge, replace(declared.type, spec=spec))


def _numbered(start: str, count: int, end: str = ".") -> list[str]:
    return [f"{start}{number}{end}" for number in range(count)]


def _unet(blocks: int, end: str) -> list[str]:
    middle = _numbered("middle_block.", 3, end)
    down, up = _numbered("input_blocks.", blocks, end), _numbered("output_blocks.", blocks, end)
    return ["time_embed.", "label_emb.", *down, *middle, *up, "out."]


def _sd3(blocks: int) -> list[str]:
    embedders = ["pos_embed.", "x_embedder.", "context_embedder.", "y_embedder.", "t_embedder."]
    return [*embedders, *_numbered("joint_blocks.", blocks), "final_layer."]


_FLUX = ["img_in.", "time_in.", "guidance_in", "vector_in.", "txt_in."]
_FLUX += [*_numbered("double_blocks.", 19), *_numbered("single_blocks.", 38), "final_layer."]

merge_sd1 = _by_parts("ModelMergeSD1", "Stable Diffusion 1", _unet(12, "."))
merge_sd2 = _by_parts("ModelMergeSD2", "Stable Diffusion 2", _unet(12, "."))
merge_sdxl = _by_parts("ModelMergeSDXL", "Stable Diffusion XL", _unet(9, ""))
merge_sd3_2b = _by_parts("ModelMergeSD3_2B", "Stable Diffusion 3", _sd3(24))
merge_sd35_large = _by_parts("ModelMergeSD35_Large", "Stable Diffusion 3.5 Large", _sd3(38))
merge_flux = _by_parts("ModelMergeFlux1", "Flux.1", _FLUX)


@node("UNetSelfAttentionMultiply", category=ATTENTION, experimental=True)
def multiply_self_attention(model: Model, q: Times = 1.0, k: Times = 1.0, v: Times = 1.0, out: Times = 1.0) -> Model:
    """Multiply the weights with which a UNet attends to its own picture."""
    return merging.multiply_attention(present(model, "MODEL"), "attn1", q, k, v, out)


@node("UNetCrossAttentionMultiply", category=ATTENTION, experimental=True)
def multiply_cross_attention(model: Model, q: Times = 1.0, k: Times = 1.0, v: Times = 1.0, out: Times = 1.0) -> Model:
    """Multiply the weights with which a UNet attends to the prompt."""
    return merging.multiply_attention(present(model, "MODEL"), "attn2", q, k, v, out)


@node("UNetTemporalAttentionMultiply", category=ATTENTION, experimental=True)
def multiply_temporal_attention(
    model: Model,
    self_structural: Times = 1.0,
    self_temporal: Times = 1.0,
    cross_structural: Times = 1.0,
    cross_temporal: Times = 1.0,
) -> Model:
    """Multiply what a video UNet's attentions give: within each picture, and from picture to picture."""
    shares = (self_structural, self_temporal, cross_structural, cross_temporal)
    return merging.multiply_temporal_attention(present(model, "MODEL"), *shares)


@node("CLIPAttentionMultiply", category=ATTENTION, experimental=True)
def multiply_clip_attention(clip: Clip, q: Times = 1.0, k: Times = 1.0, v: Times = 1.0, out: Times = 1.0) -> Clip:
    """Multiply the weights of a text encoder's attention."""
    return merging.multiply_clip_attention(present(clip, "CLIP"), q, k, v, out)
