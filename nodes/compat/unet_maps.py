"""How the weights of SD's UNets are called in ComfyUI's files and in diffusers': facts that LoRA packs look up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENDS = ("weight", "bias")


def _both(names: Mapping[str, str]) -> dict[str, str]:
    return {f"{one}.{end}": f"{other}.{end}" for one, other in names.items() for end in _ENDS}


UNET_MAP_ATTENTIONS = {f"{name}.{end}" for name in ("proj_in", "proj_out", "norm") for end in _ENDS}

TRANSFORMER_BLOCKS = {
    *(f"norm{number}.{end}" for number in (1, 2, 3) for end in _ENDS),
    *(f"attn{number}.to_{part}.weight" for number in (1, 2) for part in "qkv"),
    *(f"attn{number}.to_out.0.{end}" for number in (1, 2) for end in _ENDS),
    *(f"ff.net.{part}.{end}" for part in ("0.proj", "2") for end in _ENDS),
}

UNET_MAP_RESNET = _both(
    {
        "in_layers.2": "conv1",
        "emb_layers.1": "time_emb_proj",
        "out_layers.3": "conv2",
        "skip_connection": "conv_shortcut",
        "in_layers.0": "norm1",
        "out_layers.0": "norm2",
    }
)
"""Of a residual block: ComfyUI's name → diffusers'."""

UNET_MAP_BASIC = {
    (one, other)
    for names in (
        {
            "label_emb.0.0": "class_embedding.linear_1",
            "label_emb.0.2": "class_embedding.linear_2",
            "input_blocks.0.0": "conv_in",
            "out.0": "conv_norm_out",
            "out.2": "conv_out",
            "time_embed.0": "time_embedding.linear_1",
            "time_embed.2": "time_embedding.linear_2",
        },
        {"label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2"},
    )
    for one, other in _both(names).items()
}
"""Pairs of ComfyUI's name and diffusers'."""


def unet_to_diffusers(unet_config: Mapping[str, Any]) -> dict[str, str]:
    """diffusers' name → ComfyUI's, of every weight of a UNet with this configuration; empty for other networks."""
    if "num_res_blocks" not in unet_config:
        return {}
    levels = list(unet_config["num_res_blocks"])
    depths, depths_up = list(unet_config["transformer_depth"]), list(unet_config["transformer_depth_output"])
    found: dict[str, str] = {}
    for level, count in enumerate(levels):
        block = 1 + (count + 1) * level
        for i in range(count):
            found |= _resnet(f"down_blocks.{level}.resnets.{i}", f"input_blocks.{block}.0")
            found |= _attention(f"down_blocks.{level}.attentions.{i}", f"input_blocks.{block}.1", depths.pop(0))
            block += 1
        found |= _ends(f"down_blocks.{level}.downsamplers.0.conv", f"input_blocks.{block}.0.op")
    found |= _attention("mid_block.attentions.0", "middle_block.1", unet_config["transformer_depth_middle"])
    for i in range(2):
        found |= _resnet(f"mid_block.resnets.{i}", f"middle_block.{2 * i}")
    for level, count in enumerate(reversed(levels)):
        block = (count + 1) * level
        for i in range(count + 1):
            depth = depths_up.pop()
            found |= _resnet(f"up_blocks.{level}.resnets.{i}", f"output_blocks.{block}.0")
            found |= _attention(f"up_blocks.{level}.attentions.{i}", f"output_blocks.{block}.1", depth)
            if i == count:
                after = 2 if depth > 0 else 1
                found |= _ends(f"up_blocks.{level}.upsamplers.0.conv", f"output_blocks.{block}.{after}.conv")
            block += 1
    return found | {other: one for one, other in UNET_MAP_BASIC}


def _resnet(diffusers: str, ours: str) -> dict[str, str]:
    return {f"{diffusers}.{other}": f"{ours}.{one}" for one, other in UNET_MAP_RESNET.items()}


def _attention(diffusers: str, ours: str, depth: int) -> dict[str, str]:
    if depth <= 0:
        return {}
    found = {f"{diffusers}.{name}": f"{ours}.{name}" for name in UNET_MAP_ATTENTIONS}
    for i in range(depth):
        names = [f"transformer_blocks.{i}.{name}" for name in TRANSFORMER_BLOCKS]
        found |= {f"{diffusers}.{name}": f"{ours}.{name}" for name in names}
    return found


def _ends(diffusers: str, ours: str) -> dict[str, str]:
    return {f"{diffusers}.{end}": f"{ours}.{end}" for end in _ENDS}
