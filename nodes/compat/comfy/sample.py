# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.sample`: noise, and runs of the samplers by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from models import noise as noises
from models.sampling import in_channels
from nodes.compat.comfy import samplers
from nodes.compat.handles.model import handle_of
from nodes.compat.handles.samplers import sampler_named

__all__ = ["fix_empty_latent_channels", "np", "prepare_noise", "prepare_sampling", "sample", "sample_custom"]


def prepare_noise(latent_image: Tensor, seed: int, noise_inds: Any = None) -> Tensor:
    """The noise that a run of this seed starts from. noise_inds: for each latent, its place in the batch it is from."""
    places = None if noise_inds is None else [int(place) for place in noise_inds]
    return noises.initial(latent_image.shape, seed, places)


def fix_empty_latent_channels(model: Any, latent_image: Tensor, *_: Any) -> Tensor:
    """An empty latent in the model's number of channels."""
    return in_channels(handle_of(model), latent_image)


def prepare_sampling(model: Any, noise_shape: Any, positive: Any, negative: Any, noise_mask: Any) -> Any:
    return model, positive, negative, noise_mask, []


def cleanup_additional_models(models: Any) -> None:
    """Nothing is loaded that way."""


def sample(
    model: Any,
    noise: Tensor,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    noise_mask: Tensor | None = None,
    sigmas: Tensor | None = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: Any = None,
) -> Tensor:
    """What KSampler does, from noise that is given."""
    sampler = samplers.KSampler(model, steps, None, sampler_name, scheduler, denoise)
    return sampler.sample(
        torch.zeros_like(noise) if disable_noise else noise,
        positive,
        negative,
        cfg,
        latent_image,
        start_step,
        last_step,
        force_full_denoise,
        noise_mask,
        sigmas,
        callback,
        disable_pbar,
        seed,
    )


def sample_custom(
    model: Any,
    noise: Tensor,
    cfg: float,
    sampler: Any,
    sigmas: Tensor,
    positive: Any,
    negative: Any,
    latent_image: Tensor,
    noise_mask: Tensor | None = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: Any = None,
) -> Tensor:
    """A run of any sampler over any levels."""
    chosen = sampler_named(sampler) if isinstance(sampler, str) else sampler
    options = getattr(model, "model_options", None)
    return samplers.sample(
        model,
        noise,
        positive,
        negative,
        cfg,
        None,
        chosen,
        sigmas,
        options,
        latent_image,
        noise_mask,
        callback,
        disable_pbar,
        seed,
    )
