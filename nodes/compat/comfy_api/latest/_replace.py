"""How an old node becomes a new one, as packs declare it."""
# pyright: basic

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class NodeReplace:
    new_node_id: str
    old_node_id: str
    old_widget_ids: list[str] | None = None
    """The old node's widgets in their order, since graph files name none."""
    input_mapping: list[dict[str, Any]] | None = None
    """`{"new_id", "old_id"}`, or `{"new_id", "set_value"}`."""
    output_mapping: list[dict[str, int]] | None = None
    """`{"new_idx", "old_idx"}`."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


REPLACEMENTS: list[NodeReplace] = []
"""All that packs have registered in this process."""
