"""What a patch is: changes of some of a network's parameters, worked out afresh from the originals each time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from ..networks.layout import halves_swapped

if TYPE_CHECKING:
    from ..load import Component


class Change(Protocol):
    """One change of one parameter."""

    def apply(self, weight: Tensor) -> Tensor:
        """weight: float32, which may be written over -> the changed weight, float32, perhaps the same tensor."""
        ...


class WeightPatch(Protocol):
    """What a handle carries beside its base: a LoRA at a strength, a merge with another model, factors."""

    @property
    def key(self) -> Hashable:
        """Equal keys, equal changes. None where the patch changes nothing at all."""
        ...

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        """By the names of the network's parameters. Empty where the patch is for another network."""
        ...


class Adapter(Protocol):
    """How a file says what is added to one weight (or put in its place), at any strength."""

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        """As `Change.apply`. swapped: whether the file has the second half of the rows first."""
        ...

    def sizes(self) -> str:
        """The shapes of its parts, for messages."""
        ...


@dataclass(frozen=True)
class Adapted:
    """An adapter at a strength, for a whole parameter or some of its rows."""

    adapter: Adapter
    strength: float
    rows: tuple[int, int] | None = None
    """The first row and how many, where the file has apart what the parameter has joined."""
    swapped: bool = False

    def apply(self, weight: Tensor) -> Tensor:
        if self.rows is None:
            return self.adapter.apply(weight, self.strength, self.swapped)
        part = weight.narrow(0, *self.rows)
        changed = self.adapter.apply(part, self.strength, self.swapped)
        if changed is not part:
            part.copy_(changed)
        return weight


@dataclass(frozen=True)
class Factor:
    """A weight times a number."""

    factor: float

    def apply(self, weight: Tensor) -> Tensor:
        return weight.mul_(self.factor) if self.factor != 1 else weight


def ordered(tensor: Tensor, swapped: bool) -> Tensor:
    return halves_swapped(tensor) if swapped else tensor
