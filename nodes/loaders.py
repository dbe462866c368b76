"""Models from files."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import Choice, File, node
from models.prediction import discrete
from nodes.context import engine
from nodes.values import Clip, Model, Vae

WEIGHT_DTYPES = ("default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2")


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
