"""Adapters that turn a weight's outputs in blocks, and whole weights that a file has in place of a product.

A block's rotation is Cayley's: R = (I + Q) (I - Q)^-1 with Q antisymmetric, made of the file's blocks B as B - B^T.
Where the file has an alpha, Q's length is held below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .adapters import Additive, with_lengths
from .change import ordered


def rotations(blocks: Tensor, limit: float) -> Tensor:
    """blocks (..., b, b) -> orthogonal matrices of the same shape."""
    q = blocks - blocks.transpose(-1, -2)
    if limit > 0:
        q = q * (limit / (q.norm() + 1e-8)).clamp(max=1.0)
    identity = torch.eye(blocks.shape[-1], device=blocks.device)
    return (identity + q) @ torch.linalg.inv(identity - q)


@dataclass(frozen=True, eq=False)
class Turning(Additive):
    """OFT (Qiu et al. 2023): blocks (n, b, b), one for each b of the n * b outputs.

    As in ComfyUI, strength counts twice: once for the rotation's distance from none, once for what that changes; and
    a `rescale` in the file is not used.
    """

    blocks: Tensor
    alpha: float | None = None
    dora: Tensor | None = None

    def scale(self, weight: Tensor) -> float:
        return 0.0 if self.alpha is None else self.alpha  # what DoRA's lengths see; never used without them

    def delta(self, weight: Tensor) -> Tensor:
        r = rotations(self.blocks.to(weight.device, torch.float32), self.alpha or 0.0)
        away = r - torch.eye(r.shape[-1], device=r.device)
        parts = weight.reshape(r.shape[0], r.shape[1], *weight.shape[1:])
        return torch.einsum("knm,kn...->km...", away, parts).reshape(weight.shape)

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        delta = self.delta(weight).mul_(strength)
        if self.dora is None:
            return weight.add_(ordered(delta.mul_(strength), swapped))
        return _long(weight, delta, self, strength, swapped)


@dataclass(frozen=True, eq=False)
class Butterfly(Additive):
    """BOFT (Liu et al. 2023): blocks (m, n, b, b), m rounds of rotations that reach ever further apart outputs."""

    blocks: Tensor
    rescale: Tensor | None = None
    """(o, 1[, 1, 1]): each output's length afterwards."""
    alpha: float | None = None
    dora: Tensor | None = None

    def scale(self, weight: Tensor) -> float:
        return 0.0 if self.alpha is None else self.alpha

    def turned(self, weight: Tensor, strength: float) -> Tensor:
        """The weight after all rounds; strength 0 turns nothing."""
        r = rotations(self.blocks.to(weight.device, torch.float32), self.alpha or 0.0)
        b = r.shape[-1]
        identity = torch.eye(b, device=r.device)
        turned = weight
        for number, blocks in enumerate(r):
            reach = 2**number * (b // 2)
            step = blocks * strength + (1 - strength) * identity if strength != 1 else blocks
            # Outputs that are `reach` apart come side by side, are turned in blocks of b, and go back.
            grouped = turned.unflatten(0, (-1, 2, reach)).transpose(1, 2).flatten(0, 2).unflatten(0, (-1, b))
            grouped = torch.einsum("bij,bj...->bi...", step, grouped)
            turned = grouped.flatten(0, 1).unflatten(0, (-1, reach, 2)).transpose(1, 2).flatten(0, 2)
        if self.rescale is not None:
            turned = turned * self.rescale.to(weight.device, torch.float32)
        return turned

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        delta = self.turned(weight, strength) - weight
        if self.dora is None:
            return weight.add_(ordered(delta.mul_(strength), swapped))
        return _long(weight, delta, self, strength, swapped)


def _long(weight: Tensor, delta: Tensor, adapter: Additive, strength: float, swapped: bool) -> Tensor:
    assert adapter.lengths is not None
    return with_lengths(weight, ordered(delta.mul_(adapter.scale(weight)), swapped), adapter.lengths, strength)


@dataclass(frozen=True, eq=False)
class Difference(Additive):
    """What is added, in full."""

    values: Tensor

    def scale(self, weight: Tensor) -> float:
        return 1.0

    def delta(self, weight: Tensor) -> Tensor:
        return self.values.to(weight.device, torch.float32, copy=True)


@dataclass(frozen=True, eq=False)
class Replacement(Additive):
    """What stands in the weight's place, at any strength."""

    values: Tensor

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        return weight.copy_(self.values.to(weight.device, torch.float32).reshape(weight.shape))
