"""`comfy.sdxl_clip`: by which packs tell what a CLIP is for."""

from nodes.compat.handles.clip import SDXLClipModel, SDXLRefinerClipModel

__all__ = ["SDXLClipModel", "SDXLRefinerClipModel"]
