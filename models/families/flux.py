"""Flux.1: dev, schnell, Fill, Canny, Depth and Kontext. A transformer over text and picture, rectified flow."""

from __future__ import annotations

from .. import inputs_flux, latents
from ..load import Component
from ..networks.flux import read_flux
from ..networks.layout import Network
from ..prediction import Prediction, flow, flux
from ..text import recipe
from .base import Family, Shapes

_KINDS = {96: "Fill", 32: "Canny or Depth"}


def matches(shapes: Shapes) -> bool:
    return (
        "double_blocks.0.img_attn.norm.key_norm.scale" in shapes
        and "vector_in.in_layer.weight" in shapes
        and "distilled_guidance_layer.in_proj.bias" not in shapes  # Chroma's
    )


def prediction(component: Component) -> Prediction:
    """dev moves its levels towards noise, in its own way; schnell, which was distilled, leaves them."""
    return flux(1.15) if component.network.guided else flow(1.0, multiplier=1.0)


def kind(network: Network) -> str:
    return _KINDS.get(network.in_channels, "" if network.guided else "schnell")


FAMILY = Family(
    name="flux",
    title="Flux.1",
    matches=matches,
    read=read_flux,
    latent=latents.FLUX,
    prediction=prediction,
    inputs=inputs_flux.flux,
    text=recipe.FLUX,
    gpu_precision="bf16",
    kinds=kind,
)
