"""The V3 schema: `from comfy_api.latest import io`."""
# pyright: basic

from . import _sockets
from ._dynamic import Autogrow, DynamicCombo, DynamicInput, DynamicOutput, DynamicSlot, MatchType, MultiType
from ._node import ComfyNode, NodeOutput
from ._node import UIOutput as _UIOutput
from ._page_widgets import (
    BoundingBox,
    BoundingBoxes,
    CameraInfoState,
    Color,
    Colors,
    Compositor,
    Curve,
    ImageCompare,
    Range,
    ResolutionPreview,
    VideoEdit,
)
from ._replace import NodeReplace
from ._schema import Hidden, HiddenHolder, PriceBadge, PriceBadgeDepends, Schema
from ._sockets import *  # noqa: F403
from ._types import ComfyType, ComfyTypeI, ComfyTypeIO, Custom, Input, Output, WidgetInput, comfytype
from ._widgets import (
    Boolean,
    Combo,
    ControlAfterGenerate,
    Float,
    FolderType,
    Int,
    MultiCombo,
    NumberDisplay,
    RemoteComboOptions,
    RemoteItemSchema,
    RemoteOptions,
    String,
    UploadType,
    Webcam,
)

_ComfyType = ComfyType

__all__ = [
    "Autogrow",
    "Boolean",
    "BoundingBox",
    "BoundingBoxes",
    "CameraInfoState",
    "Color",
    "Colors",
    "Combo",
    "ComfyNode",
    "ComfyType",
    "ComfyTypeI",
    "ComfyTypeIO",
    "Compositor",
    "ControlAfterGenerate",
    "Curve",
    "Custom",
    "DynamicCombo",
    "DynamicInput",
    "DynamicOutput",
    "DynamicSlot",
    "Float",
    "FolderType",
    "Hidden",
    "HiddenHolder",
    "ImageCompare",
    "Input",
    "Int",
    "MatchType",
    "MultiCombo",
    "MultiType",
    "NodeOutput",
    "NodeReplace",
    "NumberDisplay",
    "Output",
    "PriceBadge",
    "PriceBadgeDepends",
    "Range",
    "RemoteComboOptions",
    "RemoteItemSchema",
    "RemoteOptions",
    "ResolutionPreview",
    "Schema",
    "String",
    "UploadType",
    "VideoEdit",
    "Webcam",
    "WidgetInput",
    "_ComfyType",
    "_UIOutput",
    "comfytype",
]
__all__ += _sockets.__all__  # pyright: ignore[reportUnsupportedDunderAll]
