"""Fill a network from a file: built without memory, each tensor copied once into its place and precision.

Nothing of a file that does not fit is ever used: what lacks, what is too much and what has another shape is found
before the first weight is read, and a weight that is no number before the module is handed out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from .arena import Arena, Staging, padded
from .errors import CheckpointError, mismatch
from .files import WeightFile
from .keymaps import diffusers_picks
from .networks.layout import ODD, UNLIKE, Network, Pick, Shapes, UnknownLayout

_MARKS_OF_EIGHT_BITS = ("scaled_fp8", ".scale_input")
"""Ends of names beside scaled weights that say nothing we need: that they are scaled, and scales of what flows in."""


@dataclass(frozen=True)
class Component:
    """One network in one file: all that is needed to load it, at any time, again. Hashable."""

    file: WeightFile
    network: Network
    prefix: str
    title: str
    """For people: "the UNet of v1-5.safetensors"."""
    layout: str = "native"
    """Whose names the file has: "native", those of published single files, or "diffusers"."""

    def picks(self) -> Mapping[str, Pick]:
        """For each of the module's parameters, by name, where its values are in this file, `prefix` taken off."""
        return _picks(self)

    def size(self, dtype: torch.dtype) -> int:
        """Bytes of the weights in this precision."""
        shapes = self.file.shapes
        used = {self.prefix + name for pick in self.picks().values() for name in pick.names}
        return sum(math.prod(shapes[name]) for name in used if name in shapes) * dtype.itemsize


@lru_cache(maxsize=32)
def _picks(component: Component) -> Mapping[str, Pick]:
    picks = component.network.picks()
    if component.layout == "diffusers":
        theirs = diffusers_picks(component.file.starting_with(component.prefix))
        if theirs is not None:
            return {ours: pick.through(theirs) for ours, pick in picks.items()}
    return {ours: _with_scale(component, pick) for ours, pick in picks.items()}


def _with_scale(component: Component, pick: Pick) -> Pick:
    """Weights of eight bits may have a number beside them by which they are multiplied."""
    scale = pick.name.removesuffix(".weight") + ".scale_weight"
    if len(pick.names) > 1 or component.prefix + scale not in component.file.shapes:
        return pick
    return Pick((pick.name, scale), lambda weight, factor: pick.of(weight.float() * factor.float()))


@torch.no_grad()
def load(component: Component, dtype: torch.dtype, device: torch.device) -> nn.Module:
    """The network with its weights, ready to run. CheckpointError where file and network differ.

    What is wanted as the file has it is read straight into its place, all at once; the rest goes through a staging
    area, one parameter after another, so that there is never much more in memory than the weights themselves.
    """
    module, picks = _prepare(component)
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    made_of: dict[tuple[str, ...], list[str]] = {}
    for ours, pick in picks.items():
        made_of.setdefault(tuple(component.prefix + name for name in pick.names), []).append(ours)
    last = component.network.channels_last(device)
    room = padded([math.prod(shape) * dtype.itemsize for shape in shapes.values()]) if device.type == "cpu" else 0
    arena = Arena(room)
    parameters: dict[str, Tensor] = {}
    straight: dict[str, str] = {}
    for names, users in made_of.items():
        as_it_is = len(names) == len(users) == 1 and picks[users[0]].change is None
        ordered = last and len(shapes[users[0]]) == 4
        if as_it_is and device.type == "cpu" and not ordered and component.file.dtypes[names[0]] == dtype:
            straight[names[0]] = users[0]
            parameters[users[0]] = arena.take(shapes[users[0]], dtype)
    component.file.fill({name: parameters[ours] for name, ours in straight.items()})
    for name, ours in straight.items():
        _refuse_no_numbers(component, name, parameters[ours])
    rest = {names: users for names, users in made_of.items() if names[0] not in straight}
    for ours, part in _staged(component, rest, picks, device):
        if last and part.dim() == 4:
            place = torch.empty(part.shape, dtype=dtype, device=device, memory_format=torch.channels_last)
        else:
            shape = tuple(part.shape)
            place = arena.take(shape, dtype) if room else torch.empty(shape, dtype=dtype, device=device)
        # Half to bfloat16 at once is ten times as slow as by way of float32, which holds both.
        parameters[ours] = place.copy_(part.float() if part.dtype == torch.float16 and room else part)
    module.load_state_dict(parameters, assign=True)
    return module.requires_grad_(False)


