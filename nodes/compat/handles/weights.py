# pyright: basic
# The shape of ComfyUI's data: tuples and lists in which packs say how a weight changes.
"""Changes of weights by key, as `add_patches` takes them: the keys of ComfyUI's networks, on the engine's parameters.

A key is the name that published single files have for a weight, behind `diffusion_model.` for a denoiser.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

import torch
from torch import Tensor

from models.load import Component
from models.patches.adapters import Additive, LowRank
from models.patches.change import Adapter, Change
from models.patches.keys import parameter_shapes
from nodes.compat.stand_in import NotSupported

_NUMBERS = count(1)


@lru_cache(maxsize=32)
def keys_of(component: Component, prefix: str) -> dict[str, str]:
    """ComfyUI's keys of a network's weights, and the engine's names of them."""
    picks = component.network.picks()
    found = {prefix + pick.name: ours for ours, pick in picks.items() if pick.change is None}
    shapes = parameter_shapes(component)
    return {key: ours for key, ours in found.items() if ours in shapes}


class KeyPatches(list[Any]):
    """What `get_key_patches` says of a weight: the weight itself, to be read when it is needed, and its changes."""


@dataclass(frozen=True)
class WeightOf:
    """A weight of a model, unchanged: read when it is needed."""

    read: Callable[[], Tensor] = field(repr=False, compare=False)
    key: Hashable

    def __call__(self) -> Tensor:
        return self.read()


@dataclass(frozen=True)
class KeyedChange:
    """weight * strength_model + strength_patch * value, in one of ComfyUI's ways of saying the value."""

    value: Any
    strength_patch: float
    strength_model: float
    rows: tuple[int, int, int] | None = None
    """(axis, first, how many), where only a part changes."""
    function: Callable[[Tensor], Tensor] | None = None

    def apply(self, weight: Tensor) -> Tensor:
        whole = weight
        if self.rows is not None:
            weight = whole.narrow(*self.rows)
        if self.strength_model != 1.0:
            weight = weight.mul_(self.strength_model)
        changed = self._changed(weight)
        if self.rows is None:
            return changed
        if changed is not weight:
            weight.copy_(changed)
        return whole

    def _changed(self, weight: Tensor) -> Tensor:
        value = self.value
        if isinstance(value, list):
            return self._added(weight, calculated(value, weight))
        if hasattr(value, "apply"):
            if self.function is None:
                return value.apply(weight, self.strength_patch, False)
            before = weight.clone()
            return before.add_(self.function(value.apply(weight.clone(), self.strength_patch, False) - before))
        kind, parts = ("diff", value) if len(value) == 1 else (value[0], value[1])
        if kind == "diff":
            return self._added(weight, parts[0], len(parts) > 1 and bool(parts[1].get("pad_weight")))
        if kind == "set":
            return weight.copy_(parts[0].to(weight))
        if kind == "lora":
            up, down, *rest = parts
            alpha, mid, dora = (*rest, None, None, None)[:3]
            return LowRank(up, down, mid, None if alpha is None else float(alpha), dora).apply(
                weight, self.strength_patch, False
            )
        raise NotSupported(
            f"A node changes a model's weights in the way “{kind}”, which Easel does not know: it cannot run here."
        )

    def _added(self, weight: Tensor, added: Tensor, pad: bool = False) -> Tensor:
        added = added.to(weight.device, torch.float32)
        if pad and added.shape != weight.shape:
            larger = torch.zeros(added.shape, dtype=weight.dtype, device=weight.device)
            larger[tuple(slice(0, size) for size in weight.shape)] = weight
            weight = larger
        if self.strength_patch == 0.0 or added.shape != weight.shape:
            return weight
        if self.function is not None:
            return weight.add_(self.function(added * self.strength_patch))
        return weight.add_(added, alpha=self.strength_patch)


def calculated(value: Sequence[Any], like: Tensor) -> Tensor:
    """The weight that a list stands for: the first of it, with the rest as its changes."""
    first = value[0]
    first = first[0] if isinstance(first, tuple) else first
    weight = (first() if isinstance(first, WeightOf) else first).to(like.device, torch.float32).clone()
    for change in value[1:]:
        weight = as_change(*change).apply(weight)
    return weight


def as_change(
    strength: float, value: Any, strength_model: float = 1.0, offset: Any = None, function: Any = None
) -> KeyedChange:
    """A change as ComfyUI keeps it: (strength, value, strength of the model, part, function)."""
    return KeyedChange(value, strength, strength_model, None if offset is None else tuple(offset), function)


@dataclass(frozen=True)
class KeyedPatch:
    """Changes by the engine's names, of one network or several."""

    by_component: Mapping[Component, Mapping[str, tuple[KeyedChange, ...]]] = field(repr=False, compare=False)
    number: int = field(default_factory=lambda: next(_NUMBERS))

    @property
    def key(self) -> Hashable:
        return "by keys", self.number

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        return self.by_component.get(component, {})


Network = tuple[Component, str]
"""A component and what stands before its keys."""


def keyed_patch(
    networks: Iterable[Network], patches: Mapping[Any, Any], strength_patch: float, strength_model: float
) -> tuple[KeyedPatch, list[Any]]:
    """The patch, and which of the keys are the networks'; a key may be (key, part[, function])."""
    found: dict[Component, dict[str, tuple[KeyedChange, ...]]] = {}
    taken: list[Any] = []
    for component, prefix in networks:
        names = keys_of(component, prefix)
        for key, value in patches.items():
            plain: Any
            plain, offset, function = (*((key,) if isinstance(key, str) else key), None, None)[:3]
            ours = names.get(plain)
            if ours is None:
                continue
            taken.append(key)
            change = as_change(strength_patch, value, strength_model, offset, function)
            those = found.setdefault(component, {})
            those[ours] = (*those.get(ours, ()), change)
    return KeyedPatch(found), taken


def key_patches(
    networks: Iterable[Network], patches: Iterable[Any], read: Callable[[Component, str], Tensor], prefix: str | None
) -> dict[str, KeyPatches]:
    """For each key that begins with prefix: its weight, and what changes it. read: (component, the engine's name)."""
    found: dict[str, KeyPatches] = {}
    those = tuple(patches)
    for component, start in networks:
        changed = [patch.changes(component) for patch in those if patch.key is not None]
        for key, ours in keys_of(component, start).items():
            if prefix is not None and not key.startswith(prefix):
                continue

            def whole(component: Component = component, ours: str = ours) -> Tensor:
                return read(component, ours)

            entry = KeyPatches([(WeightOf(whole, (component, ours)), _same)])
            for table in changed:
                entry += [(1.0, _AtOne(change), 1.0, None, None) for change in table.get(ours, ())]
            found[key] = entry
    return found


def _same(weight: Tensor, **_: Any) -> Tensor:
    return weight


@dataclass(frozen=True)
class _AtOne:
    """A change with its strength in it, where an adapter is expected."""

    change: Change

    def apply(self, weight: Tensor, strength: float, swapped: bool) -> Tensor:
        return self.change.apply(weight)


__all__ = [
    "Adapter",
    "Additive",
    "KeyPatches",
    "KeyedPatch",
    "Network",
    "WeightOf",
    "key_patches",
    "keyed_patch",
    "keys_of",
]
