"""Which family a file is of, and which networks it holds, read off names and shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import CheckpointError
from .families import FAMILIES, Family
from .files import Shape, WeightFile
from .keymaps import native_shapes
from .load import Component, check
from .networks.layout import Network, UnknownLayout
from .networks.vae import read_vae
from .text.detect import find_encoders
from .tiny_vae import find_tiny

DENOISERS = ("model.diffusion_model.", "unet.", "transformer.", "diffusion_model.", "model.", "net.", "")
"""What may stand before a denoiser's names: of published single files, of diffusers' folders, of bare files."""

VAES = ("first_stage_model.", "vae.", "")

_OTHER_KINDS: tuple[tuple[str, str], ...] = (
    ("lora_unet_", "a LoRA; use Load LoRA"),
    ("lora_te", "a LoRA; use Load LoRA"),
    ("lora_transformer_", "a LoRA; use Load LoRA"),
    ("control_model.", "a ControlNet; use Load ControlNet Model"),
    ("controlnet_blocks.", "a ControlNet; use Load ControlNet Model"),
    ("zero_convs.", "a ControlNet; use Load ControlNet Model"),
    ("first_stage_model.", "a VAE; use Load VAE"),
    ("encoder.down.", "a VAE; use Load VAE"),
    ("encoder.down_blocks.", "a VAE; use Load VAE"),
    ("taesd_decoder.", "a VAE; use Load VAE"),
    ("string_to_param", "a textual inversion; write embedding:name in a prompt"),
    ("emb_params", "a textual inversion; write embedding:name in a prompt"),
    ("text_model.", "a text encoder without its model; use Load CLIP"),
    ("encoder.block.0.layer.0.SelfAttention.", "a text encoder (T5) without its model; use Load CLIP"),
    ("vision_model.", "an image encoder; use Load CLIP Vision"),
    ("visual.transformer.", "an image encoder; use Load CLIP Vision"),
    ("model.diffusion_model.down_blocks.", "a Stable Cascade model, a family that this version does not run yet"),
    ("down_blocks.0.0.channelwise.", "a Stable Cascade model, a family that this version does not run yet"),
    ("distilled_guidance_layer.", "a Chroma model, a family that this version does not run yet"),
    ("transformer_blocks.0.img_mod.", "a Qwen-Image model, a family that this version does not run yet"),
    ("blocks.0.cross_attn.norm_k.", "a Wan video model, a family that this version does not run yet"),
    ("vae.", "a VAE; use Load VAE"),
)


_CONTROLNETS = ("zero_convs.0.0.weight", "controlnet_blocks.0.weight", "controlnet_blocks.0.linear.weight")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds: always a model, most often the text encoders and VAE that belong to it."""

    family: Family
    model: Component
    text: Mapping[str, Component]
    """By the names of the family's recipe; empty where there is none."""
    vae: Component | None


def detect(file: WeightFile) -> Checkpoint:
    """The parts of a checkpoint. CheckpointError where it is none, or of a family that we do not know."""
    found = find_denoiser(file)
    if found is None:
        raise CheckpointError(file.path, f"not a checkpoint that can be loaded: {_describe(file.shapes)}")
    family, model = found
    vae = find_vae(file, f"the VAE of {file.path.name} ({family.title})")
    for component in (model, vae):
        if component is not None:
            check(component)
    return Checkpoint(family, model, find_encoders(file, family.text), vae)


def detect_model(file: WeightFile) -> tuple[Family, Component]:
    """The denoiser in a file of its own, or the one of a whole checkpoint. CheckpointError where there is none."""
    found = find_denoiser(file)
    if found is None:
        raise CheckpointError(file.path, f"no diffusion model that can be loaded is in it: {_describe(file.shapes)}")
    check(found[1])
    return found


def detect_vae(file: WeightFile) -> Component:
    """The VAE in a file of its own, or the one of a whole checkpoint. CheckpointError where there is none."""
    component = find_vae(file, f"the VAE {file.path.name}")
    if component is None:
        raise CheckpointError(file.path, f"no VAE is in it: {_describe(file.shapes)}")
    check(component)
    return component


def find_denoiser(file: WeightFile) -> tuple[Family, Component] | None:
    """The denoiser that a file holds, and its family; None where there is none that we know."""
    if any(name in file.shapes for name in _CONTROLNETS):
        return None  # its first half looks like a denoiser's
    for prefix in DENOISERS:
        theirs = file.starting_with(prefix)
        if not theirs:
            continue
        ours = native_shapes(theirs)
        shapes = theirs if ours is None else ours
        family = next((family for family in FAMILIES if family.matches(shapes)), None)
        if family is not None:
            title = f"the denoiser of {file.path.name} ({family.title})"
            layout = "native" if ours is None else "diffusers"
            return family, _component(file, family.read, shapes, prefix, title, layout)
    return None


def find_vae(file: WeightFile, title: str) -> Component | None:
    """The VAE that a file holds; None where there is none."""
    for prefix in VAES:
        if (tiny := find_tiny(file, prefix, title)) is not None:
            return tiny
        theirs = file.starting_with(prefix)
        if any(f"{half}.conv_in.{kind}" in theirs for half in ("decoder", "encoder") for kind in ("weight", "bias")):
            ours = native_shapes(theirs)
            layout = "native" if ours is None else "diffusers"
            return _component(file, read_vae, theirs if ours is None else ours, prefix, title, layout)
    return None


def _component(
    file: WeightFile,
    read: Callable[[Mapping[str, Shape]], Network],
    shapes: Mapping[str, Shape],
    prefix: str,
    title: str,
    layout: str,
) -> Component:
    try:
        return Component(file, read(shapes), prefix, title, layout)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None


def _describe(shapes: Mapping[str, Shape]) -> str:
    for start, kind in _OTHER_KINDS:
        if any(name.startswith(start) for name in shapes):
            return f"this is {kind}"
    names = list(shapes)
    return f"it holds {len(names):,} tensors that fit no known family, the first of them {', '.join(names[:5])}"
