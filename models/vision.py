"""What CLIP_VISION, its output and STYLE_MODEL are at sockets: image encoders, and models that read them as style."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from .errors import CheckpointError, ModelError
from .files import WeightFile
from .load import Component, check
from .networks.clip_vision import ClipVision, read_clip_vision
from .networks.layout import UnknownLayout
from .networks.style import Redux, StyleAdapter, read_style
from .what_it_is import what_it_is

if TYPE_CHECKING:
    from .engine import Engine

PREFIXES = ("", "visual.", "embedder.model.visual.", "conditioner.embedders.0.open_clip.model.visual.")
"""Where an image encoder is in a file: in one of its own, in OpenCLIP's, in a checkpoint of unCLIP or of video."""

_TABLES = ("vision_model.embeddings.position_embedding.weight", "conv1.weight")


@dataclass(frozen=True, eq=False)
class VisionOutput:
    """CLIP_VISION_OUTPUT: what an image encoder made of a batch of pictures; float32 on the CPU.

    Packs read its fields as attributes and as items.
    """

    last_hidden_state: Tensor
    """(b, n, width); n counts CLIP's class token, which is the first."""
    penultimate_hidden_states: Tensor
    """(b, n, width): after the last layer but one."""
    image_embeds: Tensor
    """(b, projection) from CLIP; SigLIP has no projection and gives its last states again."""
    all_hidden_states: Tensor | None = None
    """(b, layers, n, width), from SigLIP."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@dataclass(frozen=True)
class ImageEncoder:
    """CLIP_VISION: an image encoder."""

    engine: Engine = field(repr=False)
    component: Component
    network: ClipVision

    def encode(self, pixels: Tensor, crop: bool = True) -> VisionOutput:
        """pixels: (b, h, w, c) in [0, 1]. crop: cut a square out of the middle, or else squeeze the whole picture."""
        x = preprocess(pixels.float(), self.network.size, self.network.mean, self.network.std, crop)
        with self.engine.residency.use(self.component, self.engine.text_dtype) as encoder:
            found = encoder(x.to(self.engine.device))
        every = torch.stack(found.hidden, 1).cpu() if self.network.siglip else None
        before_last = found.hidden[-2] if len(found.hidden) > 1 else found.hidden[-1]
        return VisionOutput(found.last.cpu(), before_last.cpu(), found.embeds.cpu(), every)


@dataclass(frozen=True)
class StyleModel:
    """STYLE_MODEL: what turns an image encoder's states into tokens of a prompt."""

    engine: Engine = field(repr=False)
    component: Component
    network: Redux | StyleAdapter

    def tokens(self, output: VisionOutput) -> Tensor:
        """(1, n, width): the tokens of all pictures, one after another. ModelError for another encoder's output."""
        states = output.last_hidden_state
        if states.shape[-1] != self.network.width:
            raise ModelError(
                f"The picture was encoded {states.shape[-1]:,} wide, and {self.component.title} reads "
                f"{self.network.width:,}. Encode it with the CLIP vision model that belongs to this style model."
            )
        with self.engine.residency.use(self.component, self.engine.text_dtype) as model:
            dtype = torch.float32 if isinstance(self.network, Redux) else next(model.parameters()).dtype
            found = model(states.to(self.engine.device, dtype))
        return found.float().cpu().flatten(0, 1)[None]


def preprocess(pixels: Tensor, size: int, mean: tuple[float, ...], std: tuple[float, ...], crop: bool) -> Tensor:
    """Pictures (b, h, w, c) in [0, 1] as an image encoder takes them: (b, 3, size, size), to its mean and spread.

    Bicubic with antialiasing, then rounded to 8 bits as the encoders were trained on. Alpha is left out.
    """
    x = pixels[..., :3].movedim(-1, 1)
    height, width = x.shape[2:]
    if (height, width) != (size, size):
        shorter = min(height, width)
        target = (round(size / shorter * height), round(size / shorter * width)) if crop else (size, size)
        x = functional.interpolate(x, size=target, mode="bicubic", antialias=True)
        top, left = ((length - size) // 2 for length in target)
        x = x[:, :, top : top + size, left : left + size]
    x = (x * 255).clamp(0, 255).round() / 255
    shift, scale = (x.new_tensor(values).view(3, 1, 1) for values in (mean, std))
    return (x - shift) / scale


def find_image_encoder(file: WeightFile) -> Component | None:
    """The image encoder of a file of its own, or of a checkpoint; None where there is none.

    CheckpointError where it is damaged.
    """
    prefix = next((p for p in PREFIXES if any(p + name in file.shapes for name in _TABLES)), None)
    if prefix is None:
        return None
    try:
        network = read_clip_vision(file.starting_with(prefix))
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    component = Component(file, network, prefix, f"the image encoder of {file.path.name}")
    check(component)
    return component


def detect_image_encoder(file: WeightFile) -> Component:
    """As find_image_encoder; CheckpointError where there is none."""
    found = find_image_encoder(file)
    if found is None:
        why = f"no image encoder that we know is in it: {what_it_is(file.shapes, models=True)}"
        raise CheckpointError(file.path, why)
    return found


def detect_style(file: WeightFile) -> Component:
    """The style model of a file. CheckpointError where it is none."""
    try:
        network = read_style(file.shapes)
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    component = Component(file, network, "", f"the style model {file.path.name}")
    check(component)
    return component


def with_style_tokens(
    conditioning: list[list[Any]], tokens: Tensor, strength: float = 1.0, biased: bool = False
) -> list[list[Any]]:
    """The tokens (1, n, width) behind each prompt's, attended to with a strength.

    Not biased: the tokens are multiplied by the strength. Biased: what attends to them adds log(strength) to its
    logits, for which the dict gets `attention_mask` (b, all + image, all + image), float16, where `image` is the
    part that stands for the picture: `attention_mask_img_shape`, (1, 1) at first, to be stretched over it.
    """
    added = tokens if biased else tokens * strength
    found: list[list[Any]] = []
    for states, options in conditioning:
        options = dict(options)
        if "attention_mask" in options or (biased and strength != 1.0):
            bias = torch.tensor(strength if biased else 1.0).log()
            image = options.get("attention_mask_img_shape", (1, 1))
            mask = _widened(options.get("attention_mask"), states, image[0] * image[1], tokens.shape[1], bias)
            options |= {"attention_mask": mask, "attention_mask_img_shape": image}
        if states.shape[-1] != added.shape[-1]:
            raise ModelError(
                f"The prompt is {states.shape[-1]:,} wide, and the style model's tokens are {added.shape[-1]:,}: "
                "they belong to different families of models."
            )
        found.append([torch.cat([states, added.to(states)], 1), options])
    return found


def _widened(mask: Tensor | None, states: Tensor, image: int, new: int, bias: Tensor) -> Tensor:
    """The mask with rows and columns for `new` tokens between the prompt's and the picture's."""
    text = states.shape[1]
    if mask is None:
        mask = torch.zeros(len(states), text + image, text + image, dtype=torch.float16)
    elif mask.dtype == torch.bool:
        mask = mask.to(torch.float16).log()
    wide = torch.zeros(len(states), text + new + image, text + new + image, dtype=torch.float16)
    old = torch.cat([torch.arange(text), torch.arange(text + new, text + new + image)])
    wide[:, old[:, None], old[None, :]] = mask.to(wide)
    wide[:, old, text : text + new] = bias.to(wide)
    return wide
