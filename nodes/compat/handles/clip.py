# pyright: basic
# The shape of ComfyUI's classes: packs read, call and set what they know of them.
"""`CLIP` as packs see it: tokens as lists of (id, weight) by encoder, and encoding in several steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from models.text.handle import Clip
from models.text.tokens import Token
from nodes.compat.handles import weights
from nodes.compat.handles.hook_groups import HookGroup
from nodes.compat.handles.inner import Inside
from nodes.compat.handles.now import context_now
from nodes.compat.handles.patcher import ModelPatcher
from nodes.compat.stand_in import NotSupported


def _files() -> dict[str, Any]:
    """Where textual inversions are, and T5's tokenizer."""
    from nodes.text import files_for_prompts

    return files_for_prompts(context_now())


class Tokenizer:
    """What makes tokens; packs look for the rules of its encoders."""

    def __init__(self, view: PackClip) -> None:
        self._view = view
        for rules in view.frozen().recipe.encoders:
            setattr(self, f"clip_{rules.name}" if len(rules.name) == 1 else rules.name, _Rules(rules.tokens))

    def tokenize_with_weights(self, text: str, return_word_ids: bool = False, **_: Any) -> dict[str, Any]:
        return self._view.tokenize(text, return_word_ids)

    def untokenize(self, token_weight_pair: Any) -> Any:
        raise NotSupported("A node wants tokens back as words, which Easel cannot do.")


class _Rules:
    def __init__(self, rules: Any) -> None:
        self.start_token, self.end_token, self.pad_token = rules.start, rules.end, rules.pad
        self.max_length = rules.length or 99999999
        self.min_length = rules.least


class ClipPatcher(ModelPatcher):
    """`CLIP.patcher`: where it runs, and its weights."""

    def __init__(self, view: PackClip) -> None:
        clip = view.frozen()
        super().__init__(Inside("CLIP.patcher.model"), clip.engine.device, torch.device("cpu"))
        self._view = view

    def model_size(self) -> int:
        clip = self._view.frozen()
        return sum(component.size(clip.dtype_of(component)) for _, component in clip.encoders)

    def clone(self) -> ClipPatcher:
        return self._view.clone().patcher

    def model_dtype(self) -> torch.dtype:
        clip = self._view.frozen()
        return clip.dtype_of(clip.encoders[0][1])

    def add_patches(self, patches: Any, strength_patch: float = 1.0, strength_model: float = 1.0) -> list[Any]:
        return self._view.add_patches(patches, strength_patch, strength_model)

    def get_key_patches(self, filter_prefix: str | None = None) -> dict[str, Any]:
        return self._view.get_key_patches(filter_prefix)


_PREFIXES = {name: f"clip_{name}.transformer." for name in "lgh"}


_OPTIONS = {"min_padding": "padding", "min_length": "least"}


