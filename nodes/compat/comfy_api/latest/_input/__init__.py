"""Another name of `comfy_api.input`, which packs import too."""
# pyright: basic

from ...input import AudioInput, ImageInput, LatentInput, MaskInput, VideoInput

__all__ = ["AudioInput", "ImageInput", "LatentInput", "MaskInput", "VideoInput"]
