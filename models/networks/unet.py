"""The UNet of Stable Diffusion 1 and 2 in the layout of the published single files (CompVis latent diffusion).

input_blocks.0          conv                            -> conv_in
input_blocks.n          res-block, perhaps transformers -> down_blocks.level.resnets.j, .attentions.j
input_blocks.n.0.op     halving                         -> down_blocks.level.downsamplers.0
middle_block            res-block, transformers, res-block
output_blocks.n         res-block, perhaps transformers, perhaps doubling; the deepest level first
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from torch import nn

from .layout import Pick, Shapes, UnknownLayout, count

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


@dataclass(frozen=True)
class Level:
    """One resolution of the UNet."""

    channels: int
    resnets: int
    """Res-blocks on the way down; one more on the way up."""
    transformers: int
    """Transformer blocks after each res-block; 0 where the level does not attend."""


@dataclass(frozen=True)
class Unet:
    """Sizes of the UNet, all read off shapes, save the heads, which leave no trace in them."""

    in_channels: int
    out_channels: int
    levels: tuple[Level, ...]
    middle_transformers: int
    context: int
    """Width of the text embeddings that it attends to."""
    linear: bool
    """Whether transformers enter and leave through linear layers (SD2) or 1 x 1 convolutions (SD1)."""
    heads: int | None
    """Heads in every attention, or None where each head has 64 channels."""

    def build(self) -> nn.Module:
        attends = [level.transformers > 0 for level in self.levels]
        depths = [level.transformers or self.middle_transformers for level in self.levels]
        heads = [self.heads or level.channels // 64 for level in self.levels]
        if depths[-1] != self.middle_transformers:
            middle = self.middle_transformers
            raise UnknownLayout(f"its UNet attends {depths[-1]} times in the last level, {middle} in the middle")
        module = UNet2DConditionModel(
            in_channels=self.in_channels,
            out_channels=self.out_channels,
            block_out_channels=[level.channels for level in self.levels],
            layers_per_block=[level.resnets for level in self.levels],
            down_block_types=["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attends],
            up_block_types=["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
            transformer_layers_per_block=depths,
            attention_head_dim=heads,  # diffusers' old name for the number of heads
            cross_attention_dim=self.context,
            use_linear_projection=self.linear,
        ).eval()
        module.check = _nothing  # called between blocks, so that a run can end in the middle of a step
        for block in (*module.down_blocks, module.mid_block, *module.up_blocks):
            block.register_forward_pre_hook(lambda *_: module.check())
        return module

    def picks(self) -> dict[str, Pick]:
        return {ours: Pick(theirs) for ours, theirs in self._names()}

    def channels_last(self, device: torch.device) -> bool:
        return device.type == "cuda"

    def ignores(self, name: str) -> bool:
        return False

    def _names(self) -> Iterator[tuple[str, str]]:
        yield from _both("time_embedding.linear_1", "time_embed.0")
        yield from _both("time_embedding.linear_2", "time_embed.2")
        yield from _both("conv_in", "input_blocks.0.0")
        number, width = 1, self.levels[0].channels
        for at, level in enumerate(self.levels):
            for j in range(level.resnets):
                block = f"down_blocks.{at}"
                yield from _resnet(f"{block}.resnets.{j}", f"input_blocks.{number}.0", width != level.channels)
                if level.transformers:
                    yield from _attention(f"{block}.attentions.{j}", f"input_blocks.{number}.1", level.transformers)
                number, width = number + 1, level.channels
            if at < len(self.levels) - 1:
                yield from _both(f"down_blocks.{at}.downsamplers.0.conv", f"input_blocks.{number}.0.op")
                number += 1
        yield from _resnet("mid_block.resnets.0", "middle_block.0", False)
        yield from _attention("mid_block.attentions.0", "middle_block.1", self.middle_transformers)
        yield from _resnet("mid_block.resnets.1", "middle_block.2", False)
        number = 0
        for at, level in enumerate(reversed(self.levels)):
            block = f"up_blocks.{at}"
            for j in range(level.resnets + 1):
                # Each takes in the output of a block on the way down, so its width always changes.
                yield from _resnet(f"{block}.resnets.{j}", f"output_blocks.{number}.0", True)
                if level.transformers:
                    yield from _attention(f"{block}.attentions.{j}", f"output_blocks.{number}.1", level.transformers)
                number += 1
            if at < len(self.levels) - 1:
                place = 2 if level.transformers else 1
                yield from _both(f"{block}.upsamplers.0.conv", f"output_blocks.{number - 1}.{place}.conv")
        yield from _both("conv_norm_out", "out.0")
        yield from _both("conv_out", "out.2")


def read_unet(shapes: Shapes, heads: int | None) -> Unet:
    """The sizes of the UNet whose tensors these are. UnknownLayout where no module of ours has that form."""
    if any(name.startswith("label_emb.") for name in shapes):
        raise UnknownLayout("its UNet takes a second vector of conditions (label_emb), as SDXL's and unCLIP's do")
    levels = _levels(shapes)
    projection = next((s for n, s in shapes.items() if n.endswith(".proj_in.weight")), None)
    contexts = {shape[1] for name, shape in shapes.items() if name.endswith("attn2.to_k.weight")}
    if projection is None or len(contexts) != 1:
        raise UnknownLayout("its UNet does not attend to a text")
    return Unet(
        in_channels=_shape(shapes, "input_blocks.0.0.weight")[1],
        out_channels=_shape(shapes, "out.2.weight")[0],
        levels=levels,
        middle_transformers=count(shapes, "middle_block.1.transformer_blocks."),
        context=contexts.pop(),
        linear=len(projection) == 2,
        heads=heads,
    )


def _nothing() -> None:
    pass


def _levels(shapes: Shapes) -> tuple[Level, ...]:
    levels: list[Level] = []
    blocks: list[tuple[int, int]] = []  # channels and transformers of each res-block of the level being read

    def close() -> None:
        if len(set(blocks)) != 1:
            raise UnknownLayout(f"level {len(levels)} of its UNet has unlike blocks (channels, transformers): {blocks}")
        levels.append(Level(blocks[0][0], len(blocks), blocks[0][1]))
        blocks.clear()

    for number in range(1, count(shapes, "input_blocks.")):
        block = f"input_blocks.{number}"
        if f"{block}.0.op.weight" in shapes:
            close()
            continue
        channels = _shape(shapes, f"{block}.0.in_layers.2.weight")[0]
        blocks.append((channels, count(shapes, f"{block}.1.transformer_blocks.")))
    close()
    return tuple(levels)


def _shape(shapes: Shapes, name: str) -> tuple[int, ...]:
    try:
        return shapes[name]
    except KeyError:
        raise UnknownLayout(f"its UNet lacks {name}") from None


def _both(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}.weight", f"{theirs}.weight"
    yield f"{ours}.bias", f"{theirs}.bias"


def _resnet(ours: str, theirs: str, widens: bool) -> Iterator[tuple[str, str]]:
    for their_part, our_part in _RESNET.items():
        if widens or our_part != "conv_shortcut":
            yield from _both(f"{ours}.{our_part}", f"{theirs}.{their_part}")


def _attention(ours: str, theirs: str, depth: int) -> Iterator[tuple[str, str]]:
    for part in ("norm", "proj_in", "proj_out"):
        yield from _both(f"{ours}.{part}", f"{theirs}.{part}")
    for number in range(depth):
        block = f"transformer_blocks.{number}"
        for part in ("norm1", "norm2", "norm3", "ff.net.0.proj", "ff.net.2", "attn1.to_out.0", "attn2.to_out.0"):
            yield from _both(f"{ours}.{block}.{part}", f"{theirs}.{block}.{part}")
        for attention in ("attn1", "attn2"):
            for part in ("to_q", "to_k", "to_v"):
                name = f"{block}.{attention}.{part}.weight"
                yield f"{ours}.{name}", f"{theirs}.{name}"
