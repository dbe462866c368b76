# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.clip_vision`: image encoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.files import in_memory
from models.vision import VisionOutput
from nodes.compat.boundary import for_pack
from nodes.compat.handles.now import engine_now
from nodes.compat.handles.vae import PackVision, clip_preprocess

__all__ = ["ClipVisionModel", "Output", "clip_preprocess", "load", "load_clipvision_from_sd"]

ClipVisionModel = PackVision


class Output:
    """What an encoder gives, for packs that put one together themselves: fields as attributes and as items."""

    def __new__(cls, **fields: Any) -> Any:
        usual = dict.fromkeys(("last_hidden_state", "penultimate_hidden_states", "image_embeds"))
        return object.__new__(cls) if not fields else VisionOutput(**{**usual, **fields})

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)


def load(ckpt_path: str) -> PackVision:
    return for_pack(engine_now().load_clip_vision(Path(ckpt_path)))


def load_clipvision_from_sd(sd: Any, prefix: str = "", convert_keys: bool = False) -> PackVision:
    """Of tensors that were read already. prefix: what stands before their names."""
    tensors = {key[len(prefix) :]: value for key, value in sd.items() if key.startswith(prefix)}
    return for_pack(engine_now().load_clip_vision(in_memory(tensors, "an image encoder of a node pack")))
