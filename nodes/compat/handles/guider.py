# pyright: basic
# The shape of ComfyUI's classes: packs derive from them and call what they know.
"""`comfy.samplers`: guidance by functions and by `CFGGuider`, which packs derive from; and what goes round it.

A pack's guider becomes one of the engine's by `engine_guider`: `sampling.sample` then runs the pack's own `sample`, and
each step asks its `predict_noise`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from models import guiders
from models.denoise import predict
from models.guiders import Guider, Guiding
from models.sampler_table import SamplerChoice
from models.sampling import GivenNoise, Sampled, Step, in_channels, sample
from nodes.compat.handles import conds
from nodes.compat.handles.inner import BaseModel, running_model
from nodes.compat.handles.model import PackModel, handle_of
from nodes.compat.handles.options import each, level
from nodes.compat.handles.samplers import as_ksampler, engine_sampler
from nodes.compat.host import running
from nodes.compat.stand_in import NotSupported, Partly


def _check() -> Callable[[], None]:
    context = running()
    return context.check if context is not None else lambda: None


# Functions of one step


def calc_cond_batch(
    model: Any, conds_: Sequence[Any], x_in: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None
) -> list[Tensor]:
    """The denoised latent of each list of conditions; 0 for None."""
    inner = _inner(model)
    sides = [conds.conditions_of(side) for side in conds_]
    guidance = inner._guidance
    sigmas = None if guidance is None else guidance.sigmas
    return predict(inner.handle(model_options), sides, x_in, level(timestep), _check(), sigmas)


def cfg_function(
    model: Any,
    cond_pred: Tensor,
    uncond_pred: Tensor,
    cond_scale: float,
    x: Tensor,
    timestep: Tensor,
    model_options: dict[str, Any] | None = None,
    cond: Any = None,
    uncond: Any = None,
) -> Tensor:
    """The answers of both sides mixed, as the model's options have it."""
    guiding, sides = _guiding(_inner(model), model_options), [conds.conditions_of(side) for side in (cond, uncond)]
    guidance = guiding.guidance(sides, (cond_pred, uncond_pred), x, level(timestep), cond_scale)
    return guiding.classifier_free(guidance)


def sampling_function(
    model: Any,
    x: Tensor,
    timestep: Tensor,
    uncond: Any,
    cond: Any,
    cond_scale: float,
    model_options: dict[str, Any] | None = None,
    seed: Any = None,
) -> Tensor:
    """A whole step: both sides asked, and mixed."""
    guiding = _guiding(_inner(model), model_options, cond_scale)
    sides = {"positive": conds.conditions_of(cond) or [], "negative": conds.conditions_of(uncond) or []}
    if uncond is None:
        sides.pop("negative")
    step = replace(guiding, sides=sides)
    return guiders.cfg(guiding.model, [], [], cond_scale).mix(step, x, level(timestep))[0]


def _inner(model: Any) -> BaseModel:
    if isinstance(model, BaseModel):
        return model
    view = model if isinstance(model, PackModel) else PackModel.of(handle_of(model))
    return view.model


def _guiding(inner: BaseModel, model_options: dict[str, Any] | None, cfg: float = 1.0) -> Guiding:
    handle, guidance = inner.handle(model_options), inner._guidance
    sigmas = torch.zeros(0) if guidance is None else guidance.sigmas
    return Guiding(guiders.cfg(handle, [], [], cfg), handle, {}, sigmas, _check())


# The guider


