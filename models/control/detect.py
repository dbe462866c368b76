"""Which ControlNet or adapter a file holds, for which family, and how its hint is made: read off names and shapes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from torch import Tensor

from .. import latents
from ..detect import find_denoiser
from ..errors import CheckpointError, ModelError
from ..families import FAMILIES
from ..files import Shape, WeightFile
from ..keymaps import native_shapes
from ..latents import LatentFormat
from ..load import Component, check
from ..networks.controlnet import ControlLora, ControlNet, read_controlnet, read_hint
from ..networks.controlnet_flux import FluxControl, read_flux_control
from ..networks.controlnet_sd3 import DitControl, MmditControl, read_dit_control, read_mmdit_control
from ..networks.flux import Flux
from ..networks.layout import Network, UnknownLayout
from ..networks.mmdit import Mmdit
from ..networks.t2i_adapter import PLACES, XL_PLACES, T2iAdapter, read_t2i_adapter
from ..networks.unet import Unet
from ..patches import WeightPatch
from ..what_it_is import what_it_is
from .borrowed import borrow

if TYPE_CHECKING:
    from ..model import Model

Shapes = Mapping[str, Shape]

_SD3_UNSHIFTED = replace(latents.SD3, shift=0.0)
"""How ControlNets of the diffusers make were trained to see latents of Stable Diffusion 3."""

_OTHER_FAMILIES: tuple[tuple[str, str], ...] = (
    ("after_proj_list.18.bias", "a ControlNet for Hunyuan-DiT"),
    ("backbone.0.0.weight", "a ControlNet for Stable Cascade"),
    ("backbone.10.blocks.0.weight", "a ControlNet for Stable Cascade"),
    ("transformer_blocks.0.img_mod.1.weight", "a ControlNet for Qwen-Image"),
    ("control_blocks.0.after_proj.weight", "a ControlNet for Qwen-Image or Wan"),
)


def _as_it_is(picture: Tensor) -> Tensor:
    return picture


@dataclass(frozen=True)
class Source:
    """A ControlNet's file."""

    component: Component
    """What is in the file; not always all that the network needs, see `for_model`."""
    family: str
    """Of the models that it is for, as a title."""
    latent: LatentFormat | None = None
    """How it sees its hint, where that is a latent; None where it is a picture."""
    masked: bool = False
    """Whether a mask goes with the hint."""
    pooled: bool = False
    """Whether what it gives is averaged over all places ("shuffle")."""
    picture: Callable[[Tensor], Tensor] = field(default=_as_it_is, repr=False)
    """What is done to the hint (b, 3, h, w) before it is encoded."""
    base: Model | None = field(default=None, repr=False)
    """The model that a "difference" ControlNet is added to."""

    @property
    def name(self) -> str:
        return self.component.file.path.name

    def for_model(self, model: Model) -> tuple[Component, tuple[WeightPatch, ...]]:
        """The whole network for use beside this model, and patches of what it has from it. ModelError where it was
        made for another family."""
        component = self.component
        if isinstance(component.network, ControlLora):
            return self._on_unet(component.network, model)
        if not _belongs(component.network, model):
            raise self._stranger(model)
        if isinstance(component.network, DitControl):
            network = replace(component.network, vector=model.component.network.vector)
            return borrow(replace(component, network=network), model.component, model.patches, network.borrowed)
        if self.base is not None:
            base = self.base.component.picks()
            shapes = component.file.starting_with(component.prefix)
            added = tuple((name, (name,)) for name in component.picks() if name in base and name in shapes)
            return borrow(component, self.base.component, self.base.patches, (), added)
        return component, ()

    def _on_unet(self, lora: ControlLora, model: Model) -> tuple[Component, tuple[WeightPatch, ...]]:
        base, shapes = model.component, self.component.file.starting_with(self.component.prefix)
        if not isinstance(base.network, Unet):
            raise self._stranger(model)
        network = lora.on(base.network)
        names = [name for name in network.picks() if name not in shapes]
        stems = {name: name.removesuffix(".weight") for name in names}
        added = tuple((name, (f"{stem}.up", f"{stem}.down")) for name, stem in stems.items() if f"{stem}.up" in shapes)
        lent = tuple((name, name) for name in names if name not in dict(added))
        there = base.picks()
        if any(name not in there for name in names) or not _halves_fit(shapes, base, added):
            raise self._stranger(model)
        return borrow(replace(self.component, network=network), base, model.patches, lent, added)

    def _stranger(self, model: Model) -> ModelError:
        mine, theirs = self.family, model.family.title
        if mine == theirs:
            return ModelError(
                f"{self.name} is for {mine} models of other sizes than {model.component.file.path.name} has. "
                "Choose a model that it was trained on."
            )
        return ModelError(
            f"{self.name} is for {mine}, and {model.component.file.path.name} is a model of {theirs}. "
            f"Load a ControlNet that was made for {theirs}."
        )


def _halves_fit(shapes: Shapes, base: Component, added: Sequence[tuple[str, tuple[str, ...]]]) -> bool:
    theirs, picks = base.file.starting_with(base.prefix), base.picks()

    def fits(whole: Shape, up: Shape, down: Shape) -> bool:
        return whole[0] == up[0] and math.prod(whole[1:]) == math.prod(down[1:])

    return all(fits(picks[name].shape(theirs), *(shapes[part] for part in parts)) for name, parts in added)


