"""Networks whose weights are partly a model's: two files read as one.

Control-LoRAs (Stability AI) hold low-rank changes of the UNet's weights, "difference" ControlNets what is to be added
to them, and Stability's ControlNets for 3.5 lack one embedder. The changes are added to the model's weights, its own
LoRAs among them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..files import WeightFile
from ..load import Component
from ..networks.layout import Network, Pick
from ..patches import Change, WeightPatch

_MODEL, _CONTROL = "model/", "control/"
"""What stands before the names of either file's tensors."""


@dataclass(frozen=True)
class Borrowed:
    """A control network, and where each of its weights is."""

    inner: Network
    base: Component
    control: Component
    """The file's own part; its network is `inner`."""
    lent: tuple[tuple[str, str], ...]
    """Parameters that the model has under another name: here, there."""
    added: tuple[tuple[str, tuple[str, ...]], ...]
    """Parameters that are the model's and something more: by which tensors of the control file that is said."""
    whole: bool
    """Whether what is more is added while the file is read, or later, by `Additions`, after the model's patches."""

    def build(self) -> nn.Module:
        return self.inner.build()

    def channels_last(self, device: torch.device) -> bool:
        return self.inner.channels_last(device)

    def ignores(self, name: str) -> bool:
        return True

    def picks(self) -> dict[str, Pick]:
        lent, added = dict(self.lent), dict(self.added)
        base, own = self.base.picks(), self.control.picks()
        found: dict[str, Pick] = {}
        for name in self.inner.picks():
            theirs = lent.get(name, name)
            if name in added and self.whole:
                found[name] = self._sum(base[theirs], added[name])
            elif name in added or name in lent:
                found[name] = self._of(base[theirs], _MODEL + self.base.prefix)
            else:
                found[name] = self._of(own[name], _CONTROL + self.control.prefix)
        return found

    def _sum(self, base: Pick, names: Sequence[str]) -> Pick:
        count = len(base.names)

        def change(*tensors: Tensor) -> Tensor:
            weight = base.of(*tensors[:count])
            return weight.float() + addition(tensors[count:], weight)

        start = self._of(base, _MODEL + self.base.prefix).names
        return Pick((*start, *(_CONTROL + self.control.prefix + name for name in names)), change)

    @staticmethod
    def _of(pick: Pick, prefix: str) -> Pick:
        return Pick(tuple(prefix + name for name in pick.names), pick.change)


def addition(tensors: Sequence[Tensor], weight: Tensor) -> Tensor:
    """What is added to a weight, float32: a tensor as it is, or two halves, up (o, r, ...) and down (r, i, ...)."""
    first, *second = (tensor.to(weight.device, torch.float32) for tensor in tensors)
    return (first.flatten(1) @ second[0].flatten(1)).reshape(weight.shape) if second else first


@dataclass(frozen=True)
class Additions:
    """A `WeightPatch`: what a control file adds, where the model's patches have to come first."""

    control: Component
    added: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def key(self) -> Hashable:
        return "control", self.control.file

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        prefix = self.control.prefix
        found: dict[str, Sequence[Change]] = {}
        for name, parts in self.added:
            read = self.control.file.read(prefix + part for part in parts)
            found[name] = [_Addition(tuple(tensor.clone() for _, tensor in read))]
        return found


@dataclass(frozen=True, eq=False)
class _Addition:
    tensors: tuple[Tensor, ...]

    def apply(self, weight: Tensor) -> Tensor:
        return weight.add_(addition(self.tensors, weight))


@dataclass(frozen=True)
class OnBase:
    """A `WeightPatch`: one of the model's, on what was borrowed from it."""

    patch: WeightPatch
    base: Component
    names: tuple[tuple[str, str], ...]
    """Parameters that were borrowed: here, at the model."""

    @property
    def key(self) -> Hashable:
        return None if self.patch.key is None else ("borrowed", self.patch.key)

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        theirs = self.patch.changes(self.base)
        return {ours: theirs[name] for ours, name in self.names if name in theirs}


def borrow(
    control: Component,
    base: Component,
    patches: tuple[WeightPatch, ...],
    lent: tuple[tuple[str, str], ...],
    added: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> tuple[Component, tuple[WeightPatch, ...]]:
    """The control network with the model's weights in it, and what is to be changed about them.

    control: its network and what is its own; base, patches: the model's. `lent` and `added` as in `Borrowed`.
    """
    live = tuple(patch for patch in patches if patch.key is not None)
    network = Borrowed(control.network, base, control, lent, added, whole=not live)
    file = _together(control.file, base.file)
    component = Component(file, network, "", f"{control.title} on {base.title}")
    if not live:
        return component, ()
    names = {**{name: name for name, _ in added}, **dict(lent)}
    on_base = tuple(OnBase(patch, base, tuple(names.items())) for patch in live)
    return component, (*on_base, *((Additions(control, added),) if added else ()))


def _together(control: WeightFile, base: WeightFile) -> WeightFile:
    """Both files' tensors, each under a name that says whose it is."""

    def both(kind: str) -> dict[str, Any]:
        return {
            prefix + name: value
            for prefix, file in ((_CONTROL, control), (_MODEL, base))
            for name, value in getattr(file, kind).items()
        }

    stamps = tuple(dict((*control.stamps, *base.stamps)).items())
    return WeightFile(control.path, stamps, both("shapes"), both("dtypes"), {}, both("_sources"))
