"""What MODEL, CLIP and VAE are at sockets: a base file and what is changed about it. Immutable; no weight is copied.

A handle knows how to load its weights, not whether they are loaded: that is `residency`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from . import tiles
from .errors import ModelError, PatchError
from .families import Family
from .latents import LatentFormat
from .load import Component
from .networks.vae import VaeNetwork
from .patches import Lora, Patch, fits
from .prediction import Prediction
from .text import Conditioning
from .text.handle import Clip

if TYPE_CHECKING:
    from .engine import Engine

__all__ = ["Clip", "Model", "Vae"]

_VALUES_PER_PIXEL = 17
"""How many numbers a VAE holds at once for each pixel and each channel of its finest level; measured."""

_FALLBACK_TILE, _FALLBACK_OVERLAP = 512, 128
"""Pixels: what a VAE does when the whole picture does not fit into memory."""


@dataclass(frozen=True)
class Model:
    """A denoiser with its family's facts."""

    engine: Engine = field(repr=False)
    component: Component
    family: Family
    prediction: Prediction = field(repr=False)
    latent_format: LatentFormat
    patches: tuple[Patch, ...] = ()

    @property
    def device(self) -> torch.device:
        return self.engine.device

    def with_lora(self, lora: Lora, strength: float) -> Model:
        """Strength 0 gives an equal handle. PatchError where the LoRA is for another kind of model."""
        if strength == 0:
            return self
        if not fits(self.component, lora) and lora.has_unet():
            raise PatchError(f"{lora.name} has no change that fits {self.component.title}: it is for another family.")
        return replace(self, patches=(*self.patches, Patch(lora, strength)))

    def check_inputs(self, latent: Tensor, conditioning: Conditioning) -> None:
        """ModelError where a latent (b, c, h, w) or a prompt was made for another kind of model."""
        if latent.shape[1] != self.latent_format.channels:
            raise ModelError(
                f"The latent has {latent.shape[1]} channels, and {self.component.title} works on "
                f"{self.latent_format.channels}. Make it with a VAE or an empty latent for this kind of model."
            )
        width = getattr(self.component.network, "context", None)
        for cross, _ in conditioning:
            if width is not None and cross.shape[-1] != width:
                raise ModelError(
                    f"The prompt was encoded {cross.shape[-1]:,} wide, and {self.component.title} attends to "
                    f"{width:,}. Encode it with the text encoder that belongs to this model."
                )

    def denoise(self, x: Tensor, sigma: Tensor, cross: Tensor, check: Callable[[], None]) -> Tensor:
        """x (b, c, h, w) at noise level sigma, a scalar -> what the network takes for the picture, float32.

        cross: (b, tokens, width). check is called between the network's blocks; what it raises ends the pass.
        """
        dtype = self.engine.model_dtype
        with self.engine.residency.use(self.component, dtype, self.patches) as network:
            scaled = self.prediction.into_network(x, sigma).to(dtype)
            timestep = self.prediction.timestep(sigma).expand(len(x))
            network.check = check
            try:
                answer = network(scaled, timestep, cross.to(x.device, dtype), return_dict=False)[0]
            finally:
                network.check = _nothing
        return self.prediction.denoised(x, answer.float(), sigma)


@dataclass(frozen=True)
class Vae:
    """An autoencoder. Pixels (b, h, w, 3) in [0, 1]; latents (b, c, h / factor, w / factor); float32 on the CPU."""

    engine: Engine = field(repr=False)
    component: Component
    network: VaeNetwork

    @property
    def factor(self) -> int:
        """Pixels along an edge for each latent."""
        return self.network.factor

    def encode(self, pixels: Tensor) -> Tensor:
        """The mean of what the encoder takes each picture for; nothing is drawn. Edges that are no multiple of the
        factor are cut off evenly. Works in tiles when memory runs out."""
        x = self._enter(pixels)
        return self._whole_or_tiled(
            x, x.shape[2] * x.shape[3], self._encode,
            lambda: self._encode_tiled(x, _FALLBACK_TILE, _FALLBACK_OVERLAP),
        )  # fmt: skip

    def decode(self, latent: Tensor) -> Tensor:
        """Works in tiles when memory runs out."""
        return self._leave(
            self._whole_or_tiled(
                latent, latent.shape[2] * latent.shape[3] * self.factor**2, self._decode,
                lambda: self._decode_tiled(latent, _FALLBACK_TILE, _FALLBACK_OVERLAP),
            )
        )  # fmt: skip

    def encode_tiled(self, pixels: Tensor, tile_size: int = 512, overlap: int = 64) -> Tensor:
        """tile_size and overlap in pixels; an overlap of more than a quarter of the tile counts as a quarter."""
        return self._encode_tiled(self._enter(pixels), tile_size, min(overlap, tile_size // 4))

    def decode_tiled(self, latent: Tensor, tile_size: int = 512, overlap: int = 64) -> Tensor:
        """tile_size and overlap in pixels; an overlap of more than a quarter of the tile counts as a quarter."""
        return self._leave(self._decode_tiled(latent, tile_size, min(overlap, tile_size // 4)))

    def _enter(self, pixels: Tensor) -> Tensor:
        height, width = (length // self.factor * self.factor for length in pixels.shape[1:3])
        top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
        return pixels[:, top : top + height, left : left + width, :3].movedim(-1, 1).float() * 2 - 1

    def _leave(self, x: Tensor) -> Tensor:
        return ((x + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous()

    def _encode(self, x: Tensor) -> Tensor:
        dtype = self.engine.vae_dtype
        with self.engine.residency.use(self.component, dtype) as vae, torch.no_grad():
            return vae.encode(x.to(self.engine.device, dtype)).latent_dist.mode().float().cpu()

    def _decode(self, latent: Tensor) -> Tensor:
        dtype = self.engine.vae_dtype
        with self.engine.residency.use(self.component, dtype) as vae, torch.no_grad():
            return vae.decode(latent.to(self.engine.device, dtype), return_dict=False)[0].float().cpu()

    def _encode_tiled(self, x: Tensor, tile: int, overlap: int) -> Tensor:
        return tiles.thrice(x, self._encode, tile, overlap, Fraction(1, self.factor), self.network.latent_channels)

    def _decode_tiled(self, latent: Tensor, tile: int, overlap: int) -> Tensor:
        factor = self.factor
        return tiles.thrice(latent.float(), self._decode, tile // factor, overlap // factor, Fraction(factor), 3)

    def _whole_or_tiled(
        self, x: Tensor, pixels: int, whole: Callable[[Tensor], Tensor], in_tiles: Callable[[], Tensor]
    ) -> Tensor:
        """One picture at a time in one piece, or all of them in tiles where there is not the memory for that."""
        need = pixels * self.network.channels[0] * _VALUES_PER_PIXEL * self.engine.vae_dtype.itemsize
        try:
            with self.engine.residency.use(self.component, self.engine.vae_dtype):
                self.engine.reserve(need, f"{self.component.title}, on a picture of {pixels:,} pixels,")
            return torch.cat([whole(one) for one in x.split(1)])
        except Exception as error:
            if not self.engine.is_out_of_memory(error):
                raise
        return in_tiles()


def _nothing() -> None:
    pass
