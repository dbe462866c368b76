"""Classes beside those of values."""
# pyright: basic

from .video_types import VideoCodec, VideoComponents, VideoContainer

__all__ = ["VideoCodec", "VideoComponents", "VideoContainer"]
