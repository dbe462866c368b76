"""Between pixels and latents."""

from __future__ import annotations

from typing import Annotated

from torch.nn import functional

from graph.context import Context
from graph.node import File, Int, node
from graph.spec import FileGroup
from models.compose import grow_for_inpaint
from models.latents import TINY
from models.vae import PixelSpace
from nodes.context import engine, present
from nodes.values import Image, Latent, Mask, Vae

PIXEL_SPACE = "pixel_space"
TINY_PAIRS = tuple(
    FileGroup(value=name, kind="vae_approx", starts=(f"{name}_encoder.", f"{name}_decoder.")) for name in TINY
)

Temporal = Annotated[int, Int(min=8, max=4096, step=4, advanced=True, tooltip="For video: frames decoded at once.")]
TemporalOverlap = Annotated[
    int, Int(min=4, max=4096, step=4, advanced=True, tooltip="For video: frames that two parts share.")
]
Overlap = Annotated[int, Int(min=0, max=4096, step=32, tooltip="Pixels that neighbouring tiles share.")]


@node("VAELoader", category="loaders", title="Load VAE", search_aliases=("taesd",))
def load_vae(
    vae_name: Annotated[
        str,
        File(
            kind="vae",
            groups=TINY_PAIRS,
            extra=(PIXEL_SPACE,),
            tooltip="A file in the vae folder, a tiny VAE (TAESD) whose two files are in the vae_approx folder, or "
            "pixel_space, for models that work on the pixels themselves.",
        ),
    ],
    context: Context,
) -> Vae:
    """Load a VAE, in place of the checkpoint's own."""
    if vae_name == PIXEL_SPACE:
        return PixelSpace()
    pair = next((pair for pair in TINY_PAIRS if pair.value == vae_name), None)
    if pair is None:
        return engine(context).load_vae(context.folders.resolve("vae", vae_name))
    names = pair.files(context.folders)
    if names is None:
        raise ValueError(f"{vae_name} needs two files in the vae_approx folder, {' and '.join(pair.starts)}safetensors")
    encoder, decoder = (context.folders.resolve(pair.kind, name) for name in names)
    return engine(context).load_tiny_vae(vae_name, encoder, decoder)


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
    vae = present(vae, "VAE")
    height, width = (side // vae.factor * vae.factor for side in pixels.shape[1:3])
    top, left = (side % vae.factor // 2 for side in pixels.shape[1:3])
    hole = functional.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]), size=pixels.shape[1:3], mode="bilinear")
    hole = hole[..., top : top + height, left : left + width]
    kept = 1 - hole.round().movedim(1, -1)
    greyed = (pixels[:, top : top + height, left : left + width, :3] - 0.5) * kept + 0.5
    noise_mask = grow_for_inpaint(hole, grow_mask_by)[..., :height, :width].round()
    return {"samples": vae.encode(greyed), "noise_mask": noise_mask}
