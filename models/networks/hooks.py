"""What may be done in the middle of a denoiser: functions that guidance methods and node packs hang into its blocks.

A network calls each hook with the values at hand and a `Where`. A hook returns new values and changes none it was
given. The places are those of ComfyUI's `transformer_options`, so that what was written for them can be carried over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from torch import Tensor


class Place(NamedTuple):
    """A block of a network."""

    part: str
    """"input", "middle" or "output" in a UNet; "joint", "double" or "single" in a transformer."""
    block: int
    """Its number in the part; 0 in the middle."""
    index: int = 0
    """For a UNet: which of the block's transformer layers."""


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Pass:
    """One pass through the network: a batch made of equal parts, one for each condition."""

    sigma: float = 0.0
    sides: tuple[int, ...] = (0,)
    """For each part, on which side of guidance it is: 0 the positive, 1 the negative, and so on."""
    shape: tuple[int, ...] = ()
    """Of the latent (b, c, h, w) as the network gets it."""
    sigmas: Tensor | None = None
    """(steps + 1,): all levels of the run, where one is going on."""
    parts: tuple[int, ...] = ()
    """For each part, a number of its condition, which is the same in all steps of a run."""
    question: int = 0
    """A number of the asking that the pass belongs to: all sides at one latent and level."""
    check: Callable[[], None] = _nothing
    """Called between blocks; what it raises ends the pass."""


@dataclass(frozen=True)
class Where:
    """Where a hook is called."""

    run: Pass
    place: Place
    heads: int = 0
    """Heads of the attention, and channels of each, where there is one."""
    head_channels: int = 0
    size: tuple[int, int] = (0, 0)
    """Height and width of what the block works on."""


AttentionIn = Callable[[Tensor, Tensor, Tensor, Where], tuple[Tensor, Tensor, Tensor]]
"""What queries, keys and values are made of, each (b, tokens, width), before their projections -> the same."""

AttentionOut = Callable[[Tensor, Where], Tensor]
"""An attention's result (b, tokens, width), after its projection."""

Attention = Callable[[Tensor, Tensor, Tensor, Where], Tensor]
"""In an attention's stead: projected q, k, v (b, tokens, heads * d) -> (b, tokens, heads * d)."""

BlockIn = Callable[[Tensor, Where], Tensor]
"""What an input block or the middle gave (b, c, h, w)."""

SkipIn = Callable[[Tensor, Tensor, Where], tuple[Tensor, Tensor]]
"""Before an output block: what flows (b, c, h, w), and what skipped over (b, c', h, w)."""

Block = Callable[[Mapping[str, Any], Callable[[Mapping[str, Any]], Mapping[str, Any]], Where], Mapping[str, Any]]
"""In a transformer block's stead: its arguments, the block itself -> its results, by the same names."""


@dataclass(frozen=True)
class Hooks:
    """Hooks by kind. Those of one kind run in order; of those in something's stead the last one set counts."""

    attn1_in: tuple[AttentionIn, ...] = ()
    attn2_in: tuple[AttentionIn, ...] = ()
    attn1_out: tuple[AttentionOut, ...] = ()
    attn2_out: tuple[AttentionOut, ...] = ()
    attn1: Mapping[Place | tuple[str, int], Attention] = field(default_factory=dict)
    """By place, or by part and block for all of a block's layers."""
    attn2: Mapping[Place | tuple[str, int], Attention] = field(default_factory=dict)
    middle: tuple[BlockIn, ...] = ()
    """Between self- and cross-attention of each transformer layer: (b, tokens, width)."""
    input_block: tuple[BlockIn, ...] = ()
    """After each input block, before its result is kept for the way up."""
    input_block_after_skip: tuple[BlockIn, ...] = ()
    """After it was kept."""
    middle_block: tuple[BlockIn, ...] = ()
    output_block: tuple[SkipIn, ...] = ()
    blocks: Mapping[tuple[str, int], Block] = field(default_factory=dict)
    """In a transformer's block's stead, by part and number."""

    def with_added(self, **hooks: Any) -> Hooks:
        """With more hooks: for a tuple's kind one function, for a mapping's kind a mapping to add."""
        changed: dict[str, Any] = {}
        for kind, hook in hooks.items():
            now = getattr(self, kind)
            changed[kind] = {**now, **hook} if isinstance(now, Mapping) else (*now, hook)
        return replace(self, **changed)

    def stand_in(self, kind: str, place: Place) -> Attention | None:
        """What stands in for an attention at this place, if anything."""
        table = getattr(self, kind)
        if not table:
            return None
        return table.get(place) or table.get((place.part, place.block))


NO_HOOKS = Hooks()
NO_PASS = Pass()


@dataclass(frozen=True)
class Residuals:
    """What ControlNets add to a denoiser's blocks.

    For a UNet: to input block i `input[i]`, to the middle `middle`, and to what skips into output block i `output[i]`.
    For a transformer: to the picture's tokens after block i of its first kind `input[i]`, of its second `output[i]`.
    """

    input: tuple[Tensor | None, ...] = ()
    middle: Tensor | None = None
    output: tuple[Tensor | None, ...] = ()

    @staticmethod
    def at(values: tuple[Tensor | None, ...], index: int) -> Tensor | None:
        return values[index] if index < len(values) else None
