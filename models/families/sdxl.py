"""Stable Diffusion XL: base, inpainting, instruct-pix2pix, and what was distilled from it (Turbo, Lightning, LCM).

CLIP-L and OpenCLIP-G side by side; the sizes of a training picture as a vector of further conditions.
"""

from __future__ import annotations

from functools import partial

from .. import inputs, latents
from ..latents import LatentFormat
from ..load import Component
from ..networks.unet import read_unet
from ..prediction import LogSigma, Prediction, discrete
from ..text import recipe
from . import ldm
from .base import Family, Shapes

VECTOR = 2816
"""1280 of the pooled text, and six numbers unfolded into 256 each."""


def matches(shapes: Shapes) -> bool:
    return ldm.attends(shapes) is not None and ldm.vector(shapes) == VECTOR


def prediction(component: Component) -> Prediction:
    """eps, v where the file is marked so, or EDM's ways: Playground 2.5's, and CosXL's v at any noise level."""
    file = component.file
    if "edm_mean" in file.shapes and "edm_std" in file.shapes:
        return Prediction("edm", LogSigma(0.002, 80.0), sigma_data=0.5)
    if "edm_vpred.sigma_max" in file.shapes:
        return Prediction("v", LogSigma(_number(component, "edm_vpred.sigma_min", 0.002),
                                        _number(component, "edm_vpred.sigma_max", 120.0)))  # fmt: skip
    return ldm.marked_prediction(component) or discrete("eps")


def latent_format(component: Component) -> LatentFormat:
    return latents.PLAYGROUND if "edm_mean" in component.file.shapes else latents.SDXL


def _number(component: Component, name: str, otherwise: float) -> float:
    if name not in component.file.shapes:
        return otherwise
    [(_, value)] = component.file.read([name])
    return float(value)


FAMILY = Family(
    name="sdxl",
    title="Stable Diffusion XL",
    matches=matches,
    read=partial(read_unet, heads=None),
    latent=latents.SDXL,
    prediction=prediction,
    inputs=inputs.sdxl,
    text=recipe.SDXL,
    refined_latent=latent_format,
    kinds=ldm.kind,
)
