# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.ldm.modules.diffusionmodules.util`: sinusoids."""

from __future__ import annotations

from torch import Tensor

from models.networks.attention import sinusoids

__all__ = ["timestep_embedding"]


def timestep_embedding(timesteps: Tensor, dim: int, max_period: float = 10000, repeat_only: bool = False) -> Tensor:
    """(b,) -> (b, dim): cosines, then sines, of times; or the times themselves, repeated."""
    return timesteps[:, None].expand(-1, dim) if repeat_only else sinusoids(timesteps, dim, max_period)
