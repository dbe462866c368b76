"""Which weights are in memory, where, in which precision, and with which patches.

The one place that loads a network, moves it, patches it and lets it go. A network stays loaded until room is needed;
then the one that was used longest ago goes first. Patched weights stand beside the originals, which are never
touched: taking a patch away puts the original tensors back, and two handles on one base take turns by exchanging
pointers.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from . import memory
from .arena import Arena, padded
from .errors import OutOfMemory
from .load import Component, load, weight_of
from .patches import Change, WeightPatch, changes, keys
from .replay import Replays

KEPT_OVERLAYS = 3
"""For how many sets of patches a network keeps the patched weights."""

RESERVE = 512 << 20
"""Bytes that weights leave free, for the values that flow through them."""


class Slot(NamedTuple):
    """What is loaded: the same component in two precisions is two things."""

    component: Component
    dtype: torch.dtype


@dataclass
class _Resident:
    module: nn.Module
    size: int
    originals: dict[str, Tensor]
    overlays: OrderedDict[tuple[object, ...], dict[str, Tensor]] = field(default_factory=OrderedDict)
    worn: tuple[object, ...] = ()
    in_use: int = 0
    replays: Replays = field(default_factory=Replays)

    def drop_overlay(self, key: tuple[object, ...]) -> None:
        del self.overlays[key]
        self.replays.forget(key)

    def total(self) -> int:
        return self.size + sum(_size(overlay) for overlay in self.overlays.values())


class Residency:
    """The weights on one device. Not thread-safe: a worker runs one job at a time."""

    def __init__(self, device: torch.device, budget: int | None = None) -> None:
        """budget: bytes that weights may take in all; None for what the device has."""
        self.device = device
        self.budget = budget
        self._residents: OrderedDict[Slot, _Resident] = OrderedDict()

    @contextmanager
    def use(
        self, component: Component, dtype: torch.dtype, patches: tuple[WeightPatch, ...] = ()
    ) -> Iterator[nn.Module]:
        """The network, loaded and patched, which nothing evicts while the `with` lasts.

        CheckpointError where its file is not what it was; OutOfMemory, before anything is read, where it cannot fit.
        """
        resident = self._resident(Slot(component, dtype))
        resident.in_use += 1
        try:
            self._wear(component, resident, patches)
            yield resident.module
        finally:
            resident.in_use -= 1

    def replay(
        self,
        component: Component,
        dtype: torch.dtype,
        patches: tuple[WeightPatch, ...],
        call: Callable[..., Tensor],
        key: Hashable,
        given: dict[str, Any],
    ) -> Tensor:
        """call(network, **given), on a GPU recorded at the second pass of one shape and played again from then on.

        key: equal for calls that do the same.
        """
        with self.use(component, dtype, patches) as module:
            resident = self._residents[Slot(component, dtype)]
            return resident.replays.run(partial(call, module), resident.worn, key, given)

    def original(self, component: Component, dtype: torch.dtype, name: str) -> Tensor:
        """One parameter without patches, in this precision: the one that is loaded, or else read from the file.

        Not to be written to. CheckpointError where the file is not what it was.
        """
        found = self._residents.get(Slot(component, dtype))
        return weight_of(component, name).to(dtype) if found is None else found.originals[name]

    def reserve(self, size: int, what: str) -> None:
        """See that `size` bytes are free, letting idle weights go. OutOfMemory where that is not enough."""
        while self._room() < size:
            if not self._evict_one():
                raise OutOfMemory(what, size, max(self._room(), 0), str(self.device))

    def free(self) -> None:
        """Let all idle weights go."""
        while self._evict_one():
            pass

    def weights(self) -> int:
        """Bytes of all that is loaded."""
        return sum(resident.total() for resident in self._residents.values())

    def loaded(self) -> list[dict[str, Any]]:
        """What is loaded, for people: `id`, `title`, `file`, `bytes`, `patched`, `precision`, `device`, `busy`.

        It may be asked from another thread while a job runs.
        """
        return [
            {
                "id": f"{id(resident):x}",
                "title": slot.component.title,
                "file": str(slot.component.file.path),
                "bytes": resident.size,
                "patched": resident.total() - resident.size,
                "precision": str(slot.dtype).removeprefix("torch."),
                "device": str(self.device),
                "busy": resident.in_use > 0,
            }
            for slot, resident in _items(self._residents)
        ]

    def unload(self, id_: str) -> bool:
        """Let one of `loaded` go, by its id. False where it is in use, or gone."""
        for slot, resident in self._residents.items():
            if f"{id(resident):x}" == id_ and not resident.in_use:
                del self._residents[slot]
                del resident
                self._collect()
                return True
        return False

    def _room(self) -> int:
        free = memory.free(self.device)
        return free if self.budget is None else min(free, self.budget - self.weights())

    def _resident(self, slot: Slot) -> _Resident:
        found = self._residents.get(slot)
        if found is None:
            size = slot.component.size(slot.dtype)
            self.reserve(size + (RESERVE if self.budget is None else 0), slot.component.title)
            module = load(slot.component, slot.dtype, self.device)
            found = self._residents[slot] = _Resident(module, size, dict(module.named_parameters()))
        self._residents.move_to_end(slot)
        return found

    def _wear(self, component: Component, resident: _Resident, patches: tuple[WeightPatch, ...]) -> None:
        key = keys(patches)
        if key == resident.worn:
            return
        overlay = self._overlay(component, resident, key, patches) if key else {}
        worn = resident.overlays.get(resident.worn, {})
        for name in worn.keys() | overlay.keys():
            _put(resident.module, name, overlay.get(name, resident.originals[name]))
        resident.worn = key

    def _overlay(
        self, component: Component, resident: _Resident, key: tuple[object, ...], patches: tuple[WeightPatch, ...]
    ) -> dict[str, Tensor]:
        if key not in resident.overlays:
            while len(resident.overlays) >= KEPT_OVERLAYS:
                resident.drop_overlay(next(k for k in resident.overlays if k != resident.worn))
            wanted = changes(component, patches)
            originals = {name: resident.originals[name] for name in wanted if name in resident.originals}
            self.reserve(_size(originals), f"the patches on {component.title}")
            resident.overlays[key] = _patched(originals, wanted)
        resident.overlays.move_to_end(key)
        return resident.overlays[key]

    def _evict_one(self) -> bool:
        """Drop what was used longest ago and is idle: recordings, patched weights that nothing wears, then networks."""
        for resident in self._residents.values():
            if resident.replays.recordings and not resident.in_use:
                resident.replays.clear()
                self._collect()
                return True
        for resident in self._residents.values():
            for key in resident.overlays:
                if key != resident.worn:
                    resident.drop_overlay(key)
                    return True
        for slot, resident in self._residents.items():
            if not resident.in_use:
                del self._residents[slot]
                del resident
                self._collect()
                return True
        return False

    def _collect(self) -> None:
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def _items(residents: OrderedDict[Slot, _Resident]) -> list[tuple[Slot, _Resident]]:
    """As it is now, though another thread may be loading."""
    while True:
        try:
            return list(residents.items())
        except RuntimeError:  # it changed meanwhile
            continue


@torch.no_grad()
def _patched(originals: dict[str, Tensor], changes: dict[str, list[Change]]) -> dict[str, Tensor]:
    """New tensors: each weight with its changes made in float32, then rounded to its own precision once."""
    on_cpu = all(tensor.device.type == "cpu" for tensor in originals.values())
    place = Arena(padded([tensor.nbytes for tensor in originals.values()]) if on_cpu else 0)
    working = Arena(max((4 * tensor.numel() for tensor in originals.values()), default=0) if on_cpu else 0)
    patched: dict[str, Tensor] = {}
    for name, original in originals.items():
        shape = tuple(original.shape)
        weight = working.take(shape, torch.float32) if on_cpu else original.new_empty(shape, dtype=torch.float32)
        weight.copy_(original)
        for change in changes[name]:
            weight = change.apply(weight)
        if weight.shape != original.shape or original.dim() == 4 or not on_cpu:
            # A larger weight, or one whose channels may lie last: room of its own.
            patched[name] = torch.empty_like(weight, dtype=original.dtype, memory_format=_order(original)).copy_(weight)
        else:
            patched[name] = place.take(shape, original.dtype).copy_(weight)
        working.reset()
    return patched


def _order(tensor: Tensor) -> torch.memory_format:
    last = tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last and not tensor.is_contiguous() else torch.contiguous_format


def _put(module: nn.Module, name: str, value: Tensor) -> None:
    owner, _, attribute = name.rpartition(".")
    parameter = value if isinstance(value, nn.Parameter) else nn.Parameter(value, requires_grad=False)
    module.get_submodule(owner)._parameters[attribute] = parameter


def _size(tensors: dict[str, Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())
