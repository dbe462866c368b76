"""Stable Diffusion XL's refiner, which finishes what the base model began: OpenCLIP-G alone, and a score of beauty."""

from __future__ import annotations

from functools import partial

from .. import inputs, latents
from ..networks.unet import read_unet
from ..prediction import discrete
from ..text import recipe
from . import ldm
from .base import Family, Shapes

VECTOR = 2560
"""1280 of the pooled text, and five numbers unfolded into 256 each."""


def matches(shapes: Shapes) -> bool:
    return ldm.attends(shapes) is not None and ldm.vector(shapes) == VECTOR


FAMILY = Family(
    name="sdxl_refiner",
    title="Stable Diffusion XL's refiner",
    matches=matches,
    read=partial(read_unet, heads=None),
    latent=latents.SDXL,
    prediction=lambda component: ldm.marked_prediction(component) or discrete("eps"),
    inputs=inputs.sdxl_refiner,
    text=recipe.SDXL_REFINER,
    kinds=ldm.kind,
)
