"""Videos of pictures, and of a file."""
# pyright: basic

from .video_types import VideoFromComponents, VideoFromFile

__all__ = ["VideoFromComponents", "VideoFromFile"]
