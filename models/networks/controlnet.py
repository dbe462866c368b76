"""ControlNet for Stable Diffusion 1, 2 and XL (Zhang et al., 2023), named as in the published single files.

A copy of the UNet's way down and middle; each of its results goes through a convolution that was zero before training
(zero_convs, middle_block_out) and is added to what the UNet carries over to its way up. The hint, a picture in pixels,
comes in through a stack of convolutions (input_hint_block), which bring it to the latent's size.

Union (xinsir's ControlNet++) is told which kind of hint it sees: task_embedding, transformer_layes (so spelt) and
spatial_ch_projs act on the hint's features, control_add_embedding on the time's vector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import sinusoids
from .hooks import NO_HOOKS, NO_PASS, Pass, Place, Residuals, Where
from .layout import Shapes, UnknownLayout, count, understood
from .named import WithOwnNames
from .unet import Stage, Unet, _input_block, _read_input, _shape, _transformer
from .unet_blocks import ResBlock, TimedSequential


@dataclass(frozen=True)
class Union:
    """Sizes of what a union ControlNet has on top."""

    kinds: int
    """How many kinds of hints it knows."""
    width: int
    """Of a kind's vector."""
    layers: int
    sinusoids: int
    """Into how many numbers each kind's 0 or 1 is unfolded."""


@dataclass(frozen=True)
class ControlNet(WithOwnNames):
    """Sizes, read off shapes, save the heads."""

    unet: Unet
    """Of the way down and the middle; it has no way up."""
    hint: tuple[int, ...]
    """Channels of the hint, and after each convolution of its stack."""
    union: Union | None = None
    short: bool = False
    """Whether the middle is one res-block and nothing else, as in the smallest ones for SDXL."""

    def ignores(self, name: str) -> bool:
        """Trainers leave more in these files than the network has; what it lacks is missed all the same."""
        return True

    def build(self) -> nn.Module:
        return ControlNetModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return device.type == "cuda"


@dataclass(frozen=True)
class ControlLora(WithOwnNames):
    """What a Control-LoRA says of its own sizes; the rest are those of the UNet that it changes."""

    hint: tuple[int, ...]

    def on(self, unet: Unet) -> ControlNet:
        return ControlNet(replace(unet, outputs=(), out_channels=0), self.hint)

    def build(self) -> nn.Module:
        raise UnknownLayout("a Control-LoRA is no network without the model that it changes")

    def channels_last(self, device: torch.device) -> bool:
        return device.type == "cuda"


class ControlNetModule(nn.Module):
    """(b, in, h, w) at a training step -> what is added to the UNet's blocks."""

    def __init__(self, sizes: ControlNet) -> None:
        super().__init__()
        self.sizes = sizes
        unet = sizes.unet
        time = 4 * unet.width
        self.time_embed = nn.Sequential(nn.Linear(unet.width, time), nn.SiLU(), nn.Linear(time, time))
        if unet.vector:
            into = nn.Sequential(nn.Linear(unet.vector, time), nn.SiLU(), nn.Linear(time, time))
            self.label_emb = nn.Sequential(into)
        self.input_blocks = nn.ModuleList(_input_block(stage, unet, time) for stage in unet.inputs)
        self.zero_convs = nn.ModuleList(_zero(stage.leaves) for stage in unet.inputs)
        self.input_hint_block = _hint_block(sizes.hint)
        width = unet.middle.leaves
        middle: list[nn.Module] = [ResBlock(width, width, time)]
        if unet.middle_attends:
            middle.append(_transformer(width, unet.middle.depth, unet))
        middle += [] if sizes.short else [ResBlock(width, width, time)]
        self.middle_block = TimedSequential(*middle)
        self.middle_block_out = _zero(width)
        if sizes.union is not None:
            union = sizes.union
            self.task_embedding = nn.Parameter(torch.empty(union.kinds, union.width))
            self.transformer_layes = nn.ModuleList(_UnionLayer(union.width) for _ in range(union.layers))
            self.spatial_ch_projs = nn.Linear(union.width, unet.width)
            self.control_add_embedding = _KindEmbedding(union.kinds * union.sinusoids, time)

    def encode(self, hint: Tensor, kinds: tuple[int, ...] = ()) -> Tensor:
        """The hint (b, c, 8h, 8w) as features (b, width, h, w); `kinds`: of a union, which kind it is of."""
        features = self.input_hint_block(hint)
        if self.sizes.union is None or not kinds:
            return features
        seen = features.mean((2, 3)) + self.task_embedding[kinds[0]]
        for layer in self.transformer_layes:
            seen = layer(seen)
        return features + self.spatial_ch_projs(seen)[..., None, None]

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor | None,
        hint: Tensor,
        y: Tensor | None = None,
        guidance: Tensor | None = None,
        kinds: tuple[int, ...] = (),
        run: Pass = NO_PASS,
    ) -> Residuals:
        """x (b, in, h, w), timestep (b,), context (b, tokens, width), hint as `encode` gave it, y (b, vector)."""
        emb = self._vector(x, timestep, y, kinds)
        h, results = x, []
        for number, (block, zero) in enumerate(zip(self.input_blocks, self.zero_convs, strict=True)):
            run.check()
            h = block(h, emb, context, Where(run, Place("input", number), size=h.shape[-2:]), NO_HOOKS)
            h = h + hint if number == 0 else h
            results.append(zero(h))
        run.check()
        h = self.middle_block(h, emb, context, Where(run, Place("middle", 0), size=h.shape[-2:]), NO_HOOKS)
        return Residuals(middle=self.middle_block_out(h), output=tuple(reversed(results)))

    def _vector(self, x: Tensor, timestep: Tensor, y: Tensor | None, kinds: tuple[int, ...]) -> Tensor:
        sizes = self.sizes
        emb = self.time_embed(sinusoids(timestep, sizes.unet.width).to(x.dtype))
        if sizes.union is not None:
            told = torch.zeros(sizes.union.kinds, device=x.device)
            told[list(kinds)] = 1.0
            emb = emb + self.control_add_embedding(sinusoids(told, sizes.union.sinusoids).to(x.dtype).reshape(1, -1))
        if sizes.unet.vector:
            emb = emb + self.label_emb(x.new_zeros(len(x), sizes.unet.vector) if y is None else y)
        return functional.silu(emb)


