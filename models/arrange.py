"""Pictures side by side, fitted into a frame, or brought to a size that a model likes. All (b, h, w, c) in [0, 1]."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .images import scale

COLOURS: dict[str, tuple[float, float, float]] = {
    "white": (1, 1, 1),
    "black": (0, 0, 0),
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
}

KONTEXT_SIDES = (672, 688, 720, 752, 800, 832, 880, 944, 1024, 1104, 1184, 1248, 1328, 1392, 1456, 1504, 1568)
"""Widths on which Flux Kontext was trained; the heights are the same numbers backwards."""


def resized(image: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """`images.scale` for (b, h, w, c)."""
    return scale(image.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


def stitch(first: Tensor, second: Tensor, direction: str, match: bool, spacing: int, colour: str) -> Tensor:
    """`second` to the "right", "left" of `first`, or "up" (above) or "down" (below) it.

    match: scale `second` to the edge along which they meet; else the shorter edge is filled up evenly. spacing: pixels
    of `colour` between them, made even. Of batches the shorter repeats its last picture; a missing alpha is opaque.
    """
    count = max(len(first), len(second))
    first, second = (torch.cat((i, i[-1:].expand(count - len(i), -1, -1, -1))) for i in (first, second))
    beside = direction in ("left", "right")
    edge, axis = (1, 2) if beside else (2, 1)  # the axis they share, and the one along which they are laid
    if match:
        own = second.shape[2] / second.shape[1]
        height, width = first.shape[1:3]
        size = (int(height * own), height) if beside else (width, int(width / own))
        if min(size) < 1:
            raise ValueError("image2 is too long and thin to be scaled to image1. Set match_image_size to false")
        second = resized(second, *size, "lanczos")
    elif first.shape[edge] != second.shape[edge]:
        length = max(first.shape[edge], second.shape[edge])
        # Only white fills with its own colour: the other fillings are black, as ComfyUI's.
        value = 1.0 if colour == "white" else 0.0
        first, second = (_filled(image, length, edge, value) for image in (first, second))
    channels = max(first.shape[-1], second.shape[-1])
    parts = [functional.pad(i, (0, channels - i.shape[-1]), value=1.0) for i in (first, second)]
    if direction in ("left", "up"):
        parts.reverse()
    if spacing:
        parts.insert(1, _bar(parts[0], spacing + spacing % 2, axis, colour))
    return torch.cat(parts, axis)


def _filled(image: Tensor, length: int, axis: int, value: float) -> Tensor:
    missing = length - image.shape[axis]
    before, after = missing // 2, missing - missing // 2
    padding = (0, 0, 0, 0, before, after) if axis == 1 else (0, 0, before, after)
    return functional.pad(image, padding, value=value)


def _bar(like: Tensor, thickness: int, axis: int, colour: str) -> Tensor:
    shape = list(like.shape[:3])
    shape[axis] = thickness
    return torch.tensor([*COLOURS[colour], 1.0])[: like.shape[-1]].to(like).expand(*shape, -1)


def fit(image: Tensor, width: int, height: int, colour: str, method: str) -> Tensor:
    """The whole picture, as large as fits, in the middle of a frame of "white" or "black"."""
    rows, columns = image.shape[1:3]
    factor = min(width / columns, height / rows)
    inner_width, inner_height = int(columns * factor), int(rows * factor)
    if min(inner_width, inner_height) < 1:
        raise ValueError(f"a picture of {columns} x {rows} is too long and thin to be seen in {width} x {height}")
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    # Of a picture with alpha the whole frame is filled: black is transparent there, as ComfyUI's.
    framed = torch.full((len(image), height, width, image.shape[-1]), float(colour == "white")).to(image)
    framed[:, top : top + inner_height, left : left + inner_width] = resized(image, inner_width, inner_height, method)
    return framed


def to_longest(image: Tensor, longest: int, method: str) -> Tensor:
    """Scaled so that the longer side has so many pixels."""
    height, width = image.shape[1:3]
    size = (round(width / height * longest), longest) if height > width else (longest, round(height / width * longest))
    if min(size) < 1:
        raise ValueError(f"a picture of {width} x {height} scaled to {longest} pixels would have nothing left")
    return resized(image, *size, method)


def to_kontext(image: Tensor) -> Tensor:
    """Scaled and cut to that of Flux Kontext's sizes whose proportions are nearest, all about a megapixel."""
    own = image.shape[2] / image.shape[1]
    sizes = zip(KONTEXT_SIDES, reversed(KONTEXT_SIDES), strict=True)
    _, width, height = min((abs(own - width / height), width, height) for width, height in sizes)
    return resized(image, width, height, "lanczos", "center")


def regrouped(batches: list[Tensor], size: int) -> list[Tensor]:
    """All pictures of a list of batches, in batches of `size`; the last has what is left.

    ValueError where pictures of different sizes would come into one.
    """
    pictures = [picture for batch in batches for picture in batch]
    groups = [pictures[start : start + size] for start in range(0, len(pictures), size)]
    for group in groups:
        shapes = {f"{p.shape[1]} x {p.shape[0]}" + (" with alpha" if p.shape[2] > 3 else "") for p in group}
        if len(shapes) > 1:
            raise ValueError(f"one batch cannot hold pictures of {' and '.join(sorted(shapes))}: scale them first")
    return [torch.stack(group) for group in groups]
