"""How a video is written, and what it is made of."""
# pyright: basic

from __future__ import annotations

from enum import StrEnum

from models.video import VideoComponents


class VideoCodec(StrEnum):
    AUTO = "auto"
    H264 = "h264"

    @classmethod
    def as_input(cls) -> list[str]:
        """The values of a combo."""
        return [member.value for member in cls]


class VideoContainer(StrEnum):
    AUTO = "auto"
    MP4 = "mp4"

    @classmethod
    def as_input(cls) -> list[str]:
        """The values of a combo."""
        return [member.value for member in cls]

    @classmethod
    def get_extension(cls, value: VideoContainer | str) -> str:
        """Without the dot."""
        cls(value)
        return "mp4"


__all__ = ["VideoCodec", "VideoComponents", "VideoContainer"]
