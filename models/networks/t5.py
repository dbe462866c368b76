"""T5's encoder (Raffel et al. 2019) in its version 1.1: gated GELU, attention without scaling, relative positions.

Its parameters have the names of transformers' T5EncoderModel, which published files use. Values flow in float32
whatever precision the weights are kept in: T5's activations overflow float16.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .clip_layers import Linear
from .clip_text import TextStates, look_up
from .layout import Pick, Shapes, UnknownLayout, count, understood

_FARTHEST = 128
"""From this distance in tokens on, all relative positions share one bucket."""


class _RmsNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.to(x.dtype) * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class _Attention(nn.Module):
    def __init__(self, network: T5, first: bool) -> None:
        super().__init__()
        width, inner = network.width, network.heads * network.head
        self.heads = network.heads
        self.q, self.k, self.v = (Linear(width, inner, bias=False) for _ in range(3))
        self.o = Linear(inner, width, bias=False)
        if first:
            self.relative_attention_bias = nn.Embedding(network.buckets, network.heads)

    def bias(self, tokens: int) -> Tensor:
        """(1, heads, n, n): what each distance adds to the logits."""
        table = self.relative_attention_bias.weight
        return functional.embedding(buckets(tokens, len(table), table.device), table).float().permute(2, 0, 1)[None]

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, tokens, _ = x.shape
        q, k, v = (f(x).view(batch, tokens, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        out = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)
        return self.o(out.transpose(1, 2).reshape(batch, tokens, -1))


class _Gated(nn.Module):
    def __init__(self, network: T5) -> None:
        super().__init__()
        self.wi_0, self.wi_1 = (Linear(network.width, network.inner, bias=False) for _ in range(2))
        self.wo = Linear(network.inner, network.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.wo(functional.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))


class _Block(nn.Module):
    def __init__(self, network: T5, first: bool) -> None:
        super().__init__()
        attention = nn.ModuleDict({"SelfAttention": _Attention(network, first), "layer_norm": _RmsNorm(network.width)})
        gated = nn.ModuleDict({"DenseReluDense": _Gated(network), "layer_norm": _RmsNorm(network.width)})
        self.layer = nn.ModuleList([attention, gated])

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        attention, gated = self.layer
        x = x + attention["SelfAttention"](attention["layer_norm"](x), bias)
        return x + gated["DenseReluDense"](gated["layer_norm"](x))


class T5Encoder(nn.Module):
    """Token ids to hidden states."""

    def __init__(self, network: T5) -> None:
        super().__init__()
        self.shared = nn.Embedding(network.tokens, network.width)
        blocks = nn.ModuleList(_Block(network, first=i == 0) for i in range(network.layers))
        self.encoder = nn.ModuleDict({"block": blocks, "final_layer_norm": _RmsNorm(network.width)})

    @property
    def vocabulary(self) -> nn.Embedding:
        return self.shared

    @torch.no_grad()
    def forward(
        self, ids: Tensor, ends: Tensor, layer: int | None, normalised: bool = True, added: Tensor | None = None
    ) -> TextStates:
        """As ClipTextEncoder's; nothing is pooled, `ends` means nothing, and any number of tokens will do."""
        x = look_up(self.shared.weight, ids, added)
        blocks, norm = self.encoder["block"], self.encoder["final_layer_norm"]
        bias = blocks[0].layer[0]["SelfAttention"].bias(ids.shape[1])
        wanted = len(blocks) + layer if layer is not None and -layer <= len(blocks) else None
        asked: Tensor | None = None
        for index, block in enumerate(blocks):
            x = block(x, bias)
            if index == wanted:
                asked = x
        hidden = norm(x) if asked is None else norm(asked) if normalised else asked
        return TextStates(hidden, None, None)


