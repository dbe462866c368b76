"""All core nodes."""

from __future__ import annotations

from graph.node import Function
from graph.registry import Registry
from nodes import (
    conditioning,
    controlnet,
    custom_sampling,
    edit_models,
    flux2,
    guidance,
    hooks,
    image,
    image_arrange,
    image_effects,
    inpaint,
    krita,
    latent,
    latent_math,
    loaders,
    loras,
    mask,
    merging,
    model_sampling,
    output,
    patches,
    primitives,
    samplers,
    sampling,
    save_models,
    schedulers,
    strings,
    text,
    upscale,
    vae,
    video,
    vision,
)
from nodes.later import LATER

THEMES = (
    *(loaders, loras, text, vision, conditioning, inpaint, edit_models),
    *(latent, latent_math, sampling, custom_sampling, vae),
    *(controlnet, merging, save_models, samplers, schedulers),
    *(image, image_arrange, image_effects, mask, upscale, video, output, primitives, strings, flux2, krita),
    *(model_sampling, guidance, patches, hooks),
)


def core_registry() -> Registry:
    """The node types that come with Easel, theme by theme in the order in which they are declared.

    Those of `nodes.later` stand in the catalogue only.
    """
    functions = (item for theme in THEMES for item in vars(theme).values() if isinstance(item, Function))
    return Registry(*functions, later=LATER)
