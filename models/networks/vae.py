"""The autoencoder of Stable Diffusion 1, 2, XL and 3 and of Flux (KL-regularised; Rombach et al., 2022). Its parameters
are named as in the published single files.

encoder.down.level.block.j, .downsample     the finest level first
encoder.mid, decoder.mid                    block_1, attn_1, block_2
decoder.up.level.block.j, .upsample         counted as the encoder's levels are: the last comes first
quant_conv, post_quant_conv                 1 x 1, on both sides of the latent; not in SD3 and Flux
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention import attend
from .layout import Pick, Shapes, UnknownLayout, count, understood
from .named import WithOwnNames

_GROUPS, _EPS = 32, 1e-6


@dataclass(frozen=True)
class VaeNetwork(WithOwnNames):
    """Sizes of the autoencoder."""

    channels: tuple[int, ...]
    """Of each level, the finest first."""
    resnets: int
    """Res-blocks a level in the encoder; the decoder has one more."""
    latent_channels: int
    quantised: bool
    """Whether 1 x 1 convolutions stand on both sides of the latent (quant_conv, post_quant_conv)."""
    attends: bool = True
    """Whether the middle of both halves attends; some newer ones do not."""

    def build(self) -> nn.Module:
        return Autoencoder(self).eval()

    @property
    def factor(self) -> int:
        """Pixels along an edge for each latent."""
        return 2 ** (len(self.channels) - 1)

    @property
    def width(self) -> int:
        """Channels of the finest level, where most of the memory goes."""
        return self.channels[0]

    def picks(self) -> dict[str, Pick]:
        return {
            name: Pick(pick.names, _convolution) if ".attn_1." in name and name.endswith(".weight") else pick
            for name, pick in super().picks().items()
        }

    def channels_last(self, device: torch.device) -> bool:
        return True

    def ignores(self, name: str) -> bool:
        return name.startswith(("loss.", "model_ema."))  # the discriminator of the training, and its averages


@understood
def read_vae(shapes: Shapes) -> VaeNetwork:
    """The sizes of the autoencoder whose tensors these are. UnknownLayout where it is of another kind."""
    levels = count(shapes, "decoder.up.")
    try:
        channels = tuple(shapes[f"decoder.up.{level}.block.0.conv2.weight"][0] for level in range(levels))
        enters = shapes["decoder.conv_in.weight"]
    except KeyError as error:
        raise UnknownLayout(f"its VAE lacks {error.args[0]}") from None
    if not channels or len(enters) != 4:
        raise UnknownLayout("its VAE is not one for pictures")
    if any(width % _GROUPS for width in channels):
        raise UnknownLayout(f"its VAE has levels of {channels} channels, and none can be but a multiple of {_GROUPS}")
    return VaeNetwork(
        channels=channels,
        resnets=max(1, count(shapes, "decoder.up.0.block.") - 1),
        latent_channels=enters[1],
        quantised="post_quant_conv.weight" in shapes,
        attends=any(name.startswith("decoder.mid.attn_1.") for name in shapes),
    )


class Autoencoder(nn.Module):
    def __init__(self, sizes: VaeNetwork) -> None:
        super().__init__()
        latent = sizes.latent_channels
        self.encoder = Encoder(sizes)
        self.decoder = Decoder(sizes)
        self.quant_conv = nn.Conv2d(2 * latent, 2 * latent, 1) if sizes.quantised else nn.Identity()
        self.post_quant_conv = nn.Conv2d(latent, latent, 1) if sizes.quantised else nn.Identity()

    def encode(self, x: Tensor) -> Tensor:
        """Pixels (b, 3, h, w) in [-1, 1] -> the mean of the latent's distribution, (b, c, h / factor, w / factor)."""
        return self.quant_conv(self.encoder(x)).chunk(2, 1)[0]

    def decode(self, z: Tensor) -> Tensor:
        """Latents (b, c, h, w) -> pixels (b, 3, h * factor, w * factor), about in [-1, 1]."""
        return self.decoder(self.post_quant_conv(z))


class Encoder(nn.Module):
    def __init__(self, sizes: VaeNetwork) -> None:
        super().__init__()
        channels = sizes.channels
        enters, last = (channels[0], *channels), len(channels) - 1
        self.conv_in = nn.Conv2d(3, channels[0], 3, padding=1)
        self.down = nn.ModuleList(
            Level(enters[level], leaves, sizes.resnets, downsample=Downsample(leaves) if level < last else None)
            for level, leaves in enumerate(channels)
        )
        self.mid = Middle(channels[-1], sizes.attends)
        self.norm_out = _norm(channels[-1])
        self.conv_out = nn.Conv2d(channels[-1], 2 * sizes.latent_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(functional.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, sizes: VaeNetwork) -> None:
        super().__init__()
        channels = sizes.channels
        self.conv_in = nn.Conv2d(sizes.latent_channels, channels[-1], 3, padding=1)
        self.mid = Middle(channels[-1], sizes.attends)
        enters = (*channels[1:], channels[-1])
        self.up = nn.ModuleList(
            Level(enters[level], leaves, sizes.resnets + 1, upsample=Upsample(leaves) if level > 0 else None)
            for level, leaves in enumerate(channels)
        )
        self.norm_out = _norm(channels[0])
        self.conv_out = nn.Conv2d(channels[0], 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        z = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            z = level(z)
        return self.conv_out(functional.silu(self.norm_out(z)))


class Level(nn.Module):
    """The res-blocks of one resolution, and what leads to the next."""

    def __init__(
        self,
        enters: int,
        leaves: int,
        resnets: int,
        downsample: nn.Module | None = None,
        upsample: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(ResBlock(leaves if j else enters, leaves) for j in range(resnets))
        self.downsample, self.upsample = downsample, upsample

    def forward(self, x: Tensor) -> Tensor:
        for block in self.block:
            x = block(x)
        for leads in (self.downsample, self.upsample):
            if leads is not None:
                x = leads(x)
        return x


class Middle(nn.Module):
    def __init__(self, channels: int, attends: bool) -> None:
        super().__init__()
        self.block_1 = ResBlock(channels, channels)
        self.attn_1 = Attention(channels) if attends else nn.Identity()
        self.block_2 = ResBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.block_2(self.attn_1(self.block_1(x)))


class ResBlock(nn.Module):
    def __init__(self, enters: int, leaves: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(enters), nn.Conv2d(enters, leaves, 3, padding=1)
        self.norm2, self.conv2 = _norm(leaves), nn.Conv2d(leaves, leaves, 3, padding=1)
        self.nin_shortcut = nn.Identity() if enters == leaves else nn.Conv2d(enters, leaves, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(functional.silu(self.norm1(x)))
        h = self.conv2(functional.silu(self.norm2(h)))
        return self.nin_shortcut(x) + h


class Attention(nn.Module):
    """One head over all places, carried round."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        found = attend(q, k, v, heads=1).transpose(1, 2).reshape(x.shape)
        return x + self.proj_out(found)


class Downsample(nn.Module):
    """Halves, with a border at the right and the bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(_GROUPS, channels, _EPS)


def _convolution(tensor: Tensor) -> Tensor:
    """A linear layer's matrix (o, i), as diffusers keeps it, as a 1 x 1 convolution (o, i, 1, 1)."""
    return tensor[:, :, None, None] if tensor.dim() == 2 else tensor
