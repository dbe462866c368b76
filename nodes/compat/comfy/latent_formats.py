"""`comfy.latent_formats`: the formats of the families that Easel runs."""

from nodes.compat.handles.latent_format import SD3, SD15, SDXL, Flux, LatentFormat, SDXL_Playground_2_5

__all__ = ["SD3", "SD15", "SDXL", "Flux", "LatentFormat", "SDXL_Playground_2_5"]
