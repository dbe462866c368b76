"""CLIP's text encoder, in the two layouts that files have it in: transformers' (CLIP-L) and OpenCLIP's (H and G)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .clip_layers import ClipLayers, Linear, Norm, layer_picks
from .layout import Pick, Shapes, UnknownLayout, count, transposed, understood

_IGNORED_ENDS = ("position_ids", "logit_scale", "logit_bias", "attn_mask", "text_projection", "text_projection.weight")
_IMAGE_HALF = ("vision_model.", "visual_projection.", "visual.")


class TextStates(NamedTuple):
    """What a text encoder makes of token ids."""

    hidden: Tensor
    """(b, n, width): the states after the layer that was asked for."""
    pooled: Tensor | None
    """(b, width): the state of each row's end token after the last layer, normalised; None for T5."""
    projected: Tensor | None
    """(b, projection): `pooled` through the encoder's projection, where it has one."""


class ClipTextEncoder(nn.Module):
    """Token ids to hidden states. Parameters have transformers' names, under `text.`."""

    def __init__(self, network: ClipText) -> None:
        super().__init__()
        width = network.width
        self.text = nn.ModuleDict(
            {
                "embeddings": nn.ModuleDict(
                    {
                        "token_embedding": nn.Embedding(network.tokens, width),
                        "position_embedding": nn.Embedding(network.length, width),
                    }
                ),
                "encoder": ClipLayers(
                    network.layers, width, network.inner, network.heads, network.activation, causal=True
                ),
                "final_layer_norm": Norm(width),
            }
        )
        self.projection = Linear(width, network.projection, bias=False) if network.projection else None

    @property
    def vocabulary(self) -> nn.Embedding:
        return self.text["embeddings"]["token_embedding"]

    @torch.no_grad()
    def forward(
        self, ids: Tensor, ends: Tensor, layer: int | None, normalised: bool = True, added: Tensor | None = None
    ) -> TextStates:
        """The hidden states after `layer`, and the pooled vectors; all float32.

        ids: (b, n), n at most the encoder's length; those beyond the vocabulary mean rows of `added` (m, width).
        ends: (b,), where each row's end token is.
        layer: -1 is the last one; None, and further down than there are layers, mean the last one normalised.
        normalised: whether the states of an earlier layer go through the final normalisation too.
        """
        positions = self.text["embeddings"]["position_embedding"].weight[: ids.shape[1]]
        states = self.text["encoder"](look_up(self.vocabulary.weight, ids, added) + positions.float())
        norm = self.text["final_layer_norm"]
        last = norm(states[-1])
        hidden = last
        if layer is not None and -layer < len(states):
            hidden = norm(states[layer]) if normalised else states[layer]
        pooled = last[torch.arange(len(last), device=last.device), ends]
        return TextStates(hidden, pooled, pooled if self.projection is None else self.projection(pooled))


def look_up(table: Tensor, ids: Tensor, added: Tensor | None) -> Tensor:
    """Rows of the table (v, width) for ids (b, n), and of `added` (m, width) for ids from v on; float32."""
    rows = functional.embedding(ids.clamp(max=len(table) - 1), table).float()
    if added is not None:
        beyond = ids >= len(table)
        rows[beyond] = added.float()[ids[beyond] - len(table)]
    return rows


@dataclass(frozen=True)
class ClipText:
    """Sizes of a text encoder, and which layout its file has."""

    width: int
    layers: int
    inner: int
    tokens: int
    length: int
    heads: int
    activation: str
    """"quick_gelu" for OpenAI's CLIP-L, "gelu" for OpenCLIP's H and G."""
    open_clip: bool
    prefix: str
    """What stands before the names of the layout ("text_model." or nothing)."""
    projection: int | None = None
    projection_name: str = "text_projection.weight"
    """"text_projection" holds it transposed, as OpenCLIP multiplies from the other side."""
    lora_starts: tuple[str, ...] = ("lora_te_", "lora_te1_", "text_encoder_", "base_model_model_text_encoder_")
    """How LoRAs begin the names of this encoder's weights, which depends on the encoders beside it."""

    def build(self) -> nn.Module:
        return ClipTextEncoder(self).eval()

    def picks(self) -> dict[str, Pick]:
        return dict(self._picks())

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        return name.endswith(_IGNORED_ENDS) or name.startswith(_IMAGE_HALF)

    def lora_stems(self) -> Mapping[str, str]:
        stems = (name.removesuffix(".weight") for name in self.picks() if name.endswith(".weight"))
        return {s: "text_projection" if s == "projection" else "text_model." + s.removeprefix("text.") for s in stems}

    def _picks(self) -> Iterator[tuple[str, Pick]]:
        if self.open_clip:
            table, positions, norm, layers = "token_embedding.weight", "positional_embedding", "ln_final", "transformer"
            layers += ".resblocks."
        else:
            table, positions = (f"{self.prefix}embeddings.{kind}_embedding.weight" for kind in ("token", "position"))
            norm, layers = f"{self.prefix}final_layer_norm", f"{self.prefix}encoder.layers."
        yield "text.embeddings.token_embedding.weight", Pick(table)
        yield "text.embeddings.position_embedding.weight", Pick(positions)
        for kind in ("weight", "bias"):
            yield f"text.final_layer_norm.{kind}", Pick(f"{norm}.{kind}")
        yield from layer_picks("text.encoder.layers.", layers, self.layers, self.open_clip)
        if self.projection:
            swapped = self.projection_name == "text_projection"
            yield "projection.weight", Pick(self.projection_name, transposed if swapped else None)


@understood
def read_clip_text(
    shapes: Shapes, activation: str | None = None, lora_starts: tuple[str, ...] = ClipText.lora_starts
) -> ClipText:
    """The sizes of the text encoder whose tensors these are: heads of 64 channels, as in every CLIP.

    activation: which one the encoder was trained with, where that is known; else OpenCLIP's for OpenCLIP's layout.
    UnknownLayout where it is no CLIP text encoder.
    """
    open_clip = "token_embedding.weight" in shapes
    prefix = "text_model." if any(name.startswith("text_model.") for name in shapes) else ""
    table = shapes.get("token_embedding.weight" if open_clip else f"{prefix}embeddings.token_embedding.weight")
    if table is None or len(table) != 2:
        raise UnknownLayout("its text encoder is not CLIP's")
    layers = "transformer.resblocks." if open_clip else f"{prefix}encoder.layers."
    positions = "positional_embedding" if open_clip else f"{prefix}embeddings.position_embedding.weight"
    projection = next((n for n in ("text_projection.weight", "text_projection") if len(shapes.get(n, ())) == 2), None)
    outputs = 0 if projection is None else shapes[projection][0 if projection.endswith("weight") else 1]
    return ClipText(
        width=table[1],
        layers=count(shapes, layers),
        inner=_size(shapes, f"{layers}0.mlp.{'c_fc' if open_clip else 'fc1'}.weight"),
        tokens=table[0],
        length=_size(shapes, positions),
        heads=max(1, table[1] // 64),
        activation=activation or ("gelu" if open_clip else "quick_gelu"),
        open_clip=open_clip,
        prefix="" if open_clip else prefix,
        projection=outputs or None,
        projection_name=projection or "text_projection.weight",
        lora_starts=lora_starts,
    )


def _size(shapes: Shapes, name: str) -> int:
    if name not in shapes:
        raise UnknownLayout(f"its text encoder lacks {name}")
    return shapes[name][0]
