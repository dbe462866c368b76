# pyright: basic
# The shape of ComfyUI's classes: mixins that packs combine by multiple inheritance.
"""`comfy.model_sampling`: what a network's answer means (EPS, V_PREDICTION, CONST, ...) and at which noise levels.

Two mixins make one object, as packs do it: `class Mine(ModelSamplingDiscrete, V_PREDICTION)`. The formulas are those of
`models.prediction`. `theirs` makes such an object of a `Prediction`, `ours` a `Prediction` of any such object, a pack's
own included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from models.prediction import (
    Angle,
    FluxShifted,
    Kind,
    Levels,
    LogSigma,
    Prediction,
    Shifted,
    TrainingSteps,
    discrete,
)

BEYOND = 999999999.9
"""The noise level before the very start."""


def shaped(sigma: Any, like: Tensor) -> Any:
    """A noise level a picture, to be multiplied with a latent."""
    if not isinstance(sigma, Tensor) or sigma.dim() == 0:
        return sigma
    return sigma.reshape(sigma.shape[:1] + (1,) * (like.dim() - 1)).to(like.device)


# What the answer means


class EPS:
    kind: Kind = "eps"
    sigma_data: float = 1.0

    def reading(self) -> Prediction:
        return Prediction(self.kind, cast("Levels", self), float(getattr(self, "sigma_data", 1.0)))

    def calculate_input(self, sigma: Any, noise: Tensor) -> Tensor:
        return self.reading().into_network(noise, shaped(sigma, noise))

    def calculate_denoised(self, sigma: Any, model_output: Tensor, model_input: Tensor) -> Tensor:
        return self.reading().denoised(model_input, model_output, shaped(sigma, model_output))

    def noise_scaling(self, sigma: Any, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        level = sigma if isinstance(sigma, Tensor) else torch.tensor(float(sigma))
        return self.reading().noised(latent_image, noise, shaped(level, noise), bool(max_denoise))

    def inverse_noise_scaling(self, sigma: Any, latent: Tensor) -> Tensor:
        return self.reading().finished(latent, shaped(sigma, latent))


class V_PREDICTION(EPS):  # noqa: N801
    kind = "v"


class EDM(V_PREDICTION):
    kind = "edm"


class CONST(EPS):
    kind = "flow"


class X0(EPS):
    kind = "x0"


class IMG_TO_IMG(X0):  # noqa: N801
    kind = "image"


class _Consistency(EPS):
    kind = "consistency"


# At which levels


class _Levelled(nn.Module):
    """Levels that answer as the engine's do."""

    levels: Any
    sigmas: Tensor
    log_sigmas: Tensor

    def timestep(self, sigma: Tensor) -> Tensor:
        return self.levels.timestep(sigma)

    def sigma(self, timestep: Tensor) -> Tensor:
        return self.levels.sigma(timestep if isinstance(timestep, Tensor) else torch.tensor(float(timestep)))

    def percent_to_sigma(self, percent: float) -> float:
        if percent <= 0.0:
            return 1.0 if getattr(self, "kind", "") == "flow" else BEYOND
        return 0.0 if percent >= 1.0 else self.levels.at_percent(percent)

    @property
    def sigma_min(self) -> Tensor:
        return self.sigmas[0]

    @property
    def sigma_max(self) -> Tensor:
        return self.sigmas[-1]

    def _hold(self, levels: Levels) -> None:
        self.levels = levels
        self.register_buffer("sigmas", levels.table.clone())
        self.register_buffer("log_sigmas", self.sigmas.log())


def _settings(model_config: Any) -> dict[str, Any]:
    return dict(getattr(model_config, "sampling_settings", None) or {})


class ModelSamplingDiscrete(_Levelled):
    """A training in steps."""

    def __init__(self, model_config: Any = None, zsnr: bool | None = None) -> None:
        super().__init__()
        given = _settings(model_config)
        start, end = given.get("linear_start", 0.00085), given.get("linear_end", 0.012)
        wanted = bool(given.get("zsnr", False) if zsnr is None else zsnr)
        made = discrete("eps", wanted, given.get("timesteps", 1000), start, end)
        self.num_timesteps = given.get("timesteps", 1000)
        self.linear_start, self.linear_end, self.zsnr = start, end, wanted
        self.sigma_data = 1.0
        self._hold(made.levels)

    def set_sigmas(self, sigmas: Tensor) -> None:
        self._hold(TrainingSteps(tuple(sigmas.double().tolist())))


class ModelSamplingDiscreteEDM(ModelSamplingDiscrete):
    """The network's time is a quarter of log sigma."""

    def timestep(self, sigma: Tensor) -> Tensor:
        return 0.25 * sigma.log()

    def sigma(self, timestep: Tensor) -> Tensor:
        return (timestep / 0.25).exp()


class ModelSamplingContinuousEDM(_Levelled):
    """Any level between two."""

    between = LogSigma

    def __init__(self, model_config: Any = None) -> None:
        super().__init__()
        given = _settings(model_config)
        names = (("sigma_min", 0.002), ("sigma_max", 120.0), ("sigma_data", 1.0))
        self.set_parameters(*(given.get(name, usual) for name, usual in names))

    def set_parameters(self, sigma_min: float, sigma_max: float, sigma_data: float) -> None:
        self.sigma_data = sigma_data
        self._hold(self.between(float(sigma_min), float(sigma_max)))


