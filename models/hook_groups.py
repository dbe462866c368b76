"""HOOKS and HOOK_KEYFRAMES at sockets: changes of weights that hold for some conditionings only, at strengths that may
change in the course of a run. All is immutable.

A conditioning's entry carries a `HookGroup` under the key "hooks". When a run begins, each group gets a `Running` that
says, for a noise level, with which patches the model answers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from .load import Component
from .patches import Change, Lora, Patch, WeightPatch, fits
from .patches.keys import parameter_shapes
from .prediction import level_at

if TYPE_CHECKING:
    from .conditions import Ready
    from .engine import Engine, Loaded
    from .text import Conditioning

INTERPOLATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda t: t,
    "ease_in": lambda t: t**2,
    "ease_out": lambda t: 1 - (1 - t) ** 2,
    "ease_in_out": lambda t: (1 - (t * math.pi).cos()) / 2,
}
"""From how far along (0 to 1) to how much of the way is done."""


@dataclass(frozen=True)
class Keyframe:
    """A strength, and from where in the run on it holds."""

    strength: float
    start_percent: float = 0.0
    guaranteed: int = 1
    """Steps that it holds at least, even where the next one begins sooner; none for one that begins before the run."""


@dataclass(frozen=True, eq=False)
class Keyframes:
    """Ordered by where they begin; the first one holds before it begins, too. None at all: strength 1 throughout."""

    frames: tuple[Keyframe, ...] = ()

    def plus(self, *frames: Keyframe) -> Keyframes:
        """With more; of two that begin together the one added first stays first."""
        return Keyframes(tuple(sorted((*self.frames, *frames), key=lambda frame: frame.start_percent)))

    def spread(self, strengths: Sequence[float], start: float, end: float) -> Keyframes:
        """With one more for each strength, evenly from start to end. Of these only the first is sure to hold a step."""
        places = torch.linspace(start, end, len(strengths)).tolist()
        added = [
            Keyframe(float(strength), place, guaranteed=1 if number == 0 else 0)
            for number, (place, strength) in enumerate(zip(places, strengths, strict=True))
        ]
        return self.plus(*added)

    def ranges(self) -> list[tuple[float, float, float]]:
        """(from, to, strength), where neighbours of equal strength are one."""
        if not self.frames:
            return [(0.0, 1.0, 1.0)]
        found: list[tuple[float, float, float]] = []
        last = self.frames[0]
        for frame in self.frames:
            if frame.start_percent == last.start_percent:
                last = frame
            elif not math.isclose(frame.strength, last.strength):
                found.append((last.start_percent, frame.start_percent, last.strength))
                last = frame
        if not math.isclose(last.start_percent, 1.0):
            found.append((last.start_percent, 1.0, last.strength))
        return found


def interpolated(start: float, end: float, count: int, method: str) -> list[float]:
    """Strengths on the way from start to end. method: a name in INTERPOLATIONS."""
    if method == "linear":
        return torch.linspace(start, end, count).tolist()
    return ((end - start) * INTERPOLATIONS[method](torch.linspace(0, 1, count)) + start).tolist()


class Source(Protocol):
    """What a hook changes weights by."""

    def patch(self, strength: float) -> WeightPatch: ...

    def check(self, component: Component) -> None:
        """PatchError where it is for a network of other sizes."""
        ...


@dataclass(frozen=True, eq=False)
class LoraSource:
    lora: Lora

    def patch(self, strength: float) -> WeightPatch:
        return Patch(self.lora, strength)

    def check(self, component: Component) -> None:
        fits(component, self.lora)


@dataclass(frozen=True, eq=False)
class ModelSource:
    """What tells another checkpoint from the model at hand, as if that were a LoRA."""

    engine: Engine = field(repr=False)
    components: tuple[Component, ...]

    @classmethod
    def of(cls, loaded: Loaded) -> ModelSource:
        texts = () if loaded.clip is None else tuple(component for _, component in loaded.clip.encoders)
        return cls(loaded.model.engine, (loaded.model.component, *texts))

    def patch(self, strength: float) -> WeightPatch:
        return Difference(self, strength)

    def check(self, component: Component) -> None:
        pass

    def like(self, component: Component) -> Component | None:
        """The network of the same kind, with most weights in common."""
        shapes = parameter_shapes(component)
        shared = [sum(shapes.get(n) == s for n, s in parameter_shapes(other).items()) for other in self.components]
        most = max(range(len(shared)), key=shared.__getitem__)
        return self.components[most] if shared[most] * 2 > len(shapes) else None


@dataclass(frozen=True)
class Difference:
    """weight + strength * (the other model's weight - the weight that this model's file has)."""

    source: ModelSource
    strength: float

    @property
    def key(self) -> Hashable | None:
        return ("model as LoRA", self.source.components, self.strength) if self.strength else None

    def changes(self, component: Component) -> Mapping[str, Sequence[Change]]:
        other = self.source.like(component)
        if other is None:
            return {}
        mine, theirs = parameter_shapes(component), parameter_shapes(other)
        engine = self.source.engine
        return {
            name: [Towards(component, other, name, self.strength, engine)]
            for name, shape in mine.items()
            if theirs.get(name) == shape
        }


@dataclass(frozen=True)
class Towards:
    component: Component
    other: Component
    name: str
    strength: float
    engine: Engine = field(repr=False, compare=False)

    def apply(self, weight: Tensor) -> Tensor:
        residency = self.engine.residency
        theirs, mine = (
            residency.original(component, torch.float32, self.name).to(weight.device)
            for component in (self.other, self.component)
        )
        return weight.add_(theirs.float() - mine.float(), alpha=self.strength)


@dataclass(frozen=True, eq=False)
class Hook:
    """One change of weights."""

    source: Source
    strength_model: float
    strength_clip: float
    keyframes: Keyframes = field(default_factory=Keyframes)
    origin: object = field(default_factory=object, repr=False)
    """What copies of one hook have in common: a group holds it once."""


@dataclass(frozen=True, eq=False)
class HookGroup:
    hooks: tuple[Hook, ...] = ()

    def plus(self, other: HookGroup | None) -> HookGroup:
        """With those of the other's hooks that are not in it."""
        mine = {hook.origin for hook in self.hooks}
        return HookGroup((*self.hooks, *(hook for hook in (other.hooks if other else ()) if hook.origin not in mine)))

    def with_keyframes(self, keyframes: Keyframes) -> HookGroup:
        return HookGroup(tuple(replace(hook, keyframes=keyframes) for hook in self.hooks))

    def begin(self, ready: Ready) -> Running:
        """For one run, and the same one for all entries with this group. PatchError where a LoRA does not fit."""
        if self not in ready.shared:
            for hook in self.hooks:
                if hook.strength_model:
                    hook.source.check(ready.model.component)
            ready.shared[self] = Running(self, [_course(hook.keyframes, ready) for hook in self.hooks])
        return ready.shared[self]

    def clip_patches(self, strengths: Iterable[float] | None = None) -> tuple[WeightPatch, ...]:
        """Changes of text encoders. strengths: what multiplies each hook's; 1 by default."""
        factors = [1.0] * len(self.hooks) if strengths is None else strengths
        pairs = zip(self.hooks, factors, strict=True)
        return tuple(hook.source.patch(hook.strength_clip * factor) for hook, factor in pairs)

    def clip_ranges(self) -> list[tuple[float, float, tuple[WeightPatch, ...]]]:
        """(from, to, changes of text encoders), in the course of a run.

        In a range before a hook's first keyframe its strength is unchanged, as in ComfyUI.
        """
        by_hook = [hook.keyframes.ranges() for hook in self.hooks]
        borders = sorted({0.0, *itertools.chain.from_iterable(found[:2] for those in by_hook for found in those)})
        return [
            (start, end, self.clip_patches(_strength_in(those, start, end) for those in by_hook))
            for start, end in itertools.pairwise(borders)
        ]


