"""Stable Diffusion 2.x: heads of 64 channels, linear projections, OpenCLIP-H read one layer before its last."""

from __future__ import annotations

from functools import partial

from .. import latents
from ..files import WeightFile
from ..networks.clip_text import read_clip_text
from ..networks.unet import read_unet
from ..prediction import Prediction, discrete
from ..text.tokens import TokenRules
from .base import Family, Part, Shapes
from .ldm import MODEL, VAE, attends, marked_prediction

_TELLTALE = f"{MODEL}output_blocks.11.1.transformer_blocks.0.norm1.bias"


def matches(shapes: Shapes) -> bool:
    projection = attends(shapes)
    return projection is not None and len(projection) == 2


def prediction(file: WeightFile) -> Prediction:
    """v for the models trained at 768 pixels, eps for those at 512 and for inpainting.

    No name or shape tells them apart, but one bias does, as ComfyUI found: training with v-prediction left it with
    a spread of more than 0.09, training with eps below that.
    """
    marked = marked_prediction(file)
    if marked is not None:
        return marked
    if file.shapes[f"{MODEL}input_blocks.0.0.weight"][1] == 4 and _TELLTALE in file.shapes:
        _, bias = next(iter(file.read([_TELLTALE])))
        if float(bias.float().std(unbiased=False)) > 0.09:
            return discrete("v")
    return discrete("eps")


def text_layer(layers: int) -> int:
    """The last but one of OpenCLIP-H's 24 layers; files made by diffusers have left the 24th out."""
    return -2 if layers != 23 else -1


FAMILY = Family(
    name="sd2",
    title="Stable Diffusion 2",
    matches=matches,
    model=Part((MODEL,), partial(read_unet, heads=None)),
    text=Part(("cond_stage_model.model.", "cond_stage_model.transformer."), read_clip_text),
    vae=VAE,
    latent=latents.SD1,
    tokens=TokenRules(pad=0),
    prediction=prediction,
    text_layer=text_layer,
)
