"""Flux.2: its empty latents and its noise levels. The model itself comes later."""

from __future__ import annotations

from typing import Annotated

import torch

from graph.node import MAX_RESOLUTION, Int, Memory, Socket, node
from models.flux2 import PATCH, sigmas
from nodes.values import Latent

CHANNELS = 128
LATENT_BYTES = CHANNELS * 4 / PATCH**2

Sigmas = Annotated[torch.Tensor, Socket("SIGMAS")]
"""(steps + 1,) float32: the noise levels from the first step to the end."""


@node(
    "EmptyFlux2LatentImage",
    category="latent",
    title="Empty Flux 2 Latent",
    memory=Memory(LATENT_BYTES, ("width", "height", "batch_size")),
)
def empty_flux2_latent(
    width: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=16, tooltip="In pixels of the picture.")] = 1024,
    height: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=16, tooltip="In pixels of the picture.")] = 1024,
    batch_size: Annotated[int, Int(min=1, max=4096, tooltip="How many pictures are made at once.")] = 1,
) -> Latent:
    """A blank canvas for Flux.2: 128 channels, each value for 16 x 16 pixels."""
    return {"samples": torch.zeros(batch_size, CHANNELS, height // PATCH, width // PATCH)}


@node("Flux2Scheduler", category="sampling/custom_sampling/schedulers")
def flux2_scheduler(
    steps: Annotated[int, Int(min=1, max=4096)] = 20,
    width: Annotated[int, Int(min=16, max=MAX_RESOLUTION, tooltip="In pixels of the picture.")] = 1024,
    height: Annotated[int, Int(min=16, max=MAX_RESOLUTION, tooltip="In pixels of the picture.")] = 1024,
) -> Sigmas:
    """Noise levels for Flux.2, shifted for the size of the picture and the number of steps."""
    return sigmas(steps, width, height)
