"""What a MODEL handle carries besides weights: functions of guidance, and hooks into the network.

All is immutable; a node returns a handle with more of it. What keeps something from step to step (a momentum, a cached
answer) is made afresh for each run by a function in `at_start`, so that no run can see another's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .networks.hooks import NO_HOOKS, Hooks, Pass

if TYPE_CHECKING:
    from .conditions import Condition, Ready
    from .model import Model

Sides = Sequence["list[Condition] | None"]
"""Conditions by side of guidance: positive, negative, ...; None for a side that is not computed."""


@dataclass(frozen=True)
class Guidance:
    """One step of guidance, as its functions see it. Latents are (b, c, h, w), float32, as the model scales them."""

    model: Model
    x: Tensor
    sigma: Tensor
    """A scalar: the noise level of x."""
    cfg: float
    sides: Sides
    answers: tuple[Tensor, ...]
    """The denoised latent by side; 0 for a side that was not computed."""
    sigmas: Tensor
    """(steps + 1,): all levels of the run."""
    predict: Callable[..., list[Tensor]] = field(repr=False)
    """Ask the model again at this sigma: (sides, another handle or None, x=another latent) -> the denoised latents."""

    @property
    def cond(self) -> Tensor:
        return self.answers[0]

    @property
    def uncond(self) -> Tensor:
        return self.answers[1]


PreCfg = Callable[[Guidance], Sequence[Tensor]]
"""Before the sides are mixed: new answers."""

Cfg = Callable[[Guidance], Tensor]
"""In place of uncond + cfg * (cond - uncond): the denoised latent."""

PostCfg = Callable[[Guidance, Tensor], Tensor]
"""After the sides are mixed: the denoised latent, from what it is so far."""

Ask = Callable[[Guidance], Sequence[Tensor]]
"""In place of asking the model for the denoised latent of each side. The guidance has no answers yet."""

MaskAt = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(mask (b, c, h, w), sigma, all sigmas) -> the mask to use in this step."""

Apply = Callable[[Tensor, Tensor, dict[str, Any], Pass], Tensor]
"""One pass: (x, sigma, the network's inputs, the pass) -> denoised."""

AroundNetwork = Callable[[Apply, Tensor, Tensor, dict[str, Any], Pass], Tensor]
"""In place of a pass, given the pass itself."""

Forward = Callable[[Tensor], Tensor]
"""The network alone: what it is given (b, c, h, w), in its precision -> its answer."""

AroundForward = Callable[[Forward, Tensor, Pass, nn.Module], Tensor]
"""In place of the network, given it as a function and as a module."""


def replay_key(around: AroundForward) -> Hashable | None:
    """Equal for functions that do the same in each pass, so that a recorded pass may be played again; None for others.

    A function says so by an attribute of this name.
    """
    return getattr(around, "replay_key", None)


Predict = Callable[[Tensor, Tensor], Tensor]
"""A whole step: (x, sigma) -> denoised, guided."""

AroundStep = Callable[[Predict, Tensor, Tensor], Tensor]
"""In place of a whole step, given the step itself."""


@dataclass(frozen=True)
class Start:
    """What is known when a run begins."""

    model: Model
    sigmas: Tensor
    shape: tuple[int, ...]
    """Of the latent."""
    ready: Ready
    """What the run's conditions were made ready for; its seed, among others."""


@dataclass(frozen=True)
class Options:
    """Functions run in the order in which they were added; of `ask`, `cfg` and `mask_at` the last one counts."""

    ask: Ask | None = None
    pre_cfg: tuple[PreCfg, ...] = ()
    cfg: Cfg | None = None
    post_cfg: tuple[PostCfg, ...] = ()
    negative_always: bool = False
    """Compute the negative side even at cfg 1, because a function needs it."""
    mask_at: MaskAt | None = None
    around_network: tuple[AroundNetwork, ...] = ()
    """The first one added is the innermost."""
    around_forward: tuple[AroundForward, ...] = ()
    around_step: tuple[AroundStep, ...] = ()
    hooks: Hooks = NO_HOOKS
    at_start: tuple[Callable[[Start], Options], ...] = ()
    """Called when a run begins; what they give is added for that run."""
    dtype: torch.dtype | None = None
    """The network's precision, where it is not the engine's."""
    extras: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)
    """What node packs keep with a model for their own functions, by their own names; nothing here reads it."""

    def plus(self, other: Options) -> Options:
        """With all of the other's, after ours."""
        mine, theirs = self.hooks, other.hooks
        hooks = mine
        for kind in Hooks.__dataclass_fields__:
            for hook in [getattr(theirs, kind)] if isinstance(getattr(theirs, kind), dict) else getattr(theirs, kind):
                hooks = hooks.with_added(**{kind: hook})
        return Options(
            ask=other.ask or self.ask,
            pre_cfg=(*self.pre_cfg, *other.pre_cfg),
            cfg=other.cfg or self.cfg,
            post_cfg=(*self.post_cfg, *other.post_cfg),
            negative_always=self.negative_always or other.negative_always,
            mask_at=other.mask_at or self.mask_at,
            around_network=(*self.around_network, *other.around_network),
            around_forward=(*self.around_forward, *other.around_forward),
            around_step=(*self.around_step, *other.around_step),
            hooks=hooks,
            at_start=(*self.at_start, *other.at_start),
            dtype=other.dtype or self.dtype,
            extras={**self.extras, **other.extras},
        )

    def started(self, start: Start) -> Options:
        """For one run: with what `at_start` gives."""
        options = replace(self, at_start=())
        for begin in self.at_start:
            options = options.plus(begin(start))
        return options


NO_OPTIONS = Options()
