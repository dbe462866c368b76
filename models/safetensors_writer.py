"""Writing a safetensors file tensor by tensor, so that only one of them need be in memory."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import torch
from torch import Tensor

from .files import bytes_of
from .safetensors_header import DTYPES

_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_ALIGNMENT = 8
"""Bytes: the tensors' part of a file begins at a multiple of this."""


@dataclass(frozen=True)
class Item:
    """A tensor to write, and how it is made when its turn comes."""

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    make: Callable[[], Tensor]

    @property
    def size(self) -> int:
        """In bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @classmethod
    def of(cls, name: str, tensor: Tensor) -> Item:
        """A tensor that is there."""
        return cls(name, tuple(tensor.shape), tensor.dtype, lambda: tensor)


def sorted_for_file(items: Iterable[Item]) -> list[Item]:
    """Wider numbers first, so that each tensor begins at a multiple of its numbers' width."""
    return sorted(items, key=lambda item: (-item.dtype.itemsize, item.name))


def header(items: Sequence[Item], metadata: Mapping[str, str]) -> bytes:
    """What stands before the tensors, which follow in this order. ValueError where a name is there twice."""
    table: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    start = 0
    for item in items:
        if item.name in table:
            raise ValueError(f"two tensors are called {item.name}")
        table[item.name] = {
            "dtype": _NAMES[item.dtype],
            "shape": list(item.shape),
            "data_offsets": [start, start + item.size],
        }
        start += item.size
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def write_tensors(file: IO[bytes], items: Sequence[Item], metadata: Mapping[str, str]) -> None:
    """The whole file. ValueError where a tensor is not what its item said."""
    file.write(header(items, metadata))
    for item in items:
        tensor = item.make().detach().cpu().contiguous()
        if tuple(tensor.shape) != item.shape or tensor.dtype != item.dtype:
            raise ValueError(f"{item.name} is {tensor.dtype} {list(tensor.shape)}, not {item.dtype} {list(item.shape)}")
        file.write(bytes_of(tensor))
