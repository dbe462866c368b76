"""The newest version of the interface: `io` and `ui` for V3 nodes, the classes of values, and what a node may call."""
# pyright: basic

from __future__ import annotations

from . import io, ui
from ._api import ComfyAPI, ComfyAPISync
from ._extension import ComfyExtension, Input, InputImpl, Types

IO = io
UI = ui
ComfyAPI_latest = ComfyAPI

__all__ = [
    "IO",
    "UI",
    "ComfyAPI",
    "ComfyAPISync",
    "ComfyExtension",
    "Input",
    "InputImpl",
    "Types",
    "io",
    "ui",
]
