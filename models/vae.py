"""What VAE is at sockets: an autoencoder between pixels and latents. Immutable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from . import memory, tiles
from .errors import ModelError, OutOfMemory
from .latents import in_words
from .load import Component
from .networks.taesd import Taesd
from .networks.vae import VaeNetwork

if TYPE_CHECKING:
    from .engine import Engine

_VALUES_PER_PIXEL = 17
"""How many numbers a VAE holds at once for each pixel and each channel of its finest level; measured."""

_FALLBACK_TILE, _FALLBACK_OVERLAP = 512, 128
"""Pixels: what a VAE does when the whole picture does not fit into memory."""


@dataclass(frozen=True)
class Vae:
    """An autoencoder. Pixels (b, h, w, 3) in [0, 1]; latents (b, c, h / factor, w / factor); float32 on the CPU.

    ModelError where a picture or a latent is of a kind that it cannot take.
    """

    engine: Engine = field(repr=False)
    component: Component
    network: VaeNetwork | Taesd

    @property
    def factor(self) -> int:
        """Pixels along an edge for each latent."""
        return self.network.factor

    @property
    def latent_channels(self) -> int:
        return self.network.latent_channels

    def encode(self, pixels: Tensor) -> Tensor:
        """The mean of what the encoder takes each picture for; nothing is drawn. Edges that are no multiple of the
        factor are cut off evenly, an alpha channel is left out. Works in tiles when memory runs out."""
        x = self._enter(pixels)
        return self._whole_or_tiled(
            x, x.shape[2] * x.shape[3], self._encode,
            lambda: self._encode_tiled(x, _FALLBACK_TILE, _FALLBACK_OVERLAP),
        )  # fmt: skip

    def decode(self, latent: Tensor) -> Tensor:
        """Works in tiles when memory runs out."""
        self._check(latent)
        return _leave(
            self._whole_or_tiled(
                latent, latent.shape[2] * latent.shape[3] * self.factor**2, self._decode,
                lambda: self._decode_tiled(latent, _FALLBACK_TILE, _FALLBACK_OVERLAP),
            )
        )  # fmt: skip

    def glance(self, latent: Tensor) -> Tensor:
        """Like decode, but only with what memory is free: no weights make way for a preview. OutOfMemory."""
        self._check(latent)
        pixels, device = latent.shape[2] * latent.shape[3] * self.factor**2, self.engine.device
        need, free = self._need(pixels), memory.free(device)
        if need > free:
            raise OutOfMemory(f"a preview of {pixels:,} pixels", need, free, str(device))
        try:
            return _leave(self._decode(latent))
        except Exception as error:
            if not self.engine.is_out_of_memory(error):
                raise
            raise OutOfMemory(f"a preview of {pixels:,} pixels", need, free, str(device)) from error

    def encode_tiled(self, pixels: Tensor, tile_size: int = 512, overlap: int = 64) -> Tensor:
        """tile_size and overlap in pixels; an overlap of half a tile or more counts as a quarter."""
        overlap = overlap if overlap < tile_size // 2 else tile_size // 4
        return self._encode_tiled(self._enter(pixels), tile_size, overlap)

    def decode_tiled(self, latent: Tensor, tile_size: int = 512, overlap: int = 64) -> Tensor:
        """tile_size and overlap in pixels; an overlap of more than a quarter of the tile counts as a quarter."""
        self._check(latent)
        return _leave(self._decode_tiled(latent, tile_size, min(overlap, tile_size // 4)))

    def _enter(self, pixels: Tensor) -> Tensor:
        return _enter(pixels, self.factor, self.component.title)

    def _check(self, latent: Tensor) -> None:
        check_latent(latent, self.latent_channels, self.component.title)

    def _encode(self, x: Tensor) -> Tensor:
        dtype = self.engine.vae_dtype
        with self.engine.residency.use(self.component, dtype) as vae, torch.no_grad():
            return vae.encode(x.to(self.engine.device, dtype)).float().cpu()

    def _decode(self, latent: Tensor) -> Tensor:
        dtype = self.engine.vae_dtype
        with self.engine.residency.use(self.component, dtype) as vae, torch.no_grad():
            return vae.decode(latent.to(self.engine.device, dtype)).float().cpu()

    def _encode_tiled(self, x: Tensor, tile: int, overlap: int) -> Tensor:
        return tiles.thrice(x, self._encode, tile, overlap, Fraction(1, self.factor), self.latent_channels)

    def _decode_tiled(self, latent: Tensor, tile: int, overlap: int) -> Tensor:
        factor = self.factor
        return tiles.thrice(latent.float(), self._decode, tile // factor, overlap // factor, Fraction(factor), 3)

    def _need(self, pixels: int) -> int:
        """Bytes for the values that flow through the network while it works on a picture of so many pixels."""
        return pixels * self.network.width * _VALUES_PER_PIXEL * self.engine.vae_dtype.itemsize

    def _whole_or_tiled(
        self, x: Tensor, pixels: int, whole: Callable[[Tensor], Tensor], in_tiles: Callable[[], Tensor]
    ) -> Tensor:
        """One picture at a time in one piece, or all of them in tiles where there is not the memory for that."""
        try:
            with self.engine.residency.use(self.component, self.engine.vae_dtype):
                self.engine.reserve(self._need(pixels), f"{self.component.title}, on a picture of {pixels:,} pixels,")
            return torch.cat([whole(one) for one in x.split(1)])
        except Exception as error:
            if not self.engine.is_out_of_memory(error):
                raise
        return in_tiles()


@dataclass(frozen=True)
class PixelSpace:
    """Stands where a VAE does for models that work on pixels: latents (b, 3, h, w) are the pixels, in [-1, 1]."""

    factor: int = field(default=1, init=False)
    latent_channels: int = field(default=3, init=False)

    def encode(self, pixels: Tensor) -> Tensor:
        return _enter(pixels, self.factor, "pixel_space")

    def decode(self, latent: Tensor) -> Tensor:
        check_latent(latent, self.latent_channels, "pixel_space")
        return _leave(latent.float())

    def encode_tiled(self, pixels: Tensor, tile_size: int = 512, overlap: int = 64) -> Tensor:
        """The same: tiles of what is not changed are the whole."""
        return self.encode(pixels)

    def decode_tiled(self, latent: Tensor, tile_size: int = 512, overlap: int = 64) -> Tensor:
        """The same: tiles of what is not changed are the whole."""
        return self.decode(latent)


def check_latent(latent: Tensor, channels: int, title: str) -> None:
    """ModelError where a latent is no batch of pictures, or of another family than the VAE."""
    if latent.dim() != 4:
        kind = "a video's" if latent.dim() == 5 else "not a picture's"
        raise ModelError(
            f"The latent has {latent.dim()} axes {list(latent.shape)}, which is {kind}, and {title} decodes pictures, "
            "whose latents have four (batch, channels, height, width). Use the VAE that belongs to the model."
        )
    if latent.shape[1] != channels:
        raise ModelError(
            f"The latent has {in_words(latent.shape[1])}, and {title} decodes {in_words(channels)}. "
            "Use the VAE that belongs to the model that made the latent."
        )
    if not latent.numel():
        raise ModelError(f"The latent is empty {list(latent.shape)}: there is no picture in it to decode.")


def _enter(pixels: Tensor, factor: int, title: str) -> Tensor:
    """Pictures (b, h, w, 3 or 4) in [0, 1] -> (b, 3, h', w') in [-1, 1], edges cut to multiples of the factor."""
    if pixels.dim() != 4 or pixels.shape[3] < 3:
        raise ModelError(
            f"The picture has the shape {list(pixels.shape)}, and {title} encodes pictures in colour: "
            "(batch, height, width, 3)."
        )
    height, width = (length // factor * factor for length in pixels.shape[1:3])
    if not (len(pixels) and height and width):
        raise ModelError(
            f"The picture is {pixels.shape[2]} x {pixels.shape[1]} pixels, and the smallest that {title} encodes is "
            f"{factor} x {factor}. Scale it up first."
        )
    top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
    return pixels[:, top : top + height, left : left + width, :3].movedim(-1, 1).float() * 2 - 1


def _leave(x: Tensor) -> Tensor:
    return ((x + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous()
