"""Fill a network from a file: built without memory, each tensor copied once into its place and precision.

Nothing of a file that does not fit is ever used: what lacks, what is too much and what has another shape is found
before the first weight is read, and a weight that is no number before the module is handed out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .errors import CheckpointError, mismatch
from .files import WeightFile
from .networks.layout import Network, Pick, UnknownLayout


@dataclass(frozen=True)
class Component:
    """One network in one file: all that is needed to load it, at any time, again. Hashable."""

    file: WeightFile
    network: Network
    prefix: str
    title: str
    """For people: "the UNet of v1-5.safetensors"."""

    def size(self, dtype: torch.dtype) -> int:
        """Bytes of the weights in this precision."""
        shapes = self.file.shapes
        used = {self.prefix + pick.name for pick in self.network.picks().values()}
        return sum(_numbers(shapes[name]) for name in used if name in shapes) * dtype.itemsize


@torch.no_grad()
def load(component: Component, dtype: torch.dtype, device: torch.device) -> nn.Module:
    """The network with its weights, ready to run. CheckpointError where file and network differ."""
    module, picks = _prepare(component)
    wanted: dict[str, list[tuple[str, Pick]]] = defaultdict(list)
    for ours, pick in picks.items():
        wanted[component.prefix + pick.name].append((ours, pick))
    parameters: dict[str, Tensor] = {}
    last = component.network.channels_last(device)
    for name, tensor in component.file.read(wanted):
        _refuse_no_numbers(component, name, tensor)
        for ours, pick in wanted[name]:
            part = pick.of(tensor)
            order = torch.channels_last if last and part.dim() == 4 else torch.contiguous_format
            parameters[ours] = torch.empty(part.shape, dtype=dtype, device=device, memory_format=order).copy_(part)
    module.load_state_dict(parameters, assign=True)
    if hasattr(module, "fill_buffers"):
        module.fill_buffers()
    return module.requires_grad_(False)


def check(component: Component) -> None:
    """CheckpointError where the file's table of contents already shows that the network cannot be filled."""
    _prepare(component)


def _prepare(component: Component) -> tuple[nn.Module, dict[str, Pick]]:
    file, network = component.file, component.network
    try:
        with torch.device("meta"):
            module = network.build()
    except UnknownLayout as error:
        raise CheckpointError(file.path, str(error)) from None
    picks = network.picks()
    theirs = file.starting_with(component.prefix)
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    missing = [pick.name for name, pick in picks.items() if name in expected and pick.name not in theirs]
    missing += [name for name in expected if name not in picks]
    used = {pick.name for pick in picks.values()}
    extra = [name for name in theirs if name not in used and not network.ignores(name)]
    misshapen = [
        f"{pick.name} {list(theirs[pick.name])} for {list(expected[ours])}"
        for ours, pick in picks.items()
        if ours in expected and pick.name in theirs and _shape(pick, theirs[pick.name]) != expected[ours]
    ]
    if missing or extra or misshapen:
        why = f"{component.title} cannot be filled from it: {mismatch(missing, extra, misshapen)}"
        raise CheckpointError(file.path, why, "Nothing of it is used.")
    return module, picks


def _shape(pick: Pick, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(pick.of(torch.empty(shape, device="meta")).shape)


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
