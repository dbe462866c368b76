"""The names that diffusers gives to networks' weights, and those of the published single files ("native" ones).

Both are told by names and shapes alone. Nothing here reads a weight.
"""

from __future__ import annotations

from contextlib import suppress

from ..networks.layout import Pick, Shapes
from . import controlnet, controlnet_flux, controlnet_sd3, flux, sd3, t2i_adapter, unet, vae
from .entry import Entry

_MAPS = (controlnet, controlnet_sd3, controlnet_flux, t2i_adapter, flux, sd3, unet, vae)
"""ControlNets first: they have names of the models that they belong to."""

__all__ = ["Entry", "diffusers_entries", "diffusers_picks", "native_shapes"]


def diffusers_picks(shapes: Shapes) -> dict[str, Pick] | None:
    """For a file with diffusers' names: native name -> how that tensor is made of the file's.

    None for a file with other names. A tensor that has no native name keeps its own.
    """
    found = next((m for m in _MAPS if m.knows(shapes)), None)
    if found is None:
        return None
    picks = {entry.native: entry.pick() for entry in found.entries(shapes, native=False)}
    used = {name for pick in picks.values() for name in pick.names}
    return picks | {name: Pick(name) for name in shapes if name not in used}


def native_shapes(shapes: Shapes) -> dict[str, tuple[int, ...]] | None:
    """The shapes of a file with diffusers' names (their prefix taken off) under native names; None for others.

    A native tensor of which the file lacks a part, or whose parts do not meet, is left out, so that it is missed
    where it is needed.
    """
    picks = diffusers_picks(shapes)
    if picks is None:
        return None
    found: dict[str, tuple[int, ...]] = {}
    for native, pick in picks.items():
        with suppress(KeyError, RuntimeError):
            found[native] = pick.shape(shapes)
    return found


def diffusers_entries(shapes: Shapes) -> list[Entry]:
    """For a network with native names: what diffusers calls each of its tensors. Empty where diffusers has none."""
    found = next((m for m in _MAPS if m.knows_native(shapes)), None)
    return [] if found is None else found.entries(shapes, native=True)
