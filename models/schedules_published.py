"""Schedules that were searched for, model by model, and published as lists of noise levels.

Each gives sigmas (steps + 1,), float32, the last of them 0; with denoise below 1, the last round(steps * denoise) steps
of these, and none at all, (0,), at 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .errors import ModelError
from .prediction import discrete
from .schedules_gits import PLACES, WAYS

# Sabour et al. (2024), https://research.nvidia.com/labs/toronto-ai/AlignYourSteps/howto.html
ALIGN_YOUR_STEPS: dict[str, tuple[float, ...]] = {
    "SD1": (
        14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092, 0.9642583904,
        0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582,
    ),
    "SDXL": (
        14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289,
        0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582,
    ),
    "SVD": (700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}  # fmt: skip
"""For ten steps."""

# Pei et al. (2025), https://github.com/bebebe666/OptimalSteps
OPTIMAL_STEPS: dict[str, tuple[float, ...]] = {
    "FLUX": (0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001),
    "Wan": (
        1.0, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96, 0.946, 0.927, 0.902,
        0.864, 0.776, 0.539, 0.208, 0.001,
    ),
    "Chroma": (
        0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917, 0.9, 0.881, 0.858,
        0.832, 0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451, 0.402, 0.355, 0.311, 0.27, 0.232, 0.199,
        0.169, 0.143, 0.12, 0.101, 0.084, 0.07, 0.058, 0.048, 0.001,
    ),
}  # fmt: skip
"""For 10, 20 and 40 steps."""


def align_your_steps(model: str, steps: int, denoise: float = 1.0) -> Tensor:
    """Noise levels that lose least on the way to training's data. model: a key of ALIGN_YOUR_STEPS."""
    return _in_steps(ALIGN_YOUR_STEPS[model], steps, denoise)


def optimal_steps(model: str, steps: int, denoise: float = 1.0) -> Tensor:
    """Noise levels in which few steps come nearest to many. model: a key of OPTIMAL_STEPS."""
    return _in_steps(OPTIMAL_STEPS[model], steps, denoise)


def gits(coefficient: float, steps: int, denoise: float = 1.0) -> Tensor:
    """Noise levels by the bends of Stable Diffusion's trajectories (Chen et al., 2024).

    coefficient: 0.8 to 1.5 in steps of 0.05; larger ones leave high noise sooner. steps: at least 2.
    """
    if round(coefficient, 2) not in WAYS:
        raise ModelError(f"GITS was searched for coefficients of {', '.join(map(str, WAYS))}. Set one of these.")
    ways = WAYS[round(coefficient, 2)].split()
    way = ways[min(steps, len(ways) + 1) - 2]
    chosen = [0, *(int(way[i : i + 2]) for i in range(0, len(way), 2)), PLACES - 1]
    return _in_steps(_sigmas_at(1 - np.array(chosen) / (PLACES - 1)), steps, denoise)


def _sigmas_at(times: np.ndarray) -> list[float]:
    """Stable Diffusion's noise levels at times from 0, the lowest, to 1, as GITS's search took them.

    Between two steps of training the logarithm of the signal's share is straight, not that of the level.
    """
    sigmas = np.array(discrete("eps").levels.exact)
    log_alphas = 0.5 * np.log((1 / (1 + sigmas**2)).astype(np.float32)).astype(np.float64)
    at = np.interp(times * (len(sigmas) - 1), np.arange(len(sigmas)), log_alphas)
    return np.sqrt(np.expm1(-2 * at)).tolist()


def _in_steps(levels: Sequence[float], steps: int, denoise: float) -> Tensor:
    """Levels, straight in their logarithm between the given ones where another number of steps is asked for."""
    if denoise <= 0:
        return torch.empty(0)
    found = np.array(levels)
    if len(levels) != steps + 1:
        given, wanted = np.linspace(0, 1, len(levels)), np.linspace(0, 1, steps + 1)
        found = np.exp(np.interp(wanted, given, np.log(found)))
    kept = steps if denoise >= 1 else round(steps * denoise)
    sigmas = torch.from_numpy(found).float()[-(kept + 1) :].clone()
    sigmas[-1] = 0
    return sigmas
