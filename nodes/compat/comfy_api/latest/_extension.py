"""What a pack's `comfy_entrypoint` returns, and the groups of classes for annotations."""
# pyright: basic

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from ..input import AudioInput, ImageInput, LatentInput, MaskInput, VideoInput
from ..input_impl import VideoFromComponents, VideoFromFile
from ..util import VideoCodec, VideoComponents, VideoContainer


class ComfyExtension(ABC):
    """A pack's nodes."""

    async def on_load(self) -> None:  # noqa: B027  (a pack need not have it)
        """Called once, before its nodes are asked for."""

    @abstractmethod
    async def get_node_list(self) -> list[type[Any]]:
        """The V3 node classes."""


class Input:
    Image = ImageInput
    Audio = AudioInput
    Mask = MaskInput
    Latent = LatentInput
    Video = VideoInput


class InputImpl:
    VideoFromFile = VideoFromFile
    VideoFromComponents = VideoFromComponents


class Types:
    VideoCodec = VideoCodec
    VideoContainer = VideoContainer
    VideoComponents = VideoComponents
