"""Small pictures of what a sampler has so far."""

from __future__ import annotations

import logging
from pathlib import Path

from graph.context import Context
from models.errors import CheckpointError
from models.images import encoded, scale
from models.latents import LatentFormat
from models.preview import Previewer, Previews
from nodes.context import engine
from nodes.values import Image, Model

INTERVAL = 0.25
"""Seconds between two previews: more would only keep the page busy."""

_log = logging.getLogger(__name__)


def previewer(context: Context, model: Model) -> Previewer | None:
    """What makes previews of the model's latents, as the run's settings ask for; None where they ask for none."""
    asked: Previews = getattr(context.services, "previews", Previews())
    if asked.method == "none":
        return None
    decode = None
    if asked.method == "taesd" and (path := tiny_decoder(context, model.latent_format)) is not None:
        try:
            decode = engine(context).load_preview_decoder(path, model.latent_format).glance
        except CheckpointError as error:
            _log.warning("previews are made without the tiny decoder: %s", error)
    return Previewer(model.latent_format, interval=INTERVAL, size=asked.size, decode=decode)


def jpeg(image: Image, longest: int = 512) -> bytes:
    """The first picture of a batch (b, h, w, c), not too large, for `context.preview`."""
    height, width = image.shape[1:3]
    if max(height, width) > longest:
        width, height = (max(1, round(side * longest / max(height, width))) for side in (width, height))
        image = scale(image[:1].movedim(-1, 1), width, height, "area").movedim(1, -1)
    return encoded(image[0, ..., :3].clamp(0, 1).cpu(), "JPEG", 0, 85)


def tiny_decoder(context: Context, latent_format: LatentFormat) -> Path | None:
    """The file of the decoder that knows these latents, where it is in the vae_approx folder."""
    start = f"{latent_format.taesd}_decoder"
    if latent_format.taesd:
        for name in context.folders.list("vae_approx"):
            if name.startswith(start):
                return context.folders.resolve("vae_approx", name)
        _log.warning("previews by taesd were asked for, and the vae_approx folder has no %s.safetensors", start)
    return None