def weight_of(component: Component, name: str) -> Tensor:
    """One parameter, by the module's name, as the file has it, on the CPU. CheckpointError where it is no number."""
    pick = component.picks()[name]
    tensors: list[Tensor] = []
    for theirs, tensor in component.file.read(component.prefix + part for part in pick.names):
        _refuse_no_numbers(component, theirs, tensor)
        tensors.append(tensor)
    return pick.of(*tensors)


def _staged(
    component: Component, made_of: Mapping[tuple[str, ...], list[str]], picks: Mapping[str, Pick], device: torch.device
) -> Iterator[tuple[str, Tensor]]:
    """Each parameter's values on the device, in the file's precision, good until the next is asked for."""
    file = component.file
    sizes = [padded([math.prod(file.shapes[name]) * file.dtypes[name].itemsize for name in names]) for names in made_of]
    staging = Staging(max(sizes, default=0), device)
    for names, users in made_of.items():
        tensors: list[Tensor] = []
        for name, tensor in file.read(names, staging.take):
            _refuse_no_numbers(component, name, tensor)
            tensors.append(staging.moved(tensor))
        for ours in users:
            yield ours, picks[ours].of(*tensors)
        staging.turn()


def check(component: Component) -> None:
    """CheckpointError where the file's table of contents already shows that the network cannot be filled."""
    _prepare(component)


def _prepare(component: Component) -> tuple[nn.Module, Mapping[str, Pick]]:
    file, network = component.file, component.network
    try:
        with torch.device("meta"):
            module = network.build()
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    except ODD:
        raise CheckpointError(file.path, f"{component.title} cannot be built: {UNLIKE}") from None
    picks = component.picks()
    theirs = file.starting_with(component.prefix)
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    missing = [name for ours, pick in picks.items() if ours in expected for name in pick.names if name not in theirs]
    missing += [name for name in expected if name not in picks]
    used = {name for pick in picks.values() for name in pick.names}
    extra = [n for n in theirs if n not in used and not network.ignores(n) and not n.endswith(_MARKS_OF_EIGHT_BITS)]
    misshapen = [
        f"{name} {list(theirs[name])} for {list(expected[ours])}"
        for ours, pick in picks.items()
        if ours in expected and all(name in theirs for name in pick.names) and not _fits(pick, theirs, expected[ours])
        for name in pick.names
    ]
    if missing or extra or misshapen:
        why = f"{component.title} cannot be filled from it: {mismatch(missing, extra, misshapen)}"
        raise CheckpointError(file.path, why, "Nothing of it is used.")
    return module, picks


def _fits(pick: Pick, theirs: Shapes, expected: tuple[int, ...]) -> bool:
    try:
        return pick.shape(theirs) == expected
    except (RuntimeError, IndexError, ValueError):
        return False


def _refuse_no_numbers(component: Component, name: str, tensor: Tensor) -> None:
    if tensor.numel() and tensor.is_floating_point() and not all_finite(tensor):
        bad = int((~tensor.float().isfinite()).sum())
        why = f"{name} holds {bad:,} of {tensor.numel():,} values that are no numbers (NaN or infinite)"
        raise CheckpointError(component.file.path, why, "The file is damaged; fetch or train it again.")


def all_finite(tensor: Tensor) -> bool:
    """Whether there is neither NaN nor infinity in it. One pass at the speed of memory: extremes show both."""
    if tensor.dtype.itemsize == 1:  # no extremes are implemented for eight bits
        return all(part.float().isfinite().all() for part in tensor.reshape(-1).split(1 << 20))
    low, high = tensor.aminmax()
    return bool(low.isfinite() & high.isfinite())
