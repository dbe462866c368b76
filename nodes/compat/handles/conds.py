# pyright: basic
# The shape of ComfyUI's data: lists of dicts that packs read and change as they like.
"""Conditionings as samplers have them in ComfyUI: a list of dicts, one an entry, in place of pairs.

Before a run a dict holds what the entry's own dict holds, and `cross_attn`, its text. While one is going on it stands
for a `models.conditions.Condition`, which it carries along: what a pack changes of strength, area, mask and range
counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from models.conditions import Condition
from nodes.compat.stand_in import NotSupported

HELD = "easel_condition"
"""Where a dict keeps the condition that it stands for."""


class CONDRegular:
    """A value that a network is given."""

    def __init__(self, cond: Any) -> None:
        self.cond = cond

    def _copy_with(self, cond: Any) -> Any:
        return type(self)(cond)

    def size(self) -> list[int]:
        return list(self.cond.size())


class CONDCrossAttn(CONDRegular):
    """Text, of any length."""


class CONDNoiseShape(CONDRegular):
    """What lies beside the latent."""


class CONDConstant(CONDRegular):
    """What is no tensor."""

    def size(self) -> list[int]:
        return [1]


def convert_cond(cond: Sequence[Any]) -> list[dict[str, Any]]:
    """A CONDITIONING as a list of dicts; such a list as it is."""
    if cond and isinstance(cond[0], dict):
        return list(cond)
    found: list[dict[str, Any]] = []
    for tensor, options in cond:
        made = dict(options)
        made["model_conds"] = dict(made.get("model_conds", {}))
        if tensor is not None:
            made["cross_attn"] = tensor
            made["model_conds"]["c_crossattn"] = CONDCrossAttn(tensor)
        made["uuid"] = uuid.uuid4()
        found.append(made)
    return found


def as_conditioning(conds: Sequence[dict[str, Any]]) -> list[list[Any]]:
    """The other way round."""
    left_out = ("cross_attn", "model_conds", "uuid")
    return [
        [entry.get("cross_attn"), {name: value for name, value in entry.items() if name not in left_out}]
        for entry in conds
    ]


def conditioning_of(given: Sequence[Any]) -> list[Any]:
    """A CONDITIONING, whichever of the two forms it is in."""
    return as_conditioning(given) if given and isinstance(given[0], dict) else list(given)


_NAMES = {"context": "c_crossattn", "concat": "c_concat"}
_OURS = {theirs: ours for ours, theirs in _NAMES.items()}


def input_name(ours: str) -> str:
    """What ComfyUI calls a network's input."""
    return _NAMES.get(ours, ours)


def own_input_name(theirs: str) -> str:
    return _OURS.get(theirs, theirs)


def entries_of(conditions: Sequence[Condition] | None) -> list[dict[str, Any]] | None:
    """Conditions of a run, as dicts."""
    return None if conditions is None else [_entry(condition) for condition in conditions]


def _entry(condition: Condition) -> dict[str, Any]:
    made: dict[str, Any] = {
        HELD: condition,
        "model_conds": {input_name(name): _cond(name, value) for name, value in condition.inputs.items()},
        "strength": condition.strength,
        "uuid": id(condition),
    }
    if condition.area is not None:
        made["area"] = condition.area
    if condition.mask is not None:
        made["mask"] = condition.mask.squeeze(1)
        made["mask_strength"] = 1.0
    if condition.start != float("inf"):
        made["timestep_start"] = condition.start
    if condition.end != 0.0:
        made["timestep_end"] = condition.end
    if condition.default:
        made["default"] = True
    return made


def _cond(name: str, value: Any) -> CONDRegular:
    if not isinstance(value, Tensor):
        return CONDConstant(value)
    kind = {"context": CONDCrossAttn, "concat": CONDNoiseShape}.get(name, CONDRegular)
    return kind(value)


def conditions_of(entries: Sequence[dict[str, Any]] | None) -> list[Condition] | None:
    """Dicts of a run as conditions, with what a pack has changed of them."""
    return None if entries is None else [_condition(entry) for entry in entries]


def _condition(entry: dict[str, Any]) -> Condition:
    held = entry.get(HELD)
    if not isinstance(held, Condition):
        raise NotSupported(
            "A prompt was given to the model that was not made ready for this run: "
            "give it to the guider before sampling begins."
        )
    changed: dict[str, Any] = {}
    if entry.get("strength", 1.0) != held.strength:
        changed["strength"] = entry.get("strength", 1.0)
    if entry.get("area") != held.area:
        area = entry.get("area")
        changed["area"] = None if area is None else tuple(int(value) for value in area)
    mask = entry.get("mask")
    if mask is None:
        if held.mask is not None:
            changed["mask"] = None
    elif held.mask is None or mask.data_ptr() != held.mask.data_ptr() or entry.get("mask_strength", 1.0) != 1.0:
        changed["mask"] = mask.reshape(-1, 1, *mask.shape[-2:]) * entry.get("mask_strength", 1.0)
    for ours, theirs, usual in (("start", "timestep_start", float("inf")), ("end", "timestep_end", 0.0)):
        level = entry.get(theirs, usual)
        if level is not None and level != getattr(held, ours):
            changed[ours] = float(level)
    inputs = {own_input_name(name): _value(value) for name, value in entry.get("model_conds", {}).items()}
    if inputs.keys() != held.inputs.keys() or any(inputs[name] is not held.inputs[name] for name in inputs):
        changed["inputs"] = inputs
    return replace(held, **changed) if changed else held


def _value(value: Any) -> Any:
    return getattr(value, "cond", value)
