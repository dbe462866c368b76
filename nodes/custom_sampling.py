"""Sampling put together from parts: a guider, a sampler, levels of noise, and the noise itself."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import Choice, Seed, Slider, Toggle, node
from models import guiders
from models.sampling import NoNoise, SeededNoise, noisy_latent, sample
from nodes.context import present
from nodes.sampling import Cfg, report
from nodes.values import Conditioning, Guider, Latent, Model, Noise, Sampler, Sigmas

NOISE_SEED = Seed(tooltip="Which noise to begin with: the same seed gives the same picture.")
OUTPUTS = ("output", "denoised_output")
TOOLTIPS = ("As noisy as the last level of noise says.", "What the model took for the picture in the last step.")


@node("SamplerCustom", category="sampling/custom_sampling", outputs=OUTPUTS, tooltips=TOOLTIPS)
def sampler_custom(
    model: Model,
    *,
    add_noise: Annotated[bool, Toggle()] = True,
    noise_seed: Annotated[int, NOISE_SEED] = 0,
    cfg: Cfg = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    context: Context,
) -> tuple[Latent, Latent]:
    """Take noise away along levels of your own choice, guided by two prompts."""
    model = present(model, "MODEL")
    noise = SeededNoise(noise_seed) if add_noise else NoNoise(noise_seed)
    guider = guiders.cfg(model, positive, negative, cfg)
    return tuple(
        sample(guider, latent_image, noise, sigmas, sampler, on_step=report(context, model), check=context.check)
    )


@node("SamplerCustomAdvanced", category="sampling/custom_sampling", outputs=OUTPUTS, tooltips=TOOLTIPS)
def sampler_custom_advanced(
    noise: Noise, guider: Guider, sampler: Sampler, sigmas: Sigmas, latent_image: Latent, context: Context
) -> tuple[Latent, Latent]:
    """Take noise away along levels of your own choice, with a guider that says how prompts are followed."""
    on_step = report(context, guider.model)
    return tuple(sample(guider, latent_image, noise, sigmas, sampler, on_step=on_step, check=context.check))


@node("BasicGuider", category="sampling/custom_sampling/guiders")
def basic_guider(model: Model, conditioning: Conditioning) -> Guider:
    """Follow one prompt as it is: for models that were distilled to need no guidance, such as Flux and Turbo ones."""
    return guiders.basic(present(model, "MODEL"), conditioning)


@node("CFGGuider", category="sampling/custom_sampling/guiders")
def cfg_guider(model: Model, positive: Conditioning, negative: Conditioning, cfg: Cfg = 8.0) -> Guider:
    """Steer towards one prompt and away from another."""
    return guiders.cfg(present(model, "MODEL"), positive, negative, cfg)


@node("DualCFGGuider", category="sampling/custom_sampling/guiders")
def dual_cfg_guider(
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: Cfg = 8.0,
    cfg_cond2_negative: Cfg = 8.0,
    *,
    style: Annotated[str, Choice(options=("regular", "nested"), tooltip="nested: mix the two prompts first.")],
) -> Guider:
    """Steer by two prompts, each with a strength of its own: the first away from the second, that from the negative."""
    return guiders.dual(
        present(model, "MODEL"), cond1, cond2, negative, cfg_conds, cfg_cond2_negative, style == "nested"
    )


@node("PerpNegGuider", category="_for_testing", experimental=True)
def perp_neg_guider(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    empty_conditioning: Conditioning,
    cfg: Cfg = 8.0,
    neg_scale: Annotated[float, Slider(min=0.0, max=100.0, step=0.01)] = 1.0,
) -> Guider:
    """Steer away from only that part of the negative prompt which does not work against the positive one."""
    return guiders.perp_neg(present(model, "MODEL"), positive, negative, empty_conditioning, cfg, neg_scale)


@node("RandomNoise", category="sampling/custom_sampling/noise")
def random_noise(noise_seed: Annotated[int, NOISE_SEED] = 0) -> Noise:
    """Noise to begin with, drawn from a seed."""
    return SeededNoise(noise_seed)


@node("DisableNoise", category="sampling/custom_sampling/noise")
def disable_noise() -> Noise:
    """No noise: for latents that are noisy already."""
    return NoNoise()


@node("AddNoise", category="_for_testing/custom_sampling/noise")
def add_noise(model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Make a latent as noisy as lies between the first and the last of some levels."""
    return noisy_latent(present(model, "MODEL"), noise, sigmas, latent_image)
