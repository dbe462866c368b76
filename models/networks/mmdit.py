"""The transformer of Stable Diffusion 3 and 3.5 (MMDiT; Esser et al., 2024), named as in the published single files.

Text and picture are two streams of tokens with weights of their own that attend together in every joint block. The last
block needs the text only as keys and values. 3.5 Large normalises queries and keys; the first blocks of 3.5 Medium
attend once more among the picture's tokens alone (attn2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import attend, sinusoids
from .hooks import NO_HOOKS, NO_PASS, Hooks, Pass, Place, Residuals, Where
from .layout import Shapes, UnknownLayout, count, understood
from .named import WithOwnNames

HEAD = 64
"""Channels a head, in every model of this make."""
FREQUENCIES = 256
"""Sinusoids that tell the time."""


@dataclass(frozen=True)
class Mmdit(WithOwnNames):
    """Sizes, read off shapes."""

    width: int
    depth: int
    in_channels: int
    out_channels: int
    patch: int
    context: int
    """Width of the text embeddings."""
    vector: int
    """Width of the pooled text embeddings."""
    positions: int
    """Length of the learned table of positions; a square."""
    normalised: bool
    """Whether queries and keys are normalised (3.5)."""
    dual: int = 0
    """How many blocks, from the first, attend among the picture alone as well (3.5 Medium)."""
    mlp: int = 4
    """Width of the feed-forward nets, in widths."""

    def build(self) -> nn.Module:
        return MmditModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False


class MmditModule(nn.Module):
    """(b, in, h, w) at a time -> (b, out, h, w). Sizes that are no multiple of the patch are continued round."""

    def __init__(self, sizes: Mmdit) -> None:
        super().__init__()
        width = sizes.width
        self.sizes = sizes
        self.x_embedder = PatchEmbed(sizes.in_channels, width, sizes.patch)
        self.pos_embed = nn.Parameter(torch.empty(1, sizes.positions, width))
        self.t_embedder = VectorEmbedder(FREQUENCIES, width)
        self.y_embedder = VectorEmbedder(sizes.vector, width)
        self.context_embedder = nn.Linear(sizes.context, width)
        self.joint_blocks = nn.ModuleList(
            JointBlock(sizes, last=i == sizes.depth - 1, dual=i < sizes.dual) for i in range(sizes.depth)
        )
        self.final_layer = FinalLayer(width, sizes.patch**2 * sizes.out_channels)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        control: Residuals | None = None,
        hooks: Hooks = NO_HOOKS,
        run: Pass = NO_PASS,
    ) -> Tensor:
        """x (b, in, h, w), timestep (b,) from 0 to 1000, context (b, tokens, width), y (b, vector)."""
        height, width = x.shape[-2:]
        img, size = self.tokens(x)
        vec = self.vector(timestep, y, img)
        txt = self.context_embedder(context)
        control = control or Residuals()
        for number, block in enumerate(self.joint_blocks):
            run.check()
            where = Where(run, Place("double", number), self.sizes.width // HEAD, HEAD, size)
            img, txt = through(block, {"img": img, "txt": txt, "vec": vec}, where, hooks)
            added = control.at(control.output, number)
            if added is not None:
                img = img + added.to(img.dtype)
        return self._untokens(self.final_layer(img, vec), size)[..., :height, :width]

    def tokens(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """The picture as tokens (b, n, width) that know their places, and how many there are down and across."""
        tokens, size = self.x_embedder(x)
        return tokens + self._positions(size).to(tokens.dtype), size

    def vector(self, timestep: Tensor, y: Tensor | None, like: Tensor) -> Tensor:
        """The time, and the text as a whole, as one vector (b, width)."""
        vec = self.t_embedder(sinusoids(timestep, FREQUENCIES).to(like.dtype))
        return vec if y is None else vec + self.y_embedder(y)

    def _positions(self, size: tuple[int, int]) -> Tensor:
        """The middle of the table of positions, (1, h * w, width)."""
        side = math.isqrt(self.sizes.positions)
        height, width = size
        if height > side or width > side:
            most = side * self.sizes.patch
            raise ValueError(f"This model has places for {most} x {most} latents at most; choose a smaller picture.")
        top, left = (side - height) // 2, (side - width) // 2
        table = self.pos_embed.view(1, side, side, -1)
        return table[:, top : top + height, left : left + width].reshape(1, height * width, -1)

    def _untokens(self, tokens: Tensor, size: tuple[int, int]) -> Tensor:
        patch, channels = self.sizes.patch, self.sizes.out_channels
        grid = tokens.view(len(tokens), *size, patch, patch, channels)
        return torch.einsum("bhwpqc->bchpwq", grid).reshape(len(tokens), channels, size[0] * patch, size[1] * patch)


class PatchEmbed(nn.Module):
    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """(b, c, h, w) -> tokens (b, h/p * w/p, width), and (h/p, w/p)."""
        h = self.proj(padded(x, self.patch))
        return h.flatten(2).transpose(1, 2), tuple(h.shape[-2:])


class VectorEmbedder(nn.Module):
    def __init__(self, enters: int, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(enters, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(x)


class Attention(nn.Module):
    """Projections of one stream; the attending itself is done for both streams at once."""

    def __init__(self, width: int, normalised: bool, leaves: bool = True) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        if leaves:
            self.proj = nn.Linear(width, width)
        self.normalised = normalised
        if normalised:
            self.ln_q, self.ln_k = nn.RMSNorm(HEAD, eps=1e-6), nn.RMSNorm(HEAD, eps=1e-6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.qkv(x).chunk(3, -1)
        if self.normalised:
            q, k = (norm(t.unflatten(-1, (-1, HEAD))).flatten(-2) for norm, t in ((self.ln_q, q), (self.ln_k, k)))
        return q, k, v


class Mlp(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x), approximate="tanh"))


class StreamBlock(nn.Module):
    """One stream's part of a joint block. `leaves`: whether the stream goes on after it."""

    def __init__(self, sizes: Mmdit, leaves: bool, dual: bool) -> None:
        super().__init__()
        width = sizes.width
        self.leaves, self.dual = leaves, dual
        self.attn = Attention(width, sizes.normalised, leaves)
        if dual:
            self.attn2 = Attention(width, sizes.normalised)
        if leaves:
            self.mlp = Mlp(width, sizes.mlp * width)
        parts = 9 if dual else 6 if leaves else 2
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, parts * width))

    def modulation(self, vec: Tensor) -> tuple[Tensor, ...]:
        width = self.attn.qkv.in_features
        return self.adaLN_modulation(vec)[:, None].split(width, -1)


