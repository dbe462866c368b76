"""Pictures: reading them from files, and scaling them to the last bit as ComfyUI does.

Scaling works on (b, c, h, w); pictures at sockets are (b, h, w, c), so callers enter and leave with `movedim`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

MAX_PIXELS = 178_000_000
"""Of all frames of a file together; one that says it holds more is refused before it is decoded. Pillow's own limit for
a single frame is about the same."""

DEEP = ("I;16", "I;16L", "I;16B", "I")
"""Pillow's modes of grey pictures with 16 bits."""

NO_MASK = (64, 64)
"""Height and width of the empty mask that a picture without transparency gives."""


class PictureError(ValueError):
    """A file that is no picture, is broken, or is too large; the sentence names it."""


@dataclass(frozen=True)
class Picture:
    """What a file holds: `pixels` (b, h, w, 3) in [0, 1], one of the batch per frame; `mask` (b, h, w), 1 where the
    picture is transparent, or (1, 64, 64) of zeros where it has no transparency."""

    pixels: Tensor
    mask: Tensor


def read_picture(path: Path) -> Picture:
    """Decode a file: turned upright by its EXIF, every frame of an animation, 16 bits a channel kept.

    Frames of another size than the first are left out. PictureError where the file is not a whole picture.
    """
    frames = list(_frames(path))
    first = frames[0]
    same = [frame for frame in frames if frame.size == first.size]
    return Picture(torch.cat([_rgb(f) for f in same]), torch.cat([_transparency(f) for f in same]))


def read_channel(path: Path, channel: str) -> Tensor:
    """One channel ("alpha", "red", "green" or "blue") of the first frame as a mask (1, h, w).

    Alpha is turned round, so that 1 is transparent; without transparency the mask is zeros, of the picture's size.
    """
    frame = next(_frames(path))
    if channel != "alpha":
        return _rgb(frame)[..., ["red", "green", "blue"].index(channel)]
    if frame.mode in DEEP:
        return torch.zeros(1, frame.height, frame.width)
    return 1 - _unit(frame.convert("RGBA").getchannel("A"))


def read_channels(source: Path | IO[bytes], name: str) -> Tensor:
    """The first frame as it is stored, (1, h, w, c): c is 1 for grey, 3 for colour, and one more with transparency.

    name: what sentences call it.
    """
    frame = next(_frames(source, name))
    if frame.mode in DEEP:
        return _rgb(frame)[..., :1]
    has_alpha = "A" in frame.getbands() or "transparency" in frame.info
    mode = "L" if frame.mode in ("1", "L", "LA") else "RGB"
    if has_alpha:
        mode += "A"
    channels = _unit(frame.convert(mode))
    return channels if channels.dim() == 4 else channels[..., None]


def encoded(pixels: Tensor, format: str, level: int, quality: int) -> bytes:
    """(h, w, c) in [0, 1] as a PNG or JPEG without any texts. level: of PNG, 0 to 9. quality: of JPEG, 1 to 100."""
    image, buffer = to_pillow(pixels), BytesIO()
    if format == "JPEG" and image.mode == "RGBA":
        image = image.convert("RGB")
    image.save(buffer, format, **({"compress_level": level} if format == "PNG" else {"quality": quality}))
    return buffer.getvalue()


def _frames(source: Path | IO[bytes], name: str = "") -> Iterator[Image.Image]:
    name = name or (source.name if isinstance(source, Path) else "The picture")
    try:
        with Image.open(source) as file:
            _refuse_bomb(file, name)
            # A camera's MPO holds a second picture for viewers in 3D, not the next frame of an animation.
            moving = file.format != "MPO"
            for frame in ImageSequence.Iterator(file) if moving else [file]:
                yield ImageOps.exif_transpose(frame)
    except UnidentifiedImageError:
        raise PictureError(f"{name} is not a picture in a format that can be read") from None
    except Image.DecompressionBombError:
        raise PictureError(
            f"{name} says that it holds more than {MAX_PIXELS / 1e6:,.0f} million pixels. Scale it down first"
        ) from None
    except PictureError:
        raise
    except (OSError, SyntaxError, EOFError, ValueError) as error:  # ValueError: a text that unpacks to megabytes
        raise PictureError(f"{name} cannot be read as a picture: {error}") from error


def _refuse_bomb(file: Image.Image, name: str) -> None:
    width, height = file.size
    total = width * height * getattr(file, "n_frames", 1)
    if total > MAX_PIXELS:
        raise PictureError(
            f"{name} says that it holds {total / 1e6:,.0f} million pixels ({width} x {height}); "
            f"at most {MAX_PIXELS / 1e6:,.0f} million are read. Scale it down first"
        )


def _rgb(frame: Image.Image) -> Tensor:
    if frame.mode in DEEP:
        grey = np.asarray(frame).astype(np.float32) / 65535
        return torch.from_numpy(grey).clamp(0, 1)[None, ..., None].repeat(1, 1, 1, 3)
    return _unit(frame.convert("RGB"))


