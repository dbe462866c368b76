"""CONDITIONING values made ready for one run: what the network is given, areas and masks on the latent's grid, time
ranges as noise levels, ControlNets at work.

An entry is [tensor (b, tokens, width), dict]. Of the dict, these keys are read here; a family reads more (inputs.py):
    area            (h, w, y, x) in latents, or ("percentage", h, w, y, x) of the latent's size
    mask            (n, h, w) in [0, 1]; mask_strength multiplies it; set_area_to_bounds crops to where it is not 0
    strength        how much the entry weighs against others in the same place; 1 when absent
    clip_start_percent, clip_end_percent   as the next two, set by scheduled text encoders; both pairs hold
    start_percent, end_percent   from where to where in the run it counts, 0 to 1
    control         a ControlNet (control.Control) and what it looks at; control_apply_to_uncond lends it to the others
    hooks           changes of the model's weights that hold where and when the entry does (hook_groups.HookGroup)
    default         the entry counts where no other does
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from .inputs import Asked
from .prediction import level_at

if TYPE_CHECKING:
    from .model import Model

Area = tuple[int, int, int, int]
"""Height, width, top and left, in latents."""

FEATHER = 8
"""Latents over which an area without a mask fades out, where it does not end at the picture's border."""


@dataclass(frozen=True)
class Condition:
    """One entry, for one run."""

    inputs: dict[str, Tensor]
    """What the network is given, by the names of its arguments; "concat" (b, c, h, w) goes in beside the latent, and
    "control_context" (b, tokens, width) is the text for ControlNets alone."""
    strength: float = 1.0
    area: Area | None = None
    """As it was asked for: it may end beyond the latent, and is told from others by that end."""
    mask: Tensor | None = None
    """(b or 1, 1, h, w) on the latent's grid, its strength multiplied in."""
    start: float = float("inf")
    end: float = 0.0
    control: Any = None
    """A running ControlNet; see control.py."""
    hooks: Any = None
    """Changes of weights; see hook_groups.py."""
    default: bool = False

    def counts_at(self, sigma: float) -> bool:
        return self.end <= sigma <= self.start

    def crop(self, x: Tensor) -> Tensor:
        """The part of a latent (b, c, h, w) that the entry sees."""
        if self.area is None:
            return x
        height, width, top, left = self.area
        return x[..., top : top + height, left : left + width]

    def weight(self, x: Tensor) -> Tensor:
        """How much the answer weighs, (b, 1, h, w) over the entry's part of the latent x (b, c, H, W)."""
        part = self.crop(x)
        weight = torch.full((len(x), 1, *part.shape[-2:]), self.strength, device=x.device)
        if self.mask is not None:
            return weight * _to_batch(self.crop(self.mask), len(x))
        if self.area is not None:
            height, width, top, left = self.area
            _fade(weight, 2, top > 0, top + height < x.shape[2])
            _fade(weight, 3, left > 0, left + width < x.shape[3])
        return weight

    def inputs_for(self, x: Tensor) -> dict[str, Any]:
        """The network's inputs for a latent x (b, c, H, W), as many as there are latents, cropped as x is."""
        made: dict[str, Any] = {}
        for name, value in self.inputs.items():
            if not isinstance(value, Tensor):
                made[name] = value
                continue
            value = self.crop(value) if name == "concat" else value
            made[name] = _to_batch(value, len(x))
        return made


@dataclass(frozen=True)
class Ready:
    """What a run is about, as far as its conditions care."""

    model: Model
    noise: Tensor
    """(b, c, h, w), for its shape and device."""
    latent: Tensor
    """(b, c, h, w): what is drawn over, as the model scales it."""
    mask: Tensor | None
    """(b, c, h, w): where it may change."""
    seed: int
    sigmas: Tensor
    shared: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What the run's conditions have in common, such as how far their keyframes are."""


Entries = Sequence[Sequence[Any]]


def prepare_sides(sides: dict[str, Entries], ready: Ready) -> dict[str, list[Condition]]:
    """The conditions of every side, by name ("positive", "negative", ...), each side's areas met by all others."""
    found = {name: [_prepare(cross, dict(options), name, ready) for cross, options in entries]
             for name, entries in sides.items()}  # fmt: skip
    for name in list(found):
        for condition in list(found[name]):
            for other in found:
                if other != name:
                    found[other] = with_same_area(found[other], condition)
    found = {name: [_running(condition, ready) for condition in conditions] for name, conditions in found.items()}
    lent = [c for c, (_, options) in zip(found.get("positive", []), sides.get("positive", []), strict=False)
            if options.get("control_apply_to_uncond")]  # fmt: skip
    return {name: cs if name == "positive" else _lend_control(lent, cs) for name, cs in found.items()}


def prepare(entries: Entries, ready: Ready, side: str = "positive") -> list[Condition]:
    """One Condition for each entry of one side alone."""
    return prepare_sides({side: entries}, ready)[side]


