"""Samplers: from noise to latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from graph.context import Context
from graph.node import Choice, Int, Seed, Slider, node
from models.sampler_table import SAMPLERS
from models.sampling import SCHEDULERS, Step, ksample
from nodes.context import present
from nodes.previews import previewer
from nodes.values import Conditioning, Latent, Model

Steps = Annotated[int, Int(min=1, max=10000, tooltip="More steps take longer and leave less noise; 20 is usual.")]
Cfg = Annotated[
    float,
    Slider(
        min=0.0,
        max=100.0,
        step=0.1,
        round=0.01,
        tooltip="How strictly the prompt is followed. Too much makes colours harsh.",
    ),
]
Sampler = Annotated[str, Choice(options=tuple(SAMPLERS), tooltip="How each step is taken.")]
Scheduler = Annotated[str, Choice(options=SCHEDULERS, tooltip="How much noise each step takes away.")]
NOISE_SEED = Seed(tooltip="Which noise to begin with: the same seed gives the same picture.")


@node(
    "KSampler",
    category="sampling",
    tooltips=("The latents with the noise taken away.",),
    search_aliases=("sampler", "denoise", "draw"),
)
def ksampler(
    model: Model,
    *,
    seed: Annotated[int, NOISE_SEED] = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: Sampler,
    scheduler: Scheduler,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Annotated[
        float,
        Slider(min=0.0, max=1.0, step=0.01, tooltip="1 draws anew; less keeps more of the latent that came in."),
    ] = 1.0,
    context: Context,
) -> Latent:
    """Take noise away from latents, step by step, guided by two prompts."""
    model = present(model, "MODEL")
    return ksample(
        model,
        positive,
        negative,
        latent_image,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=denoise,
        on_step=report(context, model),
        check=context.check,
    )


@node("KSamplerAdvanced", category="sampling", title="KSampler (Advanced)")
def ksampler_advanced(
    model: Model,
    *,
    add_noise: Annotated[str, Choice(options=("enable", "disable"))],
    noise_seed: Annotated[int, NOISE_SEED] = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: Sampler,
    scheduler: Scheduler,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: Annotated[int, Int(min=0, max=10000)] = 0,
    end_at_step: Annotated[int, Int(min=0, max=10000)] = 10000,
    return_with_leftover_noise: Annotated[str, Choice(options=("disable", "enable"))],
    context: Context,
) -> Latent:
    """Take some of the steps only, so that another sampler can begin or finish them."""
    model = present(model, "MODEL")
    return ksample(
        model,
        positive,
        negative,
        latent_image,
        seed=noise_seed,
        steps=steps,
        cfg=cfg,
        sampler=sampler_name,
        scheduler=scheduler,
        denoise=1.0,
        start_step=start_at_step,
        last_step=end_at_step,
        add_noise=add_noise == "enable",
        force_full_denoise=return_with_leftover_noise == "disable",
        on_step=report(context, model),
        check=context.check,
    )


def report(context: Context, model: Model) -> Callable[[Step], None]:
    """After each step: how far it is, and now and then a picture of it."""
    preview = previewer(context, model)

    def on_step(step: Step) -> None:
        context.progress(step.index, step.total)
        if preview is not None and (jpeg := preview(step.denoised, last=step.index == step.total)) is not None:
            context.preview(jpeg, sketch=True)

    return on_step