class PackClip:
    """A CLIP of the engine's."""

    def __init__(self, handle: Clip) -> None:
        self._base = handle
        self._added: list[Any] = []
        self.layer_idx = handle.layer
        self.use_clip_schedule = handle.scheduled
        self.apply_hooks_to_conds = None if handle.hooks_for_model is None else HookGroup.of(handle.hooks_for_model)
        self._options: dict[str, int] = dict(handle.tokenizer_options)

    @classmethod
    def of(cls, handle: Clip) -> PackClip:
        return cls(handle)

    def frozen(self) -> Clip:
        """The engine's handle, as the pack has left it; the same object where it changed nothing."""
        made = self._base
        if self.layer_idx != made.layer:
            made = replace(made, layer=self.layer_idx)
        hooks = None if self.apply_hooks_to_conds is None else self.apply_hooks_to_conds.frozen()
        if hooks is not made.hooks_for_model:
            made = replace(made, hooks_for_model=hooks)
        if self._added:
            made = made.with_patches(*self._added)
        if self._options != dict(made.tokenizer_options):
            made = made.with_tokenizer_options(self._options.get("padding", 0), self._options.get("least", 0))
        return made

    def clone(self) -> PackClip:
        return type(self)(self.frozen())

    def __deepcopy__(self, memo: Any) -> PackClip:
        return self.clone()

    def clip_layer(self, layer_idx: int) -> None:
        self.layer_idx = layer_idx

    def set_tokenizer_option(self, option_name: str, value: int) -> None:
        plain = option_name.removeprefix("t5xxl_")
        if plain not in _OPTIONS:
            raise NotSupported(f"A node sets “{option_name}” of a tokenizer, which Easel's do not have.")
        self._options[_OPTIONS[plain]] = int(value)

    # Tokens and encoding

    def tokenize(self, text: str, return_word_ids: bool = False, **_: Any) -> dict[str, list[list[tuple[Any, ...]]]]:
        """By encoder, chunks of (id or a row of a textual inversion, weight[, number])."""
        found = self.frozen().tokenize(text, **_files())
        made: dict[str, list[list[tuple[Any, ...]]]] = {}
        for name, chunks in found.items():
            number = 0
            pairs: list[list[tuple[Any, ...]]] = []
            for chunk in chunks:
                row: list[tuple[Any, ...]] = []
                for token in chunk:
                    number += 1
                    row.append((token.id, token.weight, number) if return_word_ids else (token.id, token.weight))
                pairs.append(row)
            made[name] = pairs
        return made

    def encode_from_tokens(self, tokens: Any, return_pooled: Any = False, return_dict: bool = False) -> Any:
        """The text (1, n, width); with the pooled text, or as a dict, where that is asked for."""
        states, options = self._encoded(tokens)[0]
        if return_dict:
            return {"cond": states, "pooled_output": options.get("pooled_output"), **options}
        return (states, options.get("pooled_output")) if return_pooled else states

    def encode_from_tokens_scheduled(
        self, tokens: Any, unprojected: bool = False, add_dict: dict[str, Any] | None = None, show_pbar: bool = True
    ) -> list[list[Any]]:
        """A CONDITIONING: an entry, or one for each part of the run where hooks change the encoders."""
        entries = self._encoded(tokens)
        return [[states, {**options, **(add_dict or {})}] for states, options in entries]

    def encode(self, text: str) -> Tensor:
        return self.encode_from_tokens(self.tokenize(text))

    def _encoded(self, tokens: Any) -> list[list[Any]]:
        clip = self.frozen()
        if not isinstance(tokens, dict):
            tokens = {clip.recipe.encoders[0].name: tokens}
        chunks = {
            name: [[Token(pair[0], float(pair[1])) for pair in chunk] for chunk in those]
            for name, those in tokens.items()
        }
        _equal_lengths(clip, chunks)
        return clip.encode_tokens(chunks)

    # Weights

    def _networks(self) -> list[weights.Network]:
        return [(component, _PREFIXES.get(name, f"{name}.transformer.")) for name, component in self._base.encoders]

    def add_patches(self, patches: Any, strength_patch: float = 1.0, strength_model: float = 1.0) -> list[Any]:
        patch, taken = weights.keyed_patch(self._networks(), patches, strength_patch, strength_model)
        if taken:
            self._added.append(patch)
        return taken

    def with_patch(self, patch: Any) -> PackClip:
        """A clone with one of the engine's own patches more."""
        made = self.clone()
        made._added.append(patch)
        return made

    def get_key_patches(self, filter_prefix: str | None = None) -> dict[str, Any]:
        clip = self._base

        def read(component: Any, name: str) -> Tensor:
            return clip.engine.residency.original(component, clip.dtype_of(component), name)

        return weights.key_patches(self._networks(), (*clip.patches, *self._added), read, filter_prefix)

    def get_sd(self) -> dict[str, Tensor]:
        """All weights, as the file has them."""
        return {key: value[0][0]() for key, value in self.get_key_patches().items()}

    def load_sd(self, sd: Any, full_model: bool = False) -> Any:
        raise NotSupported("A node puts weights of its own into a text encoder, which Easel cannot do.")

    # Parts

    @property
    def patcher(self) -> ClipPatcher:
        return ClipPatcher(self)

    @property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer(self)

    @property
    def cond_stage_model(self) -> Any:
        return _STAGES.get(self._base.recipe.name, SD1ClipModel)(self)

    def load_model(self) -> ClipPatcher:
        return self.patcher

    def add_hooks_to_dict(self, pooled_dict: dict[str, Any]) -> dict[str, Any]:
        if self.apply_hooks_to_conds:
            pooled_dict["hooks"] = self.apply_hooks_to_conds
        return pooled_dict

    def __repr__(self) -> str:
        return f"CLIP({self._base.recipe.title})"


class CondStage(Inside):
    """`CLIP.cond_stage_model`: which encoders there are; what they are made of is ComfyUI's."""

    def __init__(self, view: Any = None, **_: Any) -> None:
        if not isinstance(view, PackClip):
            raise NotSupported(f"A node builds ComfyUI's {type(self).__name__} by itself, which Easel does not have.")
        super().__init__("CLIP.cond_stage_model")
        object.__setattr__(self, "easel_view", view)
        for name, _component in view.frozen().encoders:
            attribute = f"clip_{name}" if len(name) == 1 else name
            object.__setattr__(self, attribute, Inside(f"CLIP.cond_stage_model.{attribute}"))


class SD1ClipModel(CondStage):
    pass


class SDXLClipModel(CondStage):
    pass


class SDXLRefinerClipModel(CondStage):
    pass


class SD3ClipModel(CondStage):
    pass


class FluxClipModel(CondStage):
    pass


_STAGES: dict[str, type[CondStage]] = {
    "sdxl": SDXLClipModel,
    "sdxl_refiner": SDXLRefinerClipModel,
    "sd3": SD3ClipModel,
    "flux": FluxClipModel,
}
"""Packs tell families by these classes."""


def _equal_lengths(clip: Clip, chunks: dict[str, list[list[Token]]]) -> None:
    """L and G of as many chunks, where a pack made them of two prompts."""
    clip._fill_up(chunks)
