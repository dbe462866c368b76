"""What every network says about itself, so that one loader serves them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

Shapes = Mapping[str, tuple[int, ...]]
"""Names and shapes of a network's tensors in a file, the network's own prefix taken off."""


P = ParamSpec("P")
R = TypeVar("R")

ODD = (LookupError, ValueError, TypeError, ArithmeticError, RuntimeError, AssertionError)
"""What it may come to that sizes are read off shapes of a damaged file, or a module is built of such sizes."""

UNLIKE = "the shapes of its tensors do not fit together: the file is damaged, or of a make that we do not know"


class UnknownLayout(ValueError):
    """These tensors belong to a network that we do not know; says what is odd about it."""


def understood(read: Callable[P, R]) -> Callable[P, R]:
    """A function that reads a network's sizes off shapes, of which it expects that they make sense: with an
    UnknownLayout where they do not."""

    @wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return read(*args, **kwargs)
        except UnknownLayout:
            raise
        except ODD:
            raise UnknownLayout(UNLIKE) from None

    return checked


@dataclass(frozen=True)
class Pick:
    """Where a parameter's values are in the file: names of tensors, and what is made of them.

    `Pick("a.weight")` and `Pick("a.weight", change)` name one tensor; `Pick(("q", "k", "v"), joined)` several, which
    `change` is given in that order. Without a change there is one tensor, taken as it is.
    """

    names: tuple[str, ...]
    change: Callable[..., Tensor] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.names, str):
            object.__setattr__(self, "names", (self.names,))
        if self.change is None and len(self.names) != 1:
            raise ValueError(f"{len(self.names)} tensors, and nothing says how they become one: {self.names}")

    @property
    def name(self) -> str:
        """The one name, or the first of several."""
        return self.names[0]

    def of(self, *tensors: Tensor) -> Tensor:
        return tensors[0] if self.change is None else self.change(*tensors)

    def shape(self, shapes: Shapes) -> tuple[int, ...]:
        """The shape that comes out, given those of the named tensors. Raises RuntimeError where they do not meet."""
        if self.change is None:
            return tuple(shapes[self.names[0]])
        return tuple(self.of(*(torch.empty(shapes[name], device="meta") for name in self.names)).shape)

    def through(self, inner: Mapping[str, Pick]) -> Pick:
        """The same values, where the tensors named here are themselves picked, by `inner`, out of others."""
        picks = [inner.get(name, Pick(name)) for name in self.names]
        if all(pick.change is None for pick in picks):
            return Pick(tuple(pick.name for pick in picks), self.change)
        cuts = [0]
        for pick in picks:
            cuts.append(cuts[-1] + len(pick.names))

        def change(*tensors: Tensor) -> Tensor:
            return self.of(*(pick.of(*tensors[a:b]) for pick, a, b in zip(picks, cuts, cuts[1:], strict=False)))

        return Pick(tuple(name for pick in picks for name in pick.names), change)


class Network(Protocol):
    """The sizes of one network: frozen and hashable, so that equal files give equal networks."""

    def build(self) -> nn.Module:
        """A module with these sizes, without weights (called while the default device is "meta")."""
        ...

    def picks(self) -> dict[str, Pick]:
        """For each of the module's parameters, by name, where its values are in a file of the native layout."""
        ...

    def channels_last(self, device: torch.device) -> bool:
        """Whether its convolutions run faster there with the channels of a pixel side by side in memory."""
        ...

    def ignores(self, name: str) -> bool:
        """Whether a tensor of the file may be left unused."""
        ...


@runtime_checkable
class TextNetwork(Protocol):
    """A network that LoRA files know by names that are not its file's: what text encoders say on top."""

    def lora_stems(self) -> Mapping[str, str]:
        """Each module's name (no ".weight") -> the name that LoRAs write for it, with dots and without the encoder's
        own start (lora_te1_, text_encoder_2., ...): transformers' full module names, such as
        text_model.encoder.layers.0.self_attn.q_proj for CLIP and encoder.block.0.layer.0.SelfAttention.q for T5.
        """
        ...

    @property
    def lora_starts(self) -> tuple[str, ...]:
        """What stands before those names, dots as underscores: ("lora_te_", "lora_te1_", "text_encoder_")."""
        ...


def matrix(tensor: Tensor) -> Tensor:
    """A 1 x 1 convolution (o, i, 1, 1) as a linear layer's matrix (o, i); a matrix as it is."""
    return tensor.flatten(1) if tensor.dim() == 4 else tensor


def third(index: int) -> Callable[[Tensor], Tensor]:
    """One of the three equal parts, along the first axis, of a joined query-key-value projection."""
    return lambda tensor: tensor.chunk(3)[index]


def transposed(tensor: Tensor) -> Tensor:
    return tensor.t()


def joined(*tensors: Tensor) -> Tensor:
    """Stacked along the first axis: separate projections as the rows of one."""
    return torch.cat(tensors)


def halves_swapped(tensor: Tensor) -> Tensor:
    """The second half of the rows before the first: (scale, shift) for (shift, scale), its own inverse."""
    return torch.cat([*reversed(tensor.chunk(2))])


def count(shapes: Shapes, prefix: str) -> int:
    """How many of prefix0., prefix1., ... there are, without a gap from 0."""
    found = {name[len(prefix) :].split(".", 1)[0] for name in shapes if name.startswith(prefix)}
    number = 0
    while str(number) in found:
        number += 1
    return number
