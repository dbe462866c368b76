"""What Flux is given besides the latent, from a CONDITIONING entry; see inputs.py."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .images import scale
from .inputs import Asked, fitted, pooled_and_text, resized_batch

PATCH = 2
"""Latents along an edge for each token."""


def flux(asked: Asked) -> dict[str, Any]:
    """Flux's: the text, its pooled form, guidance, and what stands beside the picture (Fill, Canny, Kontext)."""
    found = pooled_and_text(asked)
    guidance = asked.options.get("guidance", 3.5)
    if guidance is not None:
        found["guidance"] = torch.tensor([float(guidance)])
    references = asked.options.get("reference_latents")
    if references:
        to_model = asked.model.latent_format.to_model
        found["references"] = tuple(to_model(r.to(asked.noise.device, torch.float32)) for r in references)
        found["reference_method"] = asked.options.get("reference_latents_method", "offset")
    mask = asked.options.get("attention_mask")
    if mask is not None:
        size = tuple(-(-side // PATCH) for side in asked.noise.shape[-2:])
        found["mask"] = stretched(mask.float(), asked.options.get("attention_mask_img_shape", (1, 1)), size)
    concat = _beside(asked)
    return found if concat is None else {**found, "concat": concat}


def _beside(asked: Asked) -> Tensor | None:
    network, noise = asked.model.component.network, asked.noise
    channels = asked.model.latent_format.channels
    if network.in_channels <= channels:
        return None
    image = asked.options.get("concat_latent_image")
    image = torch.zeros_like(noise) if image is None else image
    image = asked.model.latent_format.to_model(fitted(image, noise))
    if network.in_channels <= 2 * channels:
        return image
    mask = asked.options.get("concat_mask", asked.mask)
    mask = torch.ones_like(noise[:, :1]) if mask is None else mask.to(noise.device)
    mask = mask.reshape(-1, 1, *mask.shape[-2:]) if mask.dim() == 3 else mask.mean(1, keepdim=True)
    mask = scale(mask, noise.shape[3] * 8, noise.shape[2] * 8, "bilinear", "center")
    # Each latent sees the 64 pixels of the mask that it stands for, as channels.
    cells = mask.unflatten(2, (-1, 8)).unflatten(4, (-1, 8))[:, 0]
    cells = torch.einsum("bhpwq->bpqhw", cells).flatten(1, 2)
    return torch.cat([image, resized_batch(cells, len(noise))], 1)


def stretched(mask: Tensor, known: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """A mask over text and picture, text first, for a picture of another size in tokens.

    mask (b, text + h * w, text + h * w), known (h, w) -> (b, text + H * W, text + H * W); blended between tokens.
    """
    if tuple(known) == tuple(size):
        return mask
    text = mask.shape[1] - known[0] * known[1]

    def columns(part: Tensor) -> Tensor:
        """(b, n, h * w) -> (b, n, H * W)."""
        return functional.interpolate(part.unflatten(2, tuple(known)), size=tuple(size), mode="bilinear").flatten(2)

    wide = torch.cat([mask[..., :text], columns(mask[..., text:])], 2).transpose(1, 2)
    return torch.cat([wide[..., :text], columns(wide[..., text:])], 2).transpose(1, 2)
