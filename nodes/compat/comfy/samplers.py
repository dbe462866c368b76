# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.samplers`: names of samplers and schedulers, guiders, and runs of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from models import guiders
from models import sampling as engine
from models.denoise import Masked
from models.prediction import discrete
from models.sampler_table import SAMPLERS
from models.samplers import ignore_step
from models.sampling import SCHEDULERS, GivenNoise, NoNoise, SeededNoise, Step
from models.schedules import ONE_MORE, SCHEDULES
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.handles import conds as entries
from nodes.compat.handles import model_sampling as sampling_objects
from nodes.compat.handles.added_names import Names, add_sampler, add_scheduler
from nodes.compat.handles.guider import CFGGuider, calc_cond_batch, cfg_function, sampling_function
from nodes.compat.handles.model import PackModel, handle_of
from nodes.compat.handles.options import level
from nodes.compat.handles.samplers import KSAMPLER, Sampler, engine_sampler, sampler_named
from nodes.compat.host import running

__all__ = [
    "KSAMPLER",
    "KSAMPLER_NAMES",
    "SAMPLER_NAMES",
    "SCHEDULER_HANDLERS",
    "SCHEDULER_NAMES",
    "CFGGuider",
    "KSampler",
    "KSamplerX0Inpaint",
    "Sampler",
    "SchedulerHandler",
    "beta_scheduler",
    "calc_cond_batch",
    "calculate_sigmas",
    "cfg_function",
    "ddim_scheduler",
    "ksampler",
    "normal_scheduler",
    "process_conds",
    "sample",
    "sampler_object",
    "sampling_function",
    "simple_scheduler",
]

SAMPLER_NAMES: list[str] = Names(SAMPLERS, add_sampler)
"""Packs add names of their own, whose functions they put into `comfy.k_diffusion.sampling`."""
KSAMPLER_NAMES = [name for name in SAMPLER_NAMES if name not in ("ddim", "uni_pc", "uni_pc_bh2")]
SCHEDULER_NAMES: list[str] = Names(SCHEDULERS, add_scheduler)


class SchedulerHandler(NamedTuple):
    """A schedule: of a model's levels, or of its table alone where `use_ms` is False."""

    handler: Callable[..., Tensor]
    use_ms: bool = True


def _handler(name: str) -> SchedulerHandler:
    return SchedulerHandler(lambda model_sampling, steps: SCHEDULES[name](_levels(model_sampling), steps))


SCHEDULER_HANDLERS: dict[str, SchedulerHandler] = {name: _handler(name) for name in SCHEDULERS}
"""Packs add handlers of their own."""

_OURS = dict(SCHEDULER_HANDLERS)


def _levels(model_sampling: Any) -> Any:
    """A prediction that stands for such an object."""
    return sampling_objects.ours(model_sampling, discrete("eps"))


def simple_scheduler(model_sampling: Any, steps: int) -> Tensor:
    return SCHEDULES["simple"](_levels(model_sampling), steps)


def ddim_scheduler(model_sampling: Any, steps: int) -> Tensor:
    return SCHEDULES["ddim_uniform"](_levels(model_sampling), steps)


def normal_scheduler(model_sampling: Any, steps: int, sgm: bool = False, floor: bool = False) -> Tensor:
    return SCHEDULES["sgm_uniform" if sgm else "normal"](_levels(model_sampling), steps)


def beta_scheduler(model_sampling: Any, steps: int, alpha: float = 0.6, beta: float = 0.6) -> Tensor:
    return SCHEDULES["beta"](_levels(model_sampling), steps, alpha=alpha, beta=beta)  # type: ignore[call-arg]


def calculate_sigmas(model_sampling: Any, scheduler_name: str, steps: int) -> Tensor:
    """The levels of a run, (steps + 1,)."""
    handler = SCHEDULER_HANDLERS.get(scheduler_name)
    if handler is None:
        raise ValueError(f"There is no scheduler {scheduler_name!r}. Choose one of {', '.join(SCHEDULER_HANDLERS)}.")
    if handler.use_ms or handler is _OURS.get(scheduler_name):
        return handler.handler(model_sampling, steps)
    return handler.handler(
        n=steps, sigma_min=float(model_sampling.sigma_min), sigma_max=float(model_sampling.sigma_max)
    )


