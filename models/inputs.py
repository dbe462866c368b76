"""What a network is given besides the latent: made from a CONDITIONING entry, by functions that families choose from.

The names of the inputs are those of the networks' arguments: context (b, tokens, width), y (b, vector), guidance (b,),
concat (b, c, h, w), which goes in beside the latent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .errors import ModelError
from .images import scale
from .networks.attention import sinusoids

if TYPE_CHECKING:
    from .model import Model

SIZE_SINUSOIDS = 256
"""Into how many numbers SDXL unfolds each size and score."""


@dataclass(frozen=True)
class Asked:
    """An entry, and the run that it is for."""

    model: Model
    cross: Tensor
    options: dict[str, Any]
    side: str
    """"positive", "negative", ..."""
    noise: Tensor
    """(b, c, h, w), for its shape and device."""
    latent: Tensor
    """(b, c, h, w): what is drawn over, as the model scales it."""
    mask: Tensor | None
    """(b, c, h, w): where it may change."""
    seed: int

    @property
    def prompt_type(self) -> str:
        return self.options.get("prompt_type", self.side)

    @property
    def pooled(self) -> Tensor | None:
        """(1, width)."""
        return self.options.get("pooled_output")

    def pixels(self, axis: int) -> int:
        """The latent's height (2) or width (3) in pixels."""
        return self.noise.shape[axis] * self.model.latent_format.factor


def text(asked: Asked) -> dict[str, Any]:
    """The text, and what a UNet with more channels than the latent wants beside it."""
    found: dict[str, Any] = {"context": asked.cross}
    concat = beside_latent(asked)
    return found if concat is None else {**found, "concat": concat}


def beside_latent(asked: Asked) -> Tensor | None:
    """What goes into a UNet's further channels: one for a mask and a latent's for the picture without what it covers
    (inpainting); a latent's for the picture to be changed (instruct-pix2pix). None where there are no further channels.
    """
    network, channels = asked.model.component.network, asked.model.latent_format.channels
    further = getattr(network, "in_channels", channels) - channels
    if further == channels + 1:
        return _inpainted(asked)
    if further == channels:
        image = asked.options.get("concat_latent_image")
        if image is None:
            return torch.zeros_like(asked.noise)
        image = fitted(image, asked.noise)
        # CosXL, alone of those that edit, was shown pictures scaled as the latent is.
        return asked.model.latent_format.to_model(image) if _is_cosxl(asked.model) else image
    if further > 0:
        given = asked.options.get("noise_concat")
        return None if given is None else fitted(given, asked.noise, given.shape[1])
    return None


def _is_cosxl(model: Model) -> bool:
    return "edm_vpred.sigma_max" in model.component.file.shapes


def _inpainted(asked: Asked) -> Tensor:
    options, noise, format_ = asked.options, asked.noise, asked.model.latent_format
    mask = options.get("concat_mask", asked.mask)
    image = options.get("concat_latent_image")
    image = asked.latent if image is None else format_.to_model(image)
    if mask is None:
        blank = torch.tensor(format_.blank, device=noise.device)[None, :, None, None]
        return torch.cat([torch.ones_like(noise[:, :1]), blank.expand(noise.shape)], 1)
    mask = mask[:, :1] if mask.dim() == noise.dim() else mask
    mask = fitted(mask.reshape(-1, 1, *mask.shape[-2:]), noise, 1, rounded=True)
    return torch.cat([mask, fitted(image, noise)], 1)


def fitted(image: Tensor, like: Tensor, channels: int | None = None, rounded: bool = False) -> Tensor:
    """A latent or mask in the size and number of another: scaled and cut at the middle, then repeated or cut off."""
    image = image.to(like.device, torch.float32)
    if image.shape[2:] != like.shape[2:]:
        image = scale(image, like.shape[3], like.shape[2], "bilinear", "center")
    image = image.round() if rounded else image
    if channels is None and image.shape[1] != like.shape[1]:
        raise ValueError(
            f"The picture beside the latent has {image.shape[1]} channels and the latent {like.shape[1]}. "
            "Encode it with the VAE that belongs to this model"
        )
    return resized_batch(image, len(like))


