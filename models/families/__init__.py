"""The families of models that Easel runs, in the order in which a file is compared with them."""

from __future__ import annotations

from . import flux, sd1, sd2, sd3, sdxl, sdxl_refiner
from .base import Family

FAMILIES: tuple[Family, ...] = tuple(module.FAMILY for module in (sd1, sd2, sdxl, sdxl_refiner, sd3, flux))

__all__ = ["FAMILIES", "Family"]
