"""Pictures, masks, sounds and latents."""
# pyright: basic

from __future__ import annotations

from typing import NotRequired, TypedDict

from torch import Tensor

ImageInput = Tensor
"""(b, h, w, c) in [0, 1]."""
MaskInput = Tensor
"""(b, h, w) in [0, 1]."""


class AudioInput(TypedDict):
    waveform: Tensor
    """(b, channels, samples)."""
    sample_rate: int


class LatentInput(TypedDict):
    samples: Tensor
    """(b, c, h, w)."""
    noise_mask: NotRequired[Tensor | None]
    batch_index: NotRequired[list[int] | None]
