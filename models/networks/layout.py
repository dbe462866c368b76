"""What every network says about itself, so that one loader serves them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

Shapes = Mapping[str, tuple[int, ...]]
"""Names and shapes of a network's tensors in a file, the network's own prefix taken off."""


class UnknownLayout(ValueError):
    """These tensors belong to a network that we do not know; says what is odd about it."""


@dataclass(frozen=True)
class Pick:
    """Where a parameter's values are in the file: a tensor's name, and what is done to it."""

    name: str
    change: Callable[[Tensor], Tensor] | None = None

    def of(self, tensor: Tensor) -> Tensor:
        return tensor if self.change is None else self.change(tensor)


class Network(Protocol):
    """The sizes of one network: frozen and hashable, so that equal files give equal networks."""

    def build(self) -> nn.Module:
        """A module with these sizes, without weights (called while the default device is "meta")."""
        ...

    def picks(self) -> dict[str, Pick]:
        """For each of the module's parameters, by name, where its values are."""
        ...

    def channels_last(self, device: torch.device) -> bool:
        """Whether its convolutions run faster there with the channels of a pixel side by side in memory."""
        ...

    def ignores(self, name: str) -> bool:
        """Whether a tensor of the file may be left unused."""
        ...


def matrix(tensor: Tensor) -> Tensor:
    """A 1 x 1 convolution (o, i, 1, 1) as a linear layer's matrix (o, i); a matrix as it is."""
    return tensor.flatten(1) if tensor.dim() == 4 else tensor


def third(index: int) -> Callable[[Tensor], Tensor]:
    """One of the three equal parts, along the first axis, of a joined query-key-value projection."""
    return lambda tensor: tensor.chunk(3)[index]


def transposed(tensor: Tensor) -> Tensor:
    return tensor.t()


def count(shapes: Shapes, prefix: str) -> int:
    """How many of prefix0., prefix1., ... there are, without a gap from 0."""
    found = {name[len(prefix) :].split(".", 1)[0] for name in shapes if name.startswith(prefix)}
    number = 0
    while str(number) in found:
        number += 1
    return number