def _belongs(network: Network, model: Model) -> bool:
    """Whether a control network's results fit into the model's blocks."""
    theirs = model.component.network
    match network:
        case ControlNet(unet=unet):
            return (
                isinstance(theirs, Unet)
                and [s.leaves for s in unet.inputs] == [s.leaves for s in theirs.inputs]
                and unet.context in (None, theirs.context)
                and unet.vector in (0, theirs.vector)
                and unet.in_channels == model.latent_format.channels
            )
        case T2iAdapter(widths=widths):
            places = XL_PLACES if network.xl else PLACES
            leaves = [s.leaves for s in theirs.inputs] if isinstance(theirs, Unet) else []
            fitting = all(
                place >= len(leaves) or leaves[place] == width for place, width in zip(places, widths, strict=False)
            )
            return bool(leaves) and fitting and network.xl == (model.family.name == "sdxl")
        case MmditControl(mmdit=mmdit):
            return isinstance(theirs, Mmdit) and (mmdit.width, mmdit.context) == (theirs.width, theirs.context)
        case DitControl():
            return isinstance(theirs, Mmdit) and network.width == theirs.width
        case FluxControl(flux=flux):
            return isinstance(theirs, Flux) and (flux.width, flux.context) == (theirs.width, theirs.context)
    return False


def detect_control(file: WeightFile, model: Model | None = None) -> Source:
    """What a file holds. CheckpointError where it is no ControlNet that we know, or damaged.

    model: what a "difference" ControlNet is added to; others have no use for it.
    """
    if "lora_controlnet" in file.shapes:
        return _control_lora(file)
    prefix = "control_model." if "control_model.zero_convs.0.0.weight" in file.shapes else ""
    theirs = file.starting_with(prefix)
    native = native_shapes(theirs)
    shapes, layout = (theirs, "native") if native is None else (native, "diffusers")
    try:
        read = _read(shapes)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    if read is None:
        raise CheckpointError(file.path, _what_else(file))
    network, source = read
    component = Component(file, network, prefix, f"the ControlNet {file.path.name}", layout)
    found = source(component)
    if "difference" in file.shapes and prefix:
        if model is None:
            raise CheckpointError(
                file.path,
                "it holds only the difference to the model that it was made from",
                "Use Load ControlNet Model (diff), and connect that model.",
            )
        found = replace(found, base=model)
    if not isinstance(network, DitControl):
        check(component)
    return replace(found, pooled=isinstance(network, ControlNet) and _shuffles(file))


def _read(shapes: Shapes) -> tuple[Network, Callable[[Component], Source]] | None:
    """The network's sizes, and what is to be said about its file; None for other files."""
    if "zero_convs.0.0.weight" in shapes:
        family = _unet_family(shapes)
        return read_controlnet(shapes), lambda component: Source(component, family)
    if "double_blocks.0.img_attn.qkv.weight" in shapes and "pos_embed_input.weight" in shapes:
        network = read_flux_control(shapes)
        return network, lambda component: _flux(component, network)
    if "pos_embed_input.proj.weight" in shapes:
        if "transformer_blocks.0.adaLN_modulation.1.bias" in shapes:
            return read_dit_control(shapes), _stability
        if "joint_blocks.0.x_block.attn.qkv.weight" in shapes:
            mmdit = read_mmdit_control(shapes)
            masked = mmdit.hint_channels == mmdit.mmdit.in_channels + 1
            return mmdit, lambda component: Source(component, "Stable Diffusion 3", _SD3_UNSHIFTED, masked)
    if "body.0.in_conv.weight" in shapes or ("conv_in.weight" in shapes and "body.0.block1.weight" in shapes):
        adapter = read_t2i_adapter(shapes)
        family = "Stable Diffusion XL" if adapter.xl else "Stable Diffusion 1 or 2"
        return adapter, lambda component: Source(component, family)
    return None


def _flux(component: Component, network: FluxControl) -> Source:
    if network.make != "instantx":
        return Source(component, "Flux.1")
    return Source(component, "Flux.1", latents.FLUX, masked=network.hint_channels == latents.FLUX.channels + 1)


def _stability(component: Component) -> Source:
    """The file says by a number what the hint is: 0 a blurred picture, 1 edges, 2 a depth map."""
    name = component.prefix + "control_type"
    kind = 0
    if name in component.file.shapes:
        [(_, value)] = component.file.read([name])
        kind = round(float(value))
    change = {1: _edges, 2: _inverted}.get(kind, _as_it_is)
    return Source(component, "Stable Diffusion 3", latents.SD3, picture=change)


def _edges(picture: Tensor) -> Tensor:
    """As the network was trained to see edges: far beyond white."""
    return picture * 255 * 0.5 + 0.5


def _inverted(picture: Tensor) -> Tensor:
    return 1.0 - picture


def _control_lora(file: WeightFile) -> Source:
    context = next((shape[1:] for name, shape in file.shapes.items() if name.endswith("attn2.to_k.down")), (0,))
    families = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
    family = families.get(context[0], "another family")
    try:
        network = ControlLora(read_hint(file.shapes))
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    return Source(Component(file, network, "", f"the Control-LoRA {file.path.name}"), family)


def _unet_family(shapes: Shapes) -> str:
    family = next((family for family in FAMILIES if family.matches(shapes)), None)
    if family is not None:
        return family.title
    return "Stable Diffusion XL" if "label_emb.0.0.weight" in shapes else "another family"


def _shuffles(file: WeightFile) -> bool:
    """Nothing in the file tells it, but its name does."""
    return re.search(r"_shuffle(_fp16)?$", file.path.stem) is not None


def _what_else(file: WeightFile) -> str:
    for name, kind in _OTHER_FAMILIES:
        if name in file.shapes:
            return f"this is {kind}, a family that this version does not run yet"
    found = find_denoiser(file)
    if found is not None:
        return f"this is a model of {found[0].title}, no ControlNet; use Load Checkpoint or Load Diffusion Model"
    return f"no ControlNet or T2I-Adapter that we know is in it: {what_it_is(file.shapes, models=True)}"
