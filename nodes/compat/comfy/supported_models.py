"""`comfy.supported_models`: families of models, as classes."""

from nodes.compat.handles.config import (
    BASE,
    SD3,
    SD15,
    SD20,
    SDXL,
    Flux,
    FluxSchnell,
    SD21UnclipL,
    SDXLRefiner,
)

models = [SD15, SD20, SD21UnclipL, SDXLRefiner, SDXL, SD3, Flux, FluxSchnell]

__all__ = [
    "BASE",
    "SD3",
    "SD15",
    "SD20",
    "SDXL",
    "Flux",
    "FluxSchnell",
    "SD21UnclipL",
    "SDXLRefiner",
    "models",
]
