"""Pictures of few colours, their shades made up of dots (dithering)."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

DITHERS = ("none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16")


def quantize(image: Tensor, colors: int, dither: str) -> Tensor:
    """(b, h, w, 3 or 4) in [0, 1], each picture with the best `colors` of its own (Pillow's median cut); alpha stays.

    colors: 1 to 256. dither: one of `DITHERS`.
    """
    rgb = torch.stack([_quantized(one, colors, dither) for one in image[..., :3]]).to(image)
    return torch.cat((rgb, image[..., 3:]), -1)


def _quantized(rgb: Tensor, colors: int, dither: str) -> Tensor:
    data = (rgb * 255).to(torch.uint8).cpu().numpy()
    picture = Image.fromarray(data)
    # Pillow dithers only towards a palette that is given.
    palette = picture.quantize(colors)
    if dither == "floyd-steinberg":
        found = picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    else:
        if dither != "none":
            entries = len(palette.getpalette() or ()) // 3
            picture = Image.fromarray(_ordered(data, int(dither.removeprefix("bayer-")), entries))
        found = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    return torch.from_numpy(np.asarray(found.convert("RGB")).astype(np.float32) / 255)


def _ordered(data: np.ndarray, order: int, colors: int) -> np.ndarray:
    """Ordered dithering: (h, w, 3) of bytes, each brightened or darkened by its place in a tile of `order` pixels.

    The spread is twice the distance of `colors` levels, as ComfyUI's.
    """
    height, width = data.shape[:2]
    threshold = 512 / colors * bayer(order) + 0.5
    tiled = np.tile(threshold, (-(-height // order), -(-width // order)))[:height, :width, None]
    return np.clip((data + tiled).astype(np.float32), 0, 255).astype(np.uint8)


def bayer(order: int) -> np.ndarray:
    """(order, order), a power of two: thresholds in [-0.5, 0.5] whose neighbours differ most (Bayer, 1973), float64."""
    if order == 1:
        return np.zeros((1, 1))
    quarter, step = bayer(order // 2), 1 / order**2
    return np.block([[quarter - 1.5 * step, quarter + 0.5 * step], [quarter + 1.5 * step, quarter - 0.5 * step]])
