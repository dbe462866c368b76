"""What CLIP is at sockets: text encoders, how prompts go through them, and what is changed about them. Immutable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import ModelError
from ..load import Component
from ..networks.t5 import T5
from ..patches import Lora, Patch, fits
from . import Conditioning
from .encode import encode_chunks, read_embedding
from .recipe import Encoded, EncoderRules, TextRecipe
from .t5_tokenizer import t5_words
from .tokens import Token, TokenRules, Words, tokenize

if TYPE_CHECKING:
    from ..engine import Engine
    from ..hook_groups import HookGroup
    from ..patches import WeightPatch

_log = logging.getLogger(__name__)

FindFile = Callable[[str], Path | None]
"""The file of a textual inversion by its name, or None where there is none."""
FindTokenizer = Callable[[], Path | None]
"""The file with T5's tokenizer, or None where there is none."""


@dataclass(frozen=True)
class Clip:
    """Text encoders of one family."""

    engine: Engine = field(repr=False)
    encoders: tuple[tuple[str, Component], ...]
    """By the recipe's names, in its order; some may be missing where the recipe allows it."""
    recipe: TextRecipe
    layer: int | None = None
    """Which hidden states are taken, of all encoders: -1 is the last layer; None for what the recipe says."""
    patches: tuple[Patch, ...] = ()
    tokenizer_options: tuple[tuple[str, int], ...] = ()
    """Fields of T5's TokenRules (`least`, `padding`) in place of the recipe's."""
    hooks: HookGroup | None = None
    """More changes of its weights."""
    scheduled: bool = False
    """Whether the hooks' strengths follow their keyframes: then a prompt gives an entry for each part of the run."""
    hooks_for_model: HookGroup | None = None
    """What its conditionings ask of the model's weights."""

    @property
    def components(self) -> Mapping[str, Component]:
        return dict(self.encoders)

    def with_lora(self, lora: Lora, strength: float) -> Clip:
        """Strength 0 gives an equal handle, and so does a LoRA without a part for text encoders."""
        fitting = [name for name, component in self.encoders if strength and fits(component, lora)]
        if not fitting:
            return self
        return self.with_patches(Patch(lora, strength))

    def with_patches(self, *patches: Patch) -> Clip:
        """Each patch changes those of the encoders whose weights it names."""
        return replace(self, patches=(*self.patches, *patches))

    def with_hooks(self, hooks: HookGroup, for_model: bool, scheduled: bool) -> Clip:
        """Changed by hooks, in place of those it has. for_model: whether its conditionings carry them as well."""
        carried = hooks if for_model else self.hooks_for_model
        return replace(self, hooks=hooks, scheduled=scheduled, hooks_for_model=carried)

    def with_last_layer(self, layer: int) -> Clip:
        """layer: -1 (the last) to -24. An encoder with fewer layers than that gives its last."""
        return replace(self, layer=layer)

    def with_tokenizer_options(self, padding: int, least: int) -> Clip:
        """For T5: at least so many filling tokens after the prompt, and at least so many tokens in all."""
        return replace(self, tokenizer_options=(("padding", padding), ("least", least)))

    def load(self) -> None:
        """Read all weights, which also looks at them. CheckpointError; OutOfMemory, before any is read."""
        for _, component in self.encoders:
            with self.engine.residency.use(component, self.dtype_of(component)):
                pass

    def encode(
        self, prompt: str, find_embedding: FindFile | None = None, find_tokenizer: FindTokenizer | None = None
    ) -> Conditioning:
        """A prompt, with weights and `embedding:name`, as a CONDITIONING, float32 on the CPU.

        find_tokenizer: where T5's tokenizer is; without it, it is looked for beside the encoder's file. ModelError
        where it is nowhere.
        """
        return self._encode({rules.name: prompt for rules in self.recipe.encoders}, find_embedding, find_tokenizer)

    def tokenize(
        self, prompt: str, find_embedding: FindFile | None = None, find_tokenizer: FindTokenizer | None = None
    ) -> dict[str, list[list[Token]]]:
        """A prompt's chunks by encoder, as `encode` makes them and `encode_tokens` takes them."""
        prompts = {rules.name: prompt for rules in self.recipe.encoders}
        return self._chunks(prompts, find_embedding, find_tokenizer)

    def encode_tokens(self, chunks: Mapping[str, list[list[Token]]]) -> Conditioning:
        """Chunks by encoder as a CONDITIONING, float32 on the CPU; an encoder without any is given none."""
        return self._encode_chunks({rules.name: chunks.get(rules.name, []) for rules in self.recipe.encoders})

    def encode_parts(
        self,
        parts: Mapping[str, str | None],
        find_embedding: FindFile | None = None,
        find_tokenizer: FindTokenizer | None = None,
        rest: str = "",
    ) -> Conditioning:
        """A prompt of its own for each encoder, as a CONDITIONING, float32 on the CPU.

        parts: prompts by the encoders' names (l, g, t5xxl); None for no tokens at all, in place of an empty prompt.
        rest: the prompt of an encoder that `parts` does not name. Where L and G get different numbers of chunks,
        empty ones are added to the shorter. ModelError where this family has no encoder of a name.
        """
        names = [rules.name for rules in self.recipe.encoders]
        strange = [name for name in parts if name not in names]
        if strange:
            raise ModelError(
                f"{self.recipe.title} has no text encoder {' or '.join(strange)}: it has {', '.join(names)}. "
                "Use CLIP Text Encode, or load the text encoders of the family that this node is for."
            )
        prompts = {name: parts.get(name, rest) for name in names}
        return self._encode(prompts, find_embedding, find_tokenizer, equal_lengths=True)

    def _encode(
        self,
        prompts: Mapping[str, str | None],
        find_embedding: FindFile | None,
        find_tokenizer: FindTokenizer | None,
        equal_lengths: bool = False,
    ) -> Conditioning:
        chunks = self._chunks(prompts, find_embedding, find_tokenizer)
        if equal_lengths:
            self._fill_up(chunks)
        return self._encode_chunks(chunks)

    def _chunks(
        self,
        prompts: Mapping[str, str | None],
        find_embedding: FindFile | None,
        find_tokenizer: FindTokenizer | None,
    ) -> dict[str, list[list[Token]]]:
        chunks: dict[str, list[list[Token]]] = {}
        for rules in self.recipe.encoders:
            prompt = prompts[rules.name]
            if prompt is None:
                chunks[rules.name] = []
            elif rules.tokens.length is not None or rules.name in self.components:
                chunks[rules.name] = self._tokenize(rules, prompt, find_embedding, find_tokenizer)
        return chunks

    def _encode_chunks(self, chunks: Mapping[str, list[list[Token]]]) -> Conditioning:
        carried = {} if self.hooks_for_model is None else {"hooks": self.hooks_for_model}
        if self.hooks is None or not self.scheduled:
            more = () if self.hooks is None else self.hooks.clip_patches()
            states, options = self._entry(chunks, more)
            return [[states, options | carried]]
        entries: Conditioning = []
        for start, end, more in self.hooks.clip_ranges():
            states, options = self._entry(chunks, more)
            part = {"clip_start_percent": start, "clip_end_percent": end}
            entries.append([states, options | part | carried])
        return entries

    def _entry(
        self, chunks: Mapping[str, list[list[Token]]], more: tuple[WeightPatch, ...]
    ) -> tuple[Tensor, dict[str, Any]]:
        """more: changes of the weights besides the handle's own."""
        # No prompt for CLIP at all means that it is left out, and zeros stand in its place.
        silent = {"l", "g"} if not any(chunks.get(name) for name in ("l", "g", "h")) else set()
        encoded = {
            name: self._run(name, component, chunks[name], more)
            for name, component in self.encoders
            if name not in silent or not self.recipe.any_subset
        }
        states, pooled = self.recipe.combine(encoded)
        return states, {} if pooled is None else {"pooled_output": pooled}

    def _tokenize(
        self, rules: EncoderRules, prompt: str, find_file: FindFile | None, find_tokenizer: FindTokenizer | None
    ) -> list[list[Token]]:
        component = self.components.get(rules.name)
        find = None
        if find_file is not None and component is not None:
            width: int = component.network.width  # pyright: ignore[reportAttributeAccessIssue]

            def find(name: str) -> Tensor | None:
                found = read_embedding(find_file(name), width, rules.embedding_key)
                if found is not None and found.shape[-1] != width:
                    _log.warning(
                        'The textual inversion "%s" is %d wide and %s reads %d: there it is left out of the prompt.',
                        *(name, found.shape[-1], rules.title, width),
                    )
                return found

        words: Words | None = None
        if rules.tokens.length is None and component is not None:
            words = t5_words(component.file.path, find_tokenizer)
        return tokenize(prompt, self._token_rules(rules), find, words)

    def _token_rules(self, rules: EncoderRules) -> TokenRules:
        options = dict(self.tokenizer_options)
        return replace(rules.tokens, **options) if options and rules.tokens.length is None else rules.tokens

    def _fill_up(self, chunks: dict[str, list[list[Token]]]) -> None:
        pair = [name for name in ("l", "g") if name in chunks]
        most = max((len(chunks[name]) for name in pair), default=0)
        for name in pair if len(pair) == 2 else ():
            empty = self.recipe.rules(name).tokens.chunk([])
            chunks[name] += [empty] * (most - len(chunks[name]))

    def _run(
        self, name: str, component: Component, chunks: list[list[Token]], more: tuple[WeightPatch, ...]
    ) -> Encoded:
        rules = self.recipe.rules(name)
        with self.engine.residency.use(component, self.dtype_of(component), (*self.patches, *more)) as encoder:
            return encode_chunks(encoder, rules, self._layer(rules, component), chunks)

    def _layer(self, rules: EncoderRules, component: Component) -> int | None:
        """The layer to take, counted from the last that the file has; None for the last one, normalised."""
        layer = rules.layer if self.layer is None else self.layer
        if layer is None:
            return None
        layers: int = component.network.layers  # pyright: ignore[reportAttributeAccessIssue]
        counted = rules.counted(layers)
        return None if -layer > counted else min(-1, layer + counted - layers)

    def dtype_of(self, component: Component) -> torch.dtype:
        """The precision that this encoder's weights, changed ones too, are kept in; it computes in float32."""
        return _dtype(component, self.engine.text_dtype)


def _dtype(component: Component, usual: torch.dtype) -> torch.dtype:
    """An encoder stays in the half precision of its file.

    float32 would take twice the memory (19 GB for T5-XXL) for the same values, and changed weights are rounded where
    ComfyUI rounds them. What was kept in eight bits fits into float16. CLIP in bfloat16 runs in what is usual, as that
    would round its changes too coarsely.
    """
    is_t5 = isinstance(component.network, T5)
    one = "encoder.block.0.layer.0.SelfAttention.q.weight" if is_t5 else "text.encoder.layers.0.mlp.fc1.weight"
    kept = component.file.dtypes[component.prefix + component.picks()[one].name]
    if kept.itemsize == 1:
        return torch.float16
    return kept if kept == torch.float16 or (is_t5 and kept == torch.bfloat16) else usual
