# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.hooks`: changes of weights that some conditionings carry, and conditionings that get them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from models.hook_groups import Properties
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.handles.hook_groups import HookGroup, HookKeyframe, HookKeyframeGroup, WeightHook, of_lora

__all__ = [
    "EnumHookScope",
    "EnumHookType",
    "EnumWeightTarget",
    "HookGroup",
    "HookKeyframe",
    "HookKeyframeGroup",
    "WeightHook",
    "create_hook_lora",
    "load_hook_lora_for_models",
    "set_conds_props",
    "set_conds_props_and_combine",
    "set_default_conds_and_combine",
    "set_hooks_for_conditioning",
    "set_mask_for_conditioning",
    "set_timesteps_for_conditioning",
]


class EnumHookType(Enum):
    Weight = "weight"
    ObjectPatch = "object_patch"
    AdditionalModels = "add_models"
    TransformerOptions = "transformer_options"
    Injections = "add_injections"


class EnumHookScope(Enum):
    AllConditioning = "all_conditioning"
    HookedOnly = "hooked_only"


class EnumWeightTarget(Enum):
    Model = "model"
    Clip = "clip"


def create_hook_lora(lora: Any, strength_model: float, strength_clip: float) -> HookGroup:
    """A group with one hook, of a LoRA's tensors."""
    return of_lora(lora, strength_model, strength_clip)


def load_hook_lora_for_models(
    model: Any, clip: Any, lora: Any, strength_model: float, strength_clip: float
) -> tuple[Any, Any, HookGroup]:
    """The model and CLIP as they are, and the hook, which conditionings carry."""
    return model, clip, of_lora(lora, strength_model, strength_clip)


def _on(conds: Sequence[Any], properties: Properties) -> list[Any]:
    return [for_pack(found) for found in properties.on(*(from_pack(list(cond)) for cond in conds))]


def _properties(
    strength: float, set_cond_area: str, mask: Any, hooks: Any, timesteps_range: Any, default: bool = False
) -> Properties:
    inside = set_cond_area != "default"
    return Properties(strength, inside, mask, from_pack(hooks), timesteps_range, default)


def set_conds_props(
    conds: Sequence[Any],
    strength: float,
    set_cond_area: str,
    mask: Any = None,
    hooks: Any = None,
    timesteps_range: Any = None,
    append_hooks: bool = True,
) -> list[Any]:
    """Each conditioning with a mask, hooks, a part of the run."""
    return _on(conds, _properties(strength, set_cond_area, mask, hooks, timesteps_range))


def set_conds_props_and_combine(
    conds: Sequence[Any],
    new_conds: Sequence[Any],
    strength: float = 1.0,
    set_cond_area: str = "default",
    mask: Any = None,
    hooks: Any = None,
    timesteps_range: Any = None,
    append_hooks: bool = True,
) -> list[Any]:
    """The same on the new ones, each behind its like."""
    made = set_conds_props(new_conds, strength, set_cond_area, mask, hooks, timesteps_range)
    return [[*old, *new] for old, new in zip(conds, made, strict=True)]


def set_default_conds_and_combine(
    conds: Sequence[Any],
    new_conds: Sequence[Any],
    hooks: Any = None,
    timesteps_range: Any = None,
    append_hooks: Any = True,
) -> list[Any]:
    """The new ones, which hold where the others leave room, each behind its like."""
    made = _on(new_conds, _properties(1.0, "default", None, hooks, timesteps_range, True))
    return [[*old, *new] for old, new in zip(conds, made, strict=True)]


def set_hooks_for_conditioning(cond: Any, hooks: Any, append_hooks: bool = True, cache: Any = None) -> Any:
    if hooks is None:
        return cond
    if not append_hooks:
        cond = [
            [states, {name: value for name, value in options.items() if name != "hooks"}] for states, options in cond
        ]
    return _on([cond], Properties(hooks=from_pack(hooks)))[0]


def set_mask_for_conditioning(cond: Any, mask: Any, set_cond_area: str, strength: float) -> Any:
    return _on([cond], _properties(strength, set_cond_area, mask, None, None))[0]


def set_timesteps_for_conditioning(cond: Any, timestep_range: Any) -> Any:
    return _on([cond], Properties(timesteps=timestep_range))[0]
