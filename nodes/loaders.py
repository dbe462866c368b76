"""Models from files."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import Choice, File, Slider, node
from models.prediction import discrete
from nodes.context import engine, present
from nodes.values import Clip, Model, Vae

WEIGHT_DTYPES = ("default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2")

STRENGTH = "1 adds the patch as it was trained, 0 leaves the model as it is, negative numbers push the other way."


@node(
    "CheckpointLoaderSimple",
    category="loaders",
    title="Load Checkpoint",
    tooltips=(
        "The model that takes noise away from latents.",
        "The text encoder, for prompts.",
        "The VAE, between latents and pixels.",
    ),
    search_aliases=("load model", "checkpoint", "ckpt"),
)
def load_checkpoint(
    ckpt_name: Annotated[str, File(kind="checkpoints", tooltip="A file in the checkpoints folder.")],
    context: Context,
) -> tuple[Model, Clip, Vae]:
    """Load a diffusion model with its text encoder and VAE from one file."""
    return engine(context).load_checkpoint(context.folders.resolve("checkpoints", ckpt_name))


CONFIGS = (
    *("anything_v3.yaml", "v1-inference.yaml", "v1-inference_clip_skip_2.yaml", "v1-inference_clip_skip_2_fp16.yaml"),
    *("v1-inference_fp16.yaml", "v1-inpainting-inference.yaml", "v2-inference-v.yaml", "v2-inference-v_fp32.yaml"),
    *("v2-inference.yaml", "v2-inference_fp32.yaml", "v2-inpainting-inference.yaml"),
)


@node(
    "CheckpointLoader", category="advanced/loaders", title="Load Checkpoint With Config (DEPRECATED)", deprecated=True
)
def load_checkpoint_with_config(
    config_name: Annotated[str, Choice(options=CONFIGS, tooltip="What the model was trained for.")],
    ckpt_name: Annotated[str, File(kind="checkpoints", tooltip="A file in the checkpoints folder.")],
    context: Context,
) -> tuple[Model, Clip, Vae]:
    """Load a model whose file does not say what it predicts, or from which layer it reads prompts: v models of Stable
    Diffusion 2, and models trained one layer before the last. All else is read off the file."""
    model, clip, vae = engine(context).load_checkpoint(context.folders.resolve("checkpoints", ckpt_name))
    if config_name.startswith("v2-inference-v"):
        model = model.with_prediction(discrete("v"))
    if clip is not None and (config_name.startswith("anything") or "clip_skip_2" in config_name):
        clip = clip.with_last_layer(-2)
    return model, clip, vae


@node("UNETLoader", category="advanced/loaders", title="Load Diffusion Model", search_aliases=("unet", "flux", "sd3"))
def load_diffusion_model(
    unet_name: Annotated[str, File(kind="diffusion_models", tooltip="A file in the diffusion_models or unet folder.")],
    weight_dtype: Annotated[
        str, Choice(options=WEIGHT_DTYPES, tooltip="default: as the engine runs this family. fp8 comes later.")
    ],
    context: Context,
) -> Model:
    """Load a diffusion model that comes without its text encoders and VAE."""
    if weight_dtype != "default":
        raise ValueError(
            f"weight_dtype {weight_dtype} needs weights of eight bits, which this version of Easel does not keep yet. "
            "Choose default: the picture is the same or better, and takes more memory"
        )
    return engine(context).load_model(context.folders.resolve("diffusion_models", unet_name))


@node("DiffusersLoader", category="advanced/loaders/deprecated")
def load_diffusers(
    model_path: Annotated[str, File(kind="diffusers", tooltip="A folder in the diffusers folder.")], context: Context
) -> tuple[Model, Clip, Vae]:
    """Load a model from a folder in the layout of diffusers: one with a model_index.json."""
    return engine(context).load_checkpoint(context.folders.resolve("diffusers", model_path))


@node("LoraLoader", category="loaders", title="Load LoRA", tooltips=("The patched model.", "The patched text encoder."))
def load_lora(
    model: Model,
    clip: Clip,
    lora_name: Annotated[str, File(kind="loras", tooltip="A file in the loras folder.")],
    context: Context,
    strength_model: Annotated[float, Slider(min=-100.0, max=100.0, step=0.01, tooltip=STRENGTH)] = 1.0,
    strength_clip: Annotated[float, Slider(min=-100.0, max=100.0, step=0.01, tooltip=STRENGTH)] = 1.0,
) -> tuple[Model, Clip]:
    """Patch a model and its text encoder with a LoRA: a small file that teaches a style, a subject or a trick."""
    if strength_model == 0 and strength_clip == 0:
        return model, clip
    lora = engine(context).load_lora(context.folders.resolve("loras", lora_name))
    patched = present(clip, "CLIP").with_lora(lora, strength_clip) if strength_clip else clip
    return present(model, "MODEL").with_lora(lora, strength_model) if strength_model else model, patched


@node("LoraLoaderModelOnly", category="loaders")
def load_lora_model_only(
    model: Model,
    lora_name: Annotated[str, File(kind="loras", tooltip="A file in the loras folder.")],
    context: Context,
    strength_model: Annotated[float, Slider(min=-100.0, max=100.0, step=0.01, tooltip=STRENGTH)] = 1.0,
) -> Model:
    """Patch a model with a LoRA and leave its text encoder alone."""
    if strength_model == 0:
        return model
    lora = engine(context).load_lora(context.folders.resolve("loras", lora_name))
    return present(model, "MODEL").with_lora(lora, strength_model)