def resized_batch(values: Tensor, count: int) -> Tensor:
    """As many values as asked for: of fewer, each several times in its place; of more, some left out evenly."""
    have = len(values)
    if have == count:
        return values
    if count <= 1:
        return values[:count]
    step = (have - 1) / (count - 1) if have > count else have / count
    if have > count:
        return values[[min(round(i * step), have - 1) for i in range(count)]]
    return values[[min(int((i + 0.5) * step), have - 1) for i in range(count)]]


def sdxl(asked: Asked) -> dict[str, Any]:
    """SDXL's: the pooled text, and the sizes that a picture of its training had, was cut at and was wanted in."""
    width, height = asked.options.get("width", asked.pixels(3)), asked.options.get("height", asked.pixels(2))
    get = asked.options.get
    sizes = [
        height,
        width,
        get("crop_h", 0),
        get("crop_w", 0),
        get("target_height", height),
        get("target_width", width),
    ]
    return {**text(asked), "y": _with_numbers(asked, sizes)}


def sdxl_refiner(asked: Asked) -> dict[str, Any]:
    """The refiner's: the pooled text, sizes, and how beautiful the picture should be, from 0 to 10."""
    width, height = asked.options.get("width", asked.pixels(3)), asked.options.get("height", asked.pixels(2))
    get = asked.options.get
    score = get("aesthetic_score", 2.5 if asked.prompt_type == "negative" else 6)
    return {**text(asked), "y": _with_numbers(asked, [height, width, get("crop_h", 0), get("crop_w", 0), score])}


def _with_numbers(asked: Asked, numbers: Sequence[float]) -> Tensor:
    pooled = sdxl_pooled(asked)
    unfolded = sinusoids(torch.tensor(numbers, dtype=torch.float32, device=pooled.device), SIZE_SINUSOIDS)
    _refuse_other_pooled(asked, pooled, len(numbers) * SIZE_SINUSOIDS)
    return torch.cat([pooled, unfolded.reshape(1, -1).repeat(len(pooled), 1)], 1)


def _refuse_other_pooled(asked: Asked, pooled: Tensor, beside: int = 0) -> None:
    """ModelError where another family's text encoders pooled the text. beside: width of what joins it."""
    wanted = getattr(asked.model.component.network, "vector", 0) - beside
    if pooled.shape[-1] != wanted:
        raise ModelError(
            f"The prompt's pooled text is {pooled.shape[-1]:,} wide, and {asked.model.component.title} takes "
            f"{wanted:,}. Encode it with the text encoders that belong to this model."
        )


def sdxl_pooled(asked: Asked) -> Tensor:
    """The pooled text (1, 1280), or pictures in its stead (unCLIP conditioning: "revision")."""
    given = asked.options.get("unclip_conditioning")
    if given:
        from .unclip import augmented

        return augmented(given, 0.0, asked.model, asked.noise.device, asked.seed - 10)[:, :1280]
    if asked.pooled is None:
        raise ValueError("The prompt was not encoded for SDXL: it has no pooled text. Encode it with the model's CLIP")
    return asked.pooled.to(asked.noise.device)


def pooled_and_text(asked: Asked) -> dict[str, Any]:
    """SD3's: the text and its pooled form."""
    found: dict[str, Any] = {"context": asked.cross}
    if asked.pooled is None:
        return found
    _refuse_other_pooled(asked, asked.pooled)
    return {**found, "y": asked.pooled}


def unclip(asked: Asked) -> dict[str, Any]:
    """Stable Diffusion 2's: the text and, for a model that takes pictures, theirs (zeros where there are none)."""
    found = text(asked)
    if not getattr(asked.model.component.network, "vector", 0):
        return found
    given = asked.options.get("unclip_conditioning")
    if not given:
        return {**found, "y": torch.zeros(1, asked.model.component.network.vector)}
    from .unclip import augmented

    merge = asked.options.get("unclip_noise_augment_merge", 0.05)
    y = augmented(given, merge, asked.model, asked.noise.device, asked.seed - 10)
    wanted = asked.model.component.network.vector
    if y.shape[1] != wanted:
        raise ModelError(
            f"The pictures were read as {y.shape[1] // 2:,} numbers each, and {asked.model.component.title} takes "
            f"{wanted // 2:,}. Use the image encoder that comes with this checkpoint (unCLIPCheckpointLoader)."
        )
    return {**found, "y": y}
