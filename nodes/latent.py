"""Latents: made empty, scaled, moved about and put together. Sizes at widgets are in pixels of the picture."""

from __future__ import annotations

from typing import Annotated

import torch

from graph.node import MAX_RESOLUTION, Choice, Int, Memory, Slider, Toggle, node
from models.compose import composite, feathered_paste, repeat_to
from models.images import scale
from nodes.values import Latent, LatentDict, Mask

METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
CROPS = ("disabled", "center")

Method = Annotated[
    str, Choice(options=METHODS, tooltip="bislerp keeps the contrast that the others lose between latents.")
]
Crop = Annotated[str, Choice(options=CROPS, tooltip="center: cut off what would change the proportions.")]
Size = Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")]
Batch = Annotated[int, Int(min=1, max=4096, tooltip="How many pictures are made at once.")]
Target = Annotated[int, Int(min=0, max=MAX_RESOLUTION, step=8, tooltip="In pixels; 0 keeps the proportions.")]
Offset = Annotated[int, Int(min=0, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")]

SD_LATENT_BYTES = 4 * 4 / 64
"""Of a pixel: four channels of float32 for 8 x 8 pixels."""

SD3_LATENT_BYTES = 16 * 4 / 64


def _with_samples(latent: LatentDict, samples: torch.Tensor) -> LatentDict:
    return {**latent, "samples": samples}


@node(
    "EmptyLatentImage",
    category="latent",
    title="Empty Latent Image",
    memory=Memory(SD_LATENT_BYTES, ("width", "height", "batch_size")),
    tooltips=("Empty latents, for a sampler to fill.",),
    search_aliases=("size", "resolution", "width", "height"),
)
def empty_latent(width: Size = 512, height: Size = 512, batch_size: Batch = 1) -> Latent:
    """A blank canvas in the model's own space: it sets the size and the number of pictures."""
    return {"samples": torch.zeros(batch_size, 4, height // 8, width // 8)}


@node(
    "EmptySD3LatentImage",
    category="latent/sd3",
    memory=Memory(SD3_LATENT_BYTES, ("width", "height", "batch_size")),
)
def empty_sd3_latent(
    width: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=16)] = 1024,
    height: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=16)] = 1024,
    batch_size: Batch = 1,
) -> Latent:
    """A blank canvas of 16 channels, for Stable Diffusion 3, Flux and others."""
    return {"samples": torch.zeros(batch_size, 16, height // 8, width // 8)}


@node(
    "EmptyHunyuanImageLatent",
    category="latent",
    memory=Memory(64 * 4 / 32**2, ("width", "height", "batch_size")),
)
def empty_hunyuan_image(
    width: Annotated[int, Int(min=64, max=MAX_RESOLUTION, step=32)] = 2048,
    height: Annotated[int, Int(min=64, max=MAX_RESOLUTION, step=32)] = 2048,
    batch_size: Batch = 1,
) -> Latent:
    """A blank canvas of 64 channels, each of 32 x 32 pixels, for Hunyuan Image."""
    return {"samples": torch.zeros(batch_size, 64, height // 32, width // 32)}


@node(
    "EmptyChromaRadianceLatentImage",
    category="latent/chroma_radiance",
    memory=Memory(3 * 4, ("width", "height", "batch_size")),
)
def empty_chroma_radiance(
    width: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=16)] = 1024,
    height: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=16)] = 1024,
    batch_size: Batch = 1,
) -> Latent:
    """A blank canvas of the picture's own pixels, for Chroma Radiance, which has no latents."""
    return {"samples": torch.zeros(batch_size, 3, height, width)}


