"""The transformer of Flux.1 (Black Forest Labs, 2024), named as in the published single files.

Double blocks hold text and picture apart and let them attend together; single blocks treat both as one sequence. Places
are told by rotating queries and keys (RoPE): a token has an index, a row and a column, all 0 for text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import sinusoids
from .hooks import NO_HOOKS, NO_PASS, Hooks, Pass, Place, Residuals, Where
from .layout import Shapes, UnknownLayout, count, understood
from .mmdit import layer_norm, moved, padded, through
from .named import WithOwnNames

PATCH = 2
FREQUENCIES = 256
THETA = 10000.0

Grid = tuple[int, int, float, float, float]
"""Tokens of one picture: rows, columns, and the index, row and column of the first."""


@dataclass(frozen=True)
class Flux(WithOwnNames):
    """Sizes, read off shapes."""

    width: int
    heads: int
    double: int
    single: int
    in_channels: int
    """Latent channels in, what is concatenated to them (Fill, Canny, Depth) included."""
    out_channels: int
    context: int
    vector: int
    guided: bool
    """Whether it takes a guidance strength (dev) or was distilled to need none (schnell)."""
    mlp: int
    """Width of the feed-forward nets."""

    @property
    def head(self) -> int:
        """Channels a head."""
        return self.width // self.heads

    @property
    def axes(self) -> tuple[int, int, int]:
        """How many channels of a head tell a token's index, row and column."""
        return self.head // 8, self.head * 7 // 16, self.head * 7 // 16

    def build(self) -> nn.Module:
        return FluxModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False


