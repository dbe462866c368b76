"""Memory for many tensors at once, in pages so large that touching them for the first time costs little.

Filling fresh memory page by page takes several times as long as copying into it. With pages of 2 MB a model loads at
about the speed at which its file can be read.
"""

from __future__ import annotations

import math
import mmap
from contextlib import suppress

import torch
from torch import Tensor

_ALIGNMENT = 64
"""Bytes: tensors begin where vector instructions like them to."""


class Arena:
    """Room for tensors on the CPU, in one piece, given out from its beginning on. It lives while any of them does."""

    def __init__(self, size: int, pinned: bool = False) -> None:
        """size: in bytes; what does not fit any more gets memory of its own. pinned: where a GPU can fetch it."""
        self._bytes = torch.empty(size, dtype=torch.uint8, pin_memory=True) if pinned else _large_pages(size)
        self._used = 0

    def take(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """A contiguous tensor, its values not set."""
        size = math.prod(shape) * dtype.itemsize
        start = -(-self._used // _ALIGNMENT) * _ALIGNMENT
        if size == 0 or start + size > len(self._bytes):
            return torch.empty(shape, dtype=dtype)
        self._used = start + size
        return self._bytes[start : start + size].view(dtype).view(shape)

    def reset(self) -> None:
        """Start again from the beginning: what was given out before is written over."""
        self._used = 0


class Staging:
    """Where tensors wait on their way to their place: on the way to a GPU in memory that it fetches from by itself.

    Two areas take turns, so that the next tensors are read while the last ones still travel.
    """

    def __init__(self, size: int, device: torch.device) -> None:
        """size: bytes of what is staged between two turns."""
        self._device = device
        self._gpu = device.type == "cuda"
        self._areas = [Arena(size, pinned=self._gpu) for _ in range(2 if self._gpu else 1)]
        self._fetched = [torch.cuda.Event() if self._gpu else None for _ in self._areas]
        self._at = 0

    def take(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """A contiguous tensor on the CPU, its values not set; good until `turn` has been called twice."""
        return self._areas[self._at].take(shape, dtype)

    def moved(self, tensor: Tensor) -> Tensor:
        """The same values on the device, perhaps still on their way."""
        return tensor.to(self._device, non_blocking=self._gpu)

    def turn(self) -> None:
        """What was taken has been used."""
        if self._fetched[self._at] is not None:
            self._fetched[self._at].record()
            self._at = (self._at + 1) % len(self._areas)
            self._fetched[self._at].synchronize()
        self._areas[self._at].reset()


def padded(sizes: list[int]) -> int:
    """Bytes that an arena needs for tensors of these many bytes each."""
    return sum(-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes)


def _large_pages(size: int) -> Tensor:
    if size < 4 << 20 or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(size, dtype=torch.uint8)
    area = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel built without them has ordinary pages
        area.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(area, dtype=torch.uint8)
