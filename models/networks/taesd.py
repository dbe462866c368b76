"""TAESD, the tiny autoencoder that stands in for a family's VAE (Bohan, 2023): small enough for previews.

taesd_encoder.n, taesd_decoder.n    our names: two sequences, whose convolutions and blocks are numbered with what lies
                                    between them
n                                   in the published files, of one half each
encoder.layers.n, decoder.layers.n  in diffusers' files, the decoder's one less: its clamp at the start is no layer
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .layout import Pick, Shapes, UnknownLayout, understood

ENCODER, DECODER = "taesd_encoder.", "taesd_decoder."
MARKS = frozenset({"vae_scale", "vae_shift"})
"""Tensors of saved files that say how latents are scaled."""

_BLOCKS = 3
"""Blocks a level; the coarse end comes first in the decoder and last in the encoder."""
_DOUBLINGS = 3


@dataclass(frozen=True)
class Half:
    """How a file names one half: what stands before its numbers, and by how much they are less than ours."""

    prefix: str
    fewer: int = 0


_ENCODERS = (Half(ENCODER), Half("encoder.layers."), Half(""))
_DECODERS = (Half(DECODER), Half("decoder.layers.", fewer=1), Half(""))


@dataclass(frozen=True)
class Taesd:
    """Sizes of the tiny autoencoder, and how it scales latents."""

    latent_channels: int
    width: int
    """Channels of every level."""
    encoder: Half | None
    """None where only a decoder is there."""
    decoder: Half
    scale: float = 1.0
    """It works on (latent - shift) * scale, as its family's denoiser does; LATENT values are as a VAE gives them."""
    shift: float = 0.0

    def build(self) -> nn.Module:
        return TinyAutoencoder(self).eval()

    @property
    def factor(self) -> int:
        """Pixels along an edge for each latent."""
        return 2**_DOUBLINGS

    def scaled(self, scale: float, shift: float) -> Taesd:
        return replace(self, scale=scale, shift=shift)

    def picks(self) -> dict[str, Pick]:
        with torch.device("meta"):
            return {name: Pick(self._theirs(name)) for name in self.build().state_dict()}

    def channels_last(self, device: torch.device) -> bool:
        return True

    def ignores(self, name: str) -> bool:
        """A decoder alone may stand beside an encoder that nobody asked for."""
        return name in MARKS or (self.encoder is None and name.startswith((ENCODER, "encoder.layers.")))

    def _theirs(self, name: str) -> str:
        half, rest = (self.encoder, ENCODER) if name.startswith(ENCODER) else (self.decoder, DECODER)
        assert half is not None
        number, _, part = name.removeprefix(rest).partition(".")
        return f"{half.prefix}{int(number) - half.fewer}.{part}"


def is_taesd(shapes: Shapes) -> bool:
    """Whether one file holds both halves, under any of their names."""
    return any(f"{half.prefix}{1 - half.fewer}.weight" in shapes for half in _DECODERS[:2])


@understood
def read_taesd(shapes: Shapes) -> Taesd:
    """The sizes of a file with both halves. UnknownLayout where it is odd."""
    number = next((n for n, half in enumerate(_DECODERS[:2]) if f"{half.prefix}{1 - half.fewer}.weight" in shapes), 0)
    return _read(shapes, _ENCODERS[number], _DECODERS[number])


@understood
def read_halves(shapes: Shapes) -> Taesd:
    """Of an encoder's file and a decoder's, put together with ENCODER and DECODER before the names of each."""
    return _read(shapes, _half(shapes, ENCODER, _ENCODERS, 0), _half(shapes, DECODER, _DECODERS, 1))


@understood
def read_decoder(shapes: Shapes) -> Taesd:
    """Of a decoder's file, for previews. UnknownLayout where it is none."""
    half = next((half for half in _DECODERS if f"{half.prefix}{1 - half.fewer}.weight" in shapes), None)
    if half is None:
        raise UnknownLayout("it is no decoder of a tiny autoencoder (TAESD)")
    return _read(shapes, None, half)


def _half(shapes: Shapes, before: str, halves: tuple[Half, ...], first: int) -> Half:
    for half in halves:
        if f"{before}{half.prefix}{first - half.fewer}.weight" in shapes:
            return Half(before + half.prefix, half.fewer)
    which = "encoder" if before == ENCODER else "decoder"
    raise UnknownLayout(f"the file of its {which} holds no {which} of a tiny autoencoder (TAESD)")


def _read(shapes: Shapes, encoder: Half | None, decoder: Half) -> Taesd:
    name = f"{decoder.prefix}{1 - decoder.fewer}.weight"
    enters = shapes.get(name, ())
    if len(enters) != 4:
        raise UnknownLayout(f"{name}, the first convolution of its decoder, is missing or has the shape {list(enters)}")
    return Taesd(latent_channels=enters[1], width=enters[0], encoder=encoder, decoder=decoder)


class TinyAutoencoder(nn.Module):
    def __init__(self, sizes: Taesd) -> None:
        super().__init__()
        self.scale, self.shift = sizes.scale, sizes.shift
        if sizes.encoder is not None:
            self.taesd_encoder = nn.Sequential(*_encoder(sizes.latent_channels, sizes.width))
        self.taesd_decoder = nn.Sequential(*_decoder(sizes.latent_channels, sizes.width))

    def encode(self, x: Tensor) -> Tensor:
        """Pixels (b, 3, h, w) in [-1, 1] -> latents (b, c, h / 8, w / 8) as the family's VAE would give them."""
        return self.taesd_encoder(x / 2 + 0.5) / self.scale + self.shift

    def decode(self, z: Tensor) -> Tensor:
        """Latents (b, c, h, w) as the family's VAE gives them -> pixels (b, 3, 8 h, 8 w), about in [-1, 1]."""
        return self.taesd_decoder((z - self.shift) * self.scale) * 2 - 1


class Block(nn.Module):
    """Three convolutions, carried round."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            _conv(channels, channels), nn.ReLU(), _conv(channels, channels), nn.ReLU(), _conv(channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return (self.conv(x) + x).relu()


class SoftClamp(nn.Module):
    """Holds latents between -3 and 3, beyond which real ones do not reach."""

    def forward(self, x: Tensor) -> Tensor:
        return (x / 3).tanh() * 3


def _encoder(latent_channels: int, width: int) -> Iterator[nn.Module]:
    yield _conv(3, width)
    yield Block(width)
    for _ in range(_DOUBLINGS):
        yield _conv(width, width, stride=2, bias=False)
        yield from (Block(width) for _ in range(_BLOCKS))
    yield _conv(width, latent_channels)


def _decoder(latent_channels: int, width: int) -> Iterator[nn.Module]:
    yield SoftClamp()
    yield _conv(latent_channels, width)
    yield nn.ReLU()
    for _ in range(_DOUBLINGS):
        yield from (Block(width) for _ in range(_BLOCKS))
        yield nn.Upsample(scale_factor=2)
        yield _conv(width, width, bias=False)
    yield Block(width)
    yield _conv(width, 3)


def _conv(enters: int, leaves: int, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(enters, leaves, 3, stride, padding=1, bias=bias)
