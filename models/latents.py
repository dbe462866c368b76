"""Latent formats: how a family's latents are scaled, and how they look without a decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

Matrix = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class LatentFormat:
    """LATENT values at sockets are as the VAE gives them; a model works on (latent - shift) * scale."""

    channels: int
    scale: float
    rgb: Matrix
    """For each channel, how much red, green and blue one unit of the model's latent gives, in [-1, 1]."""
    shift: float = 0.0
    rgb_bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
    factor: int = 8
    """Pixels along an edge for each latent."""
    blank: tuple[float, ...] = (0.8223, -0.6876, 0.6364, 0.1380)
    """What mid-grey looks like to a model of four channels; inpainting models see it where nothing is given."""
    mean: tuple[float, ...] = ()
    """For each channel, where formats shift and stretch channels apart (Playground 2.5)."""
    deviation: tuple[float, ...] = ()
    taesd: str = ""
    """The tiny autoencoder for such latents: its files are named NAME_encoder and NAME_decoder."""

    def to_model(self, latent: Tensor) -> Tensor:
        if self.mean:
            return (latent - _by_channel(self.mean, latent)) * self.scale / _by_channel(self.deviation, latent)
        return (latent - self.shift) * self.scale

    def from_model(self, latent: Tensor) -> Tensor:
        if self.mean:
            return latent * _by_channel(self.deviation, latent) / self.scale + _by_channel(self.mean, latent)
        return latent / self.scale + self.shift

    def to_rgb(self, latent: Tensor) -> Tensor:
        """A model's latent (b, c, h, w) -> (b, h, w, 3) in [0, 1]: colours and shapes, no detail."""
        factors = torch.tensor(self.rgb, dtype=torch.float32, device=latent.device)
        bias = torch.tensor(self.rgb_bias, dtype=torch.float32, device=latent.device)
        pixels = torch.einsum("bchw,cr->bhwr", latent.float(), factors) + bias
        return ((pixels + 1) / 2).clamp(0, 1)


def _by_channel(values: tuple[float, ...], latent: Tensor) -> Tensor:
    return torch.tensor(values, dtype=latent.dtype, device=latent.device)[:, None, None]


def fit_rgb(like: LatentFormat, decode: Callable[[Tensor], Tensor]) -> LatentFormat:
    """The format with colours that fit another VAE: least squares on what it makes of smooth random latents.

    decode: latents (b, c, h, w) as the VAE scales them -> pixels (b, h * factor, w * factor, 3) in [0, 1]. For the
    model that comes with Easel such colours explain 0.88 of the variance of real pictures at latent size.
    """
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(8, like.channels, 5, 5, generator=generator)
    latent = functional.interpolate(coarse, size=(16, 16), mode="bicubic") * 0.7
    pixels = decode(like.from_model(latent)).movedim(-1, 1).float() * 2 - 1
    seen = functional.adaptive_avg_pool2d(pixels, latent.shape[-2:]).movedim(1, -1).reshape(-1, 3)
    known = torch.cat([latent.movedim(1, -1).reshape(-1, like.channels), torch.ones(len(seen), 1)], 1)
    *factors, bias = torch.linalg.lstsq(known, seen).solution.tolist()
    return replace(like, rgb=tuple(map(tuple, factors)), rgb_bias=tuple(bias), factor=pixels.shape[-1] // 16)


SD1 = LatentFormat(
    channels=4,
    scale=0.18215,
    rgb=(
        (0.3512, 0.2297, 0.3227),
        (0.3250, 0.4974, 0.2350),
        (-0.2829, 0.1762, 0.2721),
        (-0.2120, -0.2616, -0.7177),
    ),
    taesd="taesd",
)
"""Stable Diffusion 1 and 2. The colours are the usual linear fit to its VAE."""

SDXL = LatentFormat(
    channels=4,
    scale=0.13025,
    rgb=(
        (0.3651, 0.4232, 0.4341),
        (-0.2533, -0.0042, 0.1068),
        (0.1076, 0.1111, -0.0362),
        (-0.3165, -0.2492, -0.2188),
    ),
    rgb_bias=(0.1084, -0.0175, -0.0011),
    taesd="taesdxl",
)
"""Stable Diffusion XL."""

PLAYGROUND = replace(SDXL, scale=0.5, mean=(-1.6574, 1.886, -1.383, 2.5155), deviation=(8.4927, 5.9022, 6.5498, 5.2299))
"""Playground 2.5, whose latents are normalised channel by channel."""

SD3 = LatentFormat(
    channels=16,
    scale=1.5305,
    shift=0.0609,
    rgb=(
        (-0.0922, -0.0175, 0.0749),
        (0.0311, 0.0633, 0.0954),
        (0.1994, 0.0927, 0.0458),
        (0.0856, 0.0339, 0.0902),
        (0.0587, 0.0272, -0.0496),
        (-0.0006, 0.1104, 0.0309),
        (0.0978, 0.0306, 0.0427),
        (-0.0042, 0.1038, 0.1358),
        (-0.0194, 0.0020, 0.0669),
        (-0.0488, 0.0130, -0.0268),
        (0.0922, 0.0988, 0.0951),
        (-0.0278, 0.0524, -0.0542),
        (0.0332, 0.0456, 0.0895),
        (-0.0069, -0.0030, -0.0810),
        (-0.0596, -0.0465, -0.0293),
        (-0.1448, -0.1463, -0.1189),
    ),
    rgb_bias=(0.2394, 0.2135, 0.1925),
    taesd="taesd3",
)
"""Stable Diffusion 3 and 3.5."""

FLUX = LatentFormat(
    channels=16,
    scale=0.3611,
    shift=0.1159,
    rgb=(
        (-0.0346, 0.0244, 0.0681),
        (0.0034, 0.0210, 0.0687),
        (0.0275, -0.0668, -0.0433),
        (-0.0174, 0.0160, 0.0617),
        (0.0859, 0.0721, 0.0329),
        (0.0004, 0.0383, 0.0115),
        (0.0405, 0.0861, 0.0915),
        (-0.0236, -0.0185, -0.0259),
        (-0.0245, 0.0250, 0.1180),
        (0.1008, 0.0755, -0.0421),
        (-0.0515, 0.0201, 0.0011),
        (0.0428, -0.0012, -0.0036),
        (0.0817, 0.0765, 0.0749),
        (-0.1264, -0.0522, -0.1103),
        (-0.0280, -0.0881, -0.0499),
        (-0.1262, -0.0982, -0.0778),
    ),
    rgb_bias=(-0.0329, -0.0718, -0.0851),
    taesd="taef1",
)
"""Flux.1."""

TINY: Mapping[str, LatentFormat] = {known.taesd: known for known in (SD1, SDXL, SD3, FLUX)}
"""Tiny autoencoders by name, and how they scale latents."""

_MAKERS = {3: "pixels", 4: "Stable Diffusion 1, 2 and XL", 16: "Stable Diffusion 3 and Flux", 128: "Flux.2"}


def in_words(channels: int) -> str:
    """A number of latent channels, and whose they are: "4 channels (as Stable Diffusion 1, 2 and XL)"."""
    return f"{channels} channels" + (f" (as {_MAKERS[channels]})" if channels in _MAKERS else "")
