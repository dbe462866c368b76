"""Frequencies of latents, scaled."""

from __future__ import annotations

import torch
from torch import Tensor


def scaled(x: Tensor, cutoff: int, low: float, high: float) -> Tensor:
    """x (b, c, h, w) with frequencies below `cutoff` (in cycles across the picture) times low, all others times high.

    Where the cutoff is more than half the picture, the middle of the spectrum is cut as ComfyUI cuts it: an index below
    0 counts from the far end.
    """
    spectrum = torch.fft.fftshift(torch.fft.fftn(x.float(), dim=(-2, -1)), dim=(-2, -1))
    rows, columns = (slice(size // 2 - cutoff, size // 2 + cutoff) for size in x.shape[-2:])
    factors = torch.full(x.shape[-2:], high, device=x.device)
    factors[rows, columns] = low
    back = torch.fft.ifftshift(spectrum * factors, dim=(-2, -1))
    return torch.fft.ifftn(back, dim=(-2, -1)).real.to(x.dtype)
