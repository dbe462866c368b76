"""The interface as version 0.0.1 had it: the newest one has all of it."""
# pyright: basic

from ..latest import IO, UI, ComfyAPI, ComfyAPISync, ComfyExtension, Input, InputImpl, Types, io, ui

ComfyAPIAdapter_v0_0_1 = ComfyAPI

__all__ = ["IO", "UI", "ComfyAPI", "ComfyAPISync", "ComfyExtension", "Input", "InputImpl", "Types", "io", "ui"]
