"""Noise levels as values: schedules, and what can be done with levels."""

from __future__ import annotations

import math
from typing import Annotated

from graph.node import Choice, Int, Slider, Socket, Toggle, node
from models import schedules, schedules_published
from models import sigmas as levels
from nodes.context import present
from nodes.values import Latent, Model, Sigmas

SCHEDULES = "sampling/custom_sampling/schedulers"
OPERATIONS = "sampling/custom_sampling/sigmas"
HIGH_LOW = ("high_sigmas", "low_sigmas")

Steps = Annotated[int, Int(min=1, max=10000, tooltip="More steps take longer and leave less noise.")]
Denoise = Annotated[
    float, Slider(min=0.0, max=1.0, step=0.01, tooltip="The part of the way that is gone: below 1, its end only.")
]
SigmaMax = Annotated[
    float, Slider(min=0.0, max=5000.0, step=0.01, round=False, tooltip="The first noise level: the model's highest.")
]
SigmaMin = Annotated[
    float, Slider(min=0.0, max=5000.0, step=0.01, round=False, tooltip="The last noise level above 0.")
]


def _real(low: float, high: float, step: float, tooltip: str) -> Slider:
    return Slider(min=low, max=high, step=step, round=False, tooltip=tooltip)


@node("BasicScheduler", category=SCHEDULES)
def basic_scheduler(
    model: Model,
    *,
    scheduler: Annotated[
        str, Choice(options=tuple(schedules.SCHEDULES), tooltip="How much noise each step takes away.")
    ],
    steps: Steps = 20,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Noise levels for a model by the name of a schedule."""
    model = present(model, "MODEL")
    return schedules.schedule(model.prediction, scheduler, steps, denoise=denoise)[-(steps + 1) :]


@node("KarrasScheduler", category=SCHEDULES)
def karras_scheduler(
    steps: Steps = 20,
    sigma_max: SigmaMax = 14.614642,
    sigma_min: SigmaMin = 0.0291675,
    rho: Annotated[float, _real(0.0, 100.0, 0.01, "Higher spends more steps on low noise.")] = 7.0,
) -> Sigmas:
    """Noise levels that are even in their 1/rho-th power."""
    if rho == 0:
        raise ValueError("rho is 0, and levels cannot be even in their power of 1/0. Set it above 0; 7 is usual")
    return schedules.karras_between(steps, sigma_min, sigma_max, rho)


@node("ExponentialScheduler", category=SCHEDULES)
def exponential_scheduler(
    steps: Steps = 20, sigma_max: SigmaMax = 14.614642, sigma_min: SigmaMin = 0.0291675
) -> Sigmas:
    """Noise levels that are even in their logarithm."""
    return levels.exponential_between(steps, sigma_min, sigma_max)


@node("PolyexponentialScheduler", category=SCHEDULES)
def polyexponential_scheduler(
    steps: Steps = 20,
    sigma_max: SigmaMax = 14.614642,
    sigma_min: SigmaMin = 0.0291675,
    rho: Annotated[float, _real(0.0, 100.0, 0.01, "Above 1 more steps are spent on low noise.")] = 1.0,
) -> Sigmas:
    """Noise levels whose logarithm falls as a power of the steps."""
    return levels.polyexponential_between(steps, sigma_min, sigma_max, rho)


@node("LaplaceScheduler", category=SCHEDULES)
def laplace_scheduler(
    steps: Steps = 20,
    sigma_max: SigmaMax = 14.614642,
    sigma_min: SigmaMin = 0.0291675,
    mu: Annotated[float, _real(-10.0, 10.0, 0.1, "The logarithm of the level about which most steps are spent.")] = 0.0,
    beta: Annotated[float, _real(0.0, 10.0, 0.1, "How far they spread from there.")] = 0.5,
) -> Sigmas:
    """Noise levels that are densest about one of them."""
    return levels.laplace(steps, sigma_min, sigma_max, mu, beta)


@node("VPScheduler", category=SCHEDULES)
def vp_scheduler(
    steps: Steps = 20,
    beta_d: Annotated[float, _real(0.0, 5000.0, 0.01, "How fast noise comes faster.")] = 19.9,
    beta_min: Annotated[float, _real(0.0, 5000.0, 0.01, "How fast noise comes at first.")] = 0.1,
    eps_s: Annotated[float, _real(0.0, 1.0, 0.0001, "The time of the last level above 0; the first is at 1.")] = 0.001,
) -> Sigmas:
    """Noise levels of the continuous variance-preserving diffusion."""
    return levels.variance_preserving(steps, beta_d, beta_min, eps_s)


@node("BetaSamplingScheduler", category=SCHEDULES)
def beta_sampling_scheduler(
    model: Model,
    steps: Steps = 20,
    alpha: Annotated[float, _real(0.0, 50.0, 0.01, "Lower spends more steps on low noise.")] = 0.6,
    beta: Annotated[float, _real(0.0, 50.0, 0.01, "Lower spends more steps on high noise.")] = 0.6,
) -> Sigmas:
    """Noise levels by the quantiles of a beta distribution."""
    if alpha == 0 or beta == 0:
        raise ValueError("alpha and beta have to be above 0 for a beta distribution; 0.6 is usual for both")
    return schedules.beta(present(model, "MODEL").prediction, steps, alpha, beta)


@node("SDTurboScheduler", category=SCHEDULES)
def sd_turbo_scheduler(
    model: Model,
    steps: Annotated[int, Int(min=1, max=10, tooltip="SD Turbo was trained for one to four.")] = 1,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """The noise levels that SD Turbo and SDXL Turbo were made for."""
    return levels.turbo(present(model, "MODEL").prediction, steps, denoise)


@node("AlignYourStepsScheduler", category=SCHEDULES)
def align_your_steps_scheduler(
    *,
    model_type: Annotated[
        str, Choice(options=tuple(schedules_published.ALIGN_YOUR_STEPS), tooltip="The model's family.")
    ],
    steps: Steps = 10,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Noise levels that were searched for, for ten steps and interpolated for others."""
    return schedules_published.align_your_steps(model_type, steps, denoise)


@node("GITSScheduler", category=SCHEDULES)
def gits_scheduler(
    coeff: Annotated[
        float, Slider(min=0.8, max=1.5, step=0.05, tooltip="Higher spends more steps on low noise. 1.2 is usual.")
    ] = 1.2,
    steps: Annotated[int, Int(min=2, max=1000, tooltip="It was searched for 2 to 20 of them.")] = 10,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Noise levels that were searched for by the bends of Stable Diffusion's way from noise."""
    return schedules_published.gits(coeff, steps, denoise)


@node("OptimalStepsScheduler", category=SCHEDULES)
def optimal_steps_scheduler(
    *,
    model_type: Annotated[str, Choice(options=tuple(schedules_published.OPTIMAL_STEPS), tooltip="The model's family.")],
    steps: Annotated[
        int, Int(min=3, max=1000, tooltip="It was searched for 10 of FLUX, 20 of Wan, 40 of Chroma.")
    ] = 20,
    denoise: Denoise = 1.0,
) -> Sigmas:
    """Noise levels of flow models with which few steps come nearest to many."""
    return schedules_published.optimal_steps(model_type, steps, denoise)


@node("LTXVScheduler", category=SCHEDULES)
def ltxv_scheduler(
    steps: Steps = 20,
    max_shift: Annotated[
        float, Slider(min=0.0, max=100.0, step=0.01, tooltip="How far levels are raised for large latents.")
    ] = 2.05,
    base_shift: Annotated[
        float, Slider(min=0.0, max=100.0, step=0.01, tooltip="How far levels are raised for small latents.")
    ] = 0.95,
    stretch: Annotated[bool, Toggle(tooltip="Stretch the levels until the last above 0 is terminal.")] = True,
    terminal: Annotated[float, Slider(min=0.0, max=0.99, step=0.01, tooltip="The last level above 0.")] = 0.1,
    latent: Annotated[
        Latent | None, Socket("LATENT", optional=True, tooltip="Its size decides between the two shifts.")
    ] = None,
) -> Sigmas:
    """Noise levels shifted for the size of an LTX video."""
    tokens = 4096 if latent is None else math.prod(latent["samples"].shape[2:])
    return levels.ltxv(steps, tokens, max_shift, base_shift, stretch, terminal)


@node("SplitSigmas", category=OPERATIONS, outputs=HIGH_LOW)
def split_sigmas(
    sigmas: Sigmas, step: Annotated[int, Int(min=0, max=10000, tooltip="How many steps go to the first part.")] = 0
) -> tuple[Sigmas, Sigmas]:
    """Noise levels in two parts, for one sampler after another."""
    return levels.split(sigmas, step)


@node("SplitSigmasDenoise", category=OPERATIONS, outputs=HIGH_LOW)
def split_sigmas_denoise(
    sigmas: Sigmas,
    denoise: Annotated[
        float, Slider(min=0.0, max=1.0, step=0.01, tooltip="The part of the steps that goes to the second part.")
    ] = 1.0,
) -> tuple[Sigmas, Sigmas]:
    """Noise levels in two parts, by the share of the steps that the second has."""
    return levels.split_by_share(sigmas, denoise)


@node("FlipSigmas", category=OPERATIONS)
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """Noise levels in reverse, to find the noise that a picture could have come from."""
    return levels.flipped(sigmas)


@node("SetFirstSigma", category=OPERATIONS)
def set_first_sigma(
    sigmas: Sigmas,
    sigma: Annotated[float, _real(0.0, 20000.0, 0.001, "The first noise level.")] = 136.0,
) -> Sigmas:
    """Noise levels with another first one."""
    return levels.with_first(sigmas, sigma)


@node("ExtendIntermediateSigmas", category=OPERATIONS)
def extend_intermediate_sigmas(
    sigmas: Sigmas,
    *,
    steps: Annotated[int, Int(min=1, max=100, tooltip="How many steps each becomes.")] = 2,
    start_at_sigma: Annotated[
        float, _real(-1.0, 20000.0, 0.01, "Not above this level. Below 0: from the first on.")
    ] = -1.0,
    end_at_sigma: Annotated[float, _real(0.0, 20000.0, 0.01, "Not below this level.")] = 12.0,
    spacing: Annotated[
        str, Choice(options=("linear", "cosine", "sine"), tooltip="Whether the new levels crowd at an end.")
    ],
) -> Sigmas:
    """More noise levels between those there are."""
    return levels.extended(sigmas, steps, math.inf if start_at_sigma < 0 else start_at_sigma, end_at_sigma, spacing)


@node("SamplingPercentToSigma", category=OPERATIONS, outputs=("sigma_value",))
def sampling_percent_to_sigma(
    model: Model,
    sampling_percent: Annotated[
        float, Slider(min=0.0, max=1.0, step=0.0001, tooltip="How much of the way is done.")
    ] = 0.0,
    return_actual_sigma: Annotated[
        bool, Toggle(tooltip="At 0 and 1, the model's own highest and lowest level, not one beyond all.")
    ] = False,
) -> float:
    """The noise level at a part of a model's way from noise to picture."""
    prediction = present(model, "MODEL").prediction
    if return_actual_sigma and sampling_percent in (0.0, 1.0):
        return prediction.sigma_max if sampling_percent == 0.0 else prediction.sigma_min
    return prediction.at_percent(sampling_percent)
