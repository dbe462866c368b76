"""Small pictures of a latent while it is sampled, no more often than is worth looking at."""

from __future__ import annotations

import io
import time

from PIL import Image
from torch import Tensor

from .latents import LatentFormat

LARGEST = 512
"""Pixels along the longer edge of a preview."""


class Previewer:
    """Latents to JPEGs, at most one each `interval` seconds; the first and the last come at once."""

    def __init__(self, latent_format: LatentFormat, interval: float = 0.25) -> None:
        self.latent_format = latent_format
        self.interval = interval
        self._next = 0.0

    def __call__(self, latent: Tensor, last: bool = False) -> bytes | None:
        """The first picture of (b, c, h, w), as the model scales latents, as a JPEG; None when it is too soon.

        last: no other follows. It is what stays to be looked at, so it is never too soon for it.
        """
        now = time.monotonic()
        if now < self._next and not last:
            return None
        self._next = now + self.interval
        pixels = self.latent_format.to_rgb(latent[:1])[0]
        image = Image.fromarray((pixels * 255).round().byte().cpu().numpy())
        largest = max(image.size) * self.latent_format.factor
        scale = self.latent_format.factor * min(1.0, LARGEST / largest)
        image = image.resize([round(side * scale) for side in image.size], Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=85)
        return buffer.getvalue()
