"""All core nodes."""

from __future__ import annotations

from graph.node import Function
from graph.registry import Registry
from nodes import conditioning, image, latent, loaders, mask, output, primitives, sampling, strings, upscale, vae

THEMES = (loaders, conditioning, latent, sampling, vae, image, mask, upscale, output, primitives, strings)


def core_registry() -> Registry:
    """The node types that come with Easel, theme by theme in the order in which they are declared."""
    return Registry(*(item for theme in THEMES for item in vars(theme).values() if isinstance(item, Function)))
