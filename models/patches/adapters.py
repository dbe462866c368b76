"""Adapters that add a product of small matrices to a weight: LoRA and what LyCORIS has made of it.

Each gives the change dW at strength 1 without its scale, which is alpha / rank. DoRA (Liu et al. 2024) may stand on
top: it also gives every output, or every input, a length of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .change import ordered


def _f32(tensor: Tensor, like: Tensor) -> Tensor:
    return tensor.to(like.device, torch.float32)


@dataclass(frozen=True, eq=False)
class Additive:
    """W + strength * scale * dW, or with DoRA's lengths that sum normalised."""

    def delta(self, weight: Tensor) -> Tensor:
        """dW in float32, with as many values as the weight."""
        raise NotImplementedError

    def scale(self, weight: Tensor) -> float:
        """alpha / rank; 1 where the file says no alpha."""
        raise NotImplementedError

    @property
    def lengths(self) -> Tensor | None:
        return getattr(self, "dora", None)

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        delta = self.delta(weight).reshape(weight.shape)
        if self.lengths is None:
            return weight.add_(ordered(delta.mul_(strength * self.scale(weight)), swapped))
        return with_lengths(weight, ordered(delta.mul_(self.scale(weight)), swapped), self.lengths, strength)

    def sizes(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{name} {list(value.shape)}" for name, value in values if isinstance(value, Tensor))


def with_lengths(weight: Tensor, delta: Tensor, lengths: Tensor, strength: float) -> Tensor:
    """DoRA: m (W + dW) / |W|, as far as `strength` says.

    lengths: m, (o, 1[, 1, 1]) for one number an output or (1, i[, 1, 1]) for one an input. The norm is taken of the
    original weight for outputs and of the changed one for inputs, as ComfyUI 0.3.64 does; trainers take that of the
    changed one in both cases.
    """
    m = _f32(lengths, weight)
    changed = weight + delta
    if m.shape[0] == weight.shape[0]:
        norm = weight.reshape(weight.shape[0], -1).norm(dim=1).reshape(-1, *[1] * (weight.dim() - 1))
    else:
        norm = changed.transpose(0, 1).reshape(weight.shape[1], -1).norm(dim=1)
        norm = norm.reshape(1, -1, *[1] * (weight.dim() - 2))
    changed *= m / (norm + torch.finfo(torch.float32).eps)
    if strength == 1:
        return weight.copy_(changed)
    return weight.add_(changed.sub_(weight), alpha=strength)


@dataclass(frozen=True, eq=False)
class LowRank(Additive):
    """LoRA (Hu et al. 2021): up @ down, with a small convolution between them in LoCon's Tucker form."""

    up: Tensor
    """(o, r[, 1, 1])"""
    down: Tensor
    """(r, i[, k, k])"""
    mid: Tensor | None = None
    """(r, r, k, k)"""
    alpha: float | None = None
    dora: Tensor | None = None
    shape: tuple[int, ...] | None = None
    """To which the weight is enlarged by zeros first, where the LoRA takes in more channels than its base."""

    def scale(self, weight: Tensor) -> float:
        return 1.0 if self.alpha is None else self.alpha / self.down.shape[0]

    def _factors(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        up, down = _f32(self.up, weight).flatten(1), _f32(self.down, weight)
        if self.mid is not None:
            down = torch.einsum("rskl,si->rikl", _f32(self.mid, weight), down.flatten(1))
        return up, down.flatten(1)

    def delta(self, weight: Tensor) -> Tensor:
        up, down = self._factors(weight)
        return up @ down

    def numbers(self) -> int:
        """How many values the change has."""
        each = self.down[0].numel()
        return self.up.shape[0] * (each if self.mid is None else each * math.prod(self.mid.shape[2:]))

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        if self.shape is not None:
            weight = enlarged(weight, self.shape)
        if self.dora is None and not swapped and weight.is_contiguous():
            up, down = self._factors(weight)
            weight.view(weight.shape[0], -1).addmm_(up, down, alpha=strength * self.scale(weight))
            return weight
        return super().apply(weight, strength, swapped)


def enlarged(weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    """With zeros at the end of every axis. ValueError where the weight is not within that shape."""
    if len(shape) != weight.dim() or any(new < old for new, old in zip(shape, weight.shape, strict=True)):
        raise ValueError(f"a weight of {list(weight.shape)} cannot be enlarged to {list(shape)}")
    if tuple(weight.shape) == tuple(shape):
        return weight
    large = weight.new_zeros(shape)
    large[tuple(slice(0, length) for length in weight.shape)] = weight
    return large


def tucker(core: Tensor, inner: Tensor, outer: Tensor) -> Tensor:
    """core (p, q, k, k), inner (q, i), outer (p, o) -> (o, i, k, k)."""
    return torch.einsum("pqkl,qi,po->oikl", core, inner, outer)


@dataclass(frozen=True, eq=False)
class Hadamard(Additive):
    """LoHa (Hyeon-Woo et al. 2021, FedPara): (w1_a @ w1_b) * (w2_a @ w2_b), value by value.

    With cores t1, t2 (r, r, k, k) each factor is a Tucker product of them, w_b (r, i) and w_a (r, o).
    """

    w1_a: Tensor
    w1_b: Tensor
    w2_a: Tensor
    w2_b: Tensor
    t1: Tensor | None = None
    t2: Tensor | None = None
    alpha: float | None = None
    dora: Tensor | None = None

    def scale(self, weight: Tensor) -> float:
        return 1.0 if self.alpha is None else self.alpha / self.w1_b.shape[0]

    def delta(self, weight: Tensor) -> Tensor:
        a1, b1, a2, b2 = (_f32(part, weight) for part in (self.w1_a, self.w1_b, self.w2_a, self.w2_b))
        if self.t1 is None or self.t2 is None:
            return (a1 @ b1).mul_(a2 @ b2)
        return tucker(_f32(self.t1, weight), b1, a1) * tucker(_f32(self.t2, weight), b2, a2)


@dataclass(frozen=True, eq=False)
class Kronecker(Additive):
    """LoKr: kron(w1, w2), where each may itself be a product w_a @ w_b, and w2 a Tucker product with the core t2.

    The scale is alpha / rank of the last factor that is a product; 1 where none is.
    """

    w1: Tensor | None = None
    w1_a: Tensor | None = None
    w1_b: Tensor | None = None
    w2: Tensor | None = None
    w2_a: Tensor | None = None
    w2_b: Tensor | None = None
    t2: Tensor | None = None
    alpha: float | None = None
    dora: Tensor | None = None

    def scale(self, weight: Tensor) -> float:
        rank = self.w2_b.shape[0] if self.w2 is None and self.w2_b is not None else None
        if rank is None and self.w1 is None and self.w1_b is not None:
            rank = self.w1_b.shape[0]
        return 1.0 if self.alpha is None or rank is None else self.alpha / rank

    def delta(self, weight: Tensor) -> Tensor:
        if self.w1 is not None:
            w1 = _f32(self.w1, weight)
        else:
            assert self.w1_a is not None
            assert self.w1_b is not None
            w1 = _f32(self.w1_a, weight) @ _f32(self.w1_b, weight)
        if self.w2 is not None:
            w2 = _f32(self.w2, weight)
        else:
            assert self.w2_a is not None
            assert self.w2_b is not None
            a, b = _f32(self.w2_a, weight), _f32(self.w2_b, weight)
            w2 = a @ b if self.t2 is None else tucker(_f32(self.t2, weight), b, a)
        if w2.dim() == 4 and w1.dim() == 2:
            w1 = w1[:, :, None, None]
        return torch.kron(w1.contiguous(), w2.contiguous())


@dataclass(frozen=True, eq=False)
class Generalised(Additive):
    """GLoRA (Chavan et al. 2023): W A + B, with A = a1 @ a2 (i, i) and B = b1 @ b2 (o, i).

    Old files of LyCORIS have the factors the other way round: A = a2 @ a1, B = b2 @ b1.
    """

    a1: Tensor
    a2: Tensor
    b1: Tensor
    b2: Tensor
    alpha: float | None = None
    dora: Tensor | None = None

    def _is_old(self, weight: Tensor) -> bool:
        a1, a2, b1, b2 = self.a1, self.a2, self.b1, self.b2
        old = b2.shape[1] == b1.shape[0] == a1.shape[0] == a2.shape[1]
        new = b2.shape[0] == b1.shape[1] == a1.shape[1] == a2.shape[0]
        square = weight.dim() > 1 and a2.shape[0] == weight.shape[0] == weight.shape[1]
        return old and (square or not new)

    def scale(self, weight: Tensor) -> float:
        rank = self.a1.shape[0] if self._is_old(weight) else self.a2.shape[0]
        return 1.0 if self.alpha is None else self.alpha / rank

    def delta(self, weight: Tensor) -> Tensor:
        a1, a2, b1, b2 = (_f32(part, weight).flatten(1) for part in (self.a1, self.a2, self.b1, self.b2))
        if self._is_old(weight):
            return b2 @ b1 + weight.flatten(1) @ a2 @ a1
        inner = torch.einsum("oi...,ir->or...", weight, a1)
        return torch.einsum("or...,rj->oj...", inner, a2) + (b1 @ b2).reshape(weight.shape)


@dataclass(frozen=True, eq=False)
class Rescaled(Additive):
    """IA3 (Liu et al. 2022), as LyCORIS trains it: each output, or each input, of W times 1 + w."""

    w: Tensor
    on_input: bool
    dora: Tensor | None = None

    def scale(self, weight: Tensor) -> float:
        return 1.0

    def delta(self, weight: Tensor) -> Tensor:
        w = _f32(self.w, weight).flatten()
        return weight * (w.reshape(1, -1, *[1] * (weight.dim() - 2)) if self.on_input else _outputs(w, weight))


def _outputs(values: Tensor, weight: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (weight.dim() - 1))
