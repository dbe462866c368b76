"""ControlNets: pictures of edges, depths, poses and more that a model keeps to while it draws."""

from __future__ import annotations

from typing import Annotated

from graph.context import Context
from graph.node import Choice, File, Slider, node
from models.control.handle import KINDS, apply, inpainting_hint
from nodes.context import engine, present
from nodes.values import Conditioning, ControlNet, Image, Mask, Model, Vae

CATEGORY = "conditioning/controlnet"
PAIR = ("positive", "negative")

ControlFile = Annotated[str, File(kind="controlnet", tooltip="A file in the controlnet folder.")]
Strength = Annotated[float, Slider(min=0.0, max=10.0, step=0.01, tooltip="How closely the model keeps to the picture.")]
Percent = Annotated[float, Slider(min=0.0, max=1.0, step=0.001, tooltip="0 is pure noise, 1 the finished picture.")]


@node("ControlNetLoader", category="loaders", title="Load ControlNet Model", search_aliases=("controlnet", "t2i"))
def load(control_net_name: ControlFile, context: Context) -> ControlNet:
    """Load a ControlNet, a Control-LoRA or a T2I-Adapter."""
    return engine(context).load_controlnet(context.folders.resolve("controlnet", control_net_name))


@node("DiffControlNetLoader", category="loaders", title="Load ControlNet Model (diff)")
def load_difference(model: Model, control_net_name: ControlFile, context: Context) -> ControlNet:
    """Load a ControlNet that was saved as its difference to a model, and add it to this model's weights."""
    path = context.folders.resolve("controlnet", control_net_name)
    return engine(context).load_controlnet(path, present(model, "MODEL"))


@node("ControlNetApply", category=CATEGORY, title="Apply ControlNet (OLD)", deprecated=True)
def apply_to_one(
    conditioning: Conditioning, control_net: ControlNet, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Let a picture guide a prompt, and what is drawn without it too."""
    return apply(control_net, [conditioning], image, strength, to_uncond=True)[0]


@node("ControlNetApplyAdvanced", category=CATEGORY, title="Apply ControlNet", outputs=PAIR)
def apply_to_both(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    vae: Vae | None = None,
) -> tuple[Conditioning, Conditioning]:
    """Let a picture guide both prompts. Families whose ControlNets see latents need their VAE as well."""
    both = apply(control_net, [positive, negative], image, strength, start_percent, end_percent, vae)
    return both[0], both[1]


@node("ControlNetApplySD3", category=CATEGORY, title="Apply Controlnet with VAE", deprecated=True, outputs=PAIR)
def apply_with_vae(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> tuple[Conditioning, Conditioning]:
    """Let a picture guide both prompts, by way of a VAE."""
    both = apply(control_net, [positive, negative], image, strength, start_percent, end_percent, vae)
    return both[0], both[1]


@node("SetUnionControlNetType", category=CATEGORY)
def set_kind(
    control_net: ControlNet,
    type: Annotated[str, Choice(options=("auto", *KINDS), tooltip="auto tells it nothing.")],
) -> ControlNet:
    """Tell a union ControlNet what kind of picture it gets."""
    return control_net.of_kind(type)


@node("ControlNetInpaintingAliMamaApply", category=CATEGORY, outputs=PAIR, search_aliases=("masked controlnet",))
def apply_inpainting(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    mask: Mask,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> tuple[Conditioning, Conditioning]:
    """Show an inpainting ControlNet the picture and the hole in it."""
    masks = ()
    if control_net.takes_mask:
        image, kept = inpainting_hint(image, mask)
        masks = (kept,)
    both = apply(control_net, [positive, negative], image, strength, start_percent, end_percent, vae, masks)
    return both[0], both[1]