@node("LatentUpscale", category="latent", title="Upscale Latent", search_aliases=("resize latent", "hires"))
def upscale(
    samples: Latent, *, upscale_method: Method, width: Target = 512, height: Target = 512, crop: Crop
) -> Latent:
    """Scale latents to a size. Sample them again at a lower denoise, since scaled latents decode blurred."""
    if width == 0 and height == 0:
        return samples
    rows, columns = samples["samples"].shape[-2:]
    width = max(64, width or round(columns * max(64, height) / rows))
    height = max(64, height or round(rows * width / columns))
    return _with_samples(samples, scale(samples["samples"], width // 8, height // 8, upscale_method, crop))


@node("LatentUpscaleBy", category="latent", title="Upscale Latent By", search_aliases=("resize latent", "hires"))
def upscale_by(
    samples: Latent, *, upscale_method: Method, scale_by: Annotated[float, Slider(min=0.01, max=8.0, step=0.01)] = 1.5
) -> Latent:
    """Scale latents by a factor. Sample them again at a lower denoise, since scaled latents decode blurred."""
    rows, columns = (max(1, round(side * scale_by)) for side in samples["samples"].shape[-2:])
    return _with_samples(samples, scale(samples["samples"], columns, rows, upscale_method))


@node("SetLatentNoiseMask", category="latent/inpaint", title="Set Latent Noise Mask", search_aliases=("inpaint",))
def set_noise_mask(samples: Latent, mask: Mask) -> Latent:
    """Let the sampler change only what a mask selects."""
    return {**samples, "noise_mask": mask.reshape(-1, 1, *mask.shape[-2:])}


@node("RepeatLatentBatch", category="latent/batch", title="Repeat Latent Batch")
def repeat(samples: Latent, amount: Annotated[int, Int(min=1, max=64)] = 1) -> Latent:
    """The same latents several times over, each with noise of its own."""
    x, mask = samples["samples"], samples.get("noise_mask")
    index = samples.get("batch_index", list(range(len(x))))
    result: LatentDict = {**samples, "samples": x.repeat(amount, *[1] * (x.dim() - 1))}
    if mask is not None and len(mask) > 1:
        # As many masks as there were, times the amount: where they are not as many as the latents, the sampler goes
        # round them, as ComfyUI's.
        result["noise_mask"] = mask.repeat(amount, *[1] * (mask.dim() - 1))
    if "batch_index" in samples:
        step = max(index) - min(index) + 1
        result["batch_index"] = [i + step * n for n in range(amount) for i in index]
    return result


@node("LatentFromBatch", category="latent/batch", title="Latent From Batch")
def from_batch(
    samples: Latent,
    batch_index: Annotated[int, Int(min=0, max=63)] = 0,
    length: Annotated[int, Int(min=1, max=64)] = 1,
) -> Latent:
    """Take some latents out of a batch; they keep the noise that they had in it."""
    x, mask = samples["samples"], samples.get("noise_mask")
    start = min(len(x) - 1, batch_index)
    picked = slice(start, min(len(x), start + length))
    index = samples.get("batch_index", list(range(len(x))))
    result: LatentDict = {**samples, "samples": x[picked].clone(), "batch_index": index[picked]}
    if mask is not None and len(mask) > 1:
        result["noise_mask"] = repeat_to(mask, len(x))[picked].clone()
    return result


def _refuse_other_kinds(first: torch.Tensor, second: torch.Tensor) -> None:
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"one latent has {first.shape[1]} channels and the other {second.shape[1]}: they were made for different "
            "kinds of model. Make both with the same VAE, or with empty latents for the same model"
        )


@node("LatentBatch", category="latent/batch")
def batch(samples1: Latent, samples2: Latent) -> Latent:
    """Put two batches together; the second is scaled to the size of the first."""
    first, second = samples1["samples"], samples2["samples"]
    _refuse_other_kinds(first, second)
    if first.shape[1:] != second.shape[1:]:
        second = scale(second, first.shape[3], first.shape[2], "bilinear", "center")
    indices = [i for s in (samples1, samples2) for i in s.get("batch_index", range(len(s["samples"])))]
    return {**samples1, "samples": torch.cat((first, second)), "batch_index": indices}


@node("LatentComposite", category="latent", title="Latent Composite")
def paste(samples_to: Latent, samples_from: Latent, x: Offset = 0, y: Offset = 0, feather: Offset = 0) -> Latent:
    """Lay one latent over another, its inner edges softened over `feather` pixels."""
    _refuse_other_kinds(samples_to["samples"], samples_from["samples"])
    pasted = feathered_paste(samples_to["samples"], samples_from["samples"], x // 8, y // 8, feather // 8)
    return _with_samples(samples_to, pasted)


@node("LatentCompositeMasked", category="latent")
def paste_masked(
    destination: Latent,
    source: Latent,
    x: Offset = 0,
    y: Offset = 0,
    resize_source: Annotated[bool, Toggle()] = False,
    mask: Mask | None = None,
) -> Latent:
    """Lay one latent over another where a mask selects it."""
    under, over = destination["samples"], source["samples"]
    _refuse_other_kinds(under, over)
    return _with_samples(destination, composite(under, over, x, y, mask, multiplier=8, resize=resize_source))


@node("LatentBlend", category="_for_testing", title="Latent Blend")
def blend(
    samples1: Latent, samples2: Latent, blend_factor: Annotated[float, Slider(min=0.0, max=1.0, step=0.01)] = 0.5
) -> Latent:
    """Mix two latents. 1 is all of the first."""
    first, second = samples1["samples"], samples2["samples"]
    _refuse_other_kinds(first, second)
    if first.shape != second.shape:
        second = scale(second, first.shape[3], first.shape[2], "bicubic", "center")
    return _with_samples(samples1, first * blend_factor + second * (1 - blend_factor))


Side = Annotated[int, Int(min=64, max=MAX_RESOLUTION, step=8, tooltip="In pixels of the picture.")]


@node("LatentCrop", category="latent/transform", title="Crop Latent")
def crop(samples: Latent, width: Side = 512, height: Side = 512, x: Offset = 0, y: Offset = 0) -> Latent:
    """Cut a rectangle out of latents; at least 64 x 64 pixels of it stay inside the picture."""
    rows, columns = samples["samples"].shape[-2:]
    left, top = max(0, min(x // 8, columns - 8)), max(0, min(y // 8, rows - 8))
    return _with_samples(samples, samples["samples"][..., top : top + height // 8, left : left + width // 8])


FLIPS = ("x-axis: vertically", "y-axis: horizontally")
ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")


@node("LatentFlip", category="latent/transform", title="Flip Latent")
def flip(samples: Latent, flip_method: Annotated[str, Choice(options=FLIPS)]) -> Latent:
    """Mirror latents."""
    return _with_samples(samples, samples["samples"].flip(2 if flip_method == FLIPS[0] else 3))


@node("LatentRotate", category="latent/transform", title="Rotate Latent")
def rotate(samples: Latent, rotation: Annotated[str, Choice(options=ROTATIONS)]) -> Latent:
    """Turn latents clockwise."""
    return _with_samples(samples, torch.rot90(samples["samples"], ROTATIONS.index(rotation), (3, 2)))
