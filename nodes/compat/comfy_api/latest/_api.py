"""What a running node may call: `ComfyAPI().execution.set_progress(...)`, and the same without `await`."""
# pyright: basic
# A preview may be a picture of Pillow's or a tensor of any shape.

from __future__ import annotations

import copy
import io
from typing import Any

from graph.context import Context
from graph.types import NodeId
from nodes.compat.host import host, running

from ._replace import REPLACEMENTS


def set_progress(
    value: float,
    max_value: float,
    node_id: str | None = None,
    preview_image: Any = None,
    ignore_size_limit: bool = False,
) -> None:
    """Say how far a node is, and show a picture of what there is so far. Raises Cancelled if the run is to stop.

    node_id: another node than the one that runs. preview_image: of Pillow, or a tensor (h, w, c) or (b, h, w, c).
    """
    context = running()
    if context is None:
        raise ValueError("set_progress can be called while a node runs only.")
    at = context if node_id in (None, context.node_id) else _at(context, str(node_id))
    at.progress(value, max_value)
    if preview_image is not None:
        data, kind = _encoded(preview_image, ignore_size_limit)
        at.preview(data, kind)


def _at(context: Context, node_id: str) -> Context:
    """The same run, seen from another of its nodes."""
    other, graph = copy.copy(context), context.dynamic_prompt
    id = other.node_id = NodeId(node_id)
    if graph is not None and graph.has_node(node_id):
        other.display_node, other.parent_node, other.real_node = graph.display(id), graph.parent(id), graph.real(id)
    return other


def _encoded(image: Any, full_size: bool) -> tuple[bytes, Any]:
    from models.images import to_pillow

    if hasattr(image, "movedim"):  # a tensor
        image = to_pillow(image[0] if image.ndim == 4 else image)
    kind = "PNG" if image.format == "PNG" else "JPEG"
    if not full_size:
        most = int(host().config.get("preview_size") or 512)
        image = image.copy()
        image.thumbnail((most, most))
    buffer = io.BytesIO()
    (image if kind == "PNG" else image.convert("RGB")).save(buffer, kind)
    return buffer.getvalue(), kind


class _Execution:
    async def set_progress(self, *args: Any, **more: Any) -> None:
        set_progress(*args, **more)


class _SyncExecution:
    def set_progress(self, *args: Any, **more: Any) -> None:
        set_progress(*args, **more)


class _NodeReplacement:
    async def register(self, node_replace: Any) -> None:
        REPLACEMENTS.append(node_replace)


class _SyncNodeReplacement:
    def register(self, node_replace: Any) -> None:
        REPLACEMENTS.append(node_replace)


class ComfyAPI:
    """For async functions."""

    VERSION = "latest"
    STABLE = False
    execution = _Execution()
    node_replacement = _NodeReplacement()


class ComfyAPISync:
    """For all others."""

    VERSION = "latest"
    STABLE = False
    execution = _SyncExecution()
    node_replacement = _SyncNodeReplacement()
