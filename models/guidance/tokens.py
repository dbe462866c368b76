"""Self-attention among fewer tokens: HyperTile cuts the picture into tiles, ToMe merges tokens that are alike.

Both draw at random, and from one stream: the one that the run's first noise came from, where that noise ended, as the
process's own does in ComfyUI.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..networks.hooks import NO_HOOKS, Where
from ..options import Options, Start

if TYPE_CHECKING:
    from ..model import Model

LEAST_TILE = 32
"""Pixels along a tile's edge."""


def hypertile(model: Model, tile_size: int, swap_size: int, max_depth: int, scale_depth: bool) -> Model:
    """Queries in tiles (HyperTile; Fernando, 2023). What each tile attends to is as long a part of the keys.

    tile_size: pixels along a tile's edge at least. swap_size: among how many numbers of tiles is drawn.
    max_depth: how many halvings of the picture are tiled too; scale_depth: with tiles as many pixels larger.
    """

    def begin(start: Start) -> Options:
        tiles = _Tiles(_stream(start), max(LEAST_TILE, tile_size) // 8, swap_size, max_depth, scale_depth)
        return Options(hooks=NO_HOOKS.with_added(attn1_in=tiles.cut, attn1_out=tiles.join))

    return model.with_options(at_start=(begin,))


def merge_tokens(model: Model, ratio: float) -> Model:
    """ToMe (Bolya and Hoffman, 2023): at the picture's full size, `ratio` of the queries merged into others."""

    def begin(start: Start) -> Options:
        merged = _Merged(_stream(start), ratio)
        return Options(hooks=NO_HOOKS.with_added(attn1_in=merged.merge, attn1_out=merged.spread))

    return model.with_options(at_start=(begin,))


def _stream(start: Start) -> torch.Generator:
    """A generator that stands where the first noise ended, and the same one for all that ask in a run."""
    made = start.ready.shared.get("stream")
    if made is None:
        made = start.ready.shared["stream"] = torch.Generator().manual_seed(start.ready.seed % (1 << 64))
        torch.randn(start.shape, generator=made)
    return made


class _Tiles:
    def __init__(self, stream: torch.Generator, size: int, options: int, depth: int, scaled: bool) -> None:
        self.stream, self.size, self.options, self.depth, self.scaled = stream, size, options, depth, scaled
        self.cuts: tuple[int, int, int, int] | None = None
        """Tiles along both axes and places along both, of the attention that is going on."""

    def cut(self, q: Tensor, k: Tensor, v: Tensor, where: Where) -> tuple[Tensor, Tensor, Tensor]:
        tokens = q.shape[1]
        height, width = where.run.shape[-2:]
        tiled = [(height / 2**level) * (width / 2**level) for level in range(self.depth + 1)]
        if tokens not in tiled:
            return q, k, v
        # By the picture's proportions, the first axis is its width: so it is in ComfyUI, and the tiles with it.
        aspect = width / height
        rows, columns = round(math.sqrt(tokens * aspect)), round(math.sqrt(tokens / aspect))
        size = self.size * (2 ** tiled.index(tokens) if self.scaled else 1)
        down, across = self._count(rows, size), self._count(columns, size)
        if down * across == 1 or rows * columns != tokens:
            return q, k, v
        self.cuts = down, across, rows, columns
        grid = q.unflatten(1, (down, rows // down, across, columns // across)).transpose(2, 3)
        parts = len(q) * down * across
        return grid.reshape(parts, -1, q.shape[-1]), *(t.reshape(parts, -1, t.shape[-1]) for t in (k, v))

    def join(self, found: Tensor, where: Where) -> Tensor:
        if self.cuts is None:
            return found
        (down, across, rows, columns), self.cuts = self.cuts, None
        grid = found.reshape(-1, down, across, rows // down, columns // across, found.shape[-1])
        return grid.transpose(2, 3).reshape(-1, rows * columns, found.shape[-1])

    def _count(self, places: int, size: int) -> int:
        """Into how many tiles of at least this size so many places are cut. The last choice is never drawn."""
        divisors = [i for i in range(min(size, places), places + 1) if places % i == 0]
        counts = [places // i for i in divisors[: self.options]]
        if len(counts) == 1:
            return counts[0]
        return counts[int(torch.randint(0, len(counts) - 1, (1,), generator=self.stream))]


class _Merged:
    def __init__(self, stream: torch.Generator, ratio: float) -> None:
        self.stream, self.ratio = stream, ratio
        self.pairs: _Pairs | None = None

    def merge(self, q: Tensor, k: Tensor, v: Tensor, where: Where) -> tuple[Tensor, Tensor, Tensor]:
        self.pairs = self._pairs(q, where)
        return q if self.pairs is None else self.pairs.merge(q), k, v

    def spread(self, found: Tensor, where: Where) -> Tensor:
        return found if self.pairs is None else self.pairs.spread(found)

    def _pairs(self, q: Tensor, where: Where) -> _Pairs | None:
        tokens = q.shape[1]
        height, width = where.run.shape[-2:]
        away = int(tokens * self.ratio)
        full_size = math.ceil(math.sqrt(height * width // tokens)) <= 1 and tokens == height * width
        if not full_size or away <= 0 or width == 1 or height == 1:
            return None
        kept = _one_of_four(height, width, self.stream).to(q.device)
        return _Pairs(q, kept, away)


def _one_of_four(height: int, width: int, stream: torch.Generator) -> Tensor:
    """(h * w,) bool: in each square of 2 x 2 one place, drawn; none in an odd row or column at the end."""
    rows, columns = height // 2, width // 2
    drawn = torch.randint(4, size=(rows, columns, 1), generator=stream)
    squares = torch.zeros(rows, columns, 4, dtype=torch.bool).scatter_(2, drawn, True)
    kept = torch.zeros(height, width, dtype=torch.bool)
    kept[: rows * 2, : columns * 2] = squares.view(rows, columns, 2, 2).transpose(1, 2).reshape(rows * 2, columns * 2)
    return kept.flatten()


class _Pairs:
    """Which tokens are merged into which: of those not kept the `away` that are most like one that is."""

    def __init__(self, x: Tensor, kept: Tensor, away: int) -> None:
        """x (b, n, width) says what is alike; kept: (n,) bool."""
        self.tokens = len(kept)
        self.others, self.kept = (~kept).nonzero().flatten(), kept.nonzero().flatten()
        unit = x / x.norm(dim=-1, keepdim=True)
        likeness = unit[:, self.others] @ unit[:, self.kept].transpose(1, 2)
        best, partner = likeness.max(-1)
        order = best.argsort(-1, descending=True)
        away = min(len(self.others), away)
        self.left, self.merged = order[:, away:], order[:, :away]
        """Among the others, by number: those that stay, and those that are merged."""
        self.into = partner.gather(1, self.merged)
        """For each that is merged, into which of the kept."""

    def merge(self, x: Tensor) -> Tensor:
        """(b, n, c) -> (b, n - away, c): those that stay, then the kept, each the mean of what is merged into it."""
        others, kept = x[:, self.others], x[:, self.kept]
        into = self.into[..., None].expand(-1, -1, x.shape[-1])
        kept = kept.scatter_reduce(1, into, _take(others, self.merged), reduce="mean")
        return torch.cat([_take(others, self.left), kept], 1)

    def spread(self, x: Tensor) -> Tensor:
        """The way back: what was merged gets what became of its partner."""
        staying = self.left.shape[1]
        left, kept = x[:, :staying], x[:, staying:]
        others = x.new_empty(len(x), len(self.others), x.shape[-1])
        others.scatter_(1, self.left[..., None].expand_as(left), left)
        merged = _take(kept, self.into)
        others.scatter_(1, self.merged[..., None].expand_as(merged), merged)
        found = x.new_empty(len(x), self.tokens, x.shape[-1])
        found[:, self.others], found[:, self.kept] = others, kept
        return found


def _take(x: Tensor, index: Tensor) -> Tensor:
    """x (b, n, c), index (b, m) -> (b, m, c)."""
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[-1]))
