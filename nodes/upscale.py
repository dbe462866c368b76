"""Enlarging pictures with trained networks."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import File, node
from models.upscale import load_upscaler, upscale
from nodes.context import engine
from nodes.values import Image, UpscaleModel


@node("UpscaleModelLoader", category="loaders", title="Load Upscale Model", search_aliases=("esrgan", "upscaler"))
def load_model(
    model_name: Annotated[str, File(kind="upscale_models", tooltip="A file in the upscale_models folder.")],
    context: Context,
) -> UpscaleModel:
    """Load a network that enlarges pictures and draws the detail that is missing, or that restores damaged ones."""
    return load_upscaler(context.folders.resolve("upscale_models", model_name))


@node("ImageUpscaleWithModel", category="image/upscaling", title="Upscale Image (using Model)")
def upscale_with_model(upscale_model: UpscaleModel, image: Image, context: Context) -> Image:
    """Enlarge or restore pictures by the network's own factor, in tiles that overlap."""
    return upscale(upscale_model, image, engine(context), context.progress)