class FluxModule(nn.Module):
    """(b, in, h, w) at a time from 0 to 1 -> (b, out, h, w)."""

    def __init__(self, sizes: Flux) -> None:
        super().__init__()
        width = sizes.width
        self.sizes = sizes
        self.img_in = nn.Linear(sizes.in_channels * PATCH**2, width)
        self.time_in = MlpEmbedder(FREQUENCIES, width)
        self.vector_in = MlpEmbedder(sizes.vector, width)
        if sizes.guided:
            self.guidance_in = MlpEmbedder(FREQUENCIES, width)
        self.txt_in = nn.Linear(sizes.context, width)
        self.double_blocks = nn.ModuleList(DoubleBlock(sizes) for _ in range(sizes.double))
        self.single_blocks = nn.ModuleList(SingleBlock(sizes) for _ in range(sizes.single))
        self.final_layer = LastLayer(width, sizes.out_channels * PATCH**2)

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        guidance: Tensor | None = None,
        references: Sequence[Tensor] = (),
        reference_method: str = "offset",
        mask: Tensor | None = None,
        control: Residuals | None = None,
        hooks: Hooks = NO_HOOKS,
        run: Pass = NO_PASS,
    ) -> Tensor:
        """x (b, in, h, w), timestep (b,), context (b, tokens, width), y (b, vector), guidance (b,).

        references: latents (b, c, h', w') whose tokens stand beside the picture's (Kontext); reference_method says
        where, see `_spots`. mask: added to the logits of all attention, (b, n, n) over text and picture, text first.
        """
        pictures = [x, *references]
        spots = [(0.0, 0.0, 0.0), *_spots(x, references, reference_method)]
        parts = [tokens_of(picture)[0] for picture in pictures]
        grids = tuple((*_patches_of(picture), *spot) for picture, spot in zip(pictures, spots, strict=True))
        img, length = torch.cat(parts, 1), parts[0].shape[1]
        size = tuple(-(-side // PATCH) for side in x.shape[-2:])
        answer = self.run_blocks(img, grids, timestep, context, y, guidance, mask, control, hooks, run, size)
        return untokens(answer[:, :length], size)[..., : x.shape[2], : x.shape[3]]

    def run_blocks(
        self,
        img: Tensor,
        grids: tuple[Grid, ...],
        timestep: Tensor,
        context: Tensor,
        y: Tensor | None,
        guidance: Tensor | None,
        mask: Tensor | None,
        control: Residuals | None,
        hooks: Hooks,
        run: Pass,
        size: tuple[int, ...],
    ) -> Tensor:
        img = self.img_in(img)
        vec = self.vector(timestep, y, guidance, img)
        txt = self.txt_in(context)
        mask = None if mask is None else mask[:, None]
        rope = rotations_of(img.device, txt.shape[1], grids, self.sizes.axes)
        control = control or Residuals()
        for number, block in enumerate(self.double_blocks):
            run.check()
            where = Where(run, Place("double", number), self.sizes.heads, self.sizes.head, size)
            img, txt = through(block, {"img": img, "txt": txt, "vec": vec, "pe": rope, "mask": mask}, where, hooks)
            img = plus(img, control.at(control.input, number))
        joint, length = torch.cat([txt, img], 1), txt.shape[1]
        for number, block in enumerate(self.single_blocks):
            run.check()
            where = Where(run, Place("single", number), self.sizes.heads, self.sizes.head, size)
            joint = self._single(block, {"img": joint, "vec": vec, "pe": rope, "mask": mask}, where, hooks)
            added = control.at(control.output, number)
            if added is not None:
                joint = torch.cat([joint[:, :length], plus(joint[:, length:], added)], 1)
        return self.final_layer(joint[:, length:], vec)

    def vector(self, timestep: Tensor, y: Tensor | None, guidance: Tensor | None, like: Tensor) -> Tensor:
        """Time, guidance and the text as a whole, as one vector (b, width)."""
        vec = self.time_in(sinusoids(timestep * 1000.0, FREQUENCIES).to(like.dtype))
        if self.sizes.guided and guidance is not None:
            vec = vec + self.guidance_in(sinusoids(guidance.float() * 1000.0, FREQUENCIES).to(like.dtype))
        y = like.new_zeros(len(like), self.sizes.vector) if y is None else y[:, : self.sizes.vector]
        return vec + self.vector_in(y)

    def _single(self, block: nn.Module, values: Mapping[str, Any], where: Where, hooks: Hooks) -> Tensor:
        def run(given: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"img": block(**given, where=where, hooks=hooks)}

        stand_in = hooks.blocks.get((where.place.part, where.place.block))
        return (run(values) if stand_in is None else stand_in(values, run, where))["img"]


class MlpEmbedder(nn.Module):
    def __init__(self, enters: int, width: int) -> None:
        super().__init__()
        self.in_layer, self.out_layer = nn.Linear(enters, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_layer(functional.silu(self.in_layer(x)))


class Scale(nn.Module):
    """Root-mean-square norm, its weight named `scale`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, x.shape[-1:], self.scale, 1e-6)


class QueryKeyNorm(nn.Module):
    def __init__(self, head: int) -> None:
        super().__init__()
        self.query_norm, self.key_norm = Scale(head), Scale(head)


class Modulation(nn.Module):
    def __init__(self, width: int, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.lin = nn.Linear(width, parts * width)

    def forward(self, vec: Tensor) -> tuple[Tensor, ...]:
        return self.lin(functional.silu(vec))[:, None].chunk(self.parts, -1)


class SelfAttention(nn.Module):
    def __init__(self, width: int, head: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.norm = QueryKeyNorm(head)
        self.proj = nn.Linear(width, width)


class DoubleBlock(nn.Module):
    def __init__(self, sizes: Flux) -> None:
        super().__init__()
        width = sizes.width
        self.head = sizes.head
        for stream in ("img", "txt"):
            setattr(self, f"{stream}_mod", Modulation(width, 6))
            setattr(self, f"{stream}_attn", SelfAttention(width, sizes.head))
            mlp = nn.Sequential(nn.Linear(width, sizes.mlp), nn.GELU("tanh"), nn.Linear(sizes.mlp, width))
            setattr(self, f"{stream}_mlp", mlp)

    def forward(
        self, img: Tensor, txt: Tensor, vec: Tensor, pe: Tensor, where: Where, hooks: Hooks, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """mask: added to the attention's logits, (b or 1, 1, n, n) over text and picture, text first."""
        of_img, of_txt = self.img_mod(vec), self.txt_mod(vec)
        streams = ((self.txt_attn, txt, of_txt), (self.img_attn, img, of_img))
        parts = [
            split_heads(attn.qkv(moved(layer_norm(x), mod[0], mod[1])), attn.norm, self.head)
            for attn, x, mod in streams
        ]
        q, k, v = (torch.cat(pair, 2) for pair in zip(*parts, strict=True))
        found = rotary_attention(q, k, v, pe, where, hooks, mask)
        txt_found, img_found = found.split([txt.shape[1], img.shape[1]], 1)
        img = img + of_img[2] * self.img_attn.proj(img_found)
        img = img + of_img[5] * self.img_mlp(moved(layer_norm(img), of_img[3], of_img[4]))
        txt = txt + of_txt[2] * self.txt_attn.proj(txt_found)
        txt = txt + of_txt[5] * self.txt_mlp(moved(layer_norm(txt), of_txt[3], of_txt[4]))
        if txt.dtype == torch.float16:
            txt = txt.nan_to_num(nan=0.0, posinf=65504, neginf=-65504)  # this stream leaves fp16's range
        return img, txt


class SingleBlock(nn.Module):
    def __init__(self, sizes: Flux) -> None:
        super().__init__()
        self.head, self.widths = sizes.head, [3 * sizes.width, sizes.mlp]
        self.linear1 = nn.Linear(sizes.width, sum(self.widths))
        self.linear2 = nn.Linear(sizes.width + sizes.mlp, sizes.width)
        self.norm = QueryKeyNorm(sizes.head)
        self.modulation = Modulation(sizes.width, 3)

    def forward(
        self, img: Tensor, vec: Tensor, pe: Tensor, where: Where, hooks: Hooks, mask: Tensor | None = None
    ) -> Tensor:
        shift, scale, gate = self.modulation(vec)
        qkv, mlp = self.linear1(moved(layer_norm(img), shift, scale)).split(self.widths, -1)
        found = rotary_attention(*split_heads(qkv, self.norm, self.head), pe, where, hooks, mask)
        img = img + gate * self.linear2(torch.cat([found, functional.gelu(mlp, approximate="tanh")], -1))
        return img.nan_to_num(nan=0.0, posinf=65504, neginf=-65504) if img.dtype == torch.float16 else img


class LastLayer(nn.Module):
    def __init__(self, width: int, leaves: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, leaves)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, vec: Tensor) -> Tensor:
        shift, scale = self.adaLN_modulation(vec)[:, None].chunk(2, -1)
        return self.linear(moved(layer_norm(x), shift, scale))


def split_heads(qkv: Tensor, norm: QueryKeyNorm, head: int) -> tuple[Tensor, Tensor, Tensor]:
    """(b, n, 3 * width) -> q, k, v (b, heads, n, head), queries and keys normalised."""
    q, k, v = (part.unflatten(-1, (-1, head)).transpose(1, 2) for part in qkv.chunk(3, -1))
    return norm.query_norm(q).to(v.dtype), norm.key_norm(k).to(v.dtype), v


def rotary_attention(
    q: Tensor, k: Tensor, v: Tensor, pe: Tensor, where: Where, hooks: Hooks, mask: Tensor | None = None
) -> Tensor:
    """Attention between places: q, k, v (b, heads, n, head), rotated by pe -> (b, n, heads * head)."""
    q, k = rotate(q, pe), rotate(k, pe)
    stand_in = hooks.stand_in("attn1", where.place)
    if stand_in is not None:
        found = stand_in(*(t.transpose(1, 2).flatten(2) for t in (q, k, v)), where)
    else:
        found = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    for hook in hooks.attn1_out:
        found = hook(found, where)
    return found


@lru_cache(maxsize=8)
def rotations_of(device: torch.device, text: int, grids: tuple[Grid, ...], axes: tuple[int, ...]) -> Tensor:
    """Cosines and sines (2, n, head / 2) for so many tokens of text and then those of pictures. Made once a size, since
    a pass that is recorded for a GPU may bring nothing from the CPU.
    """
    places = [torch.zeros(text, 3), *(places_of(*grid) for grid in grids)]
    return rotations(torch.cat(places), axes).to(device)


def rotations(places: Tensor, axes: Sequence[int]) -> Tensor:
    """places (n, 3) -> cosines and sines (2, n, head / 2), float32."""
    angles = []
    for axis, channels in enumerate(axes):
        steps = torch.arange(0, channels, 2, dtype=torch.float64) / channels
        angles.append(places[:, axis, None].double().cpu() / THETA**steps)
    angle = torch.cat(angles, -1)
    return torch.stack([angle.cos(), angle.sin()]).float()


def rotate(x: Tensor, pe: Tensor) -> Tensor:
    """Each pair of neighbouring channels of x (b, heads, n, head), turned by its token's place."""
    cos, sin = pe
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(-2).to(x.dtype)


def tokens_of(x: Tensor, index: float = 0, top: float = 0, left: float = 0) -> tuple[Tensor, Tensor]:
    """A latent (b, c, h, w) in patches of 2 x 2: (b, n, 4c), and the places (n, 3) of these."""
    x = padded(x, PATCH)
    batch, channels, height, width = x.shape
    rows, columns = height // PATCH, width // PATCH
    grid = x.view(batch, channels, rows, PATCH, columns, PATCH)
    tokens = torch.einsum("bchpwq->bhwcpq", grid).reshape(batch, rows * columns, channels * PATCH**2)
    return tokens, places_of(rows, columns, index, top, left)


def places_of(rows: int, columns: int, index: float = 0, top: float = 0, left: float = 0) -> Tensor:
    """Index, row and column of each token of a grid: (rows * columns, 3)."""
    places = torch.zeros(rows, columns, 3)
    places[..., 0] = index
    places[..., 1] = torch.arange(rows)[:, None] + top
    places[..., 2] = torch.arange(columns)[None] + left
    return places.reshape(-1, 3)


def untokens(tokens: Tensor, size: Sequence[int]) -> Tensor:
    """The way back: (b, n, 4c) -> (b, c, h, w)."""
    grid = tokens.unflatten(1, tuple(size)).unflatten(-1, (-1, PATCH, PATCH))
    return torch.einsum("bhwcpq->bchpwq", grid).reshape(len(tokens), -1, size[0] * PATCH, size[1] * PATCH)


def plus(x: Tensor, added: Tensor | None) -> Tensor:
    """x with something added to its first tokens."""
    if added is None:
        return x
    return torch.cat([x[:, : added.shape[1]] + added.to(x.dtype), x[:, added.shape[1] :]], 1)


def _spots(x: Tensor, references: Sequence[Tensor], method: str) -> list[tuple[float, float, float]]:
    """Index, row and column at which each reference begins.

    "offset": all of index 1, each to the right of or below those before it, wherever less is added to the longer side.
    "index": each an index of its own. "uxo": of index 0, each diagonally beyond the picture and those before it.
    """
    spots: list[tuple[float, float, float]] = []
    height = width = 0
    for number, reference in enumerate(references, 1):
        rows, columns = reference.shape[-2:]
        if method == "index":
            spots.append((number, 0, 0))
        elif method == "uxo":
            down, across = (-(-side // PATCH) * PATCH for side in x.shape[-2:])
            spots.append((0, _patches(down + height), _patches(across + width)))
            height, width = height + rows, width + columns
        else:
            top, left = (0, width) if rows + height > columns + width else (height, 0)
            spots.append((1, _patches(top), _patches(left)))
            height, width = max(height, rows + top), max(width, columns + left)
    return spots


def _patches_of(picture: Tensor) -> tuple[int, int]:
    return -(-picture.shape[-2] // PATCH), -(-picture.shape[-1] // PATCH)


def _patches(latents: int) -> int:
    return (latents + PATCH // 2) // PATCH


@understood
def read_flux(shapes: Shapes) -> Flux:
    """The sizes of the transformer whose tensors these are. UnknownLayout where it is of another make."""
    try:
        width, enters = shapes["img_in.weight"]
        (head,) = shapes["double_blocks.0.img_attn.norm.query_norm.scale"]
        return Flux(
            width=width,
            heads=width // head,
            double=count(shapes, "double_blocks."),
            single=count(shapes, "single_blocks."),
            in_channels=enters // PATCH**2,
            out_channels=shapes["final_layer.linear.weight"][0] // PATCH**2,
            context=shapes["txt_in.weight"][1],
            vector=shapes["vector_in.in_layer.weight"][1],
            guided="guidance_in.in_layer.weight" in shapes,
            mlp=shapes["double_blocks.0.img_mlp.0.weight"][0],
        )
    except KeyError as error:
        raise UnknownLayout(f"its transformer lacks {error.args[0]}") from None