class ModelSamplingContinuousV(ModelSamplingContinuousEDM):
    between = Angle


class ModelSamplingDiscreteFlow(_Levelled):
    """Rectified flow, moved towards noise by a shift."""

    def __init__(self, model_config: Any = None) -> None:
        super().__init__()
        given = _settings(model_config)
        self.set_parameters(shift=given.get("shift", 1.0), multiplier=given.get("multiplier", 1000))

    def set_parameters(self, shift: float = 1.0, timesteps: int = 1000, multiplier: float = 1000) -> None:
        self.shift, self.multiplier = shift, multiplier
        self._hold(Shifted(float(shift), float(multiplier), int(timesteps)))


class ModelSamplingFlux(_Levelled):
    """Rectified flow, moved as Flux does it."""

    def __init__(self, model_config: Any = None) -> None:
        super().__init__()
        self.set_parameters(shift=_settings(model_config).get("shift", 1.15))

    def set_parameters(self, shift: float = 1.15, timesteps: int = 10000) -> None:
        self.shift = shift
        self._hold(FluxShifted(float(shift), 1.0, int(timesteps)))


def flux_time_shift(mu: float, sigma: float, t: Any) -> Any:
    return math.exp(mu) / (math.exp(mu) + (1 / t - 1) ** sigma)


def time_snr_shift(alpha: float, t: Any) -> Any:
    return t if alpha == 1.0 else alpha * t / (1 + (alpha - 1) * t)


def rescale_zero_terminal_snr_sigmas(sigmas: Tensor) -> Tensor:
    """Stretched until the last level is pure noise (Lin et al., 2023)."""
    root = (1 / (sigmas.double() ** 2 + 1)).sqrt()
    kept = ((root - root[-1]) * (root[0] / (root[0] - root[-1]))) ** 2
    kept[-1] = 4.8973451890853435e-08
    return ((1 - kept) / kept).sqrt().to(sigmas.dtype)


# From one to the other


_KINDS: dict[str, type] = {
    "eps": EPS,
    "v": V_PREDICTION,
    "edm": EDM,
    "flow": CONST,
    "x0": X0,
    "image": IMG_TO_IMG,
    "consistency": _Consistency,
}
_LEVELS: dict[type, type] = {
    TrainingSteps: ModelSamplingDiscrete,
    LogSigma: ModelSamplingContinuousEDM,
    Angle: ModelSamplingContinuousV,
    Shifted: ModelSamplingDiscreteFlow,
    FluxShifted: ModelSamplingFlux,
}


def theirs(prediction: Prediction) -> Any:
    """An object of the classes above that answers exactly as the engine's prediction does."""
    if isinstance(prediction, OfPack):
        return prediction.sampling
    base = _LEVELS.get(type(prediction.levels), _Levelled)
    made = type("ModelSampling", (base, _KINDS[prediction.kind]), {"__module__": __name__})
    sampling = made.__new__(made)
    nn.Module.__init__(sampling)
    sampling.sigma_data = prediction.sigma_data
    for name in ("shift", "multiplier"):
        if hasattr(prediction.levels, name):
            setattr(sampling, name, getattr(prediction.levels, name))
    sampling._hold(prediction.levels)
    return sampling


@dataclass(frozen=True)
class _TheirLevels:
    sampling: Any

    @property
    def table(self) -> Tensor:
        return self.sampling.sigmas.detach().float().cpu()

    def timestep(self, sigma: Tensor) -> Tensor:
        return self.sampling.timestep(sigma)

    def sigma(self, timestep: Tensor) -> Tensor:
        return self.sampling.sigma(timestep)

    def at_percent(self, percent: float) -> float:
        return float(self.sampling.percent_to_sigma(percent))


@dataclass(frozen=True, eq=False)
class OfPack(Prediction):
    """A pack's own object in place of a prediction: it is asked for everything."""

    sampling: Any = field(default=None, repr=False)

    @property
    def sigma_min(self) -> float:
        return float(self.sampling.sigma_min)

    @property
    def sigma_max(self) -> float:
        return float(self.sampling.sigma_max)

    def at_percent(self, percent: float) -> float:
        return float(self.sampling.percent_to_sigma(percent))

    def into_network(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.sampling.calculate_input(_each(sigma, x), x)

    def denoised(self, x: Tensor, answer: Tensor, sigma: Tensor) -> Tensor:
        return self.sampling.calculate_denoised(_each(sigma, x), answer, x)

    def noised(self, latent: Tensor, noise: Tensor, sigma: Tensor, from_scratch: bool = False) -> Tensor:
        return self.sampling.noise_scaling(sigma, noise, latent, from_scratch)

    def finished(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.sampling.inverse_noise_scaling(sigma, x)


def _each(sigma: Tensor, x: Tensor) -> Tensor:
    """One level a picture."""
    return sigma.to(x.device).reshape(-1).expand(len(x))


def ours(sampling: Any, otherwise: Prediction) -> Prediction:
    """What the engine is given for such an object. otherwise: the model's own, for a kind that cannot be told."""
    kind: Any = getattr(sampling, "kind", otherwise.kind)
    return OfPack(kind, _TheirLevels(sampling), float(getattr(sampling, "sigma_data", 1.0)), sampling)