class JointBlock(nn.Module):
    def __init__(self, sizes: Mmdit, last: bool, dual: bool) -> None:
        super().__init__()
        self.heads = sizes.width // HEAD
        self.context_block = StreamBlock(sizes, leaves=not last, dual=False)
        self.x_block = StreamBlock(sizes, leaves=True, dual=dual)

    def forward(self, img: Tensor, txt: Tensor, vec: Tensor, where: Where, hooks: Hooks) -> tuple[Tensor, Tensor]:
        x, c = self.x_block, self.context_block
        of_x, of_c = x.modulation(vec), c.modulation(vec)
        normed = layer_norm(img)
        joint = [
            torch.cat(pair, 1)
            for pair in zip(
                c.attn(moved(layer_norm(txt), of_c[0], of_c[1])), x.attn(moved(normed, of_x[0], of_x[1])), strict=True
            )
        ]
        length = txt.shape[1]
        stand_in = hooks.stand_in("attn1", where.place)
        found = stand_in(*joint, where) if stand_in else attend(*joint, self.heads)
        for hook in hooks.attn1_out:
            found = hook(found, where)
        img_new = img + of_x[2] * x.attn.proj(found[:, length:])
        if x.dual:
            img_new = img_new + of_x[8] * x.attn2.proj(attend(*x.attn2(moved(normed, of_x[6], of_x[7])), self.heads))
        img_new = img_new + of_x[5] * x.mlp(moved(layer_norm(img_new), of_x[3], of_x[4]))
        if c.leaves:
            txt = txt + of_c[2] * c.attn.proj(found[:, :length])
            txt = txt + of_c[5] * c.mlp(moved(layer_norm(txt), of_c[3], of_c[4]))
        return img_new, txt


class FinalLayer(nn.Module):
    def __init__(self, width: int, leaves: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, leaves)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, vec: Tensor) -> Tensor:
        shift, scale = self.adaLN_modulation(vec)[:, None].chunk(2, -1)
        return self.linear(moved(layer_norm(x), shift, scale))


def layer_norm(x: Tensor) -> Tensor:
    """Normalised over the last axis, without weights of its own."""
    return functional.layer_norm(x, x.shape[-1:], eps=1e-6)


def moved(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return x * (1 + scale) + shift


def padded(x: Tensor, patch: int) -> Tensor:
    """(b, c, h, w) with sizes that are multiples of the patch; what is missing is taken from the other side."""
    bottom, right = -x.shape[-2] % patch, -x.shape[-1] % patch
    return functional.pad(x, (0, right, 0, bottom), mode="circular") if bottom or right else x


def through(block: nn.Module, values: Mapping[str, Any], where: Where, hooks: Hooks) -> tuple[Tensor, Tensor]:
    """A block of two streams, or what a hook puts in its stead -> the picture's and the text's tokens."""

    def run(given: Mapping[str, Any]) -> Mapping[str, Any]:
        img, txt = block(**given, where=where, hooks=hooks)
        return {"img": img, "txt": txt}

    stand_in = hooks.blocks.get((where.place.part, where.place.block))
    found = run(values) if stand_in is None else stand_in(values, run, where)
    return found["img"], found["txt"]


@understood
def read_mmdit(shapes: Shapes) -> Mmdit:
    """The sizes of the transformer whose tensors these are. UnknownLayout where it is of another make."""
    try:
        width, channels, patch, _ = shapes["x_embedder.proj.weight"]
        leaves = shapes["final_layer.linear.weight"][0]
        depth = count(shapes, "joint_blocks.")
        return Mmdit(
            width=width,
            depth=depth,
            in_channels=channels,
            out_channels=leaves // patch**2,
            patch=patch,
            context=shapes["context_embedder.weight"][1],
            vector=shapes["y_embedder.mlp.0.weight"][1],
            positions=shapes["pos_embed"][1],
            normalised="joint_blocks.0.x_block.attn.ln_q.weight" in shapes,
            dual=sum(f"joint_blocks.{i}.x_block.attn2.qkv.weight" in shapes for i in range(depth)),
            mlp=shapes["joint_blocks.0.x_block.mlp.fc1.weight"][0] // width,
        )
    except KeyError as error:
        raise UnknownLayout(f"its transformer lacks {error.args[0]}") from None
