"""`comfy.text_encoders.flux`: by which packs tell what a CLIP is for."""

from nodes.compat.handles.clip import FluxClipModel

__all__ = ["FluxClipModel"]
