"""The two kinds of a video: the engine's own."""
# pyright: basic

from models.video import VideoFromComponents, VideoFromFile

__all__ = ["VideoFromComponents", "VideoFromFile"]
