"""Which parameter a name in a LoRA file means: kohya's, diffusers', peft's and LyCORIS' ways of naming a weight.

All are compared with dots as underscores, which is how kohya writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..keymaps import diffusers_entries
from ..load import Component
from ..networks.layout import Shapes, TextNetwork

_STARTS = (
    *("lora_unet_", "lora_transformer_", "lora_prior_unet_", "lycoris_", "unet_base_model_model_"),
    *("base_model_model_unet_", "base_model_model_transformer_", "base_model_model_diffusion_model_"),
    *("base_model_model_", "model_diffusion_model_", "diffusion_model_", "transformer_", "unet_", ""),
)
"""What stands before a denoiser's module names, the longer ones first; nothing where a file says only the module."""


@dataclass(frozen=True)
class Target:
    """What a name means."""

    parameter: str
    rows: tuple[int, int] | None = None
    """The first row and how many, where the name is of a part of the parameter."""
    swapped: bool = False


def plain(name: str) -> str:
    """A name as it is compared: dots as underscores, without the ".processor" of diffusers' old attention."""
    return name.replace(".processor", "").replace(".", "_")


def target(component: Component, name: str, bias: bool) -> Target | None:
    """Which of the network's parameters a LoRA's name means, or None where it means none of them."""
    kind = "bias" if bias else "weight"
    names = _names(component)
    flat = plain(name)
    network = component.network
    starts: Iterable[str] = network.lora_starts if isinstance(network, TextNetwork) else _STARTS
    for start in starts:
        if flat.startswith(start):
            found = names.get((flat[len(start) :], kind))
            if found is not None:
                return found
    return None


@lru_cache(maxsize=16)
def _names(component: Component) -> Mapping[tuple[str, str], Target]:
    """(module, "weight" or "bias") -> the parameter; a parameter that is no weight goes by its whole name too."""
    network = component.network
    found: dict[tuple[str, str], Target] = {}
    if isinstance(network, TextNetwork):
        for stem, theirs in network.lora_stems().items():
            for kind in ("weight", "bias"):
                found[plain(theirs), kind] = Target(f"{stem}.{kind}")
        return found
    shapes = parameter_shapes(component)
    native = {pick.name: ours for ours, pick in network.picks().items() if pick.change is None}
    for entry in diffusers_entries({name: shapes[ours] for name, ours in native.items()}):
        ours = native[entry.native]
        for theirs, rows in zip(entry.theirs, _rows(entry.native, len(entry.theirs), shapes, ours), strict=True):
            _add(found, theirs, Target(ours, rows, entry.swapped))
            if theirs.endswith((".to_out.0.weight", ".to_out.0.bias")):
                _add(found, theirs.replace(".to_out.0.", ".to_out."), Target(ours, rows, entry.swapped))
    for name, ours in native.items():
        _add(found, name, Target(ours))
        if name.endswith(".linear1.weight") and len(shapes[ours]) == 2:  # the joined projection alone, in Flux
            _add(found, name.replace(".linear1.", ".linear1_qkv."), Target(ours, (0, 3 * shapes[ours][1])))
    return found


def _add(found: dict[tuple[str, str], Target], name: str, meant: Target) -> None:
    stem, _, kind = name.rpartition(".")
    if kind in ("weight", "bias"):
        found[plain(stem), kind] = meant
    if kind != "weight":
        found[plain(name), "weight"] = meant


def _rows(native: str, parts: int, shapes: Shapes, ours: str) -> list[tuple[int, int] | None]:
    if parts == 1:
        return [None]
    total = shapes[ours][0]
    # Three projections are equal; a fourth that is joined to them takes what their width leaves.
    width = total // 3 if parts == 3 else _width(native, shapes, ours)
    sizes = [width] * 3 + [total - 3 * width] * (parts - 3)
    return [(sum(sizes[:number]), size) for number, size in enumerate(sizes)]


def _width(native: str, shapes: Shapes, ours: str) -> int:
    weight = ours.removesuffix(".bias") + ".weight" if native.endswith(".bias") else ours
    return shapes[weight][1]


@lru_cache(maxsize=16)
def parameter_shapes(component: Component) -> Shapes:
    """The shapes of the network's parameters, by its own names."""
    theirs = component.file.starting_with(component.prefix)
    return {ours: pick.shape(theirs) for ours, pick in component.picks().items()}