def buckets(tokens: int, number: int, device: torch.device) -> Tensor:
    """(n, n): for each query (rows) and key, which of `number` buckets their distance falls into.

    Half of the buckets are for keys after the query. Of each half, the first half stands for one distance each, and
    the others for spans that grow with the logarithm of the distance, up to 128.
    """
    position = torch.arange(tokens, device=device)
    distance = position[None, :] - position[:, None]
    half, exact = number // 2, number // 4
    far = exact + (distance.abs().clamp(min=1).float() / exact).log() / math.log(_FARTHEST / exact) * (half - exact)
    near = distance.abs() < exact
    return torch.where(near, distance.abs(), far.long().clamp(max=half - 1)) + (distance > 0) * half


@dataclass(frozen=True)
class T5:
    """Sizes of a T5 encoder."""

    width: int
    layers: int
    inner: int
    heads: int
    head: int
    """Channels of an attention head."""
    tokens: int
    buckets: int = 32
    table: str = "shared.weight"
    """Where the file has the table of token vectors."""
    scaled: bool = False
    """Whether weights are float8, each with a number beside it that it is multiplied by."""
    lora_starts: tuple[str, ...] = ("lora_te2_", "lora_te3_", "text_encoder_2_", "text_encoder_3_")

    def build(self) -> nn.Module:
        return T5Encoder(self).eval()

    def picks(self) -> dict[str, Pick]:
        return dict(self._picks())

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        """Tied copies of the token table, a decoder that goes unused, and marks of a float8 file."""
        tied = name in ("encoder.embed_tokens.weight", "shared.weight", "scaled_fp8", "spiece_model", "lm_head.weight")
        return tied or name.startswith("decoder.") or name.endswith(".scale_input")

    def lora_stems(self) -> Mapping[str, str]:
        stems = (name.removesuffix(".weight") for name in self.picks())
        return {stem: stem for stem in stems}

    def _picks(self) -> Iterator[tuple[str, Pick]]:
        yield "shared.weight", Pick(self.table)
        yield "encoder.final_layer_norm.weight", Pick("encoder.final_layer_norm.weight")
        for i in range(self.layers):
            attention, gated = (f"encoder.block.{i}.layer.{part}" for part in (0, 1))
            for norm in (attention, gated):
                yield f"{norm}.layer_norm.weight", Pick(f"{norm}.layer_norm.weight")
            names = [f"{attention}.SelfAttention.{part}" for part in "qkvo"]
            names += [f"{gated}.DenseReluDense.{part}" for part in ("wi_0", "wi_1", "wo")]
            for name in names:
                scaled = Pick((f"{name}.weight", f"{name}.scale_weight"), _scaled)
                yield f"{name}.weight", scaled if self.scaled else Pick(f"{name}.weight")
        bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        yield bias, Pick(bias)


@understood
def read_t5(shapes: Shapes, lora_starts: tuple[str, ...] = T5.lora_starts) -> T5:
    """The sizes of the T5 encoder whose tensors these are. UnknownLayout where it is none of version 1.1."""
    attention, gated = "encoder.block.0.layer.0.SelfAttention.", "encoder.block.0.layer.1.DenseReluDense."
    table = "shared.weight" if "shared.weight" in shapes else "encoder.embed_tokens.weight"
    bias = f"{attention}relative_attention_bias.weight"
    lacks = [n for n in (table, bias, f"{attention}q.weight", f"{gated}wi_0.weight") if len(shapes.get(n, ())) != 2]
    if lacks:
        raise UnknownLayout(f"its text encoder is no T5 of version 1.1: it lacks {', '.join(lacks)}")
    if "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight" in shapes:
        raise UnknownLayout("its text encoder is umT5, for which this version has no model")
    inner, width = shapes[f"{attention}q.weight"]
    number, heads = shapes[bias]
    return T5(
        width=width,
        layers=count(shapes, "encoder.block."),
        inner=shapes[f"{gated}wi_0.weight"][0],
        heads=heads,
        head=inner // heads,
        tokens=shapes[table][0],
        buckets=number,
        table=table,
        scaled=f"{attention}q.scale_weight" in shapes,
        lora_starts=lora_starts,
    )


def _scaled(weight: Tensor, scale: Tensor) -> Tensor:
    return weight.float() * scale.float()
