"""Weights of two models mixed, and weights times factors. Nothing is computed until a network is used."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from ..errors import PatchError
from ..load import Component
from .change import Change, Factor, WeightPatch
from .keys import parameter_shapes

Original = Callable[[str], Tensor]
"""A parameter of a network by name, as it is loaded, without patches."""


@dataclass(frozen=True)
class Other:
    """The network that is mixed in, with its own patches."""

    component: Component
    patches: tuple[WeightPatch, ...]
    dtype: Hashable
    """The precision that it is taken in."""
    original: Original = field(compare=False, repr=False)

    @property
    def key(self) -> Hashable:
        return self.component, self.dtype, keys(self.patches)


@dataclass(frozen=True)
class Mix:
    """keep * weight + add * the other's weight. Where the other has another shape, nothing is added."""

    name: str
    original: Original
    changes: Sequence[Change]
    """Of the other's own patches."""
    keep: float
    add: float

    def apply(self, weight: Tensor) -> Tensor:
        if self.keep != 1:
            weight = weight.mul_(self.keep)
        if self.add == 0:
            return weight
        other = self.original(self.name).to(weight.device).float()
        if self.changes:
            other = other.clone()
            for change in self.changes:
                other = change.apply(other)
        return weight.add_(other, alpha=self.add) if other.shape == weight.shape else weight


@dataclass(frozen=True)
class Shares:
    """How much of each model, by where a parameter's name begins; the longest beginning that fits counts."""

    default: tuple[float, float]
    """(keep, add), as in `Mix`."""
    starts: tuple[tuple[str, float, float], ...] = ()

    def of(self, name: str) -> tuple[float, float]:
        fitting = [(len(start), keep, add) for start, keep, add in self.starts if name.startswith(start)]
        return max(fitting, key=lambda found: found[0])[1:] if fitting else self.default

    @classmethod
    def blend(cls, ratio: float, **starts: float) -> Shares:
        """ratio: the share of the first model; the second has the rest. starts: the same for parts, by name."""
        return cls((ratio, 1.0 - ratio), tuple((start, share, 1.0 - share) for start, share in starts.items()))


@dataclass(frozen=True)
class Merge:
    """One or more networks (a Clip may have several), each mixed with its like in another model."""

    pairs: tuple[tuple[Component, Other], ...]
    shares: Shares

    @property
    def key(self) -> Hashable:
        return "merge", tuple((own, other.key) for own, other in self.pairs), self.shares

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        other = next((other for own, other in self.pairs if own == component), None)
        if other is None:
            return {}
        own, theirs = parameter_shapes(component), parameter_shapes(other.component)
        inner = changes(other.component, other.patches)
        return {
            name: [Mix(name, other.original, inner.get(name, ()), *self.shares.of(name))]
            for name in theirs
            if name in own and self.shares.of(name) != (1.0, 0.0)
        }


@dataclass(frozen=True)
class Factors:
    """Weights times numbers, by their names."""

    rules: tuple[tuple[str, str, float], ...]
    """What a name has in it, how it ends, and the factor; of several rules that fit, the first counts."""

    @property
    def key(self) -> Hashable | None:
        return ("factors", self.rules) if any(factor != 1 for *_, factor in self.rules) else None

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        found: dict[str, Sequence[Change]] = {}
        for name in parameter_shapes(component):
            fitting = (factor for within, end, factor in self.rules if within in name and name.endswith(end))
            factor = next(fitting, 1.0)
            if factor != 1:
                found[name] = [Factor(factor)]
        return found


def check_alike(own: Component, other: Component) -> None:
    """PatchError where two networks have too little in common to be mixed.

    A few unlike shapes are nothing unusual: models for inpainting take in more channels than those they came from.
    """
    mine, theirs = parameter_shapes(own), parameter_shapes(other)
    common = mine.keys() & theirs.keys()
    alike = sum(mine[name] == theirs[name] for name in common)
    if alike * 2 < max(len(mine), len(theirs)):
        raise PatchError(
            f"{own.title} and {other.title} cannot be mixed: only {alike:,} of {max(len(mine), len(theirs)):,} weights "
            "have one name and shape in both. Choose two models of one family."
        )


def keys(patches: Iterable[WeightPatch]) -> tuple[Hashable, ...]:
    """What tells sets of patches apart; patches that change nothing leave no trace."""
    return tuple(patch.key for patch in patches if patch.key is not None)


def changes(component: Component, patches: Iterable[WeightPatch]) -> dict[str, list[Change]]:
    """For each parameter of the network that the patches change: its changes, in order."""
    found: dict[str, list[Change]] = {}
    for patch in patches:
        if patch.key is not None:
            for name, those in patch.changes(component).items():
                found.setdefault(name, []).extend(those)
    return found
