"""Models to files: whole checkpoints, their parts, and LoRAs out of differences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from graph.context import Context
from graph.node import Choice, Hidden, Int, Results, Socket, Text, Toggle, node
from models.extract import clip_lora, model_lora
from models.numbered import next_number, stream_numbered
from models.safetensors_writer import Item, sorted_for_file, write_tensors
from models.save_weights import VAE as VAE_PREFIX
from models.save_weights import clip_items, encoder_items, model_items, vae_items
from nodes.context import pnginfo, present
from nodes.naming import expand
from nodes.saved import place, shown
from nodes.values import Clip, Model, Vae

MERGING = "advanced/model_merging"
PREFIX = Text(tooltip="Name of the file in the output folder, with folders if you like; %date:yyyy-MM-dd% fills in.")
Prompt = Annotated[Any, Hidden("PROMPT")]
PngInfo = Annotated[Any, Hidden("EXTRA_PNGINFO")]
Graph = Mapping[str, Any]

ENCODER_FILES = {"l": "clip_l", "g": "clip_g", "h": "clip_h"}
"""What the file of each text encoder has at its end, where that is not the encoder's own name."""

ARCHITECTURES = {
    "sdxl": "stable-diffusion-xl-v1-base",
    "sdxl_refiner": "stable-diffusion-xl-v1-refiner",
    "sd3": "stable-diffusion-v3-medium",
}
"""By family: what `modelspec.architecture` says, where that standard has a name for it."""
EDIT_CHANNELS = 8
"""Channels that a model for editing takes in: a noisy latent and a whole one."""


@node("CheckpointSave", category=MERGING, title="Save Checkpoint", output=True)
def save_checkpoint(
    model: Model,
    clip: Clip,
    vae: Vae,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "checkpoints/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save a model with its text encoder and VAE in one file, merges and LoRAs included."""
    items = [*model_items(present(model, "MODEL")), *clip_items(present(clip, "CLIP"))]
    items += vae_items(present(vae, "VAE"), VAE_PREFIX)
    return _save(context, filename_prefix, items, pnginfo(prompt, extra_pnginfo), prompt, model)


@node("ModelSave", category=MERGING, output=True)
def save_model(
    model: Model,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "diffusion_models/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save a diffusion model alone, merges and LoRAs included."""
    items = model_items(present(model, "MODEL"))
    return _save(context, filename_prefix, items, pnginfo(prompt, extra_pnginfo), prompt, model)


@node("CLIPSave", category=MERGING, output=True)
def save_clip(
    clip: Clip,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "clip/ComfyUI",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save text encoders, one file each."""
    texts, files = pnginfo(prompt, extra_pnginfo), list[Any]()
    for name, _ in present(clip, "CLIP").encoders:
        prefix = f"{filename_prefix}_{ENCODER_FILES.get(name, name)}"
        saved = _save(context, prefix, encoder_items(clip, name), texts, prompt, metadata={"format": "pt"})
        files += saved.ui["files"]
    return Results(ui={"files": files})


@node("VAESave", category=MERGING, output=True)
def save_vae(
    vae: Vae,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "vae/ComfyUI_vae",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save a VAE."""
    return _save(context, filename_prefix, vae_items(present(vae, "VAE")), pnginfo(prompt, extra_pnginfo), prompt)


@node("LoraSave", category="_for_testing", title="Extract and Save Lora", output=True, experimental=True)
def save_lora(
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "loras/ComfyUI_extracted_lora",
    rank: Annotated[int, Int(min=1, max=4096, tooltip="Larger keeps more of the difference, in a larger file.")] = 8,
    lora_type: Annotated[
        str, Choice(options=("standard", "full_diff"), tooltip="full_diff keeps the whole difference, whatever rank.")
    ] = "standard",
    bias_diff: Annotated[bool, Toggle(tooltip="Keep the differences of biases and norms too.")] = True,
    model_diff: Annotated[
        Model | None, Socket("MODEL", optional=True, tooltip="What ModelMergeSubtract gives.")
    ] = None,
    text_encoder_diff: Annotated[
        Clip | None, Socket("CLIP", optional=True, tooltip="What CLIPMergeSubtract gives.")
    ] = None,
) -> Results:
    """Make a LoRA of the difference between two models."""
    if model_diff is None and text_encoder_diff is None:
        return Results()
    full, items = lora_type == "full_diff", list[Item]()
    if model_diff is not None:
        items += model_lora(model_diff, rank, full, bias_diff, context.check)
    if text_encoder_diff is not None:
        items += clip_lora(text_encoder_diff, rank, full, bias_diff, context.check)
    if not items:
        raise ValueError("The two models do not differ, so there is no LoRA to save")
    return _save(context, filename_prefix, items, {}, None)


def _save(
    context: Context,
    prefix: str,
    items: Sequence[Item],
    texts: Graph,
    prompt: Graph | None,
    model: Model = None,
    metadata: Mapping[str, str] | None = None,
) -> Results:
    wanted = place(context, "output", expand(prefix, prompt, 0, 0, datetime.now()))
    said = {**(metadata or {}), **(_standard(model, wanted) if model is not None else {})}
    said |= {key: json.dumps(value) for key, value in texts.items()}
    ordered = sorted_for_file(items)
    size = sum(item.size for item in ordered)
    path = stream_numbered(
        wanted.parent, wanted.name, ".safetensors", size, lambda file: write_tensors(file, ordered, said)
    )
    return Results(ui={"files": [shown(context, "output", path)]})


def _standard(model: Model, wanted: Path) -> dict[str, str]:
    """The words of the standard for models' metadata."""
    said: dict[str, str] = {}
    architecture = ARCHITECTURES.get(model.family.name)
    if architecture is not None:
        edits = model.family.name == "sdxl" and getattr(model.component.network, "in_channels", 0) == EDIT_CHANNELS
        wanted.parent.mkdir(parents=True, exist_ok=True)
        said["modelspec.architecture"] = architecture.replace("-base", "-edit") if edits else architecture
        said["modelspec.sai_model_spec"] = "1.0.0"
        said["modelspec.implementation"] = "sgm"
        said["modelspec.title"] = f"{wanted.name} {next_number(wanted.parent, wanted.name)}"
    key = {"eps": "epsilon", "v": "v"}.get(model.prediction.kind)
    return said if key is None else {**said, "modelspec.predict_key": key}