def _prepare(cross: Tensor, options: dict[str, Any], side: str, ready: Ready) -> Condition:
    device, (count, _, height, width) = ready.noise.device, ready.noise.shape
    mask, area = options.get("mask"), _area(options.get("area"), height, width)
    if mask is not None:
        mask = mask.to(device, torch.float32).reshape(-1, 1, *mask.shape[-2:])
        if mask.shape[-2:] != (height, width):
            mask = functional.interpolate(mask, size=(height, width), mode="bilinear", align_corners=False)
        if options.get("set_area_to_bounds", False):
            area = _bounds(mask)
        mask = _to_batch(mask, count) * options.get("mask_strength", 1.0)
    levels = {"start": float("inf"), "end": 0.0}
    percents = {name: options[f"{name}_percent"] for name in levels if f"{name}_percent" in options}
    if "clip_start_percent" in options:  # the part of the run that the prompt was encoded for
        percents["start"] = max(options["clip_start_percent"], percents.get("start", 0.0))
        percents["end"] = min(options["clip_end_percent"], percents.get("end", 1.0))
    for name, percent in percents.items():
        levels[name] = level_at(ready.model.prediction, percent)
    asked = Asked(ready.model, cross, options, side, ready.noise, ready.latent, ready.mask, ready.seed)
    inputs = ready.model.family.inputs(asked)
    if "cross_attn_controlnet" in options:
        inputs["control_context"] = options["cross_attn_controlnet"]
    return Condition(
        inputs={name: value.to(device) if isinstance(value, Tensor) else value
                for name, value in inputs.items()},
        strength=options.get("strength", 1.0),
        area=area,
        mask=mask,
        control=options.get("control"),
        hooks=options.get("hooks"),
        default=options.get("default", False),
        **levels,
    )  # fmt: skip


def _running(condition: Condition, ready: Ready) -> Condition:
    """With its ControlNet started and the noise levels of its hooks known."""
    changed: dict[str, Any] = {}
    if condition.control is not None:
        changed["control"] = condition.control.begin(ready)
    if condition.hooks is not None:
        changed["hooks"] = condition.hooks.begin(ready)
    return replace(condition, **changed) if changed else condition


def with_same_area(conditions: list[Condition], other: Condition) -> list[Condition]:
    """The conditions, and one more with the very area of `other`, so that both sides of guidance see one cut-out.

    It is the one with the smallest area that encloses that one. As it was where there is none, or it has that area.
    """
    if other.area is None:
        return conditions
    enclosing = [c for c in conditions if c.area is None or _encloses(c.area, other.area)]
    if not enclosing:
        return conditions
    # min keeps the first of equals; an entry without an area sees the whole latent
    smallest = min(enclosing, key=lambda c: float("inf") if c.area is None else c.area[0] * c.area[1])
    if smallest.area == other.area:
        return conditions
    return [*conditions, replace(other, inputs=smallest.inputs)]


def _lend_control(lenders: list[Condition], conditions: list[Condition]) -> list[Condition]:
    """ControlNets of the positive side's whole-picture entries, given to this side's, unless it has its own.

    One to each in turn, over and over: an entry keeps the last that it is given.
    """
    controls = [c.control for c in lenders if c.area is None and c.control is not None]
    whole = [at for at, c in enumerate(conditions) if c.area is None]
    if not controls or not whole or any(conditions[at].control is not None for at in whole):
        return conditions
    lent = list(conditions)
    for number, control in enumerate(controls):
        at = whole[number % len(whole)]
        lent[at] = replace(lent[at], control=control)
    return lent


def same_batch(a: Condition, b: Condition, fits: Callable[[str, Any, Any], bool]) -> bool:
    """Whether the network can take both at once where their cut-outs are of one size: inputs that fit each other."""
    if a.control is not b.control or a.hooks is not b.hooks or a.inputs.keys() != b.inputs.keys():
        return False
    return all(fits(name, value, b.inputs[name]) for name, value in a.inputs.items())


def _area(area: Sequence[Any] | None, height: int, width: int) -> Area | None:
    if area is None:
        return None
    if area[0] == "percentage":
        h, w, y, x = area[1:]
        area = (max(1, round(h * height)), max(1, round(w * width)), round(y * height), round(x * width))
    h, w, y, x = (int(value) for value in area)
    return h, w, min(y, height - 1), min(x, width - 1)


def _bounds(mask: Tensor) -> Area:
    """The smallest rectangle, no smaller than 8 x 8, outside which the mask is 0."""
    rows, columns = (mask.abs().amax(dim=(0, 1, axis)).nonzero().flatten() for axis in (3, 2))
    if not len(rows):
        return 8, 8, 0, 0
    top, left = int(rows[0]), int(columns[0])
    return max(8, int(rows[-1]) - top + 1), max(8, int(columns[-1]) - left + 1), top, left


def _encloses(outer: Area, inner: Area) -> bool:
    return all(outer[2 + i] <= inner[2 + i] and inner[i] + inner[2 + i] <= outer[i] + outer[2 + i] for i in (0, 1))


def _fade(weight: Tensor, axis: int, before: bool, after: bool) -> None:
    length = weight.shape[axis]
    steps = min(FEATHER, length // 4)
    for at in range(steps):
        if before:
            weight.narrow(axis, at, 1).mul_((at + 1) / steps)
        if after:
            weight.narrow(axis, length - 1 - at, 1).mul_((at + 1) / steps)


def _to_batch(value: Tensor, count: int) -> Tensor:
    """As many as there are latents: the first ones, or repeated."""
    if len(value) >= count:
        return value[:count]
    return value.repeat(-(-count // len(value)), *[1] * (value.dim() - 1))[:count]
