# pyright: basic
# The shape of ComfyUI's classes: samplers of packs are called as they expect it.
"""SAMPLER as packs see and make it: `KSAMPLER` round a function of k-diffusion's form, and classes of their own.

Such a function is called `fn(model, x, sigmas, extra_args=..., callback=..., disable=..., **options)`, and calls
`model(x, sigma, **extra_args)` for the denoised latent. The engine's samplers are of another form
(`models.samplers`); `in_their_form` and `KSAMPLER.__call__` stand between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from models.denoise import Masked
from models.guiders import Guiding
from models.noise import Noise
from models.prediction import discrete
from models.sampler_table import SAMPLERS, SamplerChoice, choose
from models.samplers import Run, Step, ignore_step
from nodes.compat.handles.conds import entries_of
from nodes.compat.handles.options import each, level, same
from nodes.compat.stand_in import NotSupported

OPTIONS: Mapping[str, str] = {"solver_type": "solver", "solver": "solver_type"}
"""Options that we call otherwise; an option that a sampler of ours does not have is refused by Python itself."""


class AtWork:
    """The guider of a run, as samplers ask it: called, it gives the denoised latent, with no heed to a mask."""

    def __init__(self, denoise: Any, cfg: float = 1.0) -> None:
        guiding = guiding_of(denoise)
        self.denoise, self.cfg, self.conds = denoise, cfg, dict[str, Any]()
        self.run: Run | None = None
        self.inner_model: Any = None
        self.model_patcher: Any = None
        self.model_options: dict[str, Any] = {}
        if guiding is not None:
            from nodes.compat.handles.inner import running_model

            self.cfg = guiding.guider.cfg
            self.inner_model = running_model(guiding.guidance((), (), torch.zeros(0), torch.zeros(()), self.cfg))
            self.model_patcher = self.inner_model.current_patcher
            self.model_options = self.model_patcher.model_options
            self.conds = {name: entries_of(side) for name, side in guiding.sides.items()}

    def __call__(
        self, x: Tensor, sigma: Any, model_options: dict[str, Any] | None = None, seed: Any = None, **_: Any
    ) -> Tensor:
        return self.changed(model_options)(x, level(sigma))

    def changed(self, model_options: dict[str, Any] | None) -> Any:
        """What is asked, with a model of other options where these differ."""
        if model_options is None or self.inner_model is None or same(model_options, self.model_options):
            return self.denoise
        return with_model_options(self.denoise, self.inner_model.handle(model_options))

    predict_noise = __call__


class ModelWrap:
    """What a function of k-diffusion's form asks for the denoised latent: the guider, and the mask round it."""

    def __init__(self, denoise: Any, run: Run, sigmas: Tensor) -> None:
        self.run, self.sigmas = run, sigmas
        self.noise, self.latent_image = run.noise, run.latent
        self.inner_model = AtWork(denoise)
        self.denoise, self.model_options = denoise, self.inner_model.model_options

    def __call__(
        self,
        x: Tensor,
        sigma: Any,
        denoise_mask: Any = None,
        model_options: dict[str, Any] | None = None,
        seed: Any = None,
        **_: Any,
    ) -> Tensor:
        return self.inner_model(x, sigma, model_options, seed)


def guiding_of(denoise: Any) -> Guiding | None:
    while isinstance(denoise, Masked):
        denoise = denoise.denoise
    return denoise if isinstance(denoise, Guiding) else None


def with_model_options(denoise: Any, handle: Any) -> Any:
    """The same run with a model of other options."""
    if isinstance(denoise, Masked):
        return replace(denoise, denoise=with_model_options(denoise.denoise, handle))
    return replace(denoise, model=handle)


