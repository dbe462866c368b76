# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_model_merging`: what is no node there."""

from __future__ import annotations

from typing import Any

from nodes.compat.boundary import from_pack
from nodes.compat.core_classes import class_of


def save_checkpoint(
    model: Any,
    clip: Any = None,
    vae: Any = None,
    clip_vision: Any = None,
    filename_prefix: str | None = None,
    output_dir: str | None = None,
    prompt: Any = None,
    extra_pnginfo: Any = None,
) -> None:
    """A checkpoint in the output folder."""
    if clip_vision is not None:
        raise NotImplementedError("Easel saves no image encoder in a checkpoint.")
    parts = {name: from_pack(part) for name, part in (("clip", clip), ("vae", vae)) if part is not None}
    kind = "CheckpointSave" if len(parts) == 2 else "ModelSave"
    given = {"model": from_pack(model), **(parts if len(parts) == 2 else {})}
    class_of(kind).execute(
        **given, filename_prefix=filename_prefix or "checkpoints/ComfyUI", prompt=prompt, extra_pnginfo=extra_pnginfo
    )
