"""LoRAs: small files that change a model's weights."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import File, Slider, node
from models.patches import refuse_useless
from nodes.context import engine, present
from nodes.values import Clip, Model

STRENGTH = "1 adds the patch as it was trained, 0 leaves the model as it is, negative numbers push the other way."
Strength = Annotated[float, Slider(min=-100.0, max=100.0, step=0.01, tooltip=STRENGTH)]
LoraName = Annotated[str, File(kind="loras", tooltip="A file in the loras folder.")]


@node(
    "LoraLoader",
    category="loaders",
    title="Load LoRA",
    tooltips=("The patched model.", "The patched text encoder."),
    search_aliases=("lora", "lycoris", "locon", "loha", "lokr", "dora"),
)
def load_lora(
    model: Model,
    clip: Clip,
    lora_name: LoraName,
    context: Context,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
) -> tuple[Model, Clip]:
    """Patch a model and its text encoder with a LoRA: a small file that teaches a style, a subject or a trick."""
    if strength_model == 0 and strength_clip == 0:
        return model, clip
    lora = engine(context).load_lora(context.folders.resolve("loras", lora_name))
    model, clip = present(model, "MODEL"), present(clip, "CLIP")
    refuse_useless([model.component, *clip.components.values()], lora)
    return model.with_lora(lora, strength_model), clip.with_lora(lora, strength_clip)


@node("LoraLoaderModelOnly", category="loaders")
def load_lora_model_only(model: Model, lora_name: LoraName, context: Context, strength_model: Strength = 1.0) -> Model:
    """Patch a model with a LoRA and leave its text encoder alone."""
    if strength_model == 0:
        return model
    lora = engine(context).load_lora(context.folders.resolve("loras", lora_name))
    refuse_useless([present(model, "MODEL").component], lora)
    return model.with_lora(lora, strength_model)
