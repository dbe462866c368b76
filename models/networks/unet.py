"""The UNet of Stable Diffusion 1, 2 and XL. Its parameters are named as in the published single files (CompVis latent
diffusion; Rombach et al., 2022), so that a file's tensors, a LoRA's and a merge's weights all speak of the same thing.

input_blocks.0          conv
input_blocks.n          res-block, perhaps transformers; or halving
middle_block            res-block, perhaps transformers, res-block
output_blocks.n         res-block, perhaps transformers, perhaps doubling; each takes one input block's result along
label_emb               a vector of further conditions (SDXL's sizes, unCLIP's pictures), added to the time's
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import sinusoids
from .hooks import NO_HOOKS, NO_PASS, Hooks, Pass, Place, Residuals, Where
from .layout import Shapes, UnknownLayout, count, understood
from .named import WithOwnNames
from .unet_blocks import Downsample, ResBlock, SpatialTransformer, TimedSequential, Upsample, group_norm


@dataclass(frozen=True)
class Level:
    """One resolution of a UNet of regular make."""

    channels: int
    resnets: int
    """Res-blocks on the way down; one more on the way up."""
    transformers: int
    """Transformer layers after each res-block; 0 where the level does not attend."""


@dataclass(frozen=True)
class Stage:
    """An input or output block: a res-block, or for input blocks also the first convolution or a halving."""

    enters: int
    leaves: int
    depth: int = 0
    """Transformer layers after the res-block."""
    kind: str = "res"
    """"conv", "res" or "down"."""
    doubles: bool = False
    """Whether an output block ends with a doubling of the resolution."""


@dataclass(frozen=True)
class Unet(WithOwnNames):
    """Sizes of the UNet, all read off shapes, save the heads, which leave no trace in them."""

    inputs: tuple[Stage, ...]
    middle: Stage
    outputs: tuple[Stage, ...]
    in_channels: int
    out_channels: int
    context: int | None
    """Width of the text embeddings that it attends to; None where it attends to none."""
    linear: bool
    """Whether transformers enter and leave through linear layers (SD2, SDXL) or 1 x 1 convolutions (SD1)."""
    heads: int | None
    """Heads in every attention, or None where each head has 64 channels."""
    vector: int = 0
    """Width of the vector of further conditions (label_emb); 0 where there is none."""
    middle_attends: bool = True

    @classmethod
    def of_levels(
        cls,
        levels: Iterable[Level],
        *,
        in_channels: int = 4,
        out_channels: int = 4,
        middle_transformers: int = 1,
        context: int | None = 64,
        linear: bool = False,
        heads: int | None = 8,
        vector: int = 0,
    ) -> Unet:
        """A UNet whose levels all have as many res-blocks on the way up as down, and one more."""
        levels = list(levels)
        width = levels[0].channels
        inputs, kept = [Stage(in_channels, width, kind="conv")], [width]
        for at, level in enumerate(levels):
            for _ in range(level.resnets):
                inputs.append(Stage(width, level.channels, level.transformers))
                width = level.channels
                kept.append(width)
            if at < len(levels) - 1:
                inputs.append(Stage(width, width, kind="down"))
                kept.append(width)
        middle = Stage(width, width, middle_transformers)
        outputs = []
        for at, level in reversed(list(enumerate(levels))):
            for j in range(level.resnets + 1):
                doubles = at > 0 and j == level.resnets
                outputs.append(Stage(width + kept.pop(), level.channels, level.transformers, doubles=doubles))
                width = level.channels
        return cls(
            tuple(inputs), middle, tuple(outputs), in_channels, out_channels, context, linear, heads, vector,
            middle_transformers > 0,
        )  # fmt: skip

    @property
    def width(self) -> int:
        """Channels of the first level; the time's vector is four times as wide."""
        return self.inputs[0].leaves

    def build(self) -> nn.Module:
        return UnetModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        """On an H100 a recorded step of SD1.5's takes 10.2 ms so and 12.7 otherwise, of SDXL's, with fewer convolutions
        to gain by it and as many norms that turn their input round, 44.7 and 42.9.
        """
        attends_at_the_finest = len(self.inputs) > 1 and self.inputs[1].depth > 0
        return device.type == "cuda" and attends_at_the_finest

    def ignores(self, name: str) -> bool:
        """Latent consistency models carry a projection of the guidance's strength, which nothing here is told."""
        return super().ignores(name) or name == "time_embedding.cond_proj.weight"

    def heads_of(self, channels: int) -> int:
        """Heads of an attention over so many channels."""
        return self.heads or max(1, channels // 64)


class UnetModule(nn.Module):
    """(b, in, h, w) at a training step -> (b, out, h, w). Weights' precision inside, as given outside."""

    def __init__(self, sizes: Unet) -> None:
        super().__init__()
        self.sizes = sizes
        time = 4 * sizes.width
        self.time_embed = nn.Sequential(nn.Linear(sizes.width, time), nn.SiLU(), nn.Linear(time, time))
        if sizes.vector:
            into = nn.Sequential(nn.Linear(sizes.vector, time), nn.SiLU(), nn.Linear(time, time))
            self.label_emb = nn.Sequential(into)
        self.input_blocks = nn.ModuleList(_input_block(stage, sizes, time) for stage in sizes.inputs)
        width = sizes.middle.leaves
        middle: list[nn.Module] = [ResBlock(width, width, time)]
        if sizes.middle_attends:
            middle.append(_transformer(width, sizes.middle.depth, sizes))
        self.middle_block = TimedSequential(*middle, ResBlock(width, width, time))
        self.output_blocks = nn.ModuleList(_output_block(stage, sizes, time) for stage in sizes.outputs)
        self.out = nn.Sequential(
            group_norm(sizes.outputs[-1].leaves),
            nn.SiLU(),
            nn.Conv2d(sizes.outputs[-1].leaves, sizes.out_channels, 3, padding=1),
        )

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor | None = None,
        y: Tensor | None = None,
        control: Residuals | None = None,
        hooks: Hooks = NO_HOOKS,
        run: Pass = NO_PASS,
    ) -> Tensor:
        """x (b, in, h, w), timestep (b,), context (b, tokens, width), y (b, vector) -> (b, out, h, w).

        A vector of conditions that was not given counts as zeros.
        """
        emb = self.embed(x, timestep, y)
        control = control or Residuals()
        kept: list[Tensor] = []
        h = x
        for number, block in enumerate(self.input_blocks):
            run.check()
            where = Where(run, Place("input", number), size=h.shape[-2:])
            h = _plus(block(h, emb, context, where, hooks), control.at(control.input, number))
            for hook in hooks.input_block:
                h = hook(h, where)
            kept.append(h)
            for hook in hooks.input_block_after_skip:
                h = hook(h, where)
        run.check()
        where = Where(run, Place("middle", 0), size=h.shape[-2:])
        h = _plus(self.middle_block(h, emb, context, where, hooks), control.middle)
        for hook in hooks.middle_block:
            h = hook(h, where)
        for number, block in enumerate(self.output_blocks):
            run.check()
            skip = _plus(kept.pop(), control.at(control.output, number))
            where = Where(run, Place("output", number), size=h.shape[-2:])
            for hook in hooks.output_block:
                h, skip = hook(h, skip, where)
            grow_to = kept[-1].shape[-2:] if kept else None
            h = block(torch.cat([h, skip], 1), emb, context, where, hooks, grow_to)
        return self.out(h)

    def embed(self, x: Tensor, timestep: Tensor, y: Tensor | None) -> Tensor:
        """The time, and what else is told by a vector, as one vector (b, 4 * width)."""
        emb = self.time_embed(sinusoids(timestep, self.sizes.width).to(x.dtype))
        if self.sizes.vector:
            y = x.new_zeros(len(x), self.sizes.vector) if y is None else y
            emb = emb + self.label_emb(y)
        return functional.silu(emb)


