"""What CLIP is at sockets: text encoders, how prompts go through them, and what is changed about them. Immutable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..families import Family
from ..load import Component
from ..patches import Lora, Patch, fits
from . import Conditioning, encode

if TYPE_CHECKING:
    from ..engine import Engine


@dataclass(frozen=True)
class Clip:
    """A text encoder. `layer`: which hidden state is taken, -1 for the last."""

    engine: Engine = field(repr=False)
    component: Component
    family: Family
    layer: int
    patches: tuple[Patch, ...] = ()

    def with_lora(self, lora: Lora, strength: float) -> Clip:
        """Strength 0 gives an equal handle, and so does a LoRA without a part for text encoders."""
        if strength == 0 or not fits(self.component, lora):
            return self
        return replace(self, patches=(*self.patches, Patch(lora, strength)))

    def with_last_layer(self, layer: int) -> Clip:
        """layer: -1 (the last) to -24."""
        return replace(self, layer=layer)

    def encode(self, prompt: str, find_embedding: Callable[[str], Path | None] | None = None) -> Conditioning:
        """A prompt, with weights and `embedding:name`, as a CONDITIONING, float32 on the CPU.

        find_embedding: the file of a textual inversion by its name, or None where there is none.
        """
        with self.engine.residency.use(self.component, self.engine.text_dtype, self.patches) as encoder:
            return encode.encode(encoder, self.family.tokens, self.layer, prompt, find_embedding)
