# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.chainner_models.model_loading`."""

from __future__ import annotations

from typing import Any

from models.files import in_memory


def load_state_dict(state_dict: Any) -> Any:
    """The network that these tensors are of, as spandrel knows it: called, it enlarges (b, c, h, w) in [0, 1]."""
    from models.upscale import load_upscaler

    return load_upscaler(in_memory(dict(state_dict), "an upscaler that a node pack read"))
