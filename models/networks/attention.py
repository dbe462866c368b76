"""Attention over tokens, and the sinusoids that tell a network the time. Shared by all denoisers."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """softmax(q kᵀ / √d) v for each head. q (b, n, heads * d), k and v (b, m, heads * d) -> (b, n, heads * d).

    mask: what is added to the logits, (b or 1, 1, n or 1, m).
    """
    batch, tokens, width = q.shape
    q, k, v = (t.view(t.shape[0], -1, heads, width // heads).transpose(1, 2) for t in (q, k, v))
    out = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out.transpose(1, 2).reshape(batch, tokens, width)


def sinusoids(t: Tensor, width: int, period: float = 10000.0) -> Tensor:
    """(b,) -> (b, width) float32: cosines, then sines, of t at frequencies from 1 down to 1 / period (DDPM's)."""
    half = width // 2
    frequencies = torch.exp(-math.log(period) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
    angles = t.float()[:, None] * frequencies
    found = torch.cat([angles.cos(), angles.sin()], -1)
    return functional.pad(found, (0, width % 2))
