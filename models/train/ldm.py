"""The names of Stable Diffusion 1's single-file layout, and the small model written to such a file and read back.

    model.diffusion_model.*                     the UNet
    first_stage_model.*                         the VAE
    cond_stage_model.transformer.text_model.*   the text encoder

A name is translated piece by piece; `rename_unet` and `rename_vae` take a name of diffusers and give that of the file.
"""

import re
from pathlib import Path

import torch
from architecture import VAE_WIDTHS, make_text, make_unet, make_vae
from safetensors.torch import load_file, save_file

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer.text_model."
LAYERS = 1  # res-blocks a level on the UNet's way down; one more on the way up

UNET_TOP = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def rename_unet(name: str, attentive: set[int]) -> str:
    """A parameter's name in the file; `attentive` are the up-blocks that have attention."""
    stem, leaf = name.rsplit(".", 1)
    if stem in UNET_TOP:
        return f"{UNET_TOP[stem]}.{leaf}"
    if found := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", stem):
        kind, index, rest = found.groups()
        if kind == "attentions":
            return f"middle_block.1.{rest}.{leaf}"
        return f"middle_block.{2 * int(index)}.{UNET_RESNET[rest]}.{leaf}"
    way, level, kind, index, rest = re.fullmatch(r"(down|up)_blocks\.(\d)\.(\w+?)\.(\d)\.(.+)", stem).groups()
    level, index = int(level), int(index)
    block = level * (LAYERS + 1) + index + (way == "down")
    if kind == "downsamplers":
        return f"input_blocks.{(level + 1) * (LAYERS + 1)}.0.op.{leaf}"
    if kind == "upsamplers":
        return f"output_blocks.{block + LAYERS}.{1 + (level in attentive)}.conv.{leaf}"
    blocks = "input_blocks" if way == "down" else "output_blocks"
    if kind == "attentions":
        return f"{blocks}.{block}.1.{rest}.{leaf}"
    return f"{blocks}.{block}.0.{UNET_RESNET[rest]}.{leaf}"


def rename_vae(name: str) -> str:
    """A parameter's name in the file. The file numbers the decoder's levels from the largest picture down."""
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = name.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
    if "mid_block.attentions.0." in name:
        name = name.replace("mid_block.attentions.0.", "mid.attn_1.")
        for old, new in VAE_ATTENTION.items():
            name = name.replace(f"attn_1.{old}.", f"attn_1.{new}.")
    name = re.sub(r"samplers\.0\.conv", "sample.conv", name)
    name = re.sub(r"down_blocks\.(\d)\.", r"down.\1.", name)
    name = re.sub(r"up_blocks\.(\d)\.", lambda found: f"up.{len(VAE_WIDTHS) - 1 - int(found[1])}.", name)
    return re.sub(r"\.resnets\.(\d)\.", r".block.\1.", name)


def names(unet, vae, text) -> list[tuple[torch.nn.Module, str, str]]:
    """(module, its own name of a parameter, the file's name of it) for every parameter of the three."""
    unet_keys, table = list(unet.state_dict()), []
    attentive = {int(key.split(".")[1]) for key in unet_keys if re.match(r"up_blocks\.\d\.attentions", key)}
    table += [(unet, key, UNET + rename_unet(key, attentive)) for key in unet_keys]
    table += [(vae, key, VAE + rename_vae(key)) for key in vae.state_dict()]
    text_keys = [key for key in text.state_dict() if "position_ids" not in key]
    table += [(text, key, TEXT + key.removeprefix("text_model.")) for key in text_keys]
    return table


def write(path: Path, unet, vae, text) -> int:
    """Write the three as fp16 in the layout; returns the size in bytes."""
    tensors = {}
    for module, mine, theirs in names(unet, vae, text):
        value = module.state_dict()[mine].detach().half()
        if re.search(r"attn_1\.(q|k|v|proj_out)\.weight", theirs):
            value = value[:, :, None, None]  # the layout keeps these linear maps as 1 x 1 convolutions
        tensors[theirs] = value.contiguous()
    title = {"format": "pt", "title": "Easel emoji, 128 x 128", "license": "Apache-2.0 (trained on Noto Emoji)"}
    save_file(tensors, path, metadata=title)
    return path.stat().st_size


def read(path: Path) -> tuple:
    """The UNet, VAE and text encoder of a file that `write` made, in fp32 and in eval mode."""
    tensors = load_file(path)
    unet, vae, text = make_unet(), make_vae(), make_text()
    states = {unet: {}, vae: {}, text: {}}
    for module, mine, theirs in names(unet, vae, text):
        value = tensors.pop(theirs).float()
        states[module][mine] = value.reshape(module.state_dict()[mine].shape)
    if tensors:
        raise ValueError(f"{path} has tensors that the model does not: {sorted(tensors)[:5]}")
    for module, state in states.items():
        module.load_state_dict(state, strict=False)
        module.eval().requires_grad_(False)
    return unet, vae, text
