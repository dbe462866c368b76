"""One parameter in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from ..networks.layout import Pick, Shapes, halves_swapped, joined


@dataclass(frozen=True)
class Entry:
    """A tensor of the published single file, and the tensors of diffusers that it is made of."""

    native: str
    theirs: tuple[str, ...]
    """Several where diffusers has apart, in this order along the first axis, what the single file has joined."""
    swapped: bool = False
    """Whether diffusers has the second half of the rows first: (scale, shift) for (shift, scale)."""
    convolution: bool = False
    """Whether diffusers has a linear layer where the single file has a 1 x 1 convolution."""

    def pick(self) -> Pick:
        """How the native tensor is made of diffusers' ones."""
        if self.swapped:
            return Pick(self.theirs, halves_swapped)
        if self.convolution:
            return Pick(self.theirs, _as_convolution)
        return Pick(self.theirs, joined if len(self.theirs) > 1 else None)


def _as_convolution(tensor: Tensor) -> Tensor:
    return tensor[:, :, None, None] if tensor.dim() == 2 else tensor


def both(native: str, *theirs: str, swapped: bool = False, convolution: bool = False) -> Iterator[Entry]:
    """Weight and bias of a module; a bias is never turned into a convolution."""
    for kind in ("weight", "bias"):
        names = tuple(f"{name}.{kind}" for name in theirs)
        yield Entry(f"{native}.{kind}", names, swapped, convolution and kind == "weight")


def present(entries: Iterable[Entry], shapes: Shapes, native: bool) -> list[Entry]:
    """Those of which the file has anything: by native names, or by diffusers' ones."""
    return [e for e in entries if (e.native in shapes if native else any(name in shapes for name in e.theirs))]
