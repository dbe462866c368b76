"""Between pixels and latents."""

from __future__ import annotations

from typing import Annotated

from torch.nn import functional

from graph.node import Int, node
from models.compose import grow_for_inpaint
from nodes.context import present
from nodes.values import Image, Latent, Mask, Vae

Temporal = Annotated[int, Int(min=8, max=4096, step=4, advanced=True, tooltip="For video: frames decoded at once.")]
TemporalOverlap = Annotated[
    int, Int(min=4, max=4096, step=4, advanced=True, tooltip="For video: frames that two parts share.")
]
Overlap = Annotated[int, Int(min=0, max=4096, step=32, tooltip="Pixels that neighbouring tiles share.")]


@node("VAEDecode", category="latent", title="VAE Decode", tooltips=("The picture.",))
def decode(samples: Latent, vae: Vae) -> Image:
    """Turn latents into pictures. Falls back to tiles when memory runs out."""
    return present(vae, "VAE").decode(samples["samples"])


@node("VAEEncode", category="latent", title="VAE Encode", search_aliases=("image to latent", "img2img"))
def encode(pixels: Image, vae: Vae) -> Latent:
    """Turn pictures into latents, to draw over them."""
    return {"samples": present(vae, "VAE").encode(pixels[..., :3])}


@node("VAEDecodeTiled", category="_for_testing", title="VAE Decode (Tiled)")
def decode_tiled(
    samples: Latent,
    vae: Vae,
    tile_size: Annotated[int, Int(min=64, max=4096, step=32, tooltip="Pixels a side.")] = 512,
    overlap: Overlap = 64,
    temporal_size: Temporal = 64,
    temporal_overlap: TemporalOverlap = 8,
) -> Image:
    """Turn latents into pictures tile by tile, which takes less memory."""
    return present(vae, "VAE").decode_tiled(samples["samples"], tile_size=tile_size, overlap=overlap)


@node("VAEEncodeTiled", category="_for_testing", title="VAE Encode (Tiled)")
def encode_tiled(
    pixels: Image,
    vae: Vae,
    tile_size: Annotated[int, Int(min=64, max=4096, step=64, tooltip="Pixels a side.")] = 512,
    overlap: Overlap = 64,
    temporal_size: Temporal = 64,
    temporal_overlap: TemporalOverlap = 8,
) -> Latent:
    """Turn pictures into latents tile by tile, which takes less memory."""
    return {"samples": present(vae, "VAE").encode_tiled(pixels[..., :3], tile_size=tile_size, overlap=overlap)}


@node("VAEEncodeForInpaint", category="latent/inpaint", title="VAE Encode (for Inpainting)")
def encode_for_inpaint(
    pixels: Image,
    vae: Vae,
    mask: Mask,
    grow_mask_by: Annotated[int, Int(min=0, max=64, tooltip="Pixels by which the mask grows, to hide its seam.")] = 6,
) -> Latent:
    """Grey out what a mask selects and encode the rest, for the sampler to fill the hole at denoise 1."""
    height, width = (side // 8 * 8 for side in pixels.shape[1:3])
    top, left = pixels.shape[1] % 8 // 2, pixels.shape[2] % 8 // 2
    hole = functional.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]), size=pixels.shape[1:3], mode="bilinear")
    hole = hole[..., top : top + height, left : left + width]
    kept = 1 - hole.round().movedim(1, -1)
    greyed = (pixels[:, top : top + height, left : left + width, :3] - 0.5) * kept + 0.5
    noise_mask = grow_for_inpaint(hole, grow_mask_by)[..., :height, :width].round()
    return {"samples": present(vae, "VAE").encode(greyed), "noise_mask": noise_mask}
