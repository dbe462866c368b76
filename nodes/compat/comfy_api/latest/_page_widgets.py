"""The socket types whose values a page makes: colours, boxes, curves."""
# pyright: basic
# The arguments are those that packs pass.

from __future__ import annotations

from typing import Any

from ._types import ComfyTypeI, ComfyTypeIO, WidgetInput


class PageInput(WidgetInput):
    """A widget without a socket whose value the page makes."""

    start: Any = None
    """Where no default is given."""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        socketless: bool | None = True,
        default: Any = None,
        advanced: bool | None = None,
        force_input: bool | None = None,
        **more: Any,
    ) -> None:
        super().__init__(
            id,
            display_name,
            optional,
            tooltip,
            default=self.start if default is None else default,
            socketless=socketless,
            force_input=force_input,
            extra_dict=more or None,
            advanced=advanced,
        )


class Color(ComfyTypeIO):
    io_type = "COLOR"
    Type = str

    class Input(PageInput):
        start = "#ffffff"


class Colors(ComfyTypeIO):
    io_type = "COLORS"
    Type = list[str]

    class Input(PageInput):
        start = ()


class BoundingBox(ComfyTypeIO):
    """A dict of x, y, width and height, in pixels."""

    io_type = "BOUNDING_BOX"
    Type = dict[str, int]

    class Input(PageInput):
        start = {"x": 0, "y": 0, "width": 512, "height": 512}  # noqa: RUF012


class BoundingBoxes(ComfyTypeIO):
    io_type = "BOUNDING_BOXES"
    Type = list[dict[str, Any]]

    class Input(PageInput):
        start = ()


class Curve(ComfyTypeIO):
    """Points from (0, 0) to (1, 1)."""

    io_type = "CURVE"

    class Input(PageInput):
        start = ((0.0, 0.0), (1.0, 1.0))

        def as_dict(self) -> dict[str, Any]:
            points = [list(point) for point in self.default]
            return {**super().as_dict(), "default": {"points": points, "interpolation": "monotone_cubic"}}


class Range(ComfyTypeIO):
    io_type = "RANGE"

    class Input(PageInput):
        start = {"min": 0.0, "max": 1.0}  # noqa: RUF012


class ImageCompare(ComfyTypeI):
    io_type = "IMAGECOMPARE"
    Type = dict

    class Input(PageInput):
        pass


class Compositor(ComfyTypeIO):
    """How layers lie over each other."""

    io_type = "COMPOSITOR"
    Type = dict

    class Input(PageInput):
        start = {}  # noqa: RUF012


class CameraInfoState(ComfyTypeI):
    io_type = "CAMERA_INFO_STATE"
    Type = dict

    class Input(PageInput):
        pass


class VideoEdit(ComfyTypeIO):
    """Which part of a video, in time and in the picture."""

    io_type = "VIDEO_EDIT"
    Type = dict

    class Input(PageInput):
        start = {  # noqa: RUF012
            "trim": {"start_time": 0.0, "duration": 0.0},
            "crop": {"x": 0, "y": 0, "width": 0, "height": 0},
        }


class ResolutionPreview(ComfyTypeIO):
    """Shows what other widgets come to."""

    io_type = "RESOLUTION_PREVIEW"
    Type = dict

    class Input(PageInput):
        def __init__(self, id: str, display_name: str | None = None, optional: bool = True, **more: Any) -> None:
            super().__init__(id, display_name, optional, **more)
