"""LoRAs and other changes of weights for single prompts, at strengths that change in the course of a run; and the
conditionings that carry them, one by one and in pairs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Annotated, Any

from graph.context import Context
from graph.node import Choice, File, Int, Slider, Socket, Toggle, node
from models.hook_groups import (
    INTERPOLATIONS,
    Hook,
    HookGroup,
    Keyframe,
    Keyframes,
    LoraSource,
    ModelSource,
    Properties,
    interpolated,
)
from nodes.context import engine, present
from nodes.values import Clip, Conditioning, HookKeyframes, Hooks, Mask, TimestepsRange

_log = logging.getLogger(__name__)

Strength = Slider(min=-20.0, max=20.0, step=0.01, tooltip="1 adds it as it was trained, 0 leaves the weights.")
Percent = Slider(min=0.0, max=1.0, step=0.001, tooltip="How far along in the run, 0 to 1.")
LoraFile = File(kind="loras", tooltip="A file in the loras folder.")
CheckpointFile = File(kind="checkpoints", tooltip="A file in the checkpoints folder.")
MaskStrength = Annotated[float, Slider(min=0.0, max=10.0, step=0.01, tooltip="How much the mask weighs.")]
MaskArea = Annotated[
    str,
    Choice(options=("default", "mask bounds"), tooltip="Whether the model sees the whole picture or the mask's part."),
]
FLOATS = (("default", -1.0), ("min", -1.0), ("step", 0.001), ("forceInput", True))
Print = Annotated[bool, Toggle(tooltip="Write the keyframes in the log.")]


# Hooks


@node("CreateHookLora", category="advanced/hooks/create", title="Create Hook LoRA", experimental=True)
def create_hook_lora(
    lora_name: Annotated[str, LoraFile],
    context: Context,
    strength_model: Annotated[float, Strength] = 1.0,
    strength_clip: Annotated[float, Strength] = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """A LoRA for the prompts that are given this hook, and for no others."""
    before = prev_hooks or HookGroup()
    if strength_model == 0 and strength_clip == 0:
        return before
    source = LoraSource(engine(context).load_lora(context.folders.resolve("loras", lora_name)))
    return before.plus(HookGroup((Hook(source, strength_model, strength_clip),)))


@node("CreateHookLoraModelOnly", category="advanced/hooks/create", title="Create Hook LoRA (MO)", experimental=True)
def create_hook_lora_model_only(
    lora_name: Annotated[str, LoraFile],
    context: Context,
    strength_model: Annotated[float, Strength] = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """A LoRA for the prompts that are given this hook; text encoders are left alone."""
    return create_hook_lora(lora_name, context, strength_model, 0.0, prev_hooks)


@node("CreateHookModelAsLora", category="advanced/hooks/create", title="Create Hook Model as LoRA", experimental=True)
def create_hook_model_as_lora(
    ckpt_name: Annotated[str, CheckpointFile],
    context: Context,
    strength_model: Annotated[float, Strength] = 1.0,
    strength_clip: Annotated[float, Strength] = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """Another checkpoint for the prompts that are given this hook: at strength 1 they are drawn by it."""
    source = ModelSource.of(engine(context).load_checkpoint(context.folders.resolve("checkpoints", ckpt_name)))
    return (prev_hooks or HookGroup()).plus(HookGroup((Hook(source, strength_model, strength_clip),)))


@node(
    "CreateHookModelAsLoraModelOnly",
    category="advanced/hooks/create",
    title="Create Hook Model as LoRA (MO)",
    experimental=True,
)
def create_hook_model_as_lora_model_only(
    ckpt_name: Annotated[str, CheckpointFile],
    context: Context,
    strength_model: Annotated[float, Strength] = 1.0,
    prev_hooks: Hooks | None = None,
) -> Hooks:
    """Another checkpoint for the prompts that are given this hook; text encoders are left alone."""
    return create_hook_model_as_lora(ckpt_name, context, strength_model, 0.0, prev_hooks)


@node("CombineHooks2", category="advanced/hooks/combine", title="Combine Hooks [2]", experimental=True)
def combine_hooks_2(hooks_A: Hooks | None = None, hooks_B: Hooks | None = None) -> Hooks:
    """All of both, each hook once."""
    return _combined(hooks_A, hooks_B)


@node("CombineHooks4", category="advanced/hooks/combine", title="Combine Hooks [4]", experimental=True)
def combine_hooks_4(
    hooks_A: Hooks | None = None,
    hooks_B: Hooks | None = None,
    hooks_C: Hooks | None = None,
    hooks_D: Hooks | None = None,
) -> Hooks:
    """All of up to four, each hook once."""
    return _combined(hooks_A, hooks_B, hooks_C, hooks_D)


@node("CombineHooks8", category="advanced/hooks/combine", title="Combine Hooks [8]", experimental=True)
def combine_hooks_8(
    hooks_A: Hooks | None = None,
    hooks_B: Hooks | None = None,
    hooks_C: Hooks | None = None,
    hooks_D: Hooks | None = None,
    hooks_E: Hooks | None = None,
    hooks_F: Hooks | None = None,
    hooks_G: Hooks | None = None,
    hooks_H: Hooks | None = None,
) -> Hooks:
    """All of up to eight, each hook once."""
    return _combined(hooks_A, hooks_B, hooks_C, hooks_D, hooks_E, hooks_F, hooks_G, hooks_H)


def _combined(*groups: HookGroup | None) -> HookGroup | None:
    """None of none, the one itself of one."""
    there = [group for group in groups if group is not None]
    found = there[0] if there else None
    for group in there[1:]:
        found = found.plus(group) if found else group
    return found


# Keyframes


@node("SetHookKeyframes", category="advanced/hooks/scheduling", title="Set Hook Keyframes", experimental=True)
def set_hook_keyframes(hooks: Hooks, hook_kf: HookKeyframes | None = None) -> Hooks:
    """Let hooks change their strength in the course of a run."""
    return present(hooks, "HOOKS") if hook_kf is None else present(hooks, "HOOKS").with_keyframes(hook_kf)


@node(
    "CreateHookKeyframe",
    category="advanced/hooks/scheduling",
    title="Create Hook Keyframe",
    outputs=("HOOK_KF",),
    experimental=True,
)
def create_hook_keyframe(
    strength_mult: Annotated[float, Slider(min=-20.0, max=20.0, step=0.01, tooltip="Times the hook's strength.")] = 1.0,
    start_percent: Annotated[float, Percent] = 0.0,
    prev_hook_kf: HookKeyframes | None = None,
) -> HookKeyframes:
    """A strength for hooks from some point of the run on."""
    return (prev_hook_kf or Keyframes()).plus(Keyframe(strength_mult, start_percent))


@node(
    "CreateHookKeyframesInterpolated",
    category="advanced/hooks/scheduling",
    title="Create Hook Keyframes Interp.",
    outputs=("HOOK_KF",),
    experimental=True,
)
def create_hook_keyframes_interpolated(
    strength_start: Annotated[float, Slider(min=0.0, max=10.0, step=0.001)] = 1.0,
    strength_end: Annotated[float, Slider(min=0.0, max=10.0, step=0.001)] = 1.0,
    *,
    interpolation: Annotated[str, Choice(options=tuple(INTERPOLATIONS))],
    start_percent: Annotated[float, Percent] = 0.0,
    end_percent: Annotated[float, Percent] = 1.0,
    keyframes_count: Annotated[int, Int(min=2, max=100)] = 5,
    print_keyframes: Print = False,
    prev_hook_kf: HookKeyframes | None = None,
) -> HookKeyframes:
    """Strengths for hooks from one to another, in steps over a part of the run."""
    strengths = interpolated(strength_start, strength_end, keyframes_count, interpolation)
    return _spread(prev_hook_kf, strengths, start_percent, end_percent, print_keyframes)


@node(
    "CreateHookKeyframesFromFloats",
    category="advanced/hooks/scheduling",
    title="Create Hook Keyframes From Floats",
    outputs=("HOOK_KF",),
    experimental=True,
)
def create_hook_keyframes_from_floats(
    floats_strength: Annotated[Any, Socket("FLOATS", options=FLOATS)],
    start_percent: Annotated[float, Percent] = 0.0,
    end_percent: Annotated[float, Percent] = 1.0,
    print_keyframes: Print = False,
    prev_hook_kf: HookKeyframes | None = None,
) -> HookKeyframes:
    """Strengths for hooks from a list of numbers, evenly over a part of the run."""
    if isinstance(floats_strength, (float, int)):
        floats_strength = [floats_strength]
    if not isinstance(floats_strength, Iterable):
        raise ValueError(
            f"floats_strength wants numbers, and what is linked to it gives {type(floats_strength).__name__}. "
            "Link a node that gives a list of numbers."
        )
    strengths = [float(strength) for strength in floats_strength]
    return _spread(prev_hook_kf, strengths, start_percent, end_percent, print_keyframes)


def _spread(before: Keyframes | None, strengths: list[float], start: float, end: float, told: bool) -> Keyframes:
    found = (before or Keyframes()).spread(strengths, start, end)
    for frame in found.frames if told else ():
        _log.info("Hook keyframe: strength %s from %s of the run on", frame.strength, frame.start_percent)
    return found


# Conditionings


@node("SetClipHooks", category="advanced/hooks/clip", title="Set CLIP Hooks", experimental=True)
def set_clip_hooks(
    clip: Clip,
    apply_to_conds: Annotated[bool, Toggle(tooltip="Put the hooks on the prompts that it encodes, too.")] = True,
    schedule_clip: Annotated[bool, Toggle(tooltip="Encode prompts anew for each strength in the keyframes.")] = False,
    hooks: Hooks | None = None,
) -> Clip:
    """Encode prompts with the text encoder's part of hooks."""
    clip = present(clip, "CLIP")
    return clip if hooks is None else clip.with_hooks(hooks, apply_to_conds, schedule_clip)


