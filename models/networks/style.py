"""Style models: pictures, as an image encoder reads them, to tokens that stand beside a prompt's.

Redux (Black Forest Labs 2024) for Flux, and T2I-Adapter's style adapter (Mou et al. 2023) for Stable Diffusion 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .clip_layers import ACTIVATIONS, Linear, Norm
from .layout import Shapes, UnknownLayout, count, understood
from .named import WithOwnNames


class ReduxModule(nn.Module):
    """Two linear layers over every token."""

    def __init__(self, network: Redux) -> None:
        super().__init__()
        self.redux_up = Linear(network.width, network.inner)
        self.redux_down = Linear(network.inner, network.context)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """x: (b, n, width) -> (b, n, context)."""
        return self.redux_down(functional.silu(self.redux_up(x)))


@dataclass(frozen=True)
class Redux(WithOwnNames):
    """Sizes of a Redux model."""

    width: int
    """Of the image encoder's states: 1,152 for SigLIP."""
    inner: int
    context: int
    """Of the tokens: 4,096 for Flux."""

    def build(self) -> nn.Module:
        return ReduxModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        return False


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_1, self.ln_2 = Norm(width), Norm(width)
        self.mlp = nn.ModuleDict({"c_fc": Linear(width, width * 4), "c_proj": Linear(width * 4, width)})

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp["c_proj"](ACTIVATIONS["quick_gelu"](self.mlp["c_fc"](self.ln_2(x))))


class StyleAdapterModule(nn.Module):
    """A small transformer over an image encoder's tokens and a few of its own; its own become the answer."""

    def __init__(self, network: StyleAdapter) -> None:
        super().__init__()
        width = network.width
        self.style_embedding = nn.Parameter(torch.empty(1, network.tokens, width))
        self.transformer_layes = nn.ModuleList(  # the published names spell it so
            _Block(width, network.heads) for _ in range(network.layers)
        )
        self.ln_pre, self.ln_post = Norm(width), Norm(width)
        self.proj = nn.Parameter(torch.empty(width, network.context))

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """x: (b, n, width) -> (b, tokens, context)."""
        own = self.style_embedding.to(x.dtype).expand(len(x), -1, -1)
        x = self.ln_pre(torch.cat([x, own], 1))
        for layer in self.transformer_layes:
            x = layer(x)
        return self.ln_post(x[:, -own.shape[1] :]) @ self.proj.to(x.dtype)


@dataclass(frozen=True)
class StyleAdapter(WithOwnNames):
    """Sizes of a style adapter."""

    width: int
    layers: int
    tokens: int
    context: int
    heads: int = 8

    def build(self) -> nn.Module:
        return StyleAdapterModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        return False


@understood
def read_style(shapes: Shapes) -> Redux | StyleAdapter:
    """The style model whose tensors these are. UnknownLayout where it is neither."""
    if "redux_up.weight" in shapes and "redux_down.weight" in shapes:
        inner, width = shapes["redux_up.weight"]
        return Redux(width, inner, shapes["redux_down.weight"][0])
    if "style_embedding" in shapes and "proj" in shapes:
        _, tokens, width = shapes["style_embedding"]
        return StyleAdapter(width, count(shapes, "transformer_layes."), tokens, shapes["proj"][1])
    raise UnknownLayout("it is no style model: neither Flux's Redux nor T2I-Adapter's style adapter")
