"""A LoRA out of a difference of weights: the best product of two small matrices, by singular values."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .load import Component
from .patches import WeightPatch, changes
from .patches.keys import parameter_shapes
from .safetensors_writer import Item
from .save_weights import patched_weight

if TYPE_CHECKING:
    from .handles import Clip, Model
    from .residency import Residency

CLAMPED = 0.99
"""The share of values that stay as they are; the few that are larger are cut, which keeps half precision exact."""

_log = logging.getLogger(__name__)


def low_rank(difference: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """(o, i[, k, k]) -> up (o, r[, 1, 1]) and down (r, i[, k, k]), float32, whose product is nearest to it.

    rank: the largest r; never more than there are rows or columns. RuntimeError where it is all zeros.
    """
    outputs, inputs, *kernel = difference.shape
    rank = min(rank, inputs, outputs)
    u, s, v = torch.linalg.svd(difference.float().flatten(1), full_matrices=False)
    up, down = u[:, :rank] * s[:rank], v[:rank]
    limit = torch.quantile(torch.cat([up.flatten(), down.flatten()]), CLAMPED)
    up, down = up.clamp(-limit, limit), down.clamp(-limit, limit)
    return up.reshape(outputs, rank, *[1] * len(kernel)), down.reshape(rank, inputs, *kernel)


def model_lora(model: Model, rank: int, full: bool, biases: bool, check: Callable[[], None]) -> Iterator[Item]:
    """The weights of a difference of two models as a LoRA's tensors, in half precision.

    full: keep the differences themselves. biases: keep those of biases and norms too. check is called between weights.
    """
    residency = model.engine.residency
    yield from _tensors(model.component, residency, model.dtype, model.patches, "diffusion_model.", rank, full, biases,
                        check)  # fmt: skip


def clip_lora(clip: Clip, rank: int, full: bool, biases: bool, check: Callable[[], None]) -> Iterator[Item]:
    """The same of text encoders."""
    names = {"l": "clip_l", "g": "clip_g", "h": "clip_h"}
    for name, component in clip.encoders:
        prefix = f"text_encoders.{names.get(name, name)}.transformer."
        dtype = clip.dtype_of(component)
        yield from _tensors(
            component, clip.engine.residency, dtype, clip.patches, prefix, rank, full, biases, check
        )  # fmt: skip


def _tensors(
    component: Component,
    residency: Residency,
    dtype: torch.dtype,
    patches: tuple[WeightPatch, ...],
    prefix: str,
    rank: int,
    full: bool,
    biases: bool,
    check: Callable[[], None],
) -> Iterator[Item]:
    changed = changes(component, patches)
    alike = 0
    for name in parameter_shapes(component):
        check()
        stem, _, kind = name.rpartition(".")
        published = prefix + _published(component, stem)
        if (kind == "bias" and not biases) or kind not in ("weight", "bias"):
            continue
        difference = patched_weight(residency, component, dtype, name, changed.get(name, []))
        if kind == "bias":
            yield _half(f"{published}.diff_b", difference)
        elif full or difference.dim() < 2:
            if full or biases:
                yield _half(f"{published}.diff", difference)
        elif not difference.any():
            alike += 1
        else:
            up, down = low_rank(difference, rank)
            yield _half(f"{published}.lora_up.weight", up)
            yield _half(f"{published}.lora_down.weight", down)
    if alike:
        _log.info("%s: %d weights do not differ, so nothing of them is in the LoRA", component.title, alike)


def _published(component: Component, stem: str) -> str:
    """How LoRAs call a module: a text encoder's by transformers' names."""
    stems = getattr(component.network, "lora_stems", dict[str, str])()
    if stem in stems:
        return stems[stem]
    return stem.replace("text.", "text_model.", 1) if stems and stem.startswith("text.") else stem


def _half(name: str, tensor: Tensor) -> Item:
    return Item.of(name, tensor.detach().half().cpu().contiguous())
