"""Pictures as conditions (unCLIP; Ramesh et al., 2022): CLIP's vector of a picture, made noisy on purpose, and the
level of that noise, so that a model can be told how much of the picture to believe.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .networks.attention import sinusoids

if TYPE_CHECKING:
    from .model import Model

LEVELS = 1000


def augmented(given: Sequence[dict[str, Any]], merge: float, model: Model, device: torch.device, seed: int) -> Tensor:
    """(1, 2 * width): the sum of the pictures' vectors by strength, and the noise level on it.

    given: entries with clip_vision_output (image_embeds (n, width)), strength and noise_augmentation from 0 to 1.
    merge: how much noise a sum of several pictures gets, from 0 to 1. seed: of the noise, the same for each picture;
    a sum's noise is what follows it.
    """
    generator = torch.Generator()
    parts: list[Tensor] = []
    for entry in given:
        for vector in entry["clip_vision_output"].image_embeds:
            generator.manual_seed(seed % (1 << 64))
            noisy = _noisy(vector.to(device, torch.float32)[None], entry["noise_augmentation"], generator)
            parts.append(noisy * entry["strength"])
    if len(parts) == 1:
        return parts[0]
    total = torch.stack(parts).sum(0)
    return _noisy(total[:, : total.shape[1] // 2], merge, generator)


def _noisy(vector: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """A vector (1, width) with noise of a level from 0 to 1, and that level unfolded beside it."""
    level = round((LEVELS - 1) * amount)
    noise = torch.randn(vector.shape, generator=generator).to(vector.device)
    told = sinusoids(torch.tensor([level], device=vector.device), vector.shape[1])
    vector_share, noise_share = _shares()[level].tolist()
    return torch.cat([vector_share * vector + noise_share * noise, told], 1)


@lru_cache(maxsize=1)
def _shares() -> Tensor:
    """(levels, 2): how much of the vector and of noise is in it at each level; squared, they sum to 1.

    What is left of the vector's variance falls as a squared cosine (Nichol and Dhariwal, 2021).
    """

    def bar(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - bar((i + 1) / LEVELS) / bar(i / LEVELS), 0.999) for i in range(LEVELS)]
    kept = (1 - torch.tensor(betas, dtype=torch.float64)).cumprod(0)
    return torch.stack([kept, 1 - kept], 1).sqrt().float()