@node(
    "ConditioningTimestepsRange",
    category="advanced/hooks",
    title="Timesteps Range",
    outputs=("TIMESTEPS_RANGE", "BEFORE_RANGE", "AFTER_RANGE"),
    experimental=True,
)
def conditioning_timesteps_range(
    start_percent: Annotated[float, Percent] = 0.0,
    end_percent: Annotated[float, Percent] = 1.0,
) -> tuple[TimestepsRange, TimestepsRange, TimestepsRange]:
    """A part of the run for prompts, with the parts before it and after it."""
    return (start_percent, end_percent), (0.0, start_percent), (end_percent, 1.0)


@node("ConditioningSetProperties", category="advanced/hooks/cond single", title="Cond Set Props", experimental=True)
def conditioning_set_properties(
    cond_NEW: Conditioning,
    strength: MaskStrength = 1.0,
    *,
    set_cond_area: MaskArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """Say where, when and with which hooks a prompt holds."""
    return Properties(strength, set_cond_area != "default", mask, hooks, timesteps).on(cond_NEW)[0]


@node(
    "ConditioningSetPropertiesAndCombine",
    category="advanced/hooks/cond single",
    title="Cond Set Props Combine",
    experimental=True,
)
def conditioning_set_properties_and_combine(
    cond: Conditioning,
    cond_NEW: Conditioning,
    strength: MaskStrength = 1.0,
    *,
    set_cond_area: MaskArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """Say where, when and with which hooks a prompt holds, and add it to another."""
    (changed,) = Properties(strength, set_cond_area != "default", mask, hooks, timesteps).on(cond_NEW)
    return [*cond, *changed]


@node(
    "ConditioningSetDefaultCombine",
    category="advanced/hooks/cond single",
    title="Cond Set Default Combine",
    experimental=True,
)
def conditioning_set_default_combine(
    cond: Conditioning,
    cond_DEFAULT: Conditioning,
    hooks: Hooks | None = None,
) -> Conditioning:
    """Add a prompt that holds where no other does."""
    (changed,) = Properties(hooks=hooks, default=True).on(cond_DEFAULT)
    return [*cond, *changed]


@node(
    "PairConditioningSetProperties",
    category="advanced/hooks/cond pair",
    title="Cond Pair Set Props",
    outputs=("positive", "negative"),
    experimental=True,
)
def pair_set_properties(
    positive_NEW: Conditioning,
    negative_NEW: Conditioning,
    strength: MaskStrength = 1.0,
    *,
    set_cond_area: MaskArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> tuple[Conditioning, Conditioning]:
    """Say where, when and with which hooks a positive and a negative prompt hold."""
    properties = Properties(strength, set_cond_area != "default", mask, hooks, timesteps)
    positive, negative = properties.on(positive_NEW, negative_NEW)
    return positive, negative


@node(
    "PairConditioningSetPropertiesAndCombine",
    category="advanced/hooks/cond pair",
    title="Cond Pair Set Props Combine",
    outputs=("positive", "negative"),
    experimental=True,
)
def pair_set_properties_and_combine(
    positive: Conditioning,
    negative: Conditioning,
    positive_NEW: Conditioning,
    negative_NEW: Conditioning,
    strength: MaskStrength = 1.0,
    *,
    set_cond_area: MaskArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> tuple[Conditioning, Conditioning]:
    """Say where, when and with which hooks a pair of prompts holds, and add it to another pair."""
    properties = Properties(strength, set_cond_area != "default", mask, hooks, timesteps)
    more_positive, more_negative = properties.on(positive_NEW, negative_NEW)
    return [*positive, *more_positive], [*negative, *more_negative]


@node(
    "PairConditioningCombine",
    category="advanced/hooks/cond pair",
    title="Cond Pair Combine",
    outputs=("positive", "negative"),
    experimental=True,
)
def pair_combine(
    positive_A: Conditioning,
    negative_A: Conditioning,
    positive_B: Conditioning,
    negative_B: Conditioning,
) -> tuple[Conditioning, Conditioning]:
    """Two pairs of prompts as one."""
    return [*positive_A, *positive_B], [*negative_A, *negative_B]


@node(
    "PairConditioningSetDefaultCombine",
    category="advanced/hooks/cond pair",
    title="Cond Pair Set Default Combine",
    outputs=("positive", "negative"),
    experimental=True,
)
def pair_set_default_combine(
    positive: Conditioning,
    negative: Conditioning,
    positive_DEFAULT: Conditioning,
    negative_DEFAULT: Conditioning,
    hooks: Hooks | None = None,
) -> tuple[Conditioning, Conditioning]:
    """Add a pair of prompts that holds where no other does."""
    more_positive, more_negative = Properties(hooks=hooks, default=True).on(positive_DEFAULT, negative_DEFAULT)
    return [*positive, *more_positive], [*negative, *more_negative]
