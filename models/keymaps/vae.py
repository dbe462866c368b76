"""The autoencoder of the Stable Diffusion families and Flux.

encoder.down.level.block.j, .downsample     encoder.down_blocks.level.resnets.j, .downsamplers.0
encoder.mid.block_1, attn_1, block_2        encoder.mid_block.resnets.0, attentions.0, resnets.1
decoder.up.level.block.j, .upsample         decoder.up_blocks, counted from the other end
"""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes, count
from .entry import Entry, both, present

_RESNET = {"norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2", "nin_shortcut": "conv_shortcut"}
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_OLD_ATTENTION = {"norm": "group_norm", "q": "query", "k": "key", "v": "value", "proj_out": "proj_attn"}


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such an autoencoder."""
    return "decoder.up_blocks.0.resnets.0.norm1.weight" in shapes and "decoder.conv_in.weight" in shapes


def knows_native(shapes: Shapes) -> bool:
    return "decoder.up.0.block.0.norm1.weight" in shapes


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    return present(_entries(shapes, native), shapes, native)


def _entries(shapes: Shapes, native: bool) -> Iterator[Entry]:
    levels = count(shapes, "decoder.up.") if native else count(shapes, "decoder.up_blocks.")
    for level in range(levels):
        ours, theirs = f"encoder.down.{level}", f"encoder.down_blocks.{level}"
        for j in range(count(shapes, f"{ours}.block." if native else f"{theirs}.resnets.")):
            yield from _resnet(f"{ours}.block.{j}", f"{theirs}.resnets.{j}")
        yield from both(f"{ours}.downsample.conv", f"{theirs}.downsamplers.0.conv")
        ours, theirs = f"decoder.up.{level}", f"decoder.up_blocks.{levels - 1 - level}"
        for j in range(count(shapes, f"{ours}.block." if native else f"{theirs}.resnets.")):
            yield from _resnet(f"{ours}.block.{j}", f"{theirs}.resnets.{j}")
        yield from both(f"{ours}.upsample.conv", f"{theirs}.upsamplers.0.conv")
    for half in ("encoder", "decoder"):
        yield from both(f"{half}.conv_in", f"{half}.conv_in")
        yield from _resnet(f"{half}.mid.block_1", f"{half}.mid_block.resnets.0")
        yield from _resnet(f"{half}.mid.block_2", f"{half}.mid_block.resnets.1")
        attention = f"{half}.mid_block.attentions.0"
        for ours, theirs in (_OLD_ATTENTION if f"{attention}.query.weight" in shapes else _ATTENTION).items():
            yield from both(f"{half}.mid.attn_1.{ours}", f"{attention}.{theirs}", convolution=ours != "norm")
        yield from both(f"{half}.norm_out", f"{half}.conv_norm_out")
        yield from both(f"{half}.conv_out", f"{half}.conv_out")
    yield from both("quant_conv", "quant_conv")
    yield from both("post_quant_conv", "post_quant_conv")


def _resnet(native: str, theirs: str) -> Iterator[Entry]:
    for native_part, their_part in _RESNET.items():
        yield from both(f"{native}.{native_part}", f"{theirs}.{their_part}")
