# pyright: basic
# The shape of ComfyUI's classes: packs read and call what they know of them.
"""`VAE` and `CLIP_VISION` as packs see them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from models.errors import ModelError
from models.save_weights import vae_items
from models.vae import Vae
from models.vision import ImageEncoder, VisionOutput, preprocess
from nodes.compat.handles.inner import Inside
from nodes.compat.handles.patcher import ModelPatcher
from nodes.compat.handles.weights import keys_of


class PackVae:
    """A VAE of the engine's. Pixels (b, h, w, c) in [0, 1]."""

    def __init__(self, handle: Any) -> None:
        self._base = handle
        self.first_stage_model = Inside("VAE.first_stage_model")

    @classmethod
    def of(cls, handle: Any) -> PackVae:
        return cls(handle)

    def frozen(self) -> Any:
        return self._base

    def __deepcopy__(self, memo: Any) -> PackVae:
        return self

    # Facts

    @property
    def downscale_ratio(self) -> int:
        return self._base.factor

    upscale_ratio = downscale_ratio

    @property
    def latent_channels(self) -> int:
        return self._base.latent_channels

    latent_dim = 2
    extra_1d_channel = None
    not_video = True
    crop_input = True

    @property
    def device(self) -> torch.device:
        engine = getattr(self._base, "engine", None)
        return torch.device("cpu") if engine is None else engine.device

    output_device = property(lambda self: torch.device("cpu"))
    offload_device = property(lambda self: torch.device("cpu"))

    @property
    def vae_dtype(self) -> torch.dtype:
        engine = getattr(self._base, "engine", None)
        return torch.float32 if engine is None else engine.vae_dtype

    @property
    def working_dtypes(self) -> list[torch.dtype]:
        return [self.vae_dtype]

    def spacial_compression_decode(self) -> int:
        return self._base.factor

    spacial_compression_encode = spacial_compression_decode

    def temporal_compression_decode(self) -> None:
        """No video."""

    def is_dynamic(self) -> bool:
        return False

    def throw_exception_if_invalid(self) -> None:
        """A handle is always whole."""

    def memory_used_decode(self, shape: Any, dtype: torch.dtype) -> float:
        return 2178 * shape[-2] * shape[-1] * 64 * dtype.itemsize

    def memory_used_encode(self, shape: Any, dtype: torch.dtype) -> float:
        return 1767 * shape[-2] * shape[-1] * dtype.itemsize

    def vae_encode_crop_pixels(self, pixels: Tensor) -> Tensor:
        """Without the edges that are no multiple of the factor, cut off evenly."""
        factor = self.downscale_ratio
        for axis in (1, 2):
            rest = pixels.shape[axis] % factor
            pixels = pixels.narrow(axis, rest // 2, pixels.shape[axis] - rest)
        return pixels

    @staticmethod
    def process_input(image: Tensor) -> Tensor:
        return image * 2.0 - 1.0

    @staticmethod
    def process_output(image: Tensor) -> Tensor:
        return ((image + 1.0) / 2.0).clamp(0.0, 1.0)

    # Work

    def encode(self, pixel_samples: Tensor) -> Tensor:
        return self._base.encode(pixel_samples)

    def decode(self, samples_in: Tensor, vae_options: Any = None) -> Tensor:
        return self._base.decode(samples_in)

    def encode_tiled(
        self, pixel_samples: Tensor, tile_x: Any = None, tile_y: Any = None, overlap: Any = None, **_: Any
    ) -> Tensor:
        """Sizes in pixels."""
        sizes = [size for size in (tile_x, tile_y) if size is not None]
        return self._base.encode_tiled(
            pixel_samples, int(min(sizes, default=512)), 64 if overlap is None else int(overlap)
        )

    def decode_tiled(
        self, samples: Tensor, tile_x: Any = None, tile_y: Any = None, overlap: Any = None, **_: Any
    ) -> Tensor:
        """Sizes in latents."""
        factor = self.downscale_ratio
        sizes = [size for size in (tile_x, tile_y) if size is not None]
        tile = int(min(sizes, default=64)) * factor
        return self._base.decode_tiled(samples, tile, (16 if overlap is None else int(overlap)) * factor)

    decode_tiled_ = decode_tiled
    encode_tiled_ = encode_tiled

    # Weights

    @property
    def patcher(self) -> ModelPatcher:
        made = ModelPatcher(self.first_stage_model, self.device, torch.device("cpu"))
        made.size = self.model_size()
        return made

    def model_size(self) -> int:
        return self._whole().component.size(self.vae_dtype)

    def get_sd(self) -> dict[str, Tensor]:
        """All weights, as the file has them."""
        return {item.name: item.make() for item in vae_items(self._whole())}

    def _whole(self) -> Vae:
        if not isinstance(self._base, Vae):
            raise ModelError("This VAE has no weights: it takes pixels as they are.")
        return self._base

    def __repr__(self) -> str:
        return f"VAE({getattr(getattr(self._base, 'component', None), 'title', 'pixels')})"


class PackVision:
    """A CLIP_VISION of the engine's."""

    def __init__(self, handle: ImageEncoder) -> None:
        self._base = handle
        self.model = Inside("CLIP_VISION.model")
        network = handle.network
        self.image_size, self.image_mean, self.image_std = network.size, list(network.mean), list(network.std)

    @classmethod
    def of(cls, handle: ImageEncoder) -> PackVision:
        return cls(handle)

    def frozen(self) -> ImageEncoder:
        return self._base

    def __deepcopy__(self, memo: Any) -> PackVision:
        return self

    @property
    def load_device(self) -> torch.device:
        return self._base.engine.device

    @property
    def dtype(self) -> torch.dtype:
        return self._base.engine.text_dtype

    @property
    def patcher(self) -> ModelPatcher:
        made = ModelPatcher(self.model, self.load_device, torch.device("cpu"))
        made.size = self._base.component.size(self.dtype)
        return made

    def encode_image(self, image: Tensor, crop: bool = True) -> VisionOutput:
        return self._base.encode(image, crop)

    def get_sd(self) -> dict[str, Tensor]:
        vision = self._base
        names = keys_of(vision.component, "")
        return {
            key: vision.engine.residency.original(vision.component, self.dtype, name) for key, name in names.items()
        }


_CLIP_MEAN, _CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def clip_preprocess(
    image: Tensor, size: int = 224, mean: Any = _CLIP_MEAN, std: Any = _CLIP_STD, crop: bool = True
) -> Tensor:
    """Pictures (b, h, w, c) as an image encoder takes them."""
    return preprocess(image.float(), size, tuple(mean), tuple(std), crop)
