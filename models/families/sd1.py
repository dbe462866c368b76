"""Stable Diffusion 1.x, and small models of the same make: 8 heads everywhere, CLIP-L, 1 x 1 convolutions."""

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


def matches(shapes: Shapes) -> bool:
    projection = attends(shapes)
    return projection is not None and len(projection) == 4


def prediction(file: WeightFile) -> Prediction:
    return marked_prediction(file) or discrete("eps")


FAMILY = Family(
    name="sd1",
    title="Stable Diffusion 1",
    matches=matches,
    model=Part((MODEL,), partial(read_unet, heads=8)),
    text=Part(("cond_stage_model.transformer.",), read_clip_text),
    vae=VAE,
    latent=latents.SD1,
    tokens=TokenRules(pad=49407),
    prediction=prediction,
)
