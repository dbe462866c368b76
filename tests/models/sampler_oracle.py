"""Models whose answer is known, and runs of samplers on them."""

import math

import torch
from torch import Tensor

from models.prediction import discrete
from models.sampler_table import SAMPLERS
from models.samplers import Run, ignore_step

S = 0.5
"""The standard deviation of the data."""

EPS = discrete("eps")


class FlowLevels:
    """The prediction of a flow model without a shift, as far as samplers ask for it."""

    kind = "flow"

    def at_percent(self, percent: float) -> float:
        return 1.0 - percent

    def noised(self, latent: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        return sigma * noise + (1 - sigma) * latent


FLOW = FlowLevels()


class Gaussian:
    """The best denoiser for normal data; the negative prompt's answer is the same."""

    def __init__(self, flow: bool = False) -> None:
        self.flow = flow
        self.looks = 0

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.looks += 1
        alpha = 1 - sigma if self.flow else 1
        return x * alpha * S**2 / (alpha**2 * S**2 + sigma**2)

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        denoised = self(x, sigma)
        return denoised, denoised


class Guided(Gaussian):
    """One whose negative prompt pulls elsewhere: to three quarters of the answer, and a little aside."""

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        denoised = self(x, sigma)
        return denoised, denoised * 0.75 + 0.01


class Known:
    """One that sees the same picture whatever it is given."""

    def __init__(self, picture: Tensor) -> None:
        self.picture = picture

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.picture

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        return self.picture, self.picture


class Numbered(Run):
    """A run whose noise is the same for the same number of its draw, whatever the levels."""

    def fresh(self, x: Tensor):
        generator = torch.Generator().manual_seed(self.seed)
        return lambda sigma, sigma_next: torch.randn(x.shape, generator=generator, dtype=x.dtype)

    def brownian(self, x: Tensor, sigmas: Tensor):
        return self.fresh(x)


def run(name, x, sigmas, seed=1, denoise=None, on_step=ignore_step, prediction=EPS, **options) -> Tensor:
    denoise = Gaussian(prediction.kind == "flow") if denoise is None else denoise
    return SAMPLERS[name](denoise, x, sigmas, Run(seed, on_step, prediction), **options)


def start(count: int = 1, sigma: float = 10.0) -> Tensor:
    return torch.randn(count, 4, 4, 4, generator=torch.Generator().manual_seed(3)) * math.sqrt(S**2 + sigma**2)


def flow_levels(steps: int, first: float = 1.0, last: float = 0.02) -> Tensor:
    """Evenly spaced, then 0."""
    return torch.cat([torch.linspace(first, last, steps), torch.zeros(1)])


def exact(x: Tensor, first: float, last: float, flow: bool = False) -> Tensor:
    """Where x at the level `first` arrives at the level `last`, without any noise on the way."""
    if not flow:
        return x * math.sqrt((S**2 + last**2) / (S**2 + first**2))
    return x * math.sqrt(((1 - last) ** 2 * S**2 + last**2) / ((1 - first) ** 2 * S**2 + first**2))
