"""What CONTROL_NET is at sockets: a ControlNet's file and, once it is applied, what it looks at and when. Immutable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..images import scale
from .detect import Source
from .running import Running, begin

if TYPE_CHECKING:
    from ..conditions import Ready
    from ..engine import Engine
    from ..vae import Vae

KINDS = (
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
)
"""What a union ControlNet may be told that its hint is, in the order of its vectors."""

Entries = list[list[Any]]


@dataclass(frozen=True, eq=False)
class Control:
    """A ControlNet or T2I-Adapter. Two handles are never equal, so that entries of a conditioning share one or do not.

    The dict of an entry carries it under "control".
    """

    engine: Engine = field(repr=False)
    source: Source
    kinds: tuple[int, ...] = ()
    """Which of `KINDS` the hint is, where a union is told."""
    hint: Tensor = field(default_factory=lambda: torch.zeros(1, 3, 8, 8), repr=False)
    """(n, c, h, w) in [0, 1]."""
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    """From where to where in the run it counts, 0 to 1."""
    vae: Vae | None = field(default=None, repr=False)
    masks: tuple[Tensor, ...] = field(default=(), repr=False)
    """(n, 1, h, w), for inpainting: 0 where the picture is to be made anew."""
    previous: Control | None = field(default=None, repr=False)
    """What it is added to."""

    @property
    def takes_mask(self) -> bool:
        """Whether a mask goes with the hint."""
        return self.source.masked

    def of_kind(self, kind: str) -> Control:
        """Told what its hint is: one of `KINDS`, or anything else for nothing."""
        return replace(self, kinds=(KINDS.index(kind),) if kind in KINDS else ())

    def begin(self, ready: Ready) -> Running:
        """At work in one run; the same object whenever it is the same run. ModelError where it does not belong."""
        return begin(self, ready)


def apply(
    control: Control,
    conditionings: Sequence[Entries],
    image: Tensor,
    strength: float,
    start: float = 0.0,
    end: float = 1.0,
    vae: Vae | None = None,
    masks: tuple[Tensor, ...] = (),
    to_uncond: bool = False,
) -> list[Entries]:
    """The conditionings, each entry led by the ControlNet beside those that it had already.

    image: (n, h, w, c) in [0, 1]. to_uncond: lend it to the negative side where that has none. Entries with the same
    ControlNets before share one handle after, so that the model can be asked about them at once.
    """
    if strength == 0:
        return list(conditionings)
    applied = replace(
        control, hint=image.movedim(-1, 1), strength=strength, start=start, end=end, vae=vae, masks=masks, previous=None
    )
    made: dict[Control | None, Control] = {}

    def led(options: dict[str, Any]) -> dict[str, Any]:
        previous = options.get("control")
        if previous not in made:
            made[previous] = replace(applied, previous=previous)
        return {**options, "control": made[previous], "control_apply_to_uncond": to_uncond}

    return [[[tensor, led(options)] for tensor, options in entries] for entries in conditionings]


def inpainting_hint(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """For an inpainting ControlNet: the picture (n, h, w, c) black where the mask (n, h, w) is 1, and what is kept of
    it, (n, 1, h, w)."""
    kept = 1.0 - mask.reshape(-1, 1, *mask.shape[-2:])
    there = scale(kept, image.shape[2], image.shape[1], "bilinear", "center").round()
    return image * there.movedim(1, -1), kept
