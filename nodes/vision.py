"""Pictures as guides: image encoders, and style models that read them."""

from __future__ import annotations

from typing import Annotated, Any

from graph.context import Context
from graph.node import Choice, File, Slider, Socket, node
from nodes.context import engine, present
from nodes.values import Clip, Conditioning, Image, Model, Vae

ClipVision = Annotated[Any, Socket("CLIP_VISION")]
"""`models.vision.ImageEncoder`: an image encoder; immutable."""

ClipVisionOutput = Annotated[Any, Socket("CLIP_VISION_OUTPUT")]
"""`models.vision.VisionOutput`: what an image encoder made of a batch of pictures."""

StyleModel = Annotated[Any, Socket("STYLE_MODEL")]
"""`models.vision.StyleModel`: an image encoder's states to tokens of a prompt; immutable."""


@node("CLIPVisionLoader", category="loaders", title="Load CLIP Vision", search_aliases=("image encoder", "siglip"))
def load_clip_vision(
    clip_name: Annotated[str, File(kind="clip_vision", tooltip="A file in the clip_vision folder.")],
    context: Context,
) -> ClipVision:
    """Load an image encoder: CLIP's ViT-L, -H or -G, or SigLIP."""
    return engine(context).load_clip_vision(context.folders.resolve("clip_vision", clip_name))


@node("unCLIPCheckpointLoader", category="loaders", search_aliases=("image prompt", "variations"))
def load_unclip(
    ckpt_name: Annotated[str, File(kind="checkpoints", tooltip="A file in the checkpoints folder.")],
    context: Context,
) -> tuple[Model, Clip, Vae, ClipVision]:
    """Load an unCLIP model, which pictures can guide, with the image encoder that reads them."""
    return engine(context).load_unclip(context.folders.resolve("checkpoints", ckpt_name))


@node("CLIPVisionEncode", category="conditioning", title="CLIP Vision Encode")
def encode_image(
    clip_vision: ClipVision,
    image: Image,
    crop: Annotated[
        str,
        Choice(
            options=("center", "none"),
            tooltip="center cuts a square out of the middle; none squeezes the whole picture into one.",
        ),
    ],
) -> ClipVisionOutput:
    """Read a picture with an image encoder, for unCLIP and style models."""
    return present(clip_vision, "CLIP_VISION").encode(image, crop=crop == "center")


@node("StyleModelLoader", category="loaders", title="Load Style Model", search_aliases=("redux",))
def load_style_model(
    style_model_name: Annotated[str, File(kind="style_models", tooltip="A file in the style_models folder.")],
    context: Context,
) -> StyleModel:
    """Load a style model: Flux's Redux, or T2I-Adapter's style adapter."""
    return engine(context).load_style_model(context.folders.resolve("style_models", style_model_name))


@node("StyleModelApply", category="conditioning/style_model", title="Apply Style Model", search_aliases=("redux",))
def apply_style_model(
    conditioning: Conditioning,
    style_model: StyleModel,
    clip_vision_output: ClipVisionOutput,
    *,
    strength: Annotated[float, Slider(min=0.0, max=10.0, step=0.001)] = 1.0,
    strength_type: Annotated[
        str,
        Choice(
            options=("multiply", "attn_bias"),
            tooltip="multiply scales the picture's tokens; attn_bias makes the model look at them more or less (Flux).",
        ),
    ],
) -> Conditioning:
    """Let a picture guide beside the prompt."""
    from models.vision import with_style_tokens

    tokens = style_model.tokens(clip_vision_output)
    return with_style_tokens(conditioning, tokens, strength, biased=strength_type == "attn_bias")


@node("unCLIPConditioning", category="conditioning", search_aliases=("image prompt",))
def add_unclip(
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Slider(min=-10.0, max=10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[
        float, Slider(min=0.0, max=1.0, step=0.01, tooltip="0 follows the picture closely, 1 loosely.")
    ] = 0.0,
) -> Conditioning:
    """Let a picture guide an unCLIP model; several add up."""
    if strength == 0:
        return conditioning
    added = {
        "clip_vision_output": clip_vision_output,
        "strength": strength,
        "noise_augmentation": noise_augmentation,
    }
    return [
        [states, {**options, "unclip_conditioning": [*options.get("unclip_conditioning", ()), added]}]
        for states, options in conditioning
    ]