def _strength_in(ranges: list[tuple[float, float, float]], start: float, end: float) -> float:
    return next((strength for first, last, strength in ranges if first < end and last > start), 1.0)


class Running:
    """A group at work: what `Condition.hooks` is during a run."""

    def __init__(self, group: HookGroup, courses: list[_Course]) -> None:
        self._pairs = list(zip(group.hooks, courses, strict=True))
        self._known: dict[tuple[float, ...], tuple[WeightPatch, ...]] = {}

    def patches(self, sigma: float) -> tuple[WeightPatch, ...]:
        """The same tuple for the same strengths."""
        strengths = tuple(hook.strength_model * course.strength(sigma) for hook, course in self._pairs)
        if strengths not in self._known:
            pairs = zip(self._pairs, strengths, strict=True)
            self._known[strengths] = tuple(hook.source.patch(strength) for (hook, _), strength in pairs)
        return self._known[strengths]


def _course(keyframes: Keyframes, ready: Ready) -> _Course:
    """One for all hooks and entries that share the keyframes."""
    if keyframes not in ready.shared:
        starts = [level_at(ready.model.prediction, frame.start_percent) for frame in keyframes.frames]
        ready.shared[keyframes] = _Course(keyframes.frames, starts, float(ready.sigmas.max()))
    return ready.shared[keyframes]