class _KindEmbedding(nn.Module):
    def __init__(self, enters: int, leaves: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(enters, leaves), nn.Linear(leaves, leaves)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(functional.silu(self.linear_1(x)))


class _UnionLayer(nn.Module):
    """A transformer layer over the hints that are seen at once. Each is seen alone, so attention finds its value."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = _JointProjection(width)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        inner = self.mlp["c_fc"](self.ln_2(x))
        return x + self.mlp["c_proj"](inner * torch.sigmoid(1.702 * inner))


class _JointProjection(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        _, _, value = functional.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        return self.out_proj(value)


def _zero(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, channels, 1))


def _hint_block(widths: tuple[int, ...]) -> nn.Sequential:
    """Convolutions with SiLU between; every second one halves, save the first and the last."""
    parts: list[nn.Module] = []
    last = len(widths) - 2
    for number, (enters, leaves) in enumerate(pairwise(widths)):
        stride = 2 if number % 2 == 0 and 0 < number < last else 1
        parts += [nn.Conv2d(enters, leaves, 3, stride=stride, padding=1), nn.SiLU()]
    return nn.Sequential(*parts[:-1])


@understood
def read_controlnet(shapes: Shapes) -> ControlNet:
    """The sizes of the ControlNet whose tensors these are. UnknownLayout where it is of another make."""
    inputs = tuple(_read_input(shapes, number) for number in range(count(shapes, "input_blocks.")))
    contexts = {shape[1] for name, shape in shapes.items() if name.endswith("attn2.to_k.weight")}
    if len(contexts) > 1:
        raise UnknownLayout(f"its blocks attend to texts of several widths: {sorted(contexts)}")
    projection = next((s for n, s in shapes.items() if n.endswith(".proj_in.weight")), None)
    middle = _shape(shapes, "middle_block.0.in_layers.2.weight")
    vector = shapes.get("label_emb.0.0.weight", (0, 0))[1]
    unet = Unet(
        inputs=inputs,
        middle=Stage(middle[1], middle[0], count(shapes, "middle_block.1.transformer_blocks.")),
        outputs=(),
        in_channels=inputs[0].enters,
        out_channels=0,
        context=contexts.pop() if contexts else None,
        linear=projection is not None and len(projection) == 2,
        # As in the models they belong to: 8 in Stable Diffusion 1, elsewhere heads of 64 channels.
        heads=8 if projection is not None and len(projection) == 4 and not vector else None,
        vector=vector,
        middle_attends="middle_block.1.proj_in.weight" in shapes,
    )
    short = not unet.middle_attends and "middle_block.1.in_layers.2.weight" not in shapes
    return ControlNet(unet, read_hint(shapes), _read_union(shapes), short)


@understood
def read_hint(shapes: Shapes) -> tuple[int, ...]:
    """Channels of the hint, and after each convolution."""
    names = [f"input_hint_block.{2 * number}.weight" for number in range((_last_hint(shapes) + 2) // 2)]
    widths = [_shape(shapes, name)[:2] for name in names]
    if not widths:
        raise UnknownLayout("it lacks input_hint_block.0.weight")
    return (widths[0][1], *(leaves for leaves, _ in widths))


def _last_hint(shapes: Shapes) -> int:
    places = [name.split(".")[1] for name in shapes if name.startswith("input_hint_block.")]
    return max((int(place) for place in places if place.isdigit()), default=-2)


def _read_union(shapes: Shapes) -> Union | None:
    if "task_embedding" not in shapes:
        return None
    kinds, width = shapes["task_embedding"]
    enters = _shape(shapes, "control_add_embedding.linear_1.weight")[1]
    return Union(kinds, width, count(shapes, "transformer_layes."), enters // kinds)
