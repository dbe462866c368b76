"""Shapes: they are passed from node to node of packs, and Easel's own nodes have no use for them."""
# pyright: basic

from __future__ import annotations

from typing import Any


class VOXEL:
    """(b, d, h, w) of what is filled."""

    def __init__(self, data: Any) -> None:
        self.data = data


class MESH:
    """Points (b, n, 3), and the triangles between them (b, m, 3)."""

    def __init__(self, vertices: Any, faces: Any, **more: Any) -> None:
        self.vertices = vertices
        self.faces = faces
        self.__dict__.update(more)
