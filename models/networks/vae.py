"""The autoencoder of the Stable Diffusion families in the layout of the published single files.

encoder.down.level.block.j, .downsample     -> encoder.down_blocks.level.resnets.j, .downsamplers.0
encoder.mid.block_1, attn_1, block_2        -> encoder.mid_block.resnets.0, attentions.0, resnets.1
decoder.up.level.block.j, .upsample         -> decoder.up_blocks, counted from the other end
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL
from torch import nn

from .layout import Pick, Shapes, UnknownLayout, count, matrix

_RESNET = {"norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2", "nin_shortcut": "conv_shortcut"}
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


@dataclass(frozen=True)
class VaeNetwork:
    """Sizes of the autoencoder."""

    channels: tuple[int, ...]
    """Of each level, the finest first."""
    resnets: int
    """Res-blocks a level in the encoder; the decoder has one more."""
    latent_channels: int
    quantised: bool
    """Whether 1 x 1 convolutions stand on both sides of the latent (quant_conv, post_quant_conv)."""

    def build(self) -> nn.Module:
        return AutoencoderKL(
            block_out_channels=list(self.channels),
            layers_per_block=self.resnets,
            down_block_types=["DownEncoderBlock2D"] * len(self.channels),
            up_block_types=["UpDecoderBlock2D"] * len(self.channels),
            latent_channels=self.latent_channels,
            use_quant_conv=self.quantised,
            use_post_quant_conv=self.quantised,
        ).eval()

    @property
    def factor(self) -> int:
        """Pixels along an edge for each latent."""
        return 2 ** (len(self.channels) - 1)

    def picks(self) -> dict[str, Pick]:
        return {
            ours: Pick(theirs, matrix if ".attentions." in ours and theirs.endswith(".weight") else None)
            for ours, theirs in self._names()
        }

    def channels_last(self, device: torch.device) -> bool:
        return True

    def ignores(self, name: str) -> bool:
        return name.startswith(("loss.", "model_ema."))  # the discriminator of the training, and its averages

    def _names(self) -> Iterator[tuple[str, str]]:
        last = len(self.channels) - 1
        width = self.channels[0]
        for level, channels in enumerate(self.channels):
            ours, theirs = f"encoder.down_blocks.{level}", f"encoder.down.{level}"
            for j in range(self.resnets):
                yield from _resnet(f"{ours}.resnets.{j}", f"{theirs}.block.{j}", width != channels)
                width = channels
            if level < last:
                yield from _both(f"{ours}.downsamplers.0.conv", f"{theirs}.downsample.conv")
        for half in ("encoder", "decoder"):
            yield from _both(f"{half}.conv_in", f"{half}.conv_in")
            yield from _resnet(f"{half}.mid_block.resnets.0", f"{half}.mid.block_1", False)
            yield from _resnet(f"{half}.mid_block.resnets.1", f"{half}.mid.block_2", False)
            for theirs, ours in _ATTENTION.items():
                yield from _both(f"{half}.mid_block.attentions.0.{ours}", f"{half}.mid.attn_1.{theirs}")
            yield from _both(f"{half}.conv_norm_out", f"{half}.norm_out")
            yield from _both(f"{half}.conv_out", f"{half}.conv_out")
        for level in range(last, -1, -1):
            ours, theirs = f"decoder.up_blocks.{last - level}", f"decoder.up.{level}"
            for j in range(self.resnets + 1):
                yield from _resnet(f"{ours}.resnets.{j}", f"{theirs}.block.{j}", width != self.channels[level])
                width = self.channels[level]
            if level > 0:
                yield from _both(f"{ours}.upsamplers.0.conv", f"{theirs}.upsample.conv")
        if self.quantised:
            yield from _both("quant_conv", "quant_conv")
            yield from _both("post_quant_conv", "post_quant_conv")


def read_vae(shapes: Shapes) -> VaeNetwork:
    """The sizes of the autoencoder whose tensors these are. UnknownLayout where it is of another kind."""
    levels = count(shapes, "encoder.down.")
    try:
        channels = tuple(shapes[f"encoder.down.{level}.block.0.conv2.weight"][0] for level in range(levels))
        latent = shapes["decoder.conv_in.weight"][1]
    except KeyError as error:
        raise UnknownLayout(f"its VAE lacks {error.args[0]}") from None
    if not channels or len(shapes["decoder.conv_in.weight"]) != 4:
        raise UnknownLayout("its VAE is not one for pictures")
    return VaeNetwork(channels, count(shapes, "encoder.down.0.block."), latent, "post_quant_conv.weight" in shapes)


def _both(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}.weight", f"{theirs}.weight"
    yield f"{ours}.bias", f"{theirs}.bias"


def _resnet(ours: str, theirs: str, widens: bool) -> Iterator[tuple[str, str]]:
    for their_part, our_part in _RESNET.items():
        if widens or our_part != "conv_shortcut":
            yield from _both(f"{ours}.{our_part}", f"{theirs}.{their_part}")
