"""Stable Diffusion 2.x: heads of 64 channels, linear projections, OpenCLIP-H read one layer before its last.

Its unCLIP models take pictures beside the text, as a vector of further conditions.
"""

from __future__ import annotations

from functools import partial

from .. import inputs, latents
from ..load import Component
from ..networks.unet import read_unet
from ..prediction import Prediction, discrete
from ..text import recipe
from . import ldm
from .base import Family, Shapes

_TELLTALE = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
UNCLIP_VECTORS = (1536, 2048)
"""Widths of the picture's vector and of the noise level's on it: made from CLIP-L's, or OpenCLIP-H's."""


def matches(shapes: Shapes) -> bool:
    projection = ldm.attends(shapes)
    return projection is not None and len(projection) == 2 and ldm.vector(shapes) in (0, *UNCLIP_VECTORS)


def prediction(component: Component) -> Prediction:
    """v for the models trained at 768 pixels, eps for those at 512 and for inpainting.

    No name or shape tells them apart, but one bias does, as ComfyUI found: training with v-prediction left it with
    a spread of more than 0.09, training with eps below that. The unCLIP models are told by it as well.
    """
    marked = ldm.marked_prediction(component)
    if marked is not None:
        return marked
    pick = component.picks().get(_TELLTALE)
    if component.network.in_channels == 4 and pick is not None:
        [(_, bias)] = component.file.read([component.prefix + pick.name])
        if float(bias.float().std(unbiased=False)) > 0.09:
            return discrete("v")
    return discrete("eps")


FAMILY = Family(
    name="sd2",
    title="Stable Diffusion 2",
    matches=matches,
    read=partial(read_unet, heads=None),
    latent=latents.SD1,
    prediction=prediction,
    inputs=inputs.unclip,
    text=recipe.SD2,
    kinds=ldm.kind,
)
