"""From noise, a guider and a latent to a new latent: what the sampler nodes do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from . import guiders
from . import noise as noises
from .conditions import Ready, prepare_sides
from .denoise import Denoiser, Masked
from .guiders import Guider
from .sampler_table import SAMPLERS, SamplerChoice, choose
from .samplers import Run, Step, ignore_step
from .schedules import SCHEDULES, schedule

if TYPE_CHECKING:
    from .model import Model
    from .text import Conditioning

__all__ = [
    "SAMPLERS",
    "SCHEDULERS",
    "GivenNoise",
    "NoNoise",
    "SeededNoise",
    "Step",
    "ksample",
    "noisy_latent",
    "sample",
]

SCHEDULERS: tuple[str, ...] = tuple(SCHEDULES)
"""Names, in the order of the combos."""

LatentDict = dict[str, Any]
"""LATENT: samples (b, c, h, w); noise_mask (n, [1,] h, w) in [0, 1], 1 where the picture may change; batch_index."""


@dataclass(frozen=True)
class SeededNoise:
    """NOISE at sockets: of variance one, drawn from a seed."""

    seed: int

    def generate_noise(self, latent: LatentDict) -> Tensor:
        """(b, c, h, w) float32 on the CPU; latents that were taken from a batch get the noise they had in it."""
        return noises.initial(latent["samples"].shape, self.seed, latent.get("batch_index"))


@dataclass(frozen=True)
class NoNoise:
    """NOISE that is none: for a latent that is noisy already."""

    seed: int = 0

    def generate_noise(self, latent: LatentDict) -> Tensor:
        return torch.zeros(latent["samples"].shape)


@dataclass(frozen=True)
class GivenNoise:
    """NOISE that is there already."""

    noise: Tensor
    """(b, c, h, w)."""
    seed: int = 0
    """For what samplers add on the way."""

    def generate_noise(self, latent: LatentDict) -> Tensor:
        return self.noise


class Sampled(NamedTuple):
    """Two LATENTs: as noisy as the last level says, and what the model took for the picture in the last step."""

    latent: LatentDict
    denoised: LatentDict


@torch.no_grad()
def ksample(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent: LatentDict,
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
) -> LatentDict:
    """Sample a LATENT; the one given is not changed, and what else it holds goes along.

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
    noise = SeededNoise(seed) if add_noise else NoNoise(seed)
    guider = guiders.cfg(model, positive, negative, cfg)
    return sample(guider, latent, noise, sigmas, choose(sampler), on_step=on_step, check=check).latent


@torch.no_grad()
def sample(
    guider: Guider,
    latent: LatentDict,
    noise: SeededNoise | NoNoise | GivenNoise,
    sigmas: Tensor,
    sampler: SamplerChoice,
    *,
    on_step: Callable[[Step], None] = ignore_step,
    check: Callable[[], None] = lambda: None,
) -> Sampled:
    """Run a sampler over sigmas (steps + 1,).

    One level alone makes no step: the latent comes back as noisy as it says. Of none it comes back as it is.
    """
    if guider.own_run is not None:
        return guider.own_run(latent, noise, sigmas, sampler, on_step, check)
    model = guider.model
    samples = in_channels(model, latent["samples"])
    if len(sigmas) == 0:
        return Sampled({**latent, "samples": samples}, {**latent, "samples": samples})
    model.check_inputs(samples, [entry for side in guider.sides.values() for entry in side])
    prediction, device = model.prediction, model.device
    sigmas = sigmas.float().cpu()  # looking at a level on a GPU would make Python wait for it at every step
    start = _to_model(model, samples.to(device, torch.float32))
    drawn = noise.generate_noise({**latent, "samples": samples}).to(device, torch.float32)
    given = latent.get("noise_mask")
    mask = None if given is None else _noise_mask(given, samples).to(device)
    ready = Ready(model, drawn, start, mask, noise.seed, sigmas)
    guiding: Denoiser = guider.begin(prepare_sides(guider.sides, ready), ready, check)
    denoise = guiding
    if mask is not None:
        kept_noise = noises.initial(drawn.shape, noise.seed + 1).to(device) if sampler.own_mask_noise else drawn
        mask_at = guiding.model.options.mask_at
        denoise = Masked(guiding, mask, start, kept_noise, prediction.noised, sigmas, mask_at)
    last: list[Tensor] = []

    def step(made: Step) -> None:
        last[:] = [made.denoised]
        on_step(made)

    x = prediction.noised(start, drawn, sigmas[0], prediction.starts_from_scratch(float(sigmas[0])))
    if len(sigmas) > 1:
        x = sampler(denoise, x, sigmas, Run(noise.seed, step, prediction, drawn, start))
    done = model.latent_format.from_model(prediction.finished(x, sigmas[-1])).cpu()
    picture = model.latent_format.from_model(last[0]).cpu() if last else done
    return Sampled({**latent, "samples": done}, {**latent, "samples": picture})


def noisy_latent(model: Model, noise: SeededNoise | NoNoise, sigmas: Tensor, latent: LatentDict) -> LatentDict:
    """A LATENT with the noise added that lies between the first and the last of sigmas."""
    if not len(sigmas):
        return latent
    level = (sigmas[0] - sigmas[-1]).abs() if len(sigmas) > 1 else sigmas[0]
    samples = latent["samples"]
    noisy = model.prediction.noised(_to_model(model, samples), noise.generate_noise(latent), level)
    return {**latent, "samples": model.latent_format.from_model(noisy).nan_to_num(0.0, 0.0, 0.0)}


def in_channels(model: Model, samples: Tensor) -> Tensor:
    """An empty latent is empty in any number of channels; the noise drawn for it is not."""
    channels = model.latent_format.channels
    if samples.shape[1] == channels or samples.count_nonzero():
        return samples
    return samples.new_zeros(len(samples), channels, *samples.shape[2:])


def _to_model(model: Model, samples: Tensor) -> Tensor:
    """As the model scales latents; an empty one is no picture in any scale and stays 0."""
    return model.latent_format.to_model(samples) if samples.count_nonzero() else samples


def _noise_mask(mask: Tensor, latent: Tensor) -> Tensor:
    """A mask of any size and count on the latent's grid, for each of its batch and channels."""
    mask = mask.float().reshape(-1, 1, *mask.shape[-2:])
    mask = functional.interpolate(mask, size=latent.shape[-2:], mode="bilinear", align_corners=False)
    return mask.repeat(-(-len(latent) // len(mask)), 1, 1, 1)[: len(latent)].expand(latent.shape)
