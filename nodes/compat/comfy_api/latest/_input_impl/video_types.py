"""Another name of `comfy_api.input_impl.video_types`, which packs import too."""
# pyright: basic

from ...input_impl import VideoFromComponents, VideoFromFile

__all__ = ["VideoFromComponents", "VideoFromFile"]