class CFGGuider(metaclass=Partly, known_as="comfy.samplers.CFGGuider"):
    """Two prompts and a scale. What packs override: set_conds, predict_noise, and sample or what it calls."""

    def __init__(self, model_patcher: Any) -> None:
        self.model_patcher = model_patcher if isinstance(model_patcher, PackModel) else PackModel.of(model_patcher)
        self.model_options = self.model_patcher.model_options
        self.original_conds: dict[str, list[dict[str, Any]]] = {}
        self.cfg = 1.0
        self.conds: dict[str, Any] = {}
        self.inner_model: Any = None
        self.loaded_models: list[Any] = []

    def set_conds(self, positive: Any, negative: Any) -> None:
        self.inner_set_conds({"positive": positive, "negative": negative})

    def set_cfg(self, cfg: float) -> None:
        self.cfg = cfg

    def inner_set_conds(self, conds_: Mapping[str, Any]) -> None:
        for name, given in conds_.items():
            self.original_conds[name] = conds.convert_cond(given)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.outer_predict_noise(*args, **kwargs)

    def outer_predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: Any = None
    ) -> Tensor:
        return self.predict_noise(x, timestep, self.model_options if model_options is None else model_options, seed)

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: Any = None
    ) -> Tensor:
        """The denoised latent of one step, guided."""
        sides = self.conds.get("negative"), self.conds.get("positive")
        return sampling_function(self.inner_model, x, timestep, *sides, self.cfg, model_options, seed)

    def sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: Any,
        sigmas: Tensor,
        denoise_mask: Any = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: Any = None,
    ) -> Tensor:
        """A whole run: from noise and a latent to a latent, both as the VAE scales them."""
        if len(sigmas) == 0:
            return latent_image
        return self.outer_sample(noise, latent_image, sampler, sigmas, denoise_mask, callback, disable_pbar, seed)

    def outer_sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        sampler: Any,
        sigmas: Tensor,
        denoise_mask: Any = None,
        callback: Any = None,
        disable_pbar: bool = False,
        seed: Any = None,
        latent_shapes: Any = None,
    ) -> Tensor:
        self.inner_model = self.model_patcher.model
        self.conds = {name: list(given) for name, given in self.original_conds.items()}
        device = self.model_patcher.load_device
        try:
            run = (noise, latent_image, device, sampler, sigmas, denoise_mask, callback, disable_pbar, seed)
            return self.inner_sample(*run)
        finally:
            self.conds, self.inner_model = {}, None

    def inner_sample(
        self,
        noise: Tensor,
        latent_image: Tensor,
        device: Any,
        sampler: Any,
        sigmas: Tensor,
        denoise_mask: Any,
        callback: Any,
        disable_pbar: bool,
        seed: Any,
        latent_shapes: Any = None,
    ) -> Tensor:
        latent: dict[str, Any] = {"samples": latent_image}
        if denoise_mask is not None:
            latent["noise_mask"] = denoise_mask
        given = GivenNoise(noise, 0 if seed is None else int(seed))
        chosen, tell = engine_sampler(sampler), _telling(callback)
        found = sample(self._engine(), latent, given, sigmas, chosen, on_step=tell, check=_check())
        return found.latent["samples"]

    def _engine(self) -> Guider:
        """As a guider of the engine's, whose steps are ours."""
        view = self.model_patcher
        view.model_options = self.model_options
        sides = {name: conds.as_conditioning(given) for name, given in self.original_conds.items()}
        return Guider(view.frozen(), sides, self._mix, self.cfg)

    def _mix(self, run: Guiding, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        guidance = run.guidance((), (), x, sigma, self.cfg)
        self.inner_model = running_model(guidance)
        self.conds = {name: conds.entries_of(side) for name, side in run.sides.items()}
        seen: list[Tensor] = []
        options = self.inner_model.options_now()
        if run.options.negative_always:

            def look(args: dict[str, Any]) -> Tensor:
                seen[:] = [args["uncond_denoised"]]
                return args["denoised"]

            options = {**options, "sampler_post_cfg_function": [*options.get("sampler_post_cfg_function", []), look]}
        denoised = self.outer_predict_noise(x, each(sigma, x), options, None)
        return denoised, seen[0] if seen else denoised


def _telling(callback: Any) -> Callable[[Step], None]:
    if callback is None:
        return lambda step: None
    return lambda step: callback(step.index - 1, step.denoised, step.x, step.total)


@dataclass(frozen=True)
class OwnRun:
    """A whole run by a pack's guider, in place of `sampling.sample`."""

    guider: CFGGuider

    def __call__(self, latent: Any, noise: Any, sigmas: Tensor, sampler: Any, on_step: Any, check: Any) -> Sampled:
        guider, last = self.guider, list[Tensor]()

        def callback(step: int, denoised: Tensor, x: Tensor, total: int) -> None:
            check()
            last[:] = [denoised]
            on_step(Step(step + 1, total, denoised, x))

        start = in_channels(guider.model_patcher.frozen(), latent["samples"])
        drawn = noise.generate_noise({**latent, "samples": start})
        shown = as_ksampler(sampler) if isinstance(sampler, SamplerChoice) else sampler
        mask = latent.get("noise_mask")
        done = guider.sample(
            drawn, start, shown, sigmas, denoise_mask=mask, callback=callback, disable_pbar=True, seed=noise.seed
        ).cpu()
        picture = guider.model_patcher.model.process_latent_out(last[0].cpu()) if last else done
        return Sampled({**latent, "samples": done}, {**latent, "samples": picture})


def engine_guider(guider: CFGGuider) -> Guider:
    """A pack's guider, as the engine runs it: by its own `sample`. One of the engine's that is unchanged, itself."""
    if isinstance(guider, SeenGuider) and guider.unchanged():
        return guider.easel_guider
    return replace(guider._engine(), own_run=OwnRun(guider))


def seen_guider(guider: Guider) -> CFGGuider:
    """A guider, as packs see it."""
    return guider.own_run.guider if isinstance(guider.own_run, OwnRun) else SeenGuider(guider)


class SeenGuider(CFGGuider):
    """A guider of the engine's, as packs see it; steps are mixed by the engine."""

    def __init__(self, guider: Guider) -> None:
        super().__init__(PackModel.of(guider.model))
        self.easel_guider = guider
        self.cfg = guider.cfg
        self.inner_set_conds(guider.sides)
        self._given = dict(self.original_conds)

    def set_conds(self, *conditionings: Any) -> None:
        """One for each of its sides, in their order: positive, ..., negative."""
        self.inner_set_conds(dict(zip(self.easel_guider.sides, conditionings, strict=False)))

    def set_cfg(self, *scales: float) -> None:
        if len(scales) != 1 or len(self.easel_guider.sides) > 2:
            raise NotSupported(
                "A node sets the scales of a guider of two prompts, which Easel's has from its node alone."
            )
        self.cfg = scales[0]

    def unchanged(self) -> bool:
        same = self.original_conds.keys() == self._given.keys() and all(
            self.original_conds[name] is given for name, given in self._given.items()
        )
        same = same and self.cfg == self.easel_guider.cfg
        return same and self.model_patcher.frozen() is self.easel_guider.model

    def _engine(self) -> Guider:
        made = super()._engine()
        return replace(self.easel_guider, model=made.model, sides=made.sides, cfg=self.cfg, own_run=None)

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: Any = None
    ) -> Tensor:
        raise NotSupported("A node asks another node's guider for a single step, which Easel cannot do outside a run.")
