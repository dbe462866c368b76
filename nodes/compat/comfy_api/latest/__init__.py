"""The newest version of the interface: `io` and `ui` for V3 nodes, the classes of values, and what a node may call."""
# pyright: basic

from __future__ import annotations

from . import io, ui
from ._api import ComfyAPI, ComfyAPISync
from ._extension import ComfyExtension, Input, InputImpl, Types
from ._input import AudioInput, ImageInput, LatentInput, MaskInput, VideoInput
from ._input_impl import VideoFromComponents, VideoFromFile
from ._util import VideoCodec, VideoComponents, VideoContainer

IO = io
UI = ui
ComfyAPI_latest = ComfyAPI

__all__ = [
    "IO",
    "UI",
    "AudioInput",
    "ComfyAPI",
    "ComfyAPISync",
    "ComfyAPI_latest",
    "ComfyExtension",
    "ImageInput",
    "Input",
    "InputImpl",
    "LatentInput",
    "MaskInput",
    "Types",
    "VideoCodec",
    "VideoComponents",
    "VideoContainer",
    "VideoFromComponents",
    "VideoFromFile",
    "VideoInput",
    "io",
    "ui",
]
