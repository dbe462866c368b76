# pyright: basic
"""ComfyUI's `comfy.conds`: conditions of a model, and how those of a batch go together."""

from __future__ import annotations

import math
from typing import Any

import torch

from nodes.compat.comfy.utils import repeat_to_batch_size


class CONDRegular:
    """A tensor (b, ...)."""

    def __init__(self, cond: Any) -> None:
        self.cond = cond

    def _copy_with(self, cond: Any) -> CONDRegular:
        return type(self)(cond)

    def process_cond(self, batch_size: int, area: Any = None, **kwargs: Any) -> CONDRegular:
        """For a batch of this size."""
        return self._copy_with(repeat_to_batch_size(self.cond, batch_size))

    def can_concat(self, other: CONDRegular) -> bool:
        return self.cond.shape == other.cond.shape

    def concat(self, others: list[CONDRegular]) -> Any:
        return torch.cat([self.cond, *(other.cond for other in others)])

    def size(self) -> list[int]:
        return list(self.cond.size())


class CONDNoiseShape(CONDRegular):
    """A tensor of the latent's shape: cut to the same area."""

    def process_cond(self, batch_size: int, area: Any = None, **kwargs: Any) -> CONDRegular:
        cond = self.cond
        if area is not None:
            axes = len(area) // 2
            for axis in range(axes):
                cond = cond.narrow(axis + 2, area[axis + axes], area[axis])
        return self._copy_with(repeat_to_batch_size(cond, batch_size))


class CONDCrossAttn(CONDRegular):
    """Tokens (b, n, d): shorter ones are repeated, where that is not much."""

    def can_concat(self, other: CONDRegular) -> bool:
        one, two = self.cond.shape, other.cond.shape
        if one == two:
            return True
        if one[0] != two[0] or one[2] != two[2]:
            return False
        return math.lcm(one[1], two[1]) // min(one[1], two[1]) <= 4

    def concat(self, others: list[CONDRegular]) -> Any:
        tensors = [self.cond, *(other.cond for other in others)]
        length = math.lcm(*(tensor.shape[1] for tensor in tensors))
        return torch.cat([tensor.repeat(1, length // tensor.shape[1], 1) for tensor in tensors])


class CONDConstant(CONDRegular):
    """A value for the whole batch."""

    def process_cond(self, batch_size: int, area: Any = None, **kwargs: Any) -> CONDRegular:
        return self._copy_with(self.cond)

    def can_concat(self, other: CONDRegular) -> bool:
        return self.cond == other.cond

    def concat(self, others: list[CONDRegular]) -> Any:
        return self.cond

    def size(self) -> list[int]:
        return [1]


class CONDList(CONDRegular):
    """A list of tensors."""

    def process_cond(self, batch_size: int, area: Any = None, **kwargs: Any) -> CONDRegular:
        return self._copy_with([repeat_to_batch_size(cond, batch_size) for cond in self.cond])

    def can_concat(self, other: CONDRegular) -> bool:
        return [one.shape for one in self.cond] == [two.shape for two in other.cond]

    def concat(self, others: list[CONDRegular]) -> Any:
        return [torch.cat([one, *(other.cond[i] for other in others)]) for i, one in enumerate(self.cond)]

    def size(self) -> list[int]:
        return [1, 1, sum(math.prod(cond.size()) for cond in self.cond)]
