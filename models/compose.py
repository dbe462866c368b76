"""Laying pictures, latents and masks over one another, and the edges of masks. Nothing changes its arguments.

The arithmetic is ComfyUI's, so that graphs give the same pictures to rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def repeat_to(x: Tensor, count: int) -> Tensor:
    """The first axis repeated, or cut, to `count`."""
    return x.repeat(-(-count // len(x)), *[1] * (x.dim() - 1))[:count]


def composite(
    under: Tensor, over: Tensor, x: int, y: int, mask: Tensor | None, multiplier: int, resize: bool
) -> Tensor:
    """Lay `over` on `under`, both (b, c, h, w), with its corner at (x, y) pixels, `multiplier` of them an element; of
    videos, (b, c, t, h, w), every frame.

    mask: (b, h, w), 1 where `over` is seen; scaled to `over`'s size. resize: scale `over` to `under`'s size first.
    What reaches beyond `under` is cut off.
    """
    height, width = under.shape[-2:]
    over = repeat_to(over.to(under), len(under))
    if resize:
        over = functional.interpolate(over, size=(height, width), mode="bilinear")
    x = max(-over.shape[-1] * multiplier, min(x, width * multiplier))
    y = max(-over.shape[-2] * multiplier, min(y, height * multiplier))
    left, top = x // multiplier, y // multiplier
    alpha = _alpha(mask, over)
    clip_x, clip_y = max(0, -left), max(0, -top)
    left, top = max(0, left), max(0, top)
    over = over[..., clip_y : clip_y + height - top, clip_x : clip_x + width - left]
    alpha = alpha[..., clip_y : clip_y + height - top, clip_x : clip_x + width - left]
    area = (..., slice(top, top + over.shape[-2]), slice(left, left + over.shape[-1]))
    result = under.clone()
    result[area] = alpha * over + (1 - alpha) * under[area]
    return result


def _alpha(mask: Tensor | None, over: Tensor) -> Tensor:
    if mask is None:
        return torch.ones_like(over[:, :1])
    alpha = mask.reshape(-1, 1, *mask.shape[-2:]).to(over)
    alpha = repeat_to(functional.interpolate(alpha, size=over.shape[-2:], mode="bilinear"), len(over))
    return alpha.unsqueeze(2) if over.dim() == 5 else alpha


def feathered_paste(under: Tensor, over: Tensor, x: int, y: int, feather: int) -> Tensor:
    """Lay `over` on `under`, both (b, c, h, w); edges that lie inside `under` are softened over `feather` elements."""
    height, width = under.shape[-2:]
    bottom_inside, right_inside = y + over.shape[2] < height, x + over.shape[3] < width
    over = repeat_to(over.to(under), len(under))[..., : max(0, height - y), : max(0, width - x)]
    rows = _paste_ramp(over.shape[2], feather * (y > 0), feather * bottom_inside).to(under)
    columns = _paste_ramp(over.shape[3], feather * (x > 0), feather * right_inside).to(under)
    alpha = rows[:, None] * columns
    area = (..., slice(y, y + over.shape[2]), slice(x, x + over.shape[3]))
    result = under.clone()
    result[area] = over * alpha + under[area] * (1 - alpha)
    return result


def _paste_ramp(length: int, start: int, end: int) -> Tensor:
    """`edge_ramp` that goes on where the piece is shorter than the ramp. At the far end it is ComfyUI's, whose count
    turns back at the first element, past which it goes by one, and weakens the rest a second time."""
    position = torch.arange(1, length + 1, dtype=torch.float32)
    ramp = (position / start).clamp(max=1) if start else torch.ones(length)
    if end:
        ramp = ramp * (position.flip(0) / end).clamp(max=1)
        again = 2 * length + 1 - position
        ramp = ramp * torch.where((again <= end) & (position < length), again / end, 1)
    return ramp


def edge_ramp(length: int, start: int, end: int) -> Tensor:
    """(length,): 1, but rising over the first `start` elements and falling over the last `end` ones, never to 0."""
    position = torch.arange(1, length + 1, dtype=torch.float32)
    start, end = min(start, length), min(end, length)
    rising = (position / start).clamp(max=1) if start else torch.ones(length)
    falling = (position.flip(0) / end).clamp(max=1) if end else torch.ones(length)
    return rising * falling


def feather_mask(mask: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Fade a mask (b, h, w) towards its edges."""
    height, width = mask.shape[-2:]
    return mask * _feather(height, top, bottom)[:, None].to(mask) * _feather(width, left, right).to(mask)


def _feather(length: int, start: int, end: int) -> Tensor:
    """(length,): how much each row or column stays. The far edge is ComfyUI's, which counts one off there: its last
    element keeps 2 of `end` parts, and the part of 1 falls on the first element. Masks would differ otherwise."""
    start, end = min(start, length), min(end, length)
    ramp = edge_ramp(length, start, 0)
    if end:
        ramp[length - end + 1 :] *= torch.arange(end, 1, -1) / end
        ramp[0] /= end
    return ramp


def grow_mask(mask: Tensor, amount: int, tapered: bool) -> Tensor:
    """Let the bright parts of a mask (b, h, w) grow by `amount` pixels, or shrink where it is negative.

    tapered: corners grow as diamonds do, by steps to the four neighbours; else as squares do.
    """
    if amount < 0:
        return -grow_mask(-mask, -amount, tapered)
    x = mask.unsqueeze(1)
    steps = min(amount, sum(mask.shape[-2:]))
    if not tapered:
        for size in ((2 * steps + 1, 1), (1, 2 * steps + 1)):
            x = _window_max(x, size) if steps else x
        return x.squeeze(1)
    for _ in range(steps):
        x = torch.maximum(_window_max(x, (3, 1)), _window_max(x, (1, 3)))
    return x.squeeze(1)


def _window_max(x: Tensor, size: tuple[int, int]) -> Tensor:
    if max(size) > 2 * max(x.shape[-2:]) + 1:
        size = tuple(min(s, 2 * side + 1) for s, side in zip(size, x.shape[-2:], strict=True))
    return functional.max_pool2d(x, size, stride=1, padding=(size[0] // 2, size[1] // 2))


def outpaint_mask(height: int, width: int, left: int, top: int, right: int, bottom: int, feather: int) -> Tensor:
    """(h + top + bottom, w + left + right): 1 in the new border, 0 in the old picture, which it enters softly."""
    inner = torch.zeros(height, width)
    if 0 < feather * 2 < min(height, width):
        far = float(height + width)
        rows, columns = torch.arange(height), torch.arange(width)
        down = torch.minimum(rows if top else rows + far, (height - rows) if bottom else rows + far)
        across = torch.minimum(columns if left else columns + far, (width - columns) if right else columns + far)
        distance = torch.minimum(down[:, None].float(), across.float())
        inner = ((feather - distance) / feather).clamp(min=0) ** 2
    return functional.pad(inner, (left, right, top, bottom), value=1.0)


def grow_for_inpaint(mask: Tensor, amount: int) -> Tensor:
    """(b, 1, h, w), rounded, grown by about half of `amount` pixels a side, so that its rim is drawn anew too."""
    if amount == 0:
        return mask
    padding = -(-(amount - 1) // 2)
    grown = functional.conv2d(mask.round(), torch.ones(1, 1, amount, amount), padding=padding)
    return grown.clamp(0, 1)
