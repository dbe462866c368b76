"""Two pictures with transparency laid on one another, by Porter and Duff (1984) and the mixing modes of their kind.

S and D are colours premultiplied by their alphas, sa and da; every mode gives a premultiplied colour and its alpha.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .images import scale

Operator = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""(S, sa, D, da) -> colour, alpha."""

VISIBLE = 1e-5
"""An alpha of no more than this has no colour."""


def _union(sa: Tensor, da: Tensor) -> Tensor:
    return sa + da - sa * da


def _around(S: Tensor, sa: Tensor, D: Tensor, da: Tensor) -> Tensor:
    """What each shows where the other is transparent."""
    return (1 - da) * S + (1 - sa) * D


def _overlay(S: Tensor, sa: Tensor, D: Tensor, da: Tensor) -> tuple[Tensor, Tensor]:
    # As ComfyUI has it: without the parts that stand out beyond the other picture.
    dark, bright = 2 * S * D, sa * da - 2 * (da - S) * (sa - D)
    return torch.where(da > 2 * D, dark, bright), _union(sa, da)


MODES: dict[str, Operator] = {
    "ADD": lambda S, sa, D, da: ((S + D).clamp(0, 1), (sa + da).clamp(0, 1)),
    "CLEAR": lambda S, sa, D, da: (torch.zeros_like(D), torch.zeros_like(da)),
    "DARKEN": lambda S, sa, D, da: (_around(S, sa, D, da) + torch.minimum(S, D), _union(sa, da)),
    "DST": lambda S, sa, D, da: (D, da),
    "DST_ATOP": lambda S, sa, D, da: (sa * D + (1 - da) * S, sa),
    "DST_IN": lambda S, sa, D, da: (D * sa, sa * da),
    "DST_OUT": lambda S, sa, D, da: ((1 - sa) * D, (1 - sa) * da),
    "DST_OVER": lambda S, sa, D, da: (D + (1 - da) * S, da + (1 - da) * sa),
    "LIGHTEN": lambda S, sa, D, da: (_around(S, sa, D, da) + torch.maximum(S, D), _union(sa, da)),
    "MULTIPLY": lambda S, sa, D, da: (S * D, sa * da),
    "OVERLAY": _overlay,
    "SCREEN": lambda S, sa, D, da: (S + D - S * D, _union(sa, da)),
    "SRC": lambda S, sa, D, da: (S, sa),
    "SRC_ATOP": lambda S, sa, D, da: (da * S + (1 - sa) * D, da),
    "SRC_IN": lambda S, sa, D, da: (S * da, sa * da),
    "SRC_OUT": lambda S, sa, D, da: ((1 - da) * S, (1 - da) * sa),
    "SRC_OVER": lambda S, sa, D, da: (S + (1 - sa) * D, sa + (1 - sa) * da),
    "XOR": lambda S, sa, D, da: (_around(S, sa, D, da), (1 - da) * sa + (1 - sa) * da),
}
"""Alpha, 1 is opaque. DARKEN and LIGHTEN take the darker and the lighter of the premultiplied colours."""


def lay(source: Tensor, source_mask: Tensor, under: Tensor, under_mask: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """Pictures (b, h, w, c) and masks (b, h, w), 1 where they are transparent -> picture and mask of `under`'s size.

    mode: a key of `MODES`. Everything is scaled to `under`, its middle kept. Of batches the shortest counts.
    ValueError where the two have not as many channels.
    """
    if source.shape[-1] != under.shape[-1]:
        raise ValueError(
            f"the source has {source.shape[-1]} channels and the destination {under.shape[-1]}: "
            "take the alpha of one off (SplitImageWithAlpha), or join one to the other"
        )
    count = min(len(source), len(source_mask), len(under), len(under_mask))
    D, S = (image[:count].movedim(-1, 1) for image in (under, source))
    S = _sized(S, D)
    sa, da = (1 - _sized(mask[:count].unsqueeze(1), D) for mask in (source_mask, under_mask))
    colour, alpha = MODES[mode](S * sa, sa, D * da, da)
    colour = torch.where(alpha > VISIBLE, colour / alpha, torch.zeros_like(colour)).clamp(0, 1)
    return colour.movedim(1, -1), 1 - alpha.squeeze(1)


def _sized(x: Tensor, like: Tensor) -> Tensor:
    if x.shape[-2:] == like.shape[-2:]:
        return x
    return scale(x, like.shape[3], like.shape[2], "bicubic", "center")