def ksampler(sampler_name: str, extra_options: Any = None, inpaint_options: Any = None) -> KSAMPLER:
    """A sampler by name, ours or one that a pack has put into `comfy.k_diffusion.sampling`."""
    found = sampler_named(sampler_name, **(extra_options or {}))
    made = for_pack(found)
    if inpaint_options:
        made.inpaint_options = dict(inpaint_options)
    return made


def sampler_object(name: str) -> KSAMPLER:
    return ksampler(name)


class KSamplerX0Inpaint:
    """A model with a mask: what the mask leaves out stays the latent. For samplers of packs' own."""

    def __init__(self, model: Any, sigmas: Tensor) -> None:
        self.inner_model, self.sigmas = model, sigmas
        self.latent_image: Any = None
        self.noise: Any = None

    def __call__(
        self, x: Tensor, sigma: Tensor, denoise_mask: Any, model_options: Any = None, seed: Any = None
    ) -> Tensor:
        options = {} if model_options is None else {"model_options": model_options}
        if denoise_mask is None:
            return self.inner_model(x, sigma, **options, seed=seed)
        prediction = sampling_objects.ours(self.inner_model.inner_model.model_sampling, discrete("eps"))

        def asked(x: Tensor, sigma: Tensor) -> Tensor:
            return self.inner_model(x, sigma, **options, seed=seed)

        around: Any = asked
        masked = Masked(around, denoise_mask, self.latent_image, self.noise, prediction.noised, self.sigmas)
        return masked(x, level(sigma))


def process_conds(
    model: Any,
    noise: Tensor,
    conds: dict[str, Any],
    device: Any,
    latent_image: Any = None,
    denoise_mask: Any = None,
    seed: Any = None,
    latent_shapes: Any = None,
) -> dict[str, Any]:
    """Prompts by side made ready for a run over this noise."""
    from models.conditions import Ready, prepare_sides

    handle = handle_of(model)
    where = handle.device
    latent = torch.zeros_like(noise) if latent_image is None else latent_image
    ready = Ready(
        handle,
        noise.to(where),
        latent.to(where),
        denoise_mask,
        0 if seed is None else int(seed),
        handle.prediction.sigmas.flip(0),
    )
    sides: dict[str, Any] = {name: entries.as_conditioning(given) for name, given in conds.items()}
    return {name: entries.entries_of(found) for name, found in prepare_sides(sides, ready).items()}


# Runs


def _telling(callback: Any) -> Callable[[Step], None]:
    if callback is None:
        return ignore_step
    return lambda step: callback(step.index - 1, step.denoised, step.x, step.total)


def _check() -> Callable[[], None]:
    context = running()
    return context.check if context is not None else lambda: None


