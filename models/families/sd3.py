"""Stable Diffusion 3 and 3.5: a transformer over text and picture, rectified flow, up to three text encoders."""

from __future__ import annotations

from .. import inputs, latents
from ..networks.mmdit import read_mmdit
from ..prediction import flow
from ..text import recipe
from .base import Family, Shapes


def matches(shapes: Shapes) -> bool:
    return "joint_blocks.0.context_block.attn.qkv.weight" in shapes and "pos_embed" in shapes


FAMILY = Family(
    name="sd3",
    title="Stable Diffusion 3",
    matches=matches,
    read=read_mmdit,
    latent=latents.SD3,
    prediction=lambda component: flow(shift=3.0),
    inputs=inputs.pooled_and_text,
    text=recipe.SD3,
    gpu_precision="bf16",
)
