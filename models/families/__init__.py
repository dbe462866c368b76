"""The families of models that Easel runs, in the order in which a file is compared with them."""

from __future__ import annotations

from . import sd1, sd2
from .base import Family, Part

FAMILIES: tuple[Family, ...] = (sd1.FAMILY, sd2.FAMILY)

__all__ = ["FAMILIES", "Family", "Part"]