def _transparency(frame: Image.Image) -> Tensor:
    if "A" not in frame.getbands() and "transparency" in frame.info:
        frame = frame.convert("RGBA")
    if "A" in frame.getbands():
        return 1 - _unit(frame.getchannel("A"))
    return torch.zeros(1, *NO_MASK)


def _unit(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(image).astype(np.float32) / 255)[None]


def to_pillow(pixels: Tensor) -> Image.Image:
    """(h, w, c) in [0, 1], c of 1, 3 or 4, -> an 8-bit Pillow image. Values are cut off, not rounded: as ComfyUI."""
    data = (255 * pixels.detach().float().cpu()).clamp(0, 255).numpy().astype(np.uint8)
    return Image.fromarray(data[..., 0] if data.shape[-1] == 1 else data)


def scale(x: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Scale (b, c, h, w) to (b, c, height, width), or each frame of (b, c, t, h, w).

    method: "nearest-exact", "bilinear", "area", "bicubic", "lanczos" (in 8 bits), "bislerp" (for latents).
    crop: "center" first cuts off what would change the proportions; "disabled" stretches.
    """
    if x.dim() == 5:
        frames = scale(x.movedim(2, 1).flatten(0, 1), width, height, method, crop)
        return frames.unflatten(0, (len(x), x.shape[2])).movedim(1, 2)
    if crop == "center":
        x = crop_to_aspect(x, width / height)
    if method == "lanczos":
        return _lanczos(x, width, height)
    if method == "bislerp":
        return bislerp(x, width, height)
    return functional.interpolate(x, size=(height, width), mode=method)


def crop_to_aspect(x: Tensor, aspect: float) -> Tensor:
    """The middle of (b, c, h, w) whose width / height is `aspect`, to whole pixels on either side."""
    height, width = x.shape[-2:]
    own = width / height
    left = round((width - width * (aspect / own)) / 2) if own > aspect else 0
    top = round((height - height * (own / aspect)) / 2) if own < aspect else 0
    return x[..., top : height - top, left : width - left]


def _lanczos(x: Tensor, width: int, height: int) -> Tensor:
    scaled = (to_pillow(image).resize((width, height), Image.Resampling.LANCZOS) for image in x.movedim(1, -1))
    stack = torch.stack([_unit(image)[0].reshape(height, width, -1) for image in scaled])
    return stack.movedim(-1, 1).to(x.device, x.dtype)


def bislerp(x: Tensor, width: int, height: int) -> Tensor:
    """Bilinear enlargement of latents (b, c, h, w) that turns the channel vector and blends its length apart.

    Linear blending of two latents shortens the vector between them, which a decoder shows as a loss of contrast.
    """
    return _slerp_axis(_slerp_axis(x.float(), width, -1), height, -2).to(x.dtype)


def _slerp_axis(x: Tensor, length: int, axis: int) -> Tensor:
    """One axis, -1 or -2, of (b, c, h, w).

    The places of either neighbour are stretched as pictures are, and cut to whole numbers apart. Where rounding pulls
    them apart an element is not the one next to its neighbour: ComfyUI's latents are off there, and so are ours.
    """
    places = torch.arange(x.shape[axis], dtype=torch.float32, device=x.device)
    ramps = torch.stack((places, (places + 1).clamp(max=places[-1])))[:, None, None]
    low, high = functional.interpolate(ramps, size=(1, length), mode="bilinear").reshape(2, length)
    ratio = (low - low.floor()).reshape(-1, *[1] * (-1 - axis))
    return slerp(x.index_select(axis, low.long()), x.index_select(axis, high.long()), ratio)


def slerp(a: Tensor, b: Tensor, ratio: Tensor) -> Tensor:
    """Between a and b (b, c, h, w), along the arc of their channel vectors; ratio broadcasts to (b, h, w), 0 gives a.

    Vectors that point the same way give a, opposite ones their straight blend: neither pair spans an arc.
    """
    # Channels last, and the sines divided before they weigh: so sums round to the bit as ComfyUI's, and the arc cosine
    # of vectors that nearly point the same way magnifies every bit.
    a, b, ratio = a.movedim(1, -1).contiguous(), b.movedim(1, -1).contiguous(), ratio.unsqueeze(-1)
    length_a, length_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    unit_a, unit_b = _safe_divide(a, length_a), _safe_divide(b, length_b)
    dot = (unit_a * unit_b).sum(-1, keepdim=True)
    angle = dot.clamp(-1, 1).acos()
    arc = ((1 - ratio) * angle).sin() / angle.sin() * unit_a + (ratio * angle).sin() / angle.sin() * unit_b
    turned = arc * (length_a * (1 - ratio) + length_b * ratio)
    turned = torch.where(dot > 1 - 1e-5, a, turned)
    return torch.where(dot < 1e-5 - 1, a * (1 - ratio) + b * ratio, turned).movedim(-1, 1)


def _safe_divide(vector: Tensor, length: Tensor) -> Tensor:
    return torch.where(length == 0, torch.zeros_like(vector), vector / length)
