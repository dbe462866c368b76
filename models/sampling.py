"""From a seed, prompts and a latent to a new latent: what the KSampler nodes do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from . import noise as noises
from . import samplers as plain
from . import samplers_exponential as exponential
from .conditions import pair_areas, prepare
from .denoise import Guided, Masked
from .samplers import Run, Sampler, Step, ignore_step
from .schedules import SCHEDULES, schedule

if TYPE_CHECKING:
    from .handles import Model
    from .text import Conditioning

_TABLE: dict[str, Sampler] = {
    "euler": plain.euler,
    "euler_ancestral": plain.euler_ancestral,
    "heun": plain.heun,
    "dpm_2": plain.dpm_2,
    "dpm_2_ancestral": plain.dpm_2_ancestral,
    "lms": plain.lms,
    "dpmpp_2s_ancestral": plain.dpmpp_2s_ancestral,
    "dpmpp_sde": exponential.dpmpp_sde,
    "dpmpp_sde_gpu": exponential.dpmpp_sde,
    "dpmpp_2m": plain.dpmpp_2m,
    "dpmpp_2m_sde": exponential.dpmpp_2m_sde,
    "dpmpp_2m_sde_gpu": exponential.dpmpp_2m_sde,
    "dpmpp_2m_sde_heun": exponential.dpmpp_2m_sde_heun,
    "dpmpp_2m_sde_heun_gpu": exponential.dpmpp_2m_sde_heun,
    "dpmpp_3m_sde": exponential.dpmpp_3m_sde,
    "dpmpp_3m_sde_gpu": exponential.dpmpp_3m_sde,
    "ddpm": plain.ddpm,
    "lcm": plain.lcm,
    "res_multistep": exponential.res_multistep,
    "res_multistep_ancestral": exponential.res_multistep_ancestral,
    "ddim": plain.euler,
    "uni_pc": exponential.uni_pc,
    "uni_pc_bh2": exponential.uni_pc_bh2,
}
# ddim (Song et al., 2021) with eta 0 is Euler's method in sigma; the names with _gpu differ in the incumbent by where
# noise is drawn, which here is always the CPU.

SAMPLERS: tuple[str, ...] = tuple(_TABLE)
"""Names, in the order of the combos."""

SCHEDULERS: tuple[str, ...] = tuple(SCHEDULES)
"""Names, in the order of the combos."""

_OWN_MASK_NOISE = frozenset({"ddim"})
"""Samplers that noise what a mask keeps with draws of their own, not with the run's."""


@torch.no_grad()
def ksample(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent: dict[str, Any],
    *,
    seed: int,
    steps: int,
    cfg: float,
    sampler: str,
    scheduler: str,
    denoise: float = 1.0,
    start_step: int | None = None,
    last_step: int | None = None,
    add_noise: bool = True,
    force_full_denoise: bool = True,
    on_step: Callable[[Step], None] = ignore_step,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Sample a LATENT; the one given is not changed, and what else it holds goes along.

    latent: samples (b, c, h, w); noise_mask (n, [1,] h, w) in [0, 1], 1 where the picture may change; batch_index.
    seed: 0 to 2**64 - 1. cfg: 1 leaves the negative prompt out. denoise: 0 to 1.
    start_step, last_step: the part of the schedule to run, from 0. force_full_denoise: whether to end at no noise.
    on_step is called after each step, check between the blocks of the network; what they raise ends the run.
    """
    sigmas = schedule(model.prediction, scheduler, steps, sampler, denoise)
    if last_step is not None and last_step < len(sigmas) - 1:
        sigmas = sigmas[: last_step + 1].clone()
        if force_full_denoise:
            sigmas[-1] = 0
    if start_step is not None:
        sigmas = sigmas[start_step:] if start_step < len(sigmas) - 1 else sigmas[:0]
    samples: Tensor = latent["samples"]
    if samples.shape[1] != model.latent_format.channels and not samples.count_nonzero():
        # An empty latent is empty in any number of channels; the noise drawn for it is not.
        samples = samples.new_zeros(len(samples), model.latent_format.channels, *samples.shape[2:])
    index = latent.get("batch_index")
    drawn = noises.initial(samples.shape, seed, index) if add_noise else torch.zeros(samples.shape)
    done = sample(
        model, positive, negative, samples, drawn, sigmas, _TABLE[sampler], cfg, seed,
        mask=latent.get("noise_mask"), own_mask_noise=sampler in _OWN_MASK_NOISE, on_step=on_step, check=check,
    )  # fmt: skip
    return {**latent, "samples": done}


@torch.no_grad()
def sample(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent: Tensor,
    noise: Tensor,
    sigmas: Tensor,
    sampler: Sampler,
    cfg: float,
    seed: int,
    *,
    mask: Tensor | None = None,
    own_mask_noise: bool = False,
    on_step: Callable[[Step], None] = ignore_step,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """Run a sampler over sigmas (steps + 1,). latent and noise: (b, c, h, w), the latent as the VAE scales it."""
    if len(sigmas) < 2:
        return latent
    model.check_inputs(latent, positive + negative)
    prediction, device = model.prediction, model.device
    sigmas = sigmas.to(device)
    start = latent.to(device, torch.float32)
    if start.count_nonzero():  # An empty latent is no picture in any scale; it stays 0.
        start = model.latent_format.to_model(start)
    noise = noise.to(device, torch.float32)
    conditions = [prepare(side, latent.shape, prediction, device) for side in (positive, negative)]
    paired = [pair_areas(conditions[0], conditions[1])]
    paired.append(pair_areas(conditions[1], paired[0]))
    guided = Guided(model, paired[0], paired[1], cfg, check)
    if mask is None:
        denoise: Callable[[Tensor, Tensor], Tensor] = guided
    else:
        kept_noise = noises.initial(noise.shape, seed + 1).to(device) if own_mask_noise else noise
        denoise = Masked(guided, _noise_mask(mask, latent).to(device), start, kept_noise, prediction.noised)
    from_scratch = prediction.starts_from_scratch(float(sigmas[0]))
    x = prediction.noised(start, noise, sigmas[0], from_scratch)
    x = sampler(denoise, x, sigmas, Run(seed, on_step, prediction.noised))
    return model.latent_format.from_model(prediction.finished(x, sigmas[-1])).cpu()


def _noise_mask(mask: Tensor, latent: Tensor) -> Tensor:
    """A mask of any size and count on the latent's grid, for each of its batch and channels."""
    mask = mask.float().reshape(-1, 1, *mask.shape[-2:])
    mask = functional.interpolate(mask, size=latent.shape[-2:], mode="bilinear", align_corners=False)
    return mask.repeat(-(-len(latent) // len(mask)), 1, 1, 1)[: len(latent)].expand(latent.shape)
