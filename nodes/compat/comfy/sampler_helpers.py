# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.sampler_helpers`: what packs with sampling loops of their own prepare."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nodes.compat.handles.conds import convert_cond

__all__ = [
    "cleanup_additional_models",
    "cleanup_models",
    "convert_cond",
    "get_additional_models",
    "prepare_mask",
    "prepare_sampling",
]


def prepare_mask(noise_mask: Tensor, shape: Any, device: Any) -> Tensor:
    """A mask of any size on a latent's grid, (b, c, h, w)."""
    mask = noise_mask.float().reshape(-1, 1, *noise_mask.shape[-2:])
    mask = functional.interpolate(mask, size=tuple(shape[-2:]), mode="bilinear")
    mask = mask.repeat(-(-shape[0] // len(mask)), 1, 1, 1)[: shape[0]]
    return mask.expand(-1, shape[1], -1, -1).to(device)


def get_additional_models(conds: Any, dtype: torch.dtype) -> tuple[list[Any], float]:
    """The engine loads ControlNets itself: none, and no memory."""
    return [], 0.0


def cleanup_additional_models(models: Any) -> None:
    """Nothing to do."""
    for model in models:
        if hasattr(model, "cleanup"):
            model.cleanup()


def cleanup_models(conds: Any, models: Any) -> None:
    cleanup_additional_models(models)


def prepare_sampling(model: Any, noise_shape: Any, conds: Any, model_options: Any = None) -> tuple[Any, Any, list[Any]]:
    """The model within, the conditions as they are, and no further models."""
    return model.model, conds, []
