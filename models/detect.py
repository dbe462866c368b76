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
from .what_it_is import what_it_is

DENOISERS = ("model.diffusion_model.", "unet.", "transformer.", "diffusion_model.", "model.", "net.", "")
"""What may stand before a denoiser's names: of published single files, of diffusers' folders, of bare files."""

VAES = ("first_stage_model.", "vae.", "")

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
        raise CheckpointError(file.path, f"not a checkpoint that can be loaded: {what_it_is(file.shapes)}")
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
        raise CheckpointError(file.path, f"no diffusion model that can be loaded is in it: {what_it_is(file.shapes)}")
    check(found[1])
    return found


def detect_vae(file: WeightFile) -> Component:
    """The VAE in a file of its own, or the one of a whole checkpoint. CheckpointError where there is none."""
    component = find_vae(file, f"the VAE {file.path.name}")
    if component is None:
        raise CheckpointError(file.path, f"no VAE is in it: {what_it_is(file.shapes)}")
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
