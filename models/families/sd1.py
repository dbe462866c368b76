"""Stable Diffusion 1.x, and small models of the same make: 8 heads everywhere, CLIP-L, 1 x 1 convolutions."""

from __future__ import annotations

from functools import partial

from .. import inputs, latents
from ..load import Component
from ..networks.unet import read_unet
from ..prediction import Prediction, discrete
from ..text import recipe
from . import ldm
from .base import Family, Shapes


def matches(shapes: Shapes) -> bool:
    projection = ldm.attends(shapes)
    return projection is not None and len(projection) == 4 and not ldm.vector(shapes)


def prediction(component: Component) -> Prediction:
    return ldm.marked_prediction(component) or discrete("eps")


FAMILY = Family(
    name="sd1",
    title="Stable Diffusion 1",
    matches=matches,
    read=partial(read_unet, heads=8),
    latent=latents.SD1,
    prediction=prediction,
    inputs=inputs.text,
    text=recipe.SD1,
    kinds=ldm.kind,
)
