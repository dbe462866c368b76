"""Pictures that move, as a WEBP or PNG file, with the graph that made them where ComfyUI looks for it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from models.images import to_pillow

WEBP_METHODS: Mapping[str, int] = {"default": 4, "fastest": 0, "slowest": 6}
"""How hard the encoder of WEBP tries."""

WEBP_LARGEST = 16_383
"""Pixels a side that the format can say."""

_MODEL = 0x0110
"""The EXIF tag of the camera's model, which holds the prompt; what else there is goes into the tags before it."""


def webp_bytes(
    images: Tensor, texts: Mapping[str, Any], fps: float, lossless: bool, quality: int, method: int
) -> bytes:
    """(b, h, w, c) in [0, 1] as a WEBP file that shows `fps` pictures a second.

    texts: what goes into its EXIF, as `name:JSON`. quality: 0 to 100; for a lossless file, how hard to try.
    ValueError where there is no picture, the rate is not above 0, or a side is too long.
    """
    frames, duration = _frames(images, fps)
    if max(frames[0].size) > WEBP_LARGEST:
        raise ValueError(
            f"A WEBP file can be {WEBP_LARGEST:,} pixels a side, and the pictures are {_size(frames[0])}. "
            "Scale them down, or save an animated PNG"
        )
    exif = frames[0].getexif()
    if "prompt" in texts:
        exif[_MODEL] = "prompt:" + json.dumps(texts["prompt"])
    others = [name for name in texts if name != "prompt"]
    for tag, name in enumerate(others, start=1):
        exif[_MODEL - tag] = f"{name}:{json.dumps(texts[name])}"
    buffer = BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": duration, "exif": exif}
    frames[0].save(buffer, "WEBP", lossless=lossless, quality=quality, method=method, **options)
    return buffer.getvalue()


def png_animation_bytes(images: Tensor, texts: Mapping[str, Any], fps: float, compress_level: int) -> bytes:
    """(b, h, w, c) in [0, 1] as an animated PNG that shows `fps` pictures a second.

    texts: each becomes a `comf` chunk behind the pictures, `name NUL JSON`. compress_level: 0 to 9.
    ValueError where there is no picture, or the rate is not above 0.
    """
    frames, duration = _frames(images, fps)
    info = PngInfo()
    for name, value in texts.items():
        info.add(b"comf", name.encode("latin-1", "replace") + b"\0" + json.dumps(value).encode(), after_idat=True)
    buffer = BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": duration}
    frames[0].save(buffer, "PNG", pnginfo=info, compress_level=compress_level, **options)
    return buffer.getvalue()


def _frames(images: Tensor, fps: float) -> tuple[list[Image.Image], int]:
    """Pillow's pictures, and how many milliseconds each is shown."""
    check_frames(images, fps)
    return [to_pillow(image) for image in images], int(1000.0 / fps)


def check_frames(images: Tensor, fps: float) -> None:
    """ValueError where these pictures (b, h, w, c) and this rate make no animation."""
    if images.dim() != 4 or 0 in images.shape:
        raise ValueError(f"There is no picture to save: the images input is {tuple(images.shape)} (b, h, w, c)")
    if images.shape[-1] not in (1, 3, 4):
        raise ValueError(f"Pictures have 1, 3 or 4 channels, and these have {images.shape[-1]}")
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"fps must be above 0, and is {fps:g}: it says how many pictures are shown in a second")


def _size(image: Image.Image) -> str:
    return f"{image.width:,} x {image.height:,}"
