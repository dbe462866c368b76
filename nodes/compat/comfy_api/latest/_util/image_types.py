"""Vector pictures, as `SaveSVGNode` takes them."""
# pyright: basic

from __future__ import annotations

from io import BytesIO


class SVG:
    """data: open files, each of one picture."""

    def __init__(self, data: list[BytesIO]) -> None:
        self.data = data

    def combine(self, other: SVG) -> SVG:
        return SVG([*self.data, *other.data])

    @staticmethod
    def combine_all(svgs: list[SVG]) -> SVG:
        return SVG([file for svg in svgs for file in svg.data])
