# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.lora`: LoRA tensors and the weights that they are for, by ComfyUI's keys."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from models.load import Component
from models.patches import lora_of
from models.patches.keys import plain, target
from nodes.compat.handles.clip import PackClip
from nodes.compat.handles.model import PackModel
from nodes.compat.handles.weights import as_change, keys_of
from nodes.compat.stand_in import NotSupported

__all__ = ["calculate_weight", "load_lora", "model_lora_keys_clip", "model_lora_keys_unet"]

_log = logging.getLogger("packs")


class KeyMap(dict[str, Any]):
    """LoRA names and ComfyUI's keys; it knows the networks, so that every name that the engine knows is found."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.networks: list[tuple[Component, str]] = []


def _into(key_map: Any, networks: list[tuple[Component, str]], starts: dict[str, tuple[str, ...]]) -> Any:
    made = key_map if isinstance(key_map, KeyMap) else KeyMap(key_map or {})
    made.networks += networks
    for component, prefix in networks:
        for key in keys_of(component, prefix):
            if not key.endswith(".weight"):
                continue
            stem = key[: -len(".weight")]
            made[stem] = key
            for start in starts.get(prefix, ()):
                made[start + plain(stem[len(prefix) :])] = key
    return made


def model_lora_keys_unet(model: Any, key_map: Any = None) -> Any:
    """Names in LoRA files -> keys of a denoiser's weights. model: `MODEL.model`."""
    view = model if isinstance(model, PackModel) else getattr(model, "current_patcher", None)
    if not isinstance(view, PackModel):
        raise NotSupported(f"A node asks for the weights' names of a {type(model).__name__}, which is no model here.")
    return _into(key_map, view._networks(), {"diffusion_model.": ("lora_unet_",)})


def model_lora_keys_clip(model: Any, key_map: Any = None) -> Any:
    """Names in LoRA files -> keys of text encoders' weights. model: a CLIP, or its `cond_stage_model`."""
    view = model if isinstance(model, PackClip) else vars(model).get("easel_view")
    if not isinstance(view, PackClip):
        raise NotSupported(f"A node asks for the weights' names of a {type(model).__name__}, which is no CLIP here.")
    return _into(key_map, view._networks(), {})


def load_lora(lora: dict[str, Tensor], to_load: Any, log_missing: bool = True) -> dict[Any, Any]:
    """Key -> change, for each name in `to_load` that a LoRA's tensors have something for."""
    found: dict[Any, Any] = {}
    read = lora_of(dict(lora), "a LoRA that a node pack read")
    networks = getattr(to_load, "networks", [])
    missed = []
    for entry in read.entries:
        keys = list(_meant(networks, entry)) or [to_load[name] for name in (entry.name,) if name in to_load]
        for key in keys:
            found[key] = entry.adapter
        if not keys:
            missed.append(entry.name)
    if missed and log_missing:
        _log.warning("%d names of a LoRA fit nothing in the model, the first of them %s", len(missed), missed[0])
    return found


def _meant(networks: list[tuple[Component, str]], entry: Any) -> Iterator[Any]:
    for component, prefix in networks:
        to = target(component, entry.name, entry.bias)
        if to is None:
            continue
        key = next((key for key, ours in keys_of(component, prefix).items() if ours == to.parameter), None)
        if key is not None:
            yield key if to.rows is None else (key, (0, *to.rows))


def calculate_weight(
    patches: Any, weight: Tensor, key: str, intermediate_dtype: Any = None, original_weights: Any = None
) -> Tensor:
    """A weight with changes, as `get_key_patches` and `add_patches` have them."""
    made = weight.float().clone()
    for change in patches:
        made = as_change(*change).apply(made)
    return made.to(weight.dtype)
