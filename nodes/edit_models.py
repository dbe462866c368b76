"""What Flux and models that edit pictures read from a prompt: the guidance they were taught, pictures to go by."""

from __future__ import annotations

from typing import Annotated

from graph.node import Choice, Slider, node
from nodes.inpaint import with_values
from nodes.values import Conditioning, Latent


@node("FluxGuidance", category="advanced/conditioning/flux", search_aliases=("cfg", "distilled"))
def flux_guidance(
    conditioning: Conditioning,
    guidance: Annotated[
        float, Slider(min=0.0, max=100.0, step=0.1, tooltip="How closely Flux keeps to the prompt.")
    ] = 3.5,
) -> Conditioning:
    """Say how closely a model keeps to its prompt that learnt this as an input, as Flux dev did."""
    return with_values(conditioning, guidance=guidance)


@node("FluxDisableGuidance", category="advanced/conditioning/flux")
def disable_guidance(conditioning: Conditioning) -> Conditioning:
    """Give such a model no guidance at all, for finetunes that were trained without."""
    return with_values(conditioning, guidance=None)


@node("ReferenceLatent", category="advanced/conditioning/edit_models", search_aliases=("kontext", "edit", "reference"))
def reference(conditioning: Conditioning, latent: Latent | None = None) -> Conditioning:
    """Give a model that edits pictures one to go by. Chain several for several pictures."""
    if latent is None:
        return conditioning
    return [
        [tensor, {**options, "reference_latents": [*(options.get("reference_latents") or []), latent["samples"]]}]
        for tensor, options in conditioning
    ]


METHODS = ("offset", "index", "uxo/uno")


@node("FluxKontextMultiReferenceLatentMethod", category="advanced/conditioning/flux", experimental=True)
def reference_method(
    conditioning: Conditioning,
    reference_latents_method: Annotated[
        str, Choice(options=METHODS, tooltip="Side by side, each in a layer of its own, or as UXO and UNO learnt it.")
    ],
) -> Conditioning:
    """Where several reference pictures lie in the space that a model sees."""
    named = "uxo" if reference_latents_method == "uxo/uno" else reference_latents_method
    return with_values(conditioning, reference_latents_method=named)
