# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.k_diffusion.sampling`: the engine's samplers as functions `sample_NAME(model, x, sigmas, ...)`, and helpers.

Packs put functions of their own in here, by which their samplers are found.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from models import noise as noises
from models import samplers
from models.sampler_table import SAMPLERS
from models.schedules import karras_between
from nodes.compat.handles.samplers import in_their_form

for _name in SAMPLERS:
    if _name not in ("ddim", "uni_pc", "uni_pc_bh2"):
        globals()[f"sample_{_name}"] = in_their_form(_name)


def append_zero(x: Tensor) -> Tensor:
    return torch.cat([x, x.new_zeros([1])])


def append_dims(x: Tensor, target_dims: int) -> Tensor:
    """With axes of length 1 at the end, up to so many."""
    return x[(..., *(None,) * (target_dims - x.ndim))]


def to_d(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    """The slope of x in sigma."""
    return (x - denoised) / append_dims(sigma, x.ndim)


def get_ancestral_step(sigma_from: Any, sigma_to: Any, eta: float = 1.0) -> tuple[Any, Any]:
    """How far down to step, and how much noise to add, to arrive at sigma_to."""
    if not eta:
        return sigma_to, 0.0
    down, up = (torch.as_tensor(sigma, dtype=torch.float32) for sigma in (sigma_from, sigma_to))
    return samplers.ancestral(down, up, eta)


def get_sigmas_karras(n: int, sigma_min: float, sigma_max: float, rho: float = 7.0, device: Any = "cpu") -> Tensor:
    return karras_between(n, sigma_min, sigma_max, rho).to(device)


def get_sigmas_exponential(n: int, sigma_min: float, sigma_max: float, device: Any = "cpu") -> Tensor:
    return append_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), n).exp()).to(device)


def default_noise_sampler(x: Tensor, seed: int | None = None) -> noises.Noise:
    """Independent noise at every call."""
    if seed is None:
        return lambda sigma, sigma_next: torch.randn_like(x)
    return noises.fresh(x, seed)


class BrownianTreeNoiseSampler:
    """Noise from one Brownian path over sigma."""

    def __init__(
        self,
        x: Tensor,
        sigma_min: Any,
        sigma_max: Any,
        seed: Any = None,
        transform: Any = lambda x: x,
        cpu: bool = False,
    ) -> None:
        self.transform = transform
        ends = torch.stack([transform(torch.as_tensor(sigma)).float().cpu() for sigma in (sigma_min, sigma_max)])
        number: Any = int(torch.randint(0, 2**63 - 1, [])) if seed is None else seed
        if isinstance(number, list | tuple):
            self._paths = [noises.brownian(x[i : i + 1], int(one), ends) for i, one in enumerate(number)]
        else:
            self._paths = [noises.brownian(x, number, ends)]

    def __call__(self, sigma: Any, sigma_next: Any) -> Tensor:
        levels = [self.transform(torch.as_tensor(each)).float().reshape(-1)[0].cpu() for each in (sigma, sigma_next)]
        return torch.cat([path(*levels) for path in self._paths])
