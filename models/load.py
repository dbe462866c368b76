"""Fill a network from a file: built without memory, each tensor copied once into its place and precision.

Nothing of a file that does not fit is ever used: what lacks, what is too much and what has another shape is found
before the first weight is read, and a weight that is no number before the module is handed out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from .errors import CheckpointError, mismatch
from .files import WeightFile
from .keymaps import diffusers_picks
from .networks.layout import Network, Pick, Shapes, UnknownLayout


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
        return sum(_numbers(shapes[name]) for name in used if name in shapes) * dtype.itemsize


@lru_cache(maxsize=32)
def _picks(component: Component) -> Mapping[str, Pick]:
    picks = component.network.picks()
    if component.layout == "diffusers":
        theirs = diffusers_picks(component.file.starting_with(component.prefix))
        if theirs is not None:
            return {ours: pick.through(theirs) for ours, pick in picks.items()}
    return picks


@torch.no_grad()
def load(component: Component, dtype: torch.dtype, device: torch.device) -> nn.Module:
    """The network with its weights, ready to run. CheckpointError where file and network differ."""
    module, picks = _prepare(component)
    prefix, last = component.prefix, component.network.channels_last(device)
    users = Counter(prefix + name for pick in picks.values() for name in pick.names)
    waiting: dict[str, Tensor] = {}
    parameters: dict[str, Tensor] = {}
    order = dict.fromkeys(prefix + name for pick in picks.values() for name in pick.names)
    stream = component.file.read(order)
    for ours, pick in picks.items():
        names = [prefix + name for name in pick.names]
        while not all(name in waiting for name in names):
            name, tensor = next(stream)
            _refuse_no_numbers(component, name, tensor)
            waiting[name] = tensor
        part = pick.of(*(waiting[name] for name in names))
        layout = torch.channels_last if last and part.dim() == 4 else torch.contiguous_format
        parameters[ours] = torch.empty(part.shape, dtype=dtype, device=device, memory_format=layout).copy_(part)
        for name in names:
            users[name] -= 1
            if not users[name]:
                del waiting[name]
    module.load_state_dict(parameters, assign=True)
    if hasattr(module, "fill_buffers"):
        module.fill_buffers()
    return module.requires_grad_(False)


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
    picks = component.picks()
    theirs = file.starting_with(component.prefix)
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    missing = [name for ours, pick in picks.items() if ours in expected for name in pick.names if name not in theirs]
    missing += [name for name in expected if name not in picks]
    used = {name for pick in picks.values() for name in pick.names}
    extra = [name for name in theirs if name not in used and not network.ignores(name)]
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
    # One sum finds NaN and infinity in a single pass; only if it is odd is the tensor looked at closely.
    if tensor.numel() and not torch.isfinite(tensor.sum(dtype=torch.float32)) and not tensor.isfinite().all():
        bad = int((~tensor.isfinite()).sum())
        why = f"{name} holds {bad:,} of {tensor.numel():,} values that are no numbers (NaN or infinite)"
        raise CheckpointError(component.file.path, why, "The file is damaged; fetch or train it again.")


def _numbers(shape: tuple[int, ...]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total
