"""Conditioning by pictures: what models for inpainting, for instructions and for enlarging see besides the noise."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch.nn import functional

from graph.node import Slider, Toggle, node
from models.images import scale
from nodes.context import present
from nodes.values import Conditioning, ConditioningList, Image, Latent, LatentDict, Mask, Vae

PAIR = ("positive", "negative", "latent")
GREY = 0.5


def with_values(conditioning: ConditioningList, **values: Any) -> ConditioningList:
    """The same prompts, each with these values in its dict."""
    return [[tensor, {**options, **values}] for tensor, options in conditioning]


def _eighths(length: int) -> slice:
    """The middle of so many pixels that is a whole number of latents."""
    start = length % 8 // 2
    return slice(start, start + length // 8 * 8)


@node("InpaintModelConditioning", category="conditioning/inpaint", outputs=PAIR, search_aliases=("inpaint", "fill"))
def inpaint(
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: Annotated[bool, Toggle(tooltip="Let the sampler change only what the mask selects.")] = True,
) -> tuple[Conditioning, Conditioning, Latent]:
    """Show an inpainting model what is round the hole that a mask cuts, and where the hole is."""
    vae = present(vae, "VAE")
    hole = functional.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]), size=pixels.shape[1:3], mode="bilinear")
    rows, columns = (_eighths(length) for length in pixels.shape[1:3])
    hole, pixels = hole[..., rows, columns], pixels[..., :3]
    kept = 1 - hole.round().movedim(1, -1)
    surroundings = vae.encode((pixels[:, rows, columns] - GREY) * kept + GREY)
    latent: LatentDict = {"samples": vae.encode(pixels)}
    if noise_mask:
        latent["noise_mask"] = hole
    seen = {"concat_latent_image": surroundings, "concat_mask": hole}
    return with_values(positive, **seen), with_values(negative, **seen), latent


@node("InstructPixToPixConditioning", category="conditioning/instructpix2pix", outputs=PAIR)
def instruct_pix2pix(
    positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image
) -> tuple[Conditioning, Conditioning, Latent]:
    """Show a model that takes instructions the picture that it is to change."""
    rows, columns = (_eighths(length) for length in pixels.shape[1:3])
    seen = present(vae, "VAE").encode(pixels[:, rows, columns, :3])
    both = (with_values(prompt, concat_latent_image=seen) for prompt in (positive, negative))
    return (*both, {"samples": torch.zeros_like(seen)})


@node("SD_4XUpscale_Conditioning", category="conditioning/upscale_diffusion", outputs=PAIR)
def upscale_4x(
    images: Image,
    positive: Conditioning,
    negative: Conditioning,
    scale_ratio: Annotated[float, Slider(min=0.0, max=10.0, step=0.01, tooltip="Of the result to the picture.")] = 4.0,
    noise_augmentation: Annotated[
        float, Slider(min=0.0, max=1.0, step=0.001, tooltip="How much noise the picture gets: more frees the model.")
    ] = 0.0,
) -> tuple[Conditioning, Conditioning, Latent]:
    """Show Stable Diffusion's 4x upscaler the picture that it is to enlarge."""
    height, width = (max(1, round(side * scale_ratio)) // 4 for side in images.shape[1:3])
    if min(height, width) < 1:
        raise ValueError(
            f"scale_ratio {scale_ratio:g} makes nothing of a picture of {images.shape[2]} x {images.shape[1]}: "
            "the result needs at least 4 pixels a side"
        )
    seen = scale(images[..., :3].movedim(-1, 1) * 2 - 1, width, height, "bilinear", "center")
    values = {"concat_image": seen, "noise_augmentation": noise_augmentation}
    latent: LatentDict = {"samples": torch.zeros(len(images), 4, height, width)}
    return with_values(positive, **values), with_values(negative, **values), latent
