"""What a network predicts, and how its answer becomes the denoised latent: eps, v, x0 and flow behind one face.

A latent at noise level sigma is x = x0 + sigma * noise for eps, v and x0, and x = (1 - sigma) * x0 + sigma * noise
for flow. Samplers only ever see (x, sigma) -> denoised; the letters are those of Karras et al. (2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["eps", "v", "x0", "flow"]


@dataclass(frozen=True)
class Prediction:
    """A kind of answer and a table of noise levels, one for each training step, rising."""

    kind: Kind
    levels: tuple[float, ...]
    """In double precision: where a level lies just between two training steps, the last bit of its logarithm decides
    which of them the network is told."""

    @property
    def sigmas(self) -> Tensor:
        """(steps,) float32, rising."""
        return _tables(self.levels)[0]

    @property
    def sigma_min(self) -> float:
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        return float(self.sigmas[-1])

    def timestep(self, sigma: Tensor) -> Tensor:
        """The training step whose noise level is nearest to each sigma, by their logarithms. Any shape, same shape."""
        logs = _tables(self.levels)[1].to(sigma.device)
        return (sigma.float().log()[..., None] - logs).abs().argmin(-1)

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level of a training step, between steps straight in its logarithm. Any shape, same shape."""
        logs = _tables(self.levels)[1].to(timestep.device)
        t = timestep.float().clamp(0, len(logs) - 1)
        low, high = t.floor().long(), t.ceil().long()
        part = t.frac()
        return ((1 - part) * logs[low] + part * logs[high]).exp()

    def at_percent(self, percent: float) -> float:
        """The noise level when `percent` (0 to 1) of the way from pure noise is done; beyond the ends, beyond all."""
        if percent <= 0:
            return 999999999.9
        if percent >= 1:
            return 0.0
        return float(self.sigma(torch.tensor((1 - percent) * (len(self.levels) - 1))))

    def into_network(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x as the network wants it: scaled to variance one. sigma: (b, 1, 1, 1)."""
        return x if self.kind == "flow" else x / (sigma**2 + 1).sqrt()

    def denoised(self, x: Tensor, answer: Tensor, sigma: Tensor) -> Tensor:
        """The denoised latent, from the noisy one and the network's answer to it. sigma: (b, 1, 1, 1)."""
        if self.kind == "v":
            return x / (sigma**2 + 1) - answer * sigma / (sigma**2 + 1).sqrt()
        if self.kind == "x0":
            return answer
        return x - answer * sigma

    def noised(self, latent: Tensor, noise: Tensor, sigma: Tensor, from_scratch: bool = False) -> Tensor:
        """The latent at noise level sigma.

        from_scratch: sigma is the highest level, where training saw a variance of 1 + sigma^2 rather than sigma^2.
        """
        if self.kind == "flow":
            return sigma * noise + (1 - sigma) * latent
        return latent + noise * ((1 + sigma**2).sqrt() if from_scratch else sigma)

    def finished(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The latent that sampling stopped with at sigma, on the scale of a clean one."""
        return x / (1 - sigma) if self.kind == "flow" else x

    def starts_from_scratch(self, sigma: float) -> bool:
        """Whether a run that begins at sigma begins with pure noise."""
        return sigma > self.sigma_max or math.isclose(sigma, self.sigma_max, rel_tol=1e-5)


@lru_cache(maxsize=8)
def _tables(levels: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """The levels and their logarithms, each rounded once, to float32."""
    exact = torch.tensor(levels, dtype=torch.float64)
    return exact.float(), exact.log().float()


@lru_cache(maxsize=8)
def discrete(
    kind: Kind, zero_terminal_snr: bool = False, steps: int = 1000, start: float = 0.00085, end: float = 0.012
) -> Prediction:
    """The noise levels of latent diffusion: betas whose square roots are evenly spaced (Rombach et al., 2022).

    zero_terminal_snr: stretched until the last level is pure noise (Lin et al., 2023).
    """
    betas = torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2
    kept = (1 - betas).cumprod(0)
    sigmas = ((1 - kept) / kept).sqrt()
    if zero_terminal_snr:
        root = (1 / (sigmas**2 + 1)).sqrt()
        first, last = root[0].clone(), root[-1].clone()
        kept = ((root - last) * (first / (first - last))) ** 2
        kept[-1] = 4.8973451890853435e-08  # not 0, whose noise level would have no number
        sigmas = ((1 - kept) / kept).sqrt()
    return Prediction(kind, tuple(sigmas.tolist()))
