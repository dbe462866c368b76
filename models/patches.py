"""Changes of weights: what a LoRA file does to which parameter, worked out afresh from the original each time.

A LoRA's low-rank pair adds up @ down * alpha / rank to a weight. Files name the weight in one of three ways: kohya's
with underscores for dots, in the module names of diffusers or of the published single files, and diffusers' own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from .errors import CheckpointError, PatchError
from .files import WeightFile
from .load import Component
from .networks.clip_text import ClipText

_PAIRS: tuple[tuple[str, str, str], ...] = (
    (".lora_up.weight", ".lora_down.weight", ".lora_mid.weight"),
    (".lora_B.weight", ".lora_A.weight", ".lora_M.weight"),
    (".lora.up.weight", ".lora.down.weight", ".lora.mid.weight"),
    ("_lora.up.weight", "_lora.down.weight", "_lora.mid.weight"),
    (".lora_B.default.weight", ".lora_A.default.weight", ".lora_M.default.weight"),
    (".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight", ".lora_linear_layer.mid.weight"),
)
_UNET_STARTS = ("lora_unet_", "unet.", "diffusion_model.", "base_model.model.unet.")


@dataclass(frozen=True)
class LowRank:
    """One low-rank pair: up (o, r[, 1, 1]), down (r, i[, k, k]), and for convolutions perhaps mid (r, r, k, k)."""

    up: Tensor
    down: Tensor
    mid: Tensor | None
    scale: float
    """alpha / rank; 1 where the file says no alpha."""

    def numbers(self) -> int:
        """How many values the change has."""
        size = self.up.shape[0] * self.down[0].numel()
        return size if self.mid is None else self.up.shape[0] * self.down.shape[1] * math.prod(self.mid.shape[2:])

    def change(self, like: Tensor) -> Tensor:
        """The change at strength 1, float32, in the weight's shape and on its device."""
        up, down = (t.to(like.device, torch.float32).flatten(1) for t in (self.up, self.down))
        if self.mid is not None:
            mid = self.mid.to(like.device, torch.float32)
            return torch.einsum("or,rskl,si->oikl", up, mid, down).reshape(like.shape) * self.scale
        return (up @ down).reshape(like.shape) * self.scale


@dataclass(frozen=True, eq=False)
class Lora:
    """A LoRA file: its pairs under the names that it gives them."""

    file: WeightFile
    pairs: Mapping[str, LowRank] = field(repr=False)

    @property
    def name(self) -> str:
        return self.file.path.name

    def has_unet(self) -> bool:
        return any(name.startswith(_UNET_STARTS) for name in self.pairs)


@dataclass(frozen=True)
class Patch:
    """A LoRA at a strength, as a handle carries it."""

    lora: Lora
    strength: float

    @property
    def key(self) -> tuple[WeightFile, float]:
        return self.lora.file, self.strength


def read_lora(file: WeightFile) -> Lora:
    """All pairs of a LoRA file. CheckpointError where it holds none, or one whose halves do not meet."""
    pairs: dict[str, LowRank] = {}
    tensors = dict(file.read(name for name in file.shapes if _is_part(name)))
    for name, up in tensors.items():
        found = next((pair for pair in _PAIRS if name.endswith(pair[0])), None)
        if found is None:
            continue
        base = name.removesuffix(found[0])
        down, mid = tensors.get(base + found[1]), tensors.get(base + found[2])
        if down is None or min(up.dim(), down.dim()) < 2 or down.shape[0] != up.shape[1]:
            why = f"{base} has no half to go with {name}" if down is None else f"the halves of {base} do not meet"
            raise CheckpointError(file.path, why, "The file is damaged; fetch it again.")
        if not all(t is None or t.isfinite().all() for t in (up, down, mid)):
            raise CheckpointError(file.path, f"{base} holds values that are no numbers", "Fetch the file again.")
        alpha = tensors.get(f"{base}.alpha")
        scale = 1.0 if alpha is None else float(alpha) / down.shape[0]
        copies = (up.clone(), down.clone(), None if mid is None else mid.clone())
        pairs[base] = LowRank(*copies, scale)
    if not pairs:
        first = ", ".join(list(file.shapes)[:5])
        raise CheckpointError(file.path, f"no LoRA of a kind that can be used is in it; its first tensors are {first}")
    return Lora(file, pairs)


def changes(component: Component, patches: Iterable[Patch]) -> dict[str, list[tuple[LowRank, float]]]:
    """For each parameter of the network that the patches change: the pairs and their strengths, in order."""
    aliases = _aliases(component)
    found: dict[str, list[tuple[LowRank, float]]] = {}
    for patch in patches:
        for name, pair in patch.lora.pairs.items():
            parameter = aliases.get(_plain(name))
            if parameter is not None:
                found.setdefault(parameter, []).append((pair, patch.strength))
    return found


def fits(component: Component, lora: Lora) -> bool:
    """Whether the LoRA changes this network at all. PatchError where it does, but was made for one of other sizes."""
    aliases = _aliases(component)
    picks = component.picks()
    wrong: list[str] = []
    matched = 0
    for name, pair in lora.pairs.items():
        parameter = aliases.get(_plain(name))
        if parameter is None:
            continue
        matched += 1
        pick = picks[parameter]
        there = pick.shape(component.file.starting_with(component.prefix))
        if math.prod(there) != pair.numbers():
            wrong.append(f"{name} (up {list(pair.up.shape)}, down {list(pair.down.shape)}) for {list(there)}")
    if wrong:
        raise PatchError(
            f"{lora.name} was made for another kind of model than {component.file.path.name}: {len(wrong):,} of its "
            f"{matched:,} changes have the wrong size, the first of them {'; '.join(wrong[:5])}."
        )
    return matched > 0


@torch.no_grad()
def patched(weight: Tensor, pairs: Iterable[tuple[LowRank, float]]) -> Tensor:
    """A new tensor: the weight with the changes added in float32, then rounded to its own precision once."""
    total = weight.to(torch.float32, copy=True)
    for pair, strength in pairs:
        total += strength * pair.change(weight)
    return total.to(weight.dtype)


def _is_part(name: str) -> bool:
    return name.endswith((".alpha", *(suffix for pair in _PAIRS for suffix in pair)))


def _plain(name: str) -> str:
    return name.replace(".processor", "").replace(".", "_")


@lru_cache(maxsize=16)
def _aliases(component: Component) -> dict[str, str]:
    """Every name, dots as underscores, under which a LoRA may mean one of the network's weights."""
    names: dict[str, str] = {}
    for parameter, pick in component.network.picks().items():
        if not parameter.endswith(".weight"):
            continue
        ours = parameter.removesuffix(".weight")
        if isinstance(component.network, ClipText):
            bare = "text_model." + ours.removeprefix("text.")
            starts = ("lora_te_", "lora_te1_", "text_encoder_", "base_model_model_text_encoder_")
            spellings = [bare]
        else:
            starts = ("lora_unet_", "unet_", "diffusion_model_", "base_model_model_unet_")
            spellings = [ours, ours.replace(".to_out.0", ".to_out"), pick.name.removesuffix(".weight")]
        for start in starts:
            for spelling in spellings:
                names[start + spelling.replace(".", "_")] = parameter
    return names
