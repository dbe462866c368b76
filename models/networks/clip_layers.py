"""CLIP's transformer (Radford et al. 2021), which its text and its image encoders share.

Values flow in the precision that they come in, float32 as our encoders call it; weights kept in half precision are
widened where they are used, so that only their own rounding counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layout import Pick, third

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
}

_PARTS = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
"""A layer's modules in transformers' names, and in OpenCLIP's; queries, keys and values apart."""
_PROJECTIONS = ("q_proj", "k_proj", "v_proj")


class Linear(nn.Linear):
    """A linear layer whose weights follow the precision of what comes in."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


class Norm(nn.LayerNorm):
    """Layer normalisation whose weights follow the precision of what comes in."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.bias.to(x.dtype), self.eps)


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = (
            project(x).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        out = functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out_proj(out.transpose(1, 2).reshape(batch, tokens, width))


class _Mlp(nn.Module):
    def __init__(self, width: int, inner: int, activation: str) -> None:
        super().__init__()
        self.fc1, self.fc2 = Linear(width, inner), Linear(inner, width)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.activation(self.fc1(x)))


class _Layer(nn.Module):
    def __init__(self, width: int, inner: int, heads: int, activation: str) -> None:
        super().__init__()
        self.layer_norm1, self.layer_norm2 = Norm(width), Norm(width)
        self.self_attn = _Attention(width, heads)
        self.mlp = _Mlp(width, inner, activation)

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x), causal)
        return x + self.mlp(self.layer_norm2(x))


class ClipLayers(nn.Module):
    """The layers, one after another."""

    def __init__(self, layers: int, width: int, inner: int, heads: int, activation: str, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.layers = nn.ModuleList(_Layer(width, inner, heads, activation) for _ in range(layers))

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (b, n, width) -> what came in, and what each layer made of it."""
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1], self.causal))
        return states


def layer_picks(ours: str, theirs: str, layers: int, open_clip: bool) -> Iterator[tuple[str, Pick]]:
    """Where the layers' weights are. ours, theirs: what stands before a layer's number, ending with a dot."""
    for i in range(layers):
        for kind in ("weight", "bias"):
            for part, open_part in _PARTS.items():
                yield f"{ours}{i}.{part}.{kind}", Pick(f"{theirs}{i}.{open_part if open_clip else part}.{kind}")
            for number, name in enumerate(_PROJECTIONS):
                joined = Pick(f"{theirs}{i}.attn.in_proj_{kind}", third(number))
                alone = Pick(f"{theirs}{i}.self_attn.{name}.{kind}")
                yield f"{ours}{i}.self_attn.{name}.{kind}", joined if open_clip else alone
