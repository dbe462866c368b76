"""`comfy.text_encoders.sd3_clip`: by which packs tell what a CLIP is for."""

from nodes.compat.handles.clip import SD3ClipModel

__all__ = ["SD3ClipModel"]
