"""Small pictures of a latent while it is sampled, no more often than is worth looking at."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from .errors import ModelError
from .latents import LatentFormat

METHODS = ("auto", "latent2rgb", "taesd", "none")
LARGEST = 512
"""Pixels along the longer edge of a preview, where nothing else is asked for."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Previews:
    """What previews are to be like."""

    method: str = "auto"
    """One of METHODS: colours mixed linearly ("latent2rgb", and for now "auto"), a tiny decoder, or none."""
    size: int = LARGEST
    """Pixels along the longer edge, at most."""

    def __post_init__(self) -> None:
        if self.method not in METHODS or self.size < 1:
            raise ValueError(f"previews by {self.method!r} of {self.size} pixels are none of {', '.join(METHODS)}")


class Previewer:
    """Latents to JPEGs, at most one each `interval` seconds; the first and the last come at once."""

    def __init__(
        self,
        latent_format: LatentFormat,
        interval: float = 0.25,
        size: int = LARGEST,
        decode: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """size: pixels along the longer edge, at most.

        decode: a model's latents (b, c, h, w) -> pixels (b, h * factor, w * factor, 3) in [0, 1], in place of the
        format's colours, which stand in for it from the first ModelError on.
        """
        self.latent_format = latent_format
        self.interval = interval
        self.size = size
        self._decode = decode
        self._next = 0.0

    def __call__(self, latent: Tensor, last: bool = False) -> bytes | None:
        """The first picture of (b, c, h, w), as the model scales latents, as a JPEG; None when it is too soon.

        last: no other follows. It is what stays to be looked at, so it is never too soon for it.
        """
        now = time.monotonic()
        if now < self._next and not last:
            return None
        self._next = now + self.interval
        height, width = (round(length * self.latent_format.factor) for length in latent.shape[-2:])
        image = Image.fromarray((self._pixels(latent[:1])[0] * 255).round().byte().cpu().numpy())
        scale = min(1.0, self.size / max(height, width))
        image = image.resize([max(1, round(side * scale)) for side in (width, height)], Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=85)
        return buffer.getvalue()

    def _pixels(self, latent: Tensor) -> Tensor:
        if self._decode is not None:
            try:
                return self._decode(latent)
            except ModelError as error:
                _log.warning("previews are made without the tiny decoder: %s", error)
                self._decode = None
        return self.latent_format.to_rgb(latent)
