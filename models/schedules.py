"""Schedules: how noise falls over the steps of a run. Each gives sigmas (steps + 1,), float32, the last of them 0.

All are functions of the model's table of noise levels; their names and their rounding are ComfyUI's, which graphs
rely on. `ddim_uniform` may give more or fewer steps than asked for, `beta` fewer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .prediction import Prediction

Schedule = Callable[[Prediction, int], Tensor]


def karras(prediction: Prediction, steps: int, rho: float = 7.0) -> Tensor:
    """Evenly spaced in sigma ** (1 / rho) (Karras et al., 2022)."""
    return karras_between(steps, prediction.sigma_min, prediction.sigma_max, rho)


def karras_between(steps: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    ramp = torch.linspace(0, 1, steps)
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return _to_zero((high + ramp * (low - high)) ** rho)


def exponential(prediction: Prediction, steps: int) -> Tensor:
    """Evenly spaced in log sigma."""
    return _to_zero(torch.linspace(math.log(prediction.sigma_max), math.log(prediction.sigma_min), steps).exp())


def normal(prediction: Prediction, steps: int) -> Tensor:
    """Evenly spaced in the training's time, both its ends included."""
    start, end = _ends(prediction)
    if math.isclose(float(prediction.sigma(end)), 0, abs_tol=1e-5):
        return prediction.sigma(torch.linspace(float(start), float(end), steps + 1))
    return _to_zero(prediction.sigma(torch.linspace(float(start), float(end), steps)))


def sgm_uniform(prediction: Prediction, steps: int) -> Tensor:
    """As normal, without the training's last step, which comes before 0 (Stability's generative models)."""
    start, end = _ends(prediction)
    return _to_zero(prediction.sigma(torch.linspace(float(start), float(end), steps + 1)[:-1]))


def simple(prediction: Prediction, steps: int) -> Tensor:
    """Every so-manieth level of the training's table, from the top."""
    levels = prediction.sigmas
    stride = len(levels) / steps
    return _to_zero(torch.stack([levels[-(1 + int(i * stride))] for i in range(steps)]))


def ddim_uniform(prediction: Prediction, steps: int) -> Tensor:
    """Every so-manieth level from the bottom (Song et al., 2021), in whole strides: often one step more than asked."""
    levels = prediction.sigmas
    if math.isclose(float(levels[1]), 0, abs_tol=1e-5):
        return levels[1 :: max(len(levels) // (steps + 1), 1)].flip(0)
    return _to_zero(levels[1 :: max(len(levels) // steps, 1)].flip(0))


def beta(prediction: Prediction, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    """Levels by the quantiles of a beta distribution: dense at both ends (Lee et al., 2024)."""
    from scipy.special import betaincinv

    levels = prediction.sigmas
    points = 1 - np.linspace(0, 1, steps, endpoint=False)
    at = np.rint(betaincinv(alpha, beta, points) * (len(levels) - 1)).astype(int)
    kept = [index for number, index in enumerate(at) if number == 0 or index != at[number - 1]]
    return _to_zero(levels[torch.tensor(kept)])


def linear_quadratic(prediction: Prediction, steps: int, threshold: float = 0.025) -> Tensor:
    """A straight first half down to 1 - threshold, then a parabola to 0 (Polyak et al., 2024)."""
    if steps == 1:
        return torch.tensor([1.0, 0.0]) * prediction.sigma_max
    straight = steps // 2
    bent = steps - straight
    excess = straight - threshold * steps
    quadratic = excess / (straight * bent**2)
    linear = threshold / straight - 2 * excess / bent**2
    constant = quadratic * straight**2
    done = [threshold * i / straight for i in range(straight)]
    done += [quadratic * i**2 + linear * i + constant for i in range(straight, steps)]
    return (1 - torch.tensor([*done, 1.0], dtype=torch.float64)).float() * prediction.sigma_max


def kl_optimal(prediction: Prediction, steps: int) -> Tensor:
    """Evenly spaced in atan sigma (Sabour et al., 2024)."""
    ramp = torch.arange(steps, dtype=torch.float32) / max(steps - 1, 1)
    low, high = math.atan(prediction.sigma_min), math.atan(prediction.sigma_max)
    return _to_zero((ramp * low + (1 - ramp) * high).tan())


SCHEDULES: dict[str, Schedule] = {
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "karras": karras,
    "exponential": exponential,
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "normal": normal,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
}

ONE_MORE = frozenset({"dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"})
"""Samplers that get a schedule one step longer, without its last level before 0, at which they do badly."""


def schedule(prediction: Prediction, name: str, steps: int, sampler: str = "", denoise: float = 1.0) -> Tensor:
    """The sigmas of a run.

    steps: how many to make. denoise: 0 to 1, the share of the way that is gone: the tail of a schedule of
    int(steps / denoise) steps. At 0 nothing is left to do and there are no sigmas, (0,).
    """
    if denoise <= 0:
        return torch.empty(0)
    whole = steps if denoise > 0.9999 else int(steps / denoise)
    if sampler in ONE_MORE:
        longer = SCHEDULES[name](prediction, whole + 1)
        sigmas = torch.cat([longer[:-2], longer[-1:]])
    else:
        sigmas = SCHEDULES[name](prediction, whole)
    return sigmas if denoise > 0.9999 else sigmas[-(steps + 1) :]


def _ends(prediction: Prediction) -> tuple[Tensor, Tensor]:
    levels = prediction.sigmas
    return prediction.timestep(levels[-1]), prediction.timestep(levels[0])


def _to_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas.float(), torch.zeros(1)])
