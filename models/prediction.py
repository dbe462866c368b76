"""What a network predicts and at which noise levels: eps, v, x0, flow and more behind one face.

A latent at noise level sigma is x = x0 + sigma * noise, save for flow, where it is (1 - sigma) * x0 + sigma * noise.
Samplers only ever see (x, sigma) -> denoised; the letters are those of Karras et al. (2022).

Two things make a `Prediction`: how its answer is read (`Kind`), and its `Levels`: what the network calls a noise level
in its own time, and the table of levels that schedules are made from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import torch
from torch import Tensor

Kind = Literal["eps", "v", "x0", "flow", "edm", "consistency", "image"]
"""consistency: eps, read as latent consistency models do; image: x0 from an unscaled input (img_to_img)."""

ABOVE_ALL = 999999999.9
"""A noise level beyond any: where a condition holds from the very start."""


class Levels(Protocol):
    """Noise levels and a network's time."""

    @property
    def table(self) -> Tensor:
        """Rising, float32: the levels that schedules choose from."""
        ...

    def timestep(self, sigma: Tensor) -> Tensor:
        """What the network is told of a noise level. Any shape, same shape."""
        ...

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level at a time. Any shape, same shape."""
        ...

    def at_percent(self, percent: float) -> float:
        """The noise level when `percent` of the way from pure noise is done; between 0 and 1, both excluded."""
        ...


@dataclass(frozen=True)
class Prediction:
    """A kind of answer and its noise levels."""

    kind: Kind
    levels: Levels
    sigma_data: float = 1.0
    """The spread of the data that eps, v and EDM are scaled by."""

    @property
    def sigmas(self) -> Tensor:
        """(steps,) float32, rising."""
        return self.levels.table

    @property
    def sigma_min(self) -> float:
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        return float(self.sigmas[-1])

    @property
    def is_flow(self) -> bool:
        return self.kind == "flow"

    def timestep(self, sigma: Tensor) -> Tensor:
        """What the network is told of a noise level. Any shape, same shape."""
        return self.levels.timestep(sigma)

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level at the network's time. Any shape, same shape."""
        return self.levels.sigma(timestep)

    def at_percent(self, percent: float) -> float:
        """The noise level when `percent` (0 to 1) of the way from pure noise is done; beyond the ends, beyond all."""
        if percent <= 0:
            return 1.0 if self.is_flow else ABOVE_ALL
        if percent >= 1:
            return 0.0
        return self.levels.at_percent(percent)

    def into_network(self, x: Tensor, sigma: Tensor) -> Tensor:
        """x as the network wants it: scaled to variance one. sigma: a scalar, or (b, 1, 1, 1)."""
        if self.kind in ("flow", "image"):
            return x
        return x / (sigma**2 + self.sigma_data**2).sqrt()

    def denoised(self, x: Tensor, answer: Tensor, sigma: Tensor) -> Tensor:
        """The denoised latent, from the noisy one and the network's answer to it. sigma: a scalar, or (b, 1, 1, 1)."""
        data = self.sigma_data
        match self.kind:
            case "v" | "edm":
                sign = -1 if self.kind == "v" else 1
                spread = sigma**2 + data**2
                return x * data**2 / spread + sign * answer * sigma * data / spread.sqrt()
            case "x0" | "image":
                return answer
            case "consistency":
                x0 = x - answer * sigma
                scaled = self.timestep(sigma).float() * 10.0
                spread = scaled**2 + 0.5**2
                return scaled / spread.sqrt() * x0 + 0.5**2 / spread * x
            case _:
                return x - answer * sigma

    def noised(self, latent: Tensor, noise: Tensor, sigma: Tensor, from_scratch: bool = False) -> Tensor:
        """The latent at noise level sigma.

        from_scratch: sigma is the highest level, where training saw a variance of 1 + sigma^2 rather than sigma^2.
        """
        if self.is_flow:
            return sigma * noise + (1 - sigma) * latent
        return latent + noise * ((1 + sigma**2).sqrt() if from_scratch else sigma)

    def finished(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The latent that sampling stopped with at sigma, on the scale of a clean one."""
        return x / (1 - sigma) if self.is_flow else x

    def starts_from_scratch(self, sigma: float) -> bool:
        """Whether a run that begins at sigma begins with pure noise."""
        return sigma > self.sigma_max or math.isclose(sigma, self.sigma_max, rel_tol=1e-5)


@dataclass(frozen=True)
class TrainingSteps:
    """Levels of a training in discrete steps; the network's time is the number of the nearest."""

    exact: tuple[float, ...]
    """Rising, in double precision: where a level lies just between two training steps, the last bit of its logarithm
    decides which of them the network is told."""
    stride: int = 1
    """Only every so-manieth step was trained, counted from the last (distilled models)."""

    @property
    def table(self) -> Tensor:
        return _tables(self.exact, self.stride)[0]

    def timestep(self, sigma: Tensor) -> Tensor:
        logs = _tables(self.exact, self.stride)[1].to(sigma.device)
        nearest = (sigma.float().log()[..., None] - logs).abs().argmin(-1)
        return nearest * self.stride + (self.stride - 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        logs = _tables(self.exact, self.stride)[1].to(timestep.device)
        t = ((timestep.float() - (self.stride - 1)) / self.stride).clamp(0, len(logs) - 1)
        low, high = t.floor().long(), t.ceil().long()
        part = t.frac()
        return ((1 - part) * logs[low] + part * logs[high]).exp()

    def at_percent(self, percent: float) -> float:
        return float(self.sigma(torch.tensor((1 - percent) * (len(self.exact) - 1))))


@dataclass(frozen=True)
class LogSigma:
    """Levels without steps, between two ends; the network's time is a quarter of log sigma (Karras et al., 2022)."""

    low: float
    high: float

    @property
    def table(self) -> Tensor:
        return torch.linspace(math.log(self.low), math.log(self.high), 1000).exp()

    def timestep(self, sigma: Tensor) -> Tensor:
        return 0.25 * sigma.log()

    def sigma(self, timestep: Tensor) -> Tensor:
        return (timestep / 0.25).exp()

    def at_percent(self, percent: float) -> float:
        low, high = (math.log(float(end)) for end in self.table[[0, -1]])
        return math.exp((high - low) * (1 - percent) + low)


@dataclass(frozen=True)
class Angle(LogSigma):
    """As LogSigma; the network's time is the angle between picture and noise, 1 for pure noise."""

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma.atan() / (math.pi * 0.5)

    def sigma(self, timestep: Tensor) -> Tensor:
        return (timestep * (math.pi * 0.5)).tan()


@dataclass(frozen=True)
class Shifted:
    """Rectified flow whose levels are moved towards noise: shift * t / (1 + (shift - 1) * t) (Esser et al., 2024)."""

    shift: float
    multiplier: float = 1000.0
    """The network's time at pure noise."""
    steps: int = 1000

    @property
    def table(self) -> Tensor:
        return _flow_table(self)

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma * self.multiplier

    def sigma(self, timestep: Tensor) -> Tensor:
        return self._moved(timestep / self.multiplier)

    def at_percent(self, percent: float) -> float:
        return float(self._moved(1 - percent))

    def _moved(self, t):  # type: ignore[no-untyped-def]  # a float or a tensor
        return t if self.shift == 1.0 else self.shift * t / (1 + (self.shift - 1) * t)


@dataclass(frozen=True)
class FluxShifted:
    """Flux's levels: e^mu / (e^mu + 1/t - 1), where mu is the shift (Black Forest Labs, 2024)."""

    shift: float
    multiplier: float = 1.0
    steps: int = 10000

    @property
    def table(self) -> Tensor:
        return _flow_table(self)

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma

    def sigma(self, timestep: Tensor) -> Tensor:
        return math.exp(self.shift) / (math.exp(self.shift) + (1 / timestep - 1))

    def at_percent(self, percent: float) -> float:
        return math.exp(self.shift) / (math.exp(self.shift) + (1 / (1 - percent) - 1))


@lru_cache(maxsize=8)
def _tables(exact: tuple[float, ...], stride: int) -> tuple[Tensor, Tensor]:
    """The levels and their logarithms, each rounded once, to float32."""
    kept = torch.tensor(exact[::-1][::stride][::-1], dtype=torch.float64)
    return kept.float(), kept.log().float()


@lru_cache(maxsize=16)
def _flow_table(levels: Shifted | FluxShifted) -> Tensor:
    times = torch.arange(1, levels.steps + 1, 1) / levels.steps
    return levels.sigma(times * levels.multiplier)


@lru_cache(maxsize=16)
def discrete(
    kind: Kind,
    zero_terminal_snr: bool = False,
    steps: int = 1000,
    start: float = 0.00085,
    end: float = 0.012,
    stride: int = 1,
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
    return Prediction(kind, TrainingSteps(tuple(sigmas.tolist()), stride))


def flow(shift: float, multiplier: float = 1000.0) -> Prediction:
    """Rectified flow in a thousand steps, moved towards noise by `shift`: SD3's, and AuraFlow's with multiplier 1."""
    return Prediction("flow", Shifted(shift, multiplier))


def flux(shift: float) -> Prediction:
    """Rectified flow with Flux's way of moving its levels."""
    return Prediction("flow", FluxShifted(shift))


def flux_shift(width: int, height: int, base: float, most: float) -> float:
    """The shift for a picture of so many pixels: base at 256 x 256, most at 1024 x 1024, along a line of the area."""
    slope = (most - base) / (4096 - 256)
    return width * height / (8 * 8 * 2 * 2) * slope + base - slope * 256


def level_at(prediction: Prediction, percent: float) -> float:
    """`at_percent`, rounded as levels of a run are: to float32, so that the two can be compared."""
    return float(torch.tensor(prediction.at_percent(percent), dtype=torch.float32))
