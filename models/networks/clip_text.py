"""CLIP's text encoder, in the two layouts that files have it in: transformers' (SD1) and OpenCLIP's (SD2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from .layout import Pick, Shapes, UnknownLayout, count, third, transposed

_LAYER = ("self_attn.k_proj", "self_attn.v_proj", "self_attn.q_proj", "self_attn.out_proj")
_LAYER += ("layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2")
_OPEN = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
_OPEN |= {"self_attn.out_proj": "attn.out_proj"}


class TokenTable(nn.Embedding):
    """The table of token vectors, to which a prompt's textual inversions are added while it is encoded."""

    added: Tensor | None = None
    """(n, width): vectors of the token ids that follow the vocabulary."""

    def forward(self, ids: Tensor) -> Tensor:
        if self.added is None:
            return super().forward(ids)
        return nn.functional.embedding(ids, torch.cat([self.weight, self.added.to(self.weight)]))


class ClipTextEncoder(nn.Module):
    """Token ids (b, 77) to hidden states; transformers' model, with the projection where a family has one."""

    def __init__(self, config: CLIPTextConfig, projection: int | None) -> None:
        super().__init__()
        self.text = CLIPTextModel(config)
        self.text.embeddings.token_embedding = TokenTable(config.vocab_size, config.hidden_size)
        self.projection = nn.Linear(config.hidden_size, projection, bias=False) if projection else None

    def fill_buffers(self) -> None:
        """Make what is no weight: the positions 0 to 76, which a module built without memory lacks."""
        embeddings = self.text.embeddings
        length = embeddings.position_embedding.weight.shape[0]
        embeddings.position_ids = torch.arange(length, device=embeddings.position_embedding.weight.device)[None]

    @torch.no_grad()
    def forward(self, ids: Tensor, layer: int, ends: Tensor, added: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The hidden states (b, 77, width) after `layer`, normalised, and the pooled vector (b, width).

        ids: (b, 77); those beyond the vocabulary mean rows of `added` (n, width).
        layer: -1 is the last one; further down than there are layers counts as the last.
        ends: (b,), where each row's end token is; its state, after the last layer, is the pooled vector.
        """
        table = self.text.embeddings.token_embedding
        table.added = added
        try:
            found = self.text(input_ids=ids, output_hidden_states=True)
        finally:
            table.added = None
        states = found.hidden_states  # the input, then each layer's output
        last = found.last_hidden_state
        hidden = last if layer == -1 or -layer > len(states) - 1 else self.text.final_layer_norm(states[layer])
        pooled = last[torch.arange(len(last), device=last.device), ends]
        return hidden, pooled if self.projection is None else self.projection(pooled)


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
    open_clip: bool
    prefix: str
    """What stands before the names of the layout ("text_model." or nothing)."""
    projection: int | None = None

    def build(self) -> nn.Module:
        config = CLIPTextConfig(
            hidden_size=self.width,
            num_hidden_layers=self.layers,
            intermediate_size=self.inner,
            num_attention_heads=self.heads,
            vocab_size=self.tokens,
            max_position_embeddings=self.length,
            hidden_act=self.activation,
            eos_token_id=self.tokens - 1,
            bos_token_id=self.tokens - 2,
        )
        return ClipTextEncoder(config, self.projection).eval()

    def picks(self) -> dict[str, Pick]:
        return dict(self._open_names() if self.open_clip else self._names())

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        if name.endswith(("position_ids", "logit_scale", "attn_mask")):
            return True
        return self.projection is None and name.endswith(("text_projection", "text_projection.weight"))

    def _names(self) -> Iterator[tuple[str, Pick]]:
        names = ["embeddings.token_embedding.weight", "embeddings.position_embedding.weight"]
        names += _both("final_layer_norm")
        names += [n for i in range(self.layers) for part in _LAYER for n in _both(f"encoder.layers.{i}.{part}")]
        yield from ((f"text.{name}", Pick(self.prefix + name)) for name in names)

    def _open_names(self) -> Iterator[tuple[str, Pick]]:
        yield "text.embeddings.token_embedding.weight", Pick("token_embedding.weight")
        yield "text.embeddings.position_embedding.weight", Pick("positional_embedding")
        for kind in ("weight", "bias"):
            yield f"text.final_layer_norm.{kind}", Pick(f"ln_final.{kind}")
            for i in range(self.layers):
                ours, theirs = f"text.encoder.layers.{i}", f"transformer.resblocks.{i}"
                for our_part, their_part in _OPEN.items():
                    yield f"{ours}.{our_part}.{kind}", Pick(f"{theirs}.{their_part}.{kind}")
                for part, name in enumerate(("q_proj", "k_proj", "v_proj")):
                    yield f"{ours}.self_attn.{name}.{kind}", Pick(f"{theirs}.attn.in_proj_{kind}", third(part))
        if self.projection:
            yield "projection.weight", Pick("text_projection", transposed)


def read_clip_text(shapes: Shapes) -> ClipText:
    """The sizes of the text encoder whose tensors these are: heads of 64 channels, as in every CLIP.

    UnknownLayout where it is no CLIP text encoder.
    """
    if "token_embedding.weight" in shapes:
        tokens, width = shapes["token_embedding.weight"]
        projection = shapes.get("text_projection")
        return ClipText(
            width=width,
            layers=count(shapes, "transformer.resblocks."),
            inner=_size(shapes, "transformer.resblocks.0.mlp.c_fc.weight"),
            tokens=tokens,
            length=_size(shapes, "positional_embedding"),
            heads=max(1, width // 64),
            activation="gelu",
            open_clip=True,
            prefix="",
            projection=projection[1] if projection else None,
        )
    prefix = "text_model." if any(name.startswith("text_model.") for name in shapes) else ""
    table = shapes.get(prefix + "embeddings.token_embedding.weight")
    if table is None:
        raise UnknownLayout("its text encoder is not CLIP's")
    return ClipText(
        width=table[1],
        layers=count(shapes, f"{prefix}encoder.layers."),
        inner=_size(shapes, f"{prefix}encoder.layers.0.mlp.fc1.weight"),
        tokens=table[0],
        length=_size(shapes, f"{prefix}embeddings.position_embedding.weight"),
        heads=max(1, table[1] // 64),
        activation="quick_gelu",
        open_clip=False,
        prefix=prefix,
    )


def _size(shapes: Shapes, name: str) -> int:
    if name not in shapes:
        raise UnknownLayout(f"its text encoder lacks {name}")
    return shapes[name][0]


def _both(name: str) -> list[str]:
    return [f"{name}.weight", f"{name}.bias"]