def _plus(h: Tensor, added: Tensor | None) -> Tensor:
    return h if added is None else h + added.to(h.dtype)


def _transformer(channels: int, depth: int, sizes: Unet) -> nn.Module:
    return SpatialTransformer(channels, sizes.heads_of(channels), depth, sizes.context, sizes.linear)


def _input_block(stage: Stage, sizes: Unet, time: int) -> nn.Module:
    if stage.kind == "conv":
        return TimedSequential(nn.Conv2d(stage.enters, stage.leaves, 3, padding=1))
    if stage.kind == "down":
        return TimedSequential(Downsample(stage.enters, stage.leaves))
    return TimedSequential(*_res_and_transformer(stage, sizes, time))


def _output_block(stage: Stage, sizes: Unet, time: int) -> nn.Module:
    parts = _res_and_transformer(stage, sizes, time)
    return TimedSequential(*parts, *([Upsample(stage.leaves)] if stage.doubles else []))


def _res_and_transformer(stage: Stage, sizes: Unet, time: int) -> list[nn.Module]:
    parts: list[nn.Module] = [ResBlock(stage.enters, stage.leaves, time)]
    return [*parts, _transformer(stage.leaves, stage.depth, sizes)] if stage.depth else parts


@understood
def read_unet(shapes: Shapes, heads: int | None) -> Unet:
    """The sizes of the UNet whose tensors these are. UnknownLayout where no module of ours has that form."""
    inputs = [_read_input(shapes, number) for number in range(count(shapes, "input_blocks."))]
    if not inputs or inputs[0].kind != "conv":
        raise UnknownLayout("its UNet lacks input_blocks.0.0.weight")
    contexts = {shape[1] for name, shape in shapes.items() if name.endswith("attn2.to_k.weight")}
    if len(contexts) > 1:
        raise UnknownLayout(f"its UNet attends to texts of several widths: {sorted(contexts)}")
    projection = next((s for n, s in shapes.items() if n.endswith(".proj_in.weight")), None)
    middle = _shape(shapes, "middle_block.0.in_layers.2.weight")
    vector = shapes.get("label_emb.0.0.weight")
    return Unet(
        inputs=tuple(inputs),
        middle=Stage(middle[1], middle[0], count(shapes, "middle_block.1.transformer_blocks.")),
        outputs=tuple(_read_output(shapes, number) for number in range(count(shapes, "output_blocks."))),
        in_channels=inputs[0].enters,
        out_channels=_shape(shapes, "out.2.weight")[0],
        context=contexts.pop() if contexts else None,
        linear=projection is not None and len(projection) == 2,
        heads=heads,
        vector=vector[1] if vector else 0,
        middle_attends="middle_block.1.proj_in.weight" in shapes,
    )


def _read_input(shapes: Shapes, number: int) -> Stage:
    block = f"input_blocks.{number}"
    if number == 0:
        leaves, enters = _shape(shapes, f"{block}.0.weight")[:2]
        return Stage(enters, leaves, kind="conv")
    if f"{block}.0.op.weight" in shapes:
        leaves, enters = shapes[f"{block}.0.op.weight"][:2]
        return Stage(enters, leaves, kind="down")
    leaves, enters = _shape(shapes, f"{block}.0.in_layers.2.weight")[:2]
    return Stage(enters, leaves, count(shapes, f"{block}.1.transformer_blocks."))


def _read_output(shapes: Shapes, number: int) -> Stage:
    block = f"output_blocks.{number}"
    leaves, enters = _shape(shapes, f"{block}.0.in_layers.2.weight")[:2]
    doubles = any(f"{block}.{place}.conv.weight" in shapes for place in (1, 2))
    return Stage(enters, leaves, count(shapes, f"{block}.1.transformer_blocks."), doubles=doubles)


def _shape(shapes: Shapes, name: str) -> tuple[int, ...]:
    try:
        return shapes[name]
    except KeyError:
        raise UnknownLayout(f"its UNet lacks {name}") from None