class _Course:
    """How far a run is in a row of keyframes."""

    def __init__(self, frames: Sequence[Keyframe], starts: Sequence[float], highest: float) -> None:
        self._frames, self._starts, self._highest = frames, starts, highest
        self._index = self._held = 0
        self._sigma: float | None = None

    def strength(self, sigma: float) -> float:
        if not self._frames:
            return 1.0
        if sigma != self._sigma:
            self._advance(sigma)
        return self._frames[self._index].strength

    def _advance(self, sigma: float) -> None:
        if self._held >= self._guaranteed(self._index):
            for number in range(self._index + 1, len(self._frames)):
                if self._starts[number] < sigma:
                    break
                self._index, self._held = number, 0
                if self._guaranteed(number) > 0:
                    break
        self._held += 1
        self._sigma = sigma

    def _guaranteed(self, number: int) -> int:
        return 0 if self._starts[number] > self._highest else self._frames[number].guaranteed


# Conditionings


@dataclass(frozen=True)
class Properties:
    """What is set on a conditioning's entries; None leaves alone what they have."""

    strength: float = 1.0
    """Of the mask."""
    area_of_mask: bool = False
    """Whether the entry sees no more than the mask's surroundings."""
    mask: Tensor | None = None
    """(h, w) or (n, h, w)"""
    hooks: HookGroup | None = None
    timesteps: tuple[float, float] | None = None
    """From where to where in the run, 0 to 1."""
    default: bool = False
    """Whether the entries hold where no others do."""

    def on(self, *conditionings: Conditioning) -> list[Conditioning]:
        """On each conditioning; entries with the same hooks have the same group afterwards."""
        joined: dict[HookGroup, HookGroup] = {}
        return [[[cross, self._set(options, joined)] for cross, options in entries] for entries in conditionings]

    def _set(self, options: dict[str, Any], joined: dict[HookGroup, HookGroup]) -> dict[str, Any]:
        changed = dict(options)
        if self.hooks is not None:
            before = changed.get("hooks")
            if before is not None and before not in joined:
                joined[before] = before.plus(self.hooks)
            changed["hooks"] = self.hooks if before is None else joined[before]
        if self.mask is not None:
            mask = self.mask if self.mask.dim() > 2 else self.mask[None]
            changed |= {"mask": mask, "set_area_to_bounds": self.area_of_mask, "mask_strength": self.strength}
        if self.default:
            changed["default"] = True
        if self.timesteps is not None:
            changed["start_percent"], changed["end_percent"] = self.timesteps
        return changed
