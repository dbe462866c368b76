"""Work on a large latent or picture in overlapping tiles, blended by straight ramps where they meet (as ComfyUI)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import torch
from torch import Tensor


def tiled(
    x: Tensor, work: Callable[[Tensor], Tensor], tile: tuple[int, int], overlap: int, scale: Fraction, channels: int
) -> Tensor:
    """work(x) for x (b, c, h, w), a tile at a time -> (b, channels, h * scale, w * scale), float32 on the CPU.

    tile: height and width, and overlap: what neighbours share, in x's own units. work: (1, c, h', w') to
    (1, channels, h' * scale, w' * scale); a tile that has the whole of x is passed on as it is.
    """
    height, width = (round(length * scale) for length in x.shape[-2:])
    out = torch.empty(len(x), channels, height, width)
    for i, one in enumerate(x.split(1)):
        places = [_places(length, size, overlap) for length, size in zip(x.shape[-2:], tile, strict=True)]
        if len(places[0]) == len(places[1]) == 1:
            out[i : i + 1] = work(one).float().cpu()
            continue
        total = torch.zeros(1, channels, height, width)
        weight = torch.zeros_like(total)
        for top, left in product(*places):
            done = work(one[..., top : top + tile[0], left : left + tile[1]]).float().cpu()
            ramp = _ramp(done, round(overlap * scale))
            y, x0 = round(top * scale), round(left * scale)
            part = (..., slice(y, y + done.shape[2]), slice(x0, x0 + done.shape[3]))
            total[part] += done * ramp
            weight[part] += ramp
        out[i : i + 1] = total / weight
    return out


def thrice(
    x: Tensor, work: Callable[[Tensor], Tensor], tile: int, overlap: int, scale: Fraction, channels: int
) -> Tensor:
    """The mean of three tilings, square, tall and wide, whose seams lie in different places."""
    shapes = ((tile * 2, tile // 2), (tile // 2, tile * 2), (tile, tile))
    return torch.stack([tiled(x, work, shape, overlap, scale, channels) for shape in shapes]).mean(0)


def _places(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin. The last one is moved back, not cut, so far that it still has the overlap to show."""
    if length <= tile:
        return [0]
    return [max(0, min(length - overlap, at)) for at in range(0, length - overlap, tile - overlap)]


def _ramp(like: Tensor, feather: int) -> Tensor:
    """One in the middle, falling over `feather` pixels towards each edge, but not to 0."""
    ramp = torch.ones_like(like)
    for axis in (2, 3):
        length = like.shape[axis]
        if feather >= length:
            continue
        steps = (torch.arange(feather) + 1) / feather if feather else torch.ones(0)
        edge = torch.ones(length)
        edge[:feather] *= steps
        edge[length - feather :] *= steps.flip(0)
        ramp *= edge.reshape([-1, 1] if axis == 2 else [1, -1])
    return ramp
