# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.controlnet`: ControlNets from files, and what they are to packs."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.handles.control import ControlBase, ControlNet, T2IAdapter
from nodes.compat.handles.now import engine_now

__all__ = ["ControlBase", "ControlNet", "StrengthType", "T2IAdapter", "load_controlnet"]


class StrengthType(Enum):
    CONSTANT = 1
    LINEAR_UP = 2


def load_controlnet(ckpt_path: str, model: Any = None, model_options: Any = None) -> ControlNet:
    """A ControlNet or T2I-Adapter. model: what one that is a difference is added to."""
    return for_pack(engine_now().load_controlnet(Path(ckpt_path), from_pack(model)))
