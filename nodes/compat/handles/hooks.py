# pyright: basic
# The shape of ComfyUI's data: functions and dicts of packs, called as they expect it.
"""`transformer_options["patches"]` and `["patches_replace"]` as `models.networks.hooks.Hooks`, and back.

The engine's hooks sit in the same places. What has no place of that name is refused in a sentence, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from models.networks.hooks import Hooks, Place, Where
from nodes.compat.stand_in import NotSupported

LISTS: Mapping[str, str] = {
    "attn1_patch": "attn1_in",
    "attn2_patch": "attn2_in",
    "attn1_output_patch": "attn1_out",
    "attn2_output_patch": "attn2_out",
    "middle_patch": "middle",
    "input_block_patch": "input_block",
    "input_block_patch_after_skip": "input_block_after_skip",
    "output_block_patch": "output_block",
}
"""Names in `patches`, and the engine's kinds of hooks."""

TABLES = ("attn1", "attn2")
"""Names in `patches_replace` that are kinds of the engine, too."""

_BLOCKS = {"double_block": "double", "single_block": "single"}
_THEIR_BLOCKS = {ours: theirs for theirs, ours in _BLOCKS.items()}


MORE: ContextVar[Mapping[str, Any]] = ContextVar("more", default={})  # noqa: B039 (never written to)
"""Options that a wrapper round the network adds for one pass."""


def refuse_patch(name: str) -> None:
    """NotSupported for a place that the engine's networks do not have."""
    if name not in LISTS:
        raise NotSupported(
            f"A node wants to change the model at “{name}”, a place inside ComfyUI's own networks, "
            "which Easel's do not have. This node cannot run here."
        )


def extra_options(options: Mapping[str, Any], where: Where, like: Tensor) -> dict[str, Any]:
    """What a patch is told: the pack's own options, and where it is called."""
    run = where.run
    return {
        **options,
        **MORE.get(),
        "block": (where.place.part, where.place.block),
        "block_index": where.place.index,
        "n_heads": where.heads,
        "dim_head": where.head_channels,
        "cond_or_uncond": list(run.sides),
        "uuids": list(run.parts),
        "sigmas": torch.full((run.shape[0] if run.shape else 1,), run.sigma, device=like.device),
        "sample_sigmas": run.sigmas,
        "original_shape": list(run.shape),
        "activations_shape": [*run.shape[:1], like.shape[-1], *where.size],
    }


@dataclass(frozen=True)
class OfPack:
    """A pack's function at one of the engine's places."""

    function: Callable[..., Any]
    options: Mapping[str, Any] = field(repr=False, compare=False)

    def told(self, where: Where, like: Tensor) -> dict[str, Any]:
        return extra_options(self.options, where, like)


class AttentionIn(OfPack):
    def __call__(self, q: Tensor, k: Tensor, v: Tensor, where: Where) -> tuple[Tensor, Tensor, Tensor]:
        return self.function(q, k, v, self.told(where, q))


class AttentionOut(OfPack):
    def __call__(self, found: Tensor, where: Where) -> Tensor:
        return self.function(found, self.told(where, found))


class Attention(OfPack):
    def __call__(self, q: Tensor, k: Tensor, v: Tensor, where: Where) -> Tensor:
        return self.function(q, k, v, self.told(where, q))


class BlockIn(OfPack):
    def __call__(self, h: Tensor, where: Where) -> Tensor:
        return self.function(h, self.told(where, h))


class SkipIn(OfPack):
    def __call__(self, h: Tensor, skip: Tensor, where: Where) -> tuple[Tensor, Tensor]:
        return self.function(h, skip, self.told(where, h))


class Block(OfPack):
    def __call__(self, values: Mapping[str, Any], run: Callable[..., Any], where: Where) -> Mapping[str, Any]:
        like = next(value for value in values.values() if isinstance(value, Tensor))
        given = {**values, "transformer_options": self.told(where, like)}

        def original(args: Mapping[str, Any]) -> Mapping[str, Any]:
            return run({name: value for name, value in args.items() if name in values})

        return self.function(given, {"original_block": original})


_CALLS: Mapping[str, type[OfPack]] = {
    "attn1_in": AttentionIn,
    "attn2_in": AttentionIn,
    "attn1_out": AttentionOut,
    "attn2_out": AttentionOut,
    "middle": BlockIn,
    "input_block": BlockIn,
    "input_block_after_skip": BlockIn,
    "output_block": SkipIn,
}


@dataclass(frozen=True)
class Ours:
    """One of the engine's own hooks, kept among a pack's patches so that their order stays."""

    hook: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        raise NotSupported("A node calls another node's patch of a model by itself, which Easel cannot do.")


def to_hooks(transformer_options: Mapping[str, Any], rest: Hooks) -> Hooks:
    """Patches as hooks. rest: hooks of kinds that patches cannot say. NotSupported for what has no place."""
    known = {name: value for name, value in transformer_options.items() if name not in ("patches", "patches_replace")}
    changed: dict[str, Any] = dict.fromkeys(LISTS.values(), ())
    for name, functions in transformer_options.get("patches", {}).items():
        if functions:
            refuse_patch(name)
            kind = LISTS[name]
            changed[kind] = tuple(_ours(_CALLS[kind], function, known) for function in functions)
    tables: dict[str, Any] = {"attn1": {}, "attn2": {}, "blocks": {}}
    for name, places in transformer_options.get("patches_replace", {}).items():
        for place, function in places.items():
            if name in TABLES:
                place = Place(*place) if len(place) > 2 else tuple(place)
                tables[name][place] = _ours(Attention, function, known)
            elif name == "dit" and place[0] in _BLOCKS:
                tables["blocks"][_BLOCKS[place[0]], place[1]] = _ours(Block, function, known)
            else:
                raise NotSupported(
                    f"A node wants to replace “{name}” at {place!r} in the model, a part of ComfyUI's own networks, "
                    "which Easel's do not have. This node cannot run here."
                )
    changed |= tables
    return Hooks(**changed, middle_block=rest.middle_block)


def _ours(kind: type[OfPack], function: Any, options: Mapping[str, Any]) -> Any:
    return function.hook if isinstance(function, Ours) else kind(function, options)


def _theirs(hook: Any) -> Any:
    return hook.function if isinstance(hook, OfPack) else Ours(hook)


def from_hooks(hooks: Hooks) -> dict[str, Any]:
    """Hooks as `patches` and `patches_replace`."""
    patches = {name: [_theirs(hook) for hook in getattr(hooks, kind)] for name, kind in LISTS.items()}
    replaced: dict[str, Any] = {
        kind: {tuple(place): _theirs(hook) for place, hook in getattr(hooks, kind).items()} for kind in TABLES
    }
    replaced["dit"] = {
        (_THEIR_BLOCKS.get(part, part), number): _theirs(hook) for (part, number), hook in hooks.blocks.items()
    }
    made: dict[str, Any] = {}
    if any(patches.values()):
        made["patches"] = {name: functions for name, functions in patches.items() if functions}
    if any(replaced.values()):
        made["patches_replace"] = {name: table for name, table in replaced.items() if table}
    return made
