"""What the UNet is built of: res-blocks, transformers over an image's places, halving and doubling."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .attention import attend
from .hooks import Hooks, Place, Where


def group_norm(channels: int, eps: float = 1e-5) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps)


class ResBlock(nn.Module):
    """Two convolutions round which the input is carried; the time's vector is added between them."""

    def __init__(self, enters: int, leaves: int, time: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(group_norm(enters), nn.SiLU(), nn.Conv2d(enters, leaves, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, leaves))
        self.out_layers = nn.Sequential(
            group_norm(leaves), nn.SiLU(), nn.Dropout(0.0), nn.Conv2d(leaves, leaves, 3, padding=1)
        )
        self.skip_connection = nn.Identity() if enters == leaves else nn.Conv2d(enters, leaves, 1)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """x (b, enters, h, w); emb (b, time) with its SiLU already taken, which all blocks share."""
        h = self.in_layers(x) + self.emb_layers[1](emb)[..., None, None]
        return self.skip_connection(x) + self.out_layers(h)


class Downsample(nn.Module):
    def __init__(self, enters: int, leaves: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(enters, leaves, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """size: of what is carried over to the next block, which is odd where an odd size was halved."""
        size = size or (x.shape[2] * 2, x.shape[3] * 2)
        return self.conv(functional.interpolate(x, size=size, mode="nearest"))


class CrossAttention(nn.Module):
    def __init__(self, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context, width, bias=False)
        self.to_v = nn.Linear(context, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Dropout(0.0))


class GatedGelu(nn.Module):
    def __init__(self, enters: int, leaves: int) -> None:
        super().__init__()
        self.proj = nn.Linear(enters, 2 * leaves)

    def forward(self, x: Tensor) -> Tensor:
        x, gate = self.proj(x).chunk(2, -1)
        return x * functional.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedGelu(width, 4 * width), nn.Dropout(0.0), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TransformerLayer(nn.Module):
    """Attention to all places, attention to the text, and a feed-forward net, each carried round."""

    def __init__(self, width: int, context: int | None, heads: int) -> None:
        super().__init__()
        self.attn1 = CrossAttention(width, width, heads)
        self.ff = FeedForward(width)
        self.attn2 = CrossAttention(width, width if context is None else context, heads)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))

    def forward(self, x: Tensor, context: Tensor | None, where: Where, hooks: Hooks) -> Tensor:
        x = x + self._attention("attn1", self.norm1(x), None, where, hooks)
        for hook in hooks.middle:
            x = hook(x, where)
        x = x + self._attention("attn2", self.norm2(x), context, where, hooks)
        return x + self.ff(self.norm3(x))

    def _attention(self, kind: str, x: Tensor, context: Tensor | None, where: Where, hooks: Hooks) -> Tensor:
        attention: CrossAttention = getattr(self, kind)
        keys = values = x if context is None else context
        for hook in getattr(hooks, f"{kind}_in"):
            x, keys, values = hook(x, keys, values, where)
        q, k, v = attention.to_q(x), attention.to_k(keys), attention.to_v(values)
        stand_in = hooks.stand_in(kind, where.place)
        found = attend(q, k, v, attention.heads) if stand_in is None else stand_in(q, k, v, where)
        found = attention.to_out(found)
        for hook in getattr(hooks, f"{kind}_out"):
            found = hook(found, where)
        return found


class SpatialTransformer(nn.Module):
    """Transformer layers over the places of an image, carried round. `linear`: enters and leaves by linear layers."""

    def __init__(self, channels: int, heads: int, depth: int, context: int | None, linear: bool) -> None:
        super().__init__()
        self.heads, self.linear = heads, linear
        self.norm = group_norm(channels, 1e-6)
        self.proj_in = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(TransformerLayer(channels, context, heads) for _ in range(depth))
        self.proj_out = nn.Linear(channels, channels) if linear else nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, context: Tensor | None, where: Where, hooks: Hooks) -> Tensor:
        batch, channels, height, width = x.shape
        h = self.norm(x)
        if not self.linear:
            h = self.proj_in(h)
        h = h.movedim(1, -1).reshape(batch, height * width, channels)
        if self.linear:
            h = self.proj_in(h)
        for index, layer in enumerate(self.transformer_blocks):
            place = Place(where.place.part, where.place.block, index)
            h = layer(h, context, Where(where.run, place, self.heads, channels // self.heads, (height, width)), hooks)
        if self.linear:
            h = self.proj_out(h)
        h = h.reshape(batch, height, width, channels).movedim(-1, 1)
        if not self.linear:
            h = self.proj_out(h)
        return x + h


class TimedSequential(nn.Sequential):
    """A sequence that gives each part what it asks for: the time to res-blocks, the text to transformers."""

    def forward(
        self,
        x: Tensor,
        emb: Tensor,
        context: Tensor | None,
        where: Where,
        hooks: Hooks,
        grow_to: tuple[int, int] | None = None,
    ) -> Tensor:
        for part in self:
            if isinstance(part, ResBlock):
                x = part(x, emb)
            elif isinstance(part, SpatialTransformer):
                x = part(x, context, where, hooks)
            elif isinstance(part, Upsample):
                x = part(x, grow_to)
            else:
                x = part(x)
        return x
