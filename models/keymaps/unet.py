"""The UNet of Stable Diffusion 1, 2 and XL.

input_blocks.0.0              conv_in
input_blocks.n.0, .1          down_blocks.level.resnets.j, .attentions.j
input_blocks.n.0.op           down_blocks.level.downsamplers.0.conv
middle_block.0, .1, .2        mid_block.resnets.0, .attentions.0, .resnets.1
output_blocks.n.0, .1         up_blocks.level.resnets.j, .attentions.j; the deepest level first
output_blocks.n.1 or .2.conv  up_blocks.level.upsamplers.0.conv
time_embed, label_emb.0, out  time_embedding, add_embedding (or class_embedding), conv_norm_out and conv_out
"""

from __future__ import annotations

from collections.abc import Iterator

from ..networks.layout import Shapes, count
from .entry import Entry, both, present

_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def knows(shapes: Shapes) -> bool:
    """Whether these are diffusers' names of such a UNet."""
    return "conv_in.weight" in shapes and "down_blocks.0.resnets.0.norm1.weight" in shapes and "conv_out.bias" in shapes


def knows_native(shapes: Shapes) -> bool:
    return "input_blocks.0.0.weight" in shapes


def entries(shapes: Shapes, native: bool) -> list[Entry]:
    return present(_entries(shapes, native), shapes, native)


def _entries(shapes: Shapes, native: bool) -> Iterator[Entry]:
    yield from both("time_embed.0", "time_embedding.linear_1")
    yield from both("time_embed.2", "time_embedding.linear_2")
    added = "class_embedding" if "class_embedding.linear_1.weight" in shapes else "add_embedding"
    yield from both("label_emb.0.0", f"{added}.linear_1")
    yield from both("label_emb.0.2", f"{added}.linear_2")
    yield from both("input_blocks.0.0", "conv_in")
    levels = _native_levels(shapes) if native else _levels(shapes)
    number = 1
    for level, resnets in enumerate(levels):
        for j in range(resnets):
            block = f"down_blocks.{level}"
            yield from _resnet(f"input_blocks.{number}.0", f"{block}.resnets.{j}")
            yield from _attention(f"input_blocks.{number}.1", f"{block}.attentions.{j}", shapes, native)
            number += 1
        if level < len(levels) - 1:
            yield from both(f"input_blocks.{number}.0.op", f"down_blocks.{level}.downsamplers.0.conv")
            number += 1
    yield from _resnet("middle_block.0", "mid_block.resnets.0")
    yield from _attention("middle_block.1", "mid_block.attentions.0", shapes, native)
    yield from _resnet("middle_block.2", "mid_block.resnets.1")
    number = 0
    for level, resnets in enumerate(reversed(levels)):
        block = f"up_blocks.{level}"
        for j in range(resnets + 1):
            yield from _resnet(f"output_blocks.{number}.0", f"{block}.resnets.{j}")
            yield from _attention(f"output_blocks.{number}.1", f"{block}.attentions.{j}", shapes, native)
            number += 1
        last = f"output_blocks.{number - 1}"
        attends = f"{last}.1.norm.weight" if native else f"{block}.attentions.0.norm.weight"
        yield from both(f"{last}.{2 if attends in shapes else 1}.conv", f"{block}.upsamplers.0.conv")
    yield from both("out.0", "conv_norm_out")
    yield from both("out.2", "conv_out")


def _levels(shapes: Shapes) -> list[int]:
    """Res-blocks of each level on the way down."""
    return [count(shapes, f"down_blocks.{level}.resnets.") for level in range(count(shapes, "down_blocks."))]


def _native_levels(shapes: Shapes) -> list[int]:
    levels = [0]
    for number in range(1, count(shapes, "input_blocks.")):
        if f"input_blocks.{number}.0.op.weight" in shapes:
            levels.append(0)
        else:
            levels[-1] += 1
    return levels


def _resnet(native: str, theirs: str) -> Iterator[Entry]:
    for native_part, their_part in _RESNET.items():
        yield from both(f"{native}.{native_part}", f"{theirs}.{their_part}")


def _attention(native: str, theirs: str, shapes: Shapes, is_native: bool) -> Iterator[Entry]:
    """Inside, both languages have the same names."""
    start = (native if is_native else theirs) + "."
    for name in shapes:
        if name.startswith(start) and not name.endswith(("0.op.weight", "0.op.bias")) and ".conv." not in name:
            inside = name[len(start) :]
            yield Entry(f"{native}.{inside}", (f"{theirs}.{inside}",))
