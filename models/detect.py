"""Which family a file is of, and which networks it holds, read off names and shapes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import CheckpointError
from .families import FAMILIES, Family, Part
from .files import Shape, WeightFile
from .load import Component, check
from .networks.layout import UnknownLayout
from .networks.vae import VaeNetwork
from .prediction import Prediction

_OTHER_KINDS: tuple[tuple[str, str], ...] = (
    ("conditioner.embedders.1.model.", "a Stable Diffusion XL model, a family that this version does not run yet"),
    ("conditioner.embedders.0.model.", "a Stable Diffusion XL refiner, which this version does not run yet"),
    ("model.diffusion_model.joint_blocks.", "a Stable Diffusion 3 model, a family that this version does not run yet"),
    ("model.diffusion_model.double_blocks.", "a Flux model, a family that this version does not run yet"),
    ("double_blocks.", "a Flux model, a family that this version does not run yet"),
    ("lora_unet_", "a LoRA; use Load LoRA"),
    ("lora_te", "a LoRA; use Load LoRA"),
    ("control_model.", "a ControlNet, which this version does not run yet"),
    ("first_stage_model.", "a VAE; use Load VAE"),
    ("encoder.down.", "a VAE; use Load VAE"),
    ("string_to_param", "a textual inversion; write embedding:name in a prompt"),
    ("emb_params", "a textual inversion; write embedding:name in a prompt"),
    ("text_model.", "a text encoder without its model, which this version does not load yet"),
)

_BY_CHANNELS = {9: "inpainting model", 8: "instruct-pix2pix model", 5: "depth model", 7: "upscaling model"}


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds: always a model, most often the text encoder and VAE that belong to it."""

    family: Family
    model: Component
    text: Component | None
    vae: Component | None
    prediction: Prediction


def detect(file: WeightFile) -> Checkpoint:
    """The parts of a checkpoint. CheckpointError where it is none, or of a family that we do not know."""
    family = next((family for family in FAMILIES if family.matches(file.shapes)), None)
    if family is None:
        raise CheckpointError(file.path, f"not a checkpoint that can be loaded: {_describe(file.shapes)}")
    model = _component(file, family.model, f"the denoiser of {file.path.name} ({family.title})")
    assert model is not None
    channels = getattr(model.network, "in_channels", family.latent.channels)
    if channels != family.latent.channels:
        kind = _BY_CHANNELS.get(channels, "model of another kind")
        raise CheckpointError(
            file.path, f"this is a {family.title} {kind} ({channels} channels in), which this version does not run yet"
        )
    text = _component(file, family.text, f"the text encoder of {file.path.name} ({family.title})")
    vae = _component(file, family.vae, f"the VAE of {file.path.name} ({family.title})")
    for component in (model, text, vae):
        if component is not None:
            check(component)
    return Checkpoint(family, model, text, vae, family.prediction(file))


def detect_vae(file: WeightFile) -> Component:
    """The VAE in a file of its own, or the one of a whole checkpoint. CheckpointError where there is none."""
    bare = Part(("first_stage_model.", "vae.", ""), FAMILIES[0].vae.read)
    if not any(name.endswith("decoder.conv_in.weight") for name in file.shapes):
        raise CheckpointError(file.path, f"no VAE is in it: {_describe(file.shapes)}")
    component = _component(file, bare, f"the VAE {file.path.name}")
    assert component is not None
    assert isinstance(component.network, VaeNetwork)
    check(component)
    return component


def _component(file: WeightFile, part: Part, title: str) -> Component | None:
    prefix = next((p for p in part.prefixes if any(name.startswith(p) for name in file.shapes)), None)
    if prefix is None:
        return None
    try:
        return Component(file, part.read(file.starting_with(prefix)), prefix, title)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None


def _describe(shapes: Mapping[str, Shape]) -> str:
    for start, kind in _OTHER_KINDS:
        if any(name.startswith(start) for name in shapes):
            return f"this is {kind}"
    names = list(shapes)
    return f"it holds {len(names):,} tensors that fit no known family, the first of them {', '.join(names[:5])}"
