# pyright: basic
# The shape of ComfyUI's classes: attributes that packs read and set as they like.
"""`comfy.latent_formats`: how a family's latents are scaled, as classes with the documented attributes, on ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from models import latents


class LatentFormat:
    """A format. Class attributes say how; `process_in` scales a VAE's latent for a model, `process_out` back."""

    known: latents.LatentFormat | None = None
    scale_factor: float = 1.0
    shift_factor: float = 0.0
    latent_channels: int = 4
    latent_dimensions: int = 2
    latent_rgb_factors: Any = None
    latent_rgb_factors_bias: Any = None
    latent_rgb_factors_reshape: Any = None
    taesd_decoder_name: str | None = None
    spacial_downscale_ratio: int = 8
    temporal_downscale_ratio: int = 1

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "known" in vars(cls) and cls.known is not None:
            for name, value in _attributes(cls.known).items():
                setattr(cls, name, value)

    def __init__(self, scale_factor: float | None = None) -> None:
        if scale_factor is not None:
            self.scale_factor = scale_factor

    def process_in(self, latent: torch.Tensor) -> torch.Tensor:
        return self.ours().to_model(latent)

    def process_out(self, latent: torch.Tensor) -> torch.Tensor:
        return self.ours().from_model(latent)

    def ours(self) -> latents.LatentFormat:
        """The engine's own kind of format, with whatever was set here."""
        rgb = self.latent_rgb_factors or [(0.0, 0.0, 0.0)] * self.latent_channels
        base = self.known or latents.LatentFormat(self.latent_channels, 1.0, ())
        return replace(
            base,
            channels=self.latent_channels,
            scale=self.scale_factor,
            shift=self.shift_factor,
            rgb=tuple(tuple(row) for row in rgb),
            rgb_bias=tuple(self.latent_rgb_factors_bias or (0.0, 0.0, 0.0)),
            factor=self.spacial_downscale_ratio,
        )


def _attributes(known: latents.LatentFormat) -> dict[str, Any]:
    return {
        "scale_factor": known.scale,
        "shift_factor": known.shift,
        "latent_channels": known.channels,
        "latent_rgb_factors": [list(row) for row in known.rgb],
        "latent_rgb_factors_bias": list(known.rgb_bias) if any(known.rgb_bias) else None,
        "taesd_decoder_name": f"{known.taesd}_decoder" if known.taesd else None,
        "spacial_downscale_ratio": known.factor,
    }


class SD15(LatentFormat):
    known = latents.SD1


class SDXL(LatentFormat):
    known = latents.SDXL


class SDXL_Playground_2_5(LatentFormat):  # noqa: N801 (its name)
    known = latents.PLAYGROUND


class SD3(LatentFormat):
    known = latents.SD3


class Flux(SD3):
    known = latents.FLUX


def format_of(ours: latents.LatentFormat) -> LatentFormat:
    """The class that packs know this format by, with what the model's own VAE has otherwise."""
    for kind in (SDXL_Playground_2_5, SD15, SDXL, SD3, Flux):
        known = kind.known
        assert known is not None
        if (known.channels, known.scale, known.shift, known.mean) == (ours.channels, ours.scale, ours.shift, ours.mean):
            break
    else:
        kind = LatentFormat
    made = kind()
    made.known = ours
    for name, value in _attributes(ours).items():
        setattr(made, name, value)
    return made


@dataclass(frozen=True)
class OfPack(latents.LatentFormat):
    """A pack's own object in place of a format."""

    theirs: Any = None

    def to_model(self, latent: torch.Tensor) -> torch.Tensor:
        return self.theirs.process_in(latent)

    def from_model(self, latent: torch.Tensor) -> torch.Tensor:
        return self.theirs.process_out(latent)


def ours_of(theirs: Any) -> latents.LatentFormat:
    """What the engine is given for such an object."""
    kind = type(theirs)
    if kind.process_in is LatentFormat.process_in and kind.process_out is LatentFormat.process_out:
        return theirs.ours()
    rgb = theirs.latent_rgb_factors or [(0.0, 0.0, 0.0)] * theirs.latent_channels
    return OfPack(theirs.latent_channels, float(theirs.scale_factor), tuple(map(tuple, rgb)), theirs=theirs)