def run(
    model: Any,
    noise: Any,
    positive: Any,
    negative: Any,
    cfg: float,
    sampler: Any,
    sigmas: Tensor,
    latent: dict[str, Any],
    seed: Any = None,
    on_step: Callable[[Step], None] = ignore_step,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """A LATENT from noise, two prompts, a sampler and levels. noise: as `_noise` has it."""
    prompts = [from_pack(entries.conditioning_of(given)) for given in (positive, negative)]
    guider = guiders.cfg(handle_of(model), prompts[0], prompts[1], cfg)
    chosen = engine_sampler(sampler)
    made = engine.sample(guider, latent, _noise(noise, seed), sigmas, chosen, on_step=on_step, check=check or _check())
    return made.latent


def _noise(noise: Any, seed: Any) -> Any:
    """None: drawn from the seed. 0: none at all. Or a tensor."""
    number = 0 if seed is None else int(seed)
    if noise is None:
        return SeededNoise(number)
    return GivenNoise(noise, number) if isinstance(noise, Tensor) else NoNoise(number)


def sample_latent(
    model: Any,
    latent: dict[str, Any],
    *,
    seed: Any,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    denoise: float | None = 1.0,
    noise: Any = None,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
    sigmas: Tensor | None = None,
    on_step: Callable[[Step], None] = ignore_step,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """What KSampler does, with names that packs have added as well."""
    chosen = KSampler(model, steps, None, sampler_name, scheduler, denoise)
    levels = chosen.levels(start_step, last_step, force_full_denoise, sigmas)
    sampler = sampler_named(sampler_name)
    return run(model, noise, positive, negative, cfg, sampler, levels, latent, seed, on_step, check)


class KSampler:
    """Steps, a sampler and a scheduler for a model. SAMPLERS and SCHEDULERS are the names; packs add theirs."""

    SCHEDULERS = SCHEDULER_NAMES
    SAMPLERS = SAMPLER_NAMES
    DISCARD_PENULTIMATE_SIGMA_SAMPLERS = set(ONE_MORE)  # noqa: RUF012

    def __init__(
        self,
        model: Any,
        steps: int,
        device: Any,
        sampler: str | None = None,
        scheduler: str | None = None,
        denoise: float | None = None,
        model_options: Any = None,
    ) -> None:
        self.model = model if isinstance(model, PackModel) else PackModel.of(handle_of(model))
        self.device = device
        self.sampler: str = sampler if sampler is not None and sampler in self.SAMPLERS else self.SAMPLERS[0]
        known = scheduler is not None and scheduler in self.SCHEDULERS
        self.scheduler: str = scheduler if known else self.SCHEDULERS[0]  # type: ignore[assignment]
        self.model_options = model_options or self.model.model_options
        self.denoise = denoise
        self.set_steps(steps, denoise)

    def calculate_sigmas(self, steps: int) -> Tensor:
        longer = self.sampler in self.DISCARD_PENULTIMATE_SIGMA_SAMPLERS
        sampling = self.model.get_model_object("model_sampling")
        sigmas = calculate_sigmas(sampling, self.scheduler, steps + 1 if longer else steps)
        return torch.cat([sigmas[:-2], sigmas[-1:]]) if longer else sigmas

    def set_steps(self, steps: int, denoise: float | None = None) -> None:
        self.steps = steps
        if denoise is None or denoise > 0.9999:
            self.sigmas = self.calculate_sigmas(steps)
        elif denoise <= 0.0:
            self.sigmas = torch.empty(0)
        else:
            self.sigmas = self.calculate_sigmas(int(steps / denoise))[-(steps + 1) :]

    def levels(
        self,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
        sigmas: Tensor | None = None,
    ) -> Tensor:
        """Those of the part of the run that is asked for."""
        found = self.sigmas if sigmas is None else sigmas
        if last_step is not None and last_step < len(found) - 1:
            found = found[: last_step + 1].clone()
            if force_full_denoise:
                found[-1] = 0
        if start_step is not None:
            found = found[start_step:] if start_step < len(found) - 1 else found[:0]
        return found

    def sample(
        self,
        noise: Tensor,
        positive: Any,
        negative: Any,
        cfg: float,
        latent_image: Tensor | None = None,
        start_step: int | None = None,
        last_step: int | None = None,
        force_full_denoise: bool = False,
        denoise_mask: Tensor | None = None,
        sigmas: Tensor | None = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: Any = None,
    ) -> Tensor:
        levels = self.levels(start_step, last_step, force_full_denoise, sigmas)
        latent = torch.zeros_like(noise) if latent_image is None else latent_image
        if len(levels) == 0:
            return latent
        view = self.model
        if self.model_options is not view.model_options:
            view = view.clone()
            view.model_options = self.model_options
        given: dict[str, Any] = {"samples": latent}
        if denoise_mask is not None:
            given["noise_mask"] = denoise_mask
        sampler = sampler_named(self.sampler)
        made = run(view, noise, positive, negative, cfg, sampler, levels, given, seed, _telling(callback))
        return made["samples"]


def sample(
    model: Any,
    noise: Tensor,
    positive: Any,
    negative: Any,
    cfg: float,
    device: Any,
    sampler: Any,
    sigmas: Tensor,
    model_options: Any = None,
    latent_image: Tensor | None = None,
    denoise_mask: Tensor | None = None,
    callback: Any = None,
    disable_pbar: bool = False,
    seed: Any = None,
) -> Tensor:
    """A run of any sampler over any levels, by two prompts."""
    guider = CFGGuider(model)
    if model_options:
        guider.model_options = model_options
    guider.set_conds(from_pack(positive), from_pack(negative))
    guider.set_cfg(cfg)
    latent = torch.zeros_like(noise) if latent_image is None else latent_image
    return guider.sample(noise, latent, sampler, sigmas, denoise_mask, callback, disable_pbar, seed)
