# pyright: basic
# The shape of ComfyUI's classes: attributes that packs read.
"""`comfy.supported_models`: what kind of model it is, as classes with the documented attributes."""

from __future__ import annotations

from typing import Any, ClassVar

from models.model import Model
from nodes.compat.handles import latent_format as formats


class BASE:
    """A family of models."""

    unet_config: ClassVar[dict[str, Any]] = {}
    unet_extra_config: ClassVar[dict[str, Any]] = {}
    latent_format: Any = formats.LatentFormat
    sampling_settings: ClassVar[dict[str, Any]] = {}
    memory_usage_factor = 2.0
    manual_cast_dtype = None

    def __init__(self, unet_config: dict[str, Any] | None = None) -> None:
        vars(self)["unet_config"] = dict(unet_config or type(self).unet_config)
        self.latent_format = type(self).latent_format()


class SD15(BASE):
    unet_config: ClassVar[dict[str, Any]] = {
        "context_dim": 768,
        "model_channels": 320,
        "use_linear_in_transformer": False,
    }
    latent_format = formats.SD15


class SD20(BASE):
    unet_config: ClassVar[dict[str, Any]] = {
        "context_dim": 1024,
        "model_channels": 320,
        "use_linear_in_transformer": True,
    }
    latent_format = formats.SD15


class SD21UnclipL(SD20):
    """With pictures as prompts."""


class SDXL(BASE):
    unet_config: ClassVar[dict[str, Any]] = {
        "context_dim": 2048,
        "model_channels": 320,
        "use_linear_in_transformer": True,
        "transformer_depth": [0, 0, 2, 2, 10, 10],
        "adm_in_channels": 2816,
    }
    latent_format = formats.SDXL


class SDXLRefiner(BASE):
    unet_config: ClassVar[dict[str, Any]] = {"context_dim": 1280, "model_channels": 384, "adm_in_channels": 2560}
    latent_format = formats.SDXL


class SD3(BASE):
    unet_config: ClassVar[dict[str, Any]] = {"in_channels": 16, "pos_embed_scaling_factor": None}
    latent_format = formats.SD3
    sampling_settings: ClassVar[dict[str, Any]] = {"shift": 3.0}


class Flux(BASE):
    unet_config: ClassVar[dict[str, Any]] = {"image_model": "flux", "guidance_embed": True}
    latent_format = formats.Flux


class FluxSchnell(BASE):
    unet_config: ClassVar[dict[str, Any]] = {"image_model": "flux", "guidance_embed": False}
    latent_format = formats.Flux
    sampling_settings: ClassVar[dict[str, Any]] = {"multiplier": 1.0, "shift": 1.0}


_FAMILIES: dict[str, type[BASE]] = {
    "sd1": SD15,
    "sd2": SD20,
    "sdxl": SDXL,
    "sdxl_refiner": SDXLRefiner,
    "sd3": SD3,
    "flux": Flux,
}


def config_of(model: Model) -> BASE:
    """What kind a handle is, with its network's own sizes."""
    network = model.component.network
    kind = _FAMILIES[model.family.name]
    if kind is Flux and not getattr(network, "guided", True):
        kind = FluxSchnell
    if kind is SD20 and getattr(network, "vector", 0):
        kind = SD21UnclipL
    sizes = {"in_channels": "in_channels", "context_dim": "context", "model_channels": "width"}
    found = {
        theirs: getattr(network, ours)
        for theirs, ours in sizes.items()
        if isinstance(getattr(network, ours, None), int)
    }
    if getattr(network, "vector", 0):
        found["adm_in_channels"] = int(getattr(network, "vector", 0))
    made = kind({**kind.unet_config, **found})
    made.latent_format = formats.format_of(model.latent_format)
    return made
