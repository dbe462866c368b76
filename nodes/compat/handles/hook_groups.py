# pyright: basic
# The shape of ComfyUI's classes: packs read, call and set what they know of them.
"""`HOOKS` and `HOOK_KEYFRAMES` as packs see and make them: groups that may be added to, in front of frozen ones.

Of ComfyUI's kinds of hooks there is the one that changes weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from models import hook_groups as engine
from models.patches import lora_of
from nodes.compat.stand_in import NotSupported


class HookKeyframe:
    """A strength, and from where in a run on it holds."""

    def __init__(self, strength: float, start_percent: float = 0.0, guarantee_steps: int = 1) -> None:
        self.strength, self.start_percent, self.guarantee_steps = strength, float(start_percent), guarantee_steps
        self.start_t = 999999999.9

    def clone(self) -> HookKeyframe:
        return HookKeyframe(self.strength, self.start_percent, self.guarantee_steps)

    def frozen(self) -> engine.Keyframe:
        return engine.Keyframe(self.strength, self.start_percent, self.guarantee_steps)


class HookKeyframeGroup:
    """Keyframes, ordered by where they begin."""

    def __init__(self) -> None:
        self.keyframes: list[HookKeyframe] = []
        self._frozen: tuple[Any, engine.Keyframes] | None = None

    @classmethod
    def of(cls, handle: engine.Keyframes) -> HookKeyframeGroup:
        made = cls()
        made.keyframes = [HookKeyframe(f.strength, f.start_percent, f.guaranteed) for f in handle.frames]
        made._frozen = (made._state(), handle)
        return made

    def _state(self) -> tuple[engine.Keyframe, ...]:
        return tuple(keyframe.frozen() for keyframe in self.keyframes)

    def frozen(self) -> engine.Keyframes:
        """The engine's, the same object while nothing changes."""
        state = self._state()
        if self._frozen is None or self._frozen[0] != state:
            self._frozen = state, engine.Keyframes().plus(*state)
        return self._frozen[1]

    def add(self, keyframe: HookKeyframe) -> None:
        self.keyframes.append(keyframe)
        self.keyframes.sort(key=lambda item: item.start_percent)

    def clone(self) -> HookKeyframeGroup:
        return HookKeyframeGroup.of(self.frozen())

    def is_empty(self) -> bool:
        return not self.keyframes

    def has_index(self, index: int) -> bool:
        return 0 <= index < len(self.keyframes)

    def __len__(self) -> int:
        return len(self.keyframes)


class WeightHook:
    """A change of weights: packs read its strengths, and set its keyframes and what it counts as equal to."""

    def __init__(self, source: Any = None, strength_model: float = 1.0, strength_clip: float = 1.0) -> None:
        if source is None or not hasattr(source, "patch"):
            raise NotSupported("A node makes a hook of ComfyUI's own parts. Easel has hooks for LoRAs and models.")
        self.source, self._strength_model, self._strength_clip = source, strength_model, strength_clip
        self.hook_ref: Any = object()
        self.hook_keyframe = HookKeyframeGroup()
        self._frozen: tuple[Any, engine.Hook] | None = None

    @classmethod
    def of(cls, hook: engine.Hook) -> WeightHook:
        made = cls(hook.source, hook.strength_model, hook.strength_clip)
        made.hook_ref, made.hook_keyframe = hook.origin, HookKeyframeGroup.of(hook.keyframes)
        made._frozen = (made._state(), hook)
        return made

    @property
    def strength_model(self) -> float:
        return self._strength_model

    @property
    def strength_clip(self) -> float:
        return self._strength_clip

    def _state(self) -> tuple[Any, ...]:
        return self.source, self._strength_model, self._strength_clip, self.hook_keyframe.frozen(), self.hook_ref

    def frozen(self) -> engine.Hook:
        state = self._state()
        if self._frozen is None or self._frozen[0] != state:
            self._frozen = state, engine.Hook(*state)
        return self._frozen[1]

    def clone(self) -> WeightHook:
        return WeightHook.of(self.frozen())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WeightHook) and self.hook_ref == other.hook_ref

    def __hash__(self) -> int:
        return hash(self.hook_ref)


class HookGroup:
    """Hooks, each once."""

    def __init__(self) -> None:
        self.hooks: list[WeightHook] = []
        self._frozen: tuple[Any, engine.HookGroup] | None = None

    @classmethod
    def of(cls, handle: engine.HookGroup) -> HookGroup:
        made = cls()
        made.hooks = [WeightHook.of(hook) for hook in handle.hooks]
        made._frozen = (made._state(), handle)
        return made

    def _state(self) -> tuple[engine.Hook, ...]:
        return tuple(hook.frozen() for hook in self.hooks)

    def frozen(self) -> engine.HookGroup:
        """The engine's, the same object while nothing changes."""
        state = self._state()
        if self._frozen is None or self._frozen[0] != state:
            self._frozen = state, engine.HookGroup(state)
        return self._frozen[1]

    def begin(self, ready: Any) -> engine.Running:
        """As the engine asks of what an entry carries."""
        return self.frozen().begin(ready)

    def __len__(self) -> int:
        return len(self.hooks)

    def add(self, hook: WeightHook) -> None:
        if hook not in self.hooks:
            self.hooks.append(hook)

    def remove(self, hook: WeightHook) -> None:
        if hook in self.hooks:
            self.hooks.remove(hook)

    def contains(self, hook: WeightHook) -> bool:
        return hook in self.hooks

    def get_type(self, hook_type: Any) -> list[WeightHook]:
        """All are of one type."""
        return list(self.hooks) if getattr(hook_type, "value", hook_type) == "weight" else []

    def is_subset_of(self, other: HookGroup) -> bool:
        return all(hook in other.hooks for hook in self.hooks)

    def clone(self) -> HookGroup:
        return HookGroup.of(self.frozen())

    def __deepcopy__(self, memo: Any) -> HookGroup:
        return self.clone()

    def clone_and_combine(self, other: HookGroup | None) -> HookGroup:
        made = self.clone()
        for hook in other.hooks if other is not None else ():
            made.add(hook.clone())
        return made

    def new_with_common_hooks(self, other: HookGroup) -> HookGroup:
        made = HookGroup()
        for hook in self.hooks:
            if hook in other.hooks:
                made.add(hook.clone())
        return made

    def set_keyframes_on_hooks(self, hook_kf: HookKeyframeGroup | None) -> None:
        for hook in self.hooks:
            hook.hook_keyframe = HookKeyframeGroup() if hook_kf is None else hook_kf.clone()

    @staticmethod
    def combine_all_hooks(hooks_list: Iterable[HookGroup | None], require_count: int = 0) -> HookGroup | None:
        there = [group for group in hooks_list if group is not None]
        if len(there) < max(require_count, 1):
            return None
        made = there[0]
        for group in there[1:]:
            made = made.clone_and_combine(group)
        return made


def of_lora(tensors: Any, strength_model: float, strength_clip: float) -> HookGroup:
    """A group with one hook: a LoRA that a pack read."""
    made = HookGroup()
    made.add(
        WeightHook(engine.LoraSource(lora_of(dict(tensors), "a LoRA of a node pack")), strength_model, strength_clip)
    )
    return made