class Sampler:
    """What packs derive their own samplers from: `sample` makes the noisy latent and takes it to the last level."""

    def sample(
        self,
        model_wrap: Any,
        sigmas: Tensor,
        extra_args: dict[str, Any],
        callback: Any,
        noise: Tensor,
        latent_image: Any = None,
        denoise_mask: Any = None,
        disable_pbar: bool = False,
    ) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} is a sampler without a method `sample`")

    def max_denoise(self, model_wrap: Any, sigmas: Tensor) -> bool:
        first, most = float(sigmas[0]), float(model_wrap.inner_model.model_sampling.sigma_max)
        return first > most or abs(first - most) <= 1e-5 * most

    own_mask_noise = False

    def __call__(self, denoise: Any, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
        """As the engine calls its samplers. A mask is the pack's to see to, as it is in ComfyUI."""
        mask = denoise.mask if isinstance(denoise, Masked) else None
        guider = AtWork(denoise.denoise if isinstance(denoise, Masked) else denoise)
        guider.run = run
        extra = {"model_options": guider.model_options, "seed": run.seed}
        callback = _telling(run, len(sigmas) - 1)
        noise = x if run.noise is None else run.noise
        latent = torch.zeros_like(x) if run.latent is None else run.latent
        return self.sample(guider, sigmas.to(x.device), extra, callback, noise, latent, mask, True)


def _telling(run: Run, total: int) -> Callable[..., None]:
    """A callback (step, denoised, x, total) that reports to the engine."""
    return lambda step, denoised, x, count=total: run.on_step(Step(int(step) + 1, int(count), denoised, x))


class KSAMPLER(Sampler):
    """A sampler by a function of k-diffusion's form."""

    easel_choice: SamplerChoice | None = None
    """The engine's sampler that it was made of."""

    def __init__(
        self, sampler_function: Any, extra_options: Mapping[str, Any] = {}, inpaint_options: Mapping[str, Any] = {}
    ) -> None:
        self.sampler_function = sampler_function
        self.extra_options = dict(extra_options)
        self.inpaint_options = dict(inpaint_options)

    @property
    def own_mask_noise(self) -> bool:  # type: ignore[override]
        return bool(self.inpaint_options.get("random", False))

    def __call__(self, denoise: Any, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
        if type(self).sample is not KSAMPLER.sample:  # a pack's own way
            return super().__call__(denoise, x, sigmas, run)
        return self._walk(ModelWrap(denoise, run, sigmas), x, sigmas, run)

    def _walk(self, wrap: ModelWrap, x: Tensor, sigmas: Tensor, run: Run) -> Tensor:
        if isinstance(self.sampler_function, InTheirForm):
            return self.sampler_function.own(wrap.denoise, x, sigmas, run, self.extra_options)
        extra = {"model_options": wrap.model_options, "seed": run.seed}
        tell, total = _telling(run, len(sigmas) - 1), len(sigmas) - 1

        def callback(state: dict[str, Any]) -> None:
            tell(state["i"], state["denoised"], state["x"], total)

        return self.sampler_function(
            wrap, x, sigmas.to(x.device), extra_args=extra, callback=callback, disable=True, **self.extra_options
        )

    def sample(
        self,
        model_wrap: Any,
        sigmas: Tensor,
        extra_args: dict[str, Any],
        callback: Any,
        noise: Tensor,
        latent_image: Any = None,
        denoise_mask: Any = None,
        disable_pbar: bool = False,
    ) -> Tensor:
        """From noise and a latent to the last level, by the guider of a run."""
        run = getattr(model_wrap, "run", None)
        if not isinstance(model_wrap, AtWork) or run is None:
            raise NotSupported("A node runs a sampler on a model that was not made ready by a guider of Easel's.")
        sampling = model_wrap.inner_model.model_sampling
        latent = torch.zeros_like(noise) if latent_image is None else latent_image
        x = sampling.noise_scaling(sigmas[0], noise, latent, self.max_denoise(model_wrap, sigmas))
        if callback is not None:
            run = replace(run, on_step=lambda step: callback(step.index - 1, step.denoised, step.x, step.total))
        denoise = model_wrap.denoise
        if denoise_mask is not None:
            denoise = Masked(denoise, denoise_mask, latent, noise, run.prediction.noised, sigmas.cpu())
        done = self._walk(ModelWrap(denoise, run, sigmas), x, sigmas.cpu(), run)
        return sampling.inverse_noise_scaling(sigmas[-1], done)


# The engine's samplers in k-diffusion's form


@dataclass(frozen=True)
class _GivenNoise(Run):
    """A run whose noise comes from a pack."""

    noise_sampler: Any = None

    def fresh(self, x: Tensor) -> Noise:
        return self.noise_sampler

    def brownian(self, x: Tensor, sigmas: Tensor) -> Noise:
        return self.noise_sampler


class _Asked:
    """A pack's model as the engine's samplers ask it."""

    def __init__(self, model: Any, extra_args: Mapping[str, Any]) -> None:
        self.model, self.extra = model, dict(extra_args)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.model(x, each(sigma, x), **self.extra)

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The guided latent and what the negative side says, which a function after guidance gets to see."""
        from nodes.compat.handles.patcher import set_model_options_post_cfg_function

        found: list[Tensor] = []

        def look(args: dict[str, Any]) -> Tensor:
            found[:] = [args["uncond_denoised"]]
            return args["denoised"]

        options = dict(self.extra.get("model_options") or getattr(self.model, "model_options", {}))
        options = set_model_options_post_cfg_function(options, look, disable_cfg1_optimization=True)
        denoised = self.model(x, each(sigma, x), **{**self.extra, "model_options": options})
        if not found:
            raise NotSupported(
                "This sampler (one with _cfg_pp in its name) needs to know what the negative prompt alone gives, "
                "and the guider that was connected does not say. Choose another sampler."
            )
        return denoised, found[0]


class InTheirForm:
    """One of the engine's samplers, to be called as k-diffusion's are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.function = SAMPLERS[name]
        self.__name__ = self.__qualname__ = f"sample_{name}"
        self.__doc__ = self.function.__doc__

    def own(self, denoise: Any, x: Tensor, sigmas: Tensor, run: Run, options: Mapping[str, Any]) -> Tensor:
        return self.function(denoise, x, sigmas, run, **self._options(options))

    def _options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        import inspect

        parameters = inspect.signature(self.function).parameters
        return {name if name in parameters else OPTIONS.get(name, name): value for name, value in options.items()}

    def __call__(
        self,
        model: Any,
        x: Tensor,
        sigmas: Tensor,
        extra_args: Mapping[str, Any] | None = None,
        callback: Any = None,
        disable: Any = None,
        noise_sampler: Any = None,
        **options: Any,
    ) -> Tensor:
        extra = dict(extra_args or {})
        seed = extra.get("seed")
        on_step = ignore_step if callback is None else _shown(callback, sigmas)
        made = (0 if seed is None else int(seed), on_step, _prediction(model))
        run = Run(*made) if noise_sampler is None else _GivenNoise(*made, noise_sampler=noise_sampler)
        known = isinstance(model, ModelWrap) and same(
            extra.get("model_options", model.model_options), model.model_options
        )
        denoise = model.denoise if known else _Asked(model, extra)
        return self.own(denoise, x, sigmas.float().cpu(), run, options)

    def __repr__(self) -> str:
        return f"<{self.__name__}>"


def _shown(callback: Any, sigmas: Tensor) -> Callable[[Step], None]:
    def on_step(step: Step) -> None:
        sigma = sigmas[step.index - 1]
        made = {"x": step.x, "i": step.index - 1, "sigma": sigma, "sigma_hat": sigma, "denoised": step.denoised}
        callback(made)

    return on_step


def _prediction(model: Any) -> Any:
    """The levels of the model that a sampler was given; of a model that says nothing, Stable Diffusion's."""
    from nodes.compat.handles import model_sampling

    if isinstance(model, ModelWrap):
        return model.run.prediction
    usual = discrete("eps")
    try:
        return model_sampling.ours(model.inner_model.inner_model.model_sampling, usual)
    except AttributeError:
        return usual


@lru_cache(maxsize=64)
def in_their_form(name: str) -> InTheirForm:
    """The engine's sampler of this name. KeyError where there is none."""
    return InTheirForm(name)


def as_ksampler(choice: SamplerChoice) -> KSAMPLER:
    """A sampler of the engine's, as packs see it."""
    made = KSAMPLER(_form_of(choice), choice.options, {"random": True} if choice.own_mask_noise else {})
    made.easel_choice = choice
    return made


def _form_of(choice: SamplerChoice) -> InTheirForm:
    if SAMPLERS.get(choice.name) is choice.function:
        return in_their_form(choice.name)
    made = InTheirForm.__new__(InTheirForm)
    made.name, made.function = choice.name, choice.function
    made.__name__ = made.__qualname__ = f"sample_{choice.name}"
    return made


def engine_sampler(sampler: Any) -> Any:
    """What the engine calls for a SAMPLER: its own choice where a pack left it as it was."""
    choice = getattr(sampler, "easel_choice", None)
    if choice is None or type(sampler) is not KSAMPLER:
        return sampler
    untouched = (
        isinstance(sampler.sampler_function, InTheirForm) and sampler.sampler_function.function is choice.function
    )
    return choice if untouched and sampler.extra_options == dict(choice.options) else sampler


def sampler_named(name: str, **options: Any) -> Any:
    """A sampler by name: ours, or what a pack has put into `comfy.k_diffusion.sampling` under `sample_NAME`."""
    if name in SAMPLERS:
        return choose(name, **options)
    import sys

    table = sys.modules.get("comfy.k_diffusion.sampling")
    function = getattr(table, f"sample_{name}", None) if table is not None else None
    return choose(name, **options) if function is None else KSAMPLER(function, options)
