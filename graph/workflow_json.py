"""Reading a UI workflow's JSON, of which nothing can be taken for granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from graph.types import JsonObject

INPUT_SIDE = "-10"
"""The id, in links, of the node that stands for a subgraph's inputs."""
OUTPUT_SIDE = "-20"

MUTED = 2
BYPASSED = 4
NEVER_SENT = frozenset({"Note", "MarkdownNote", "PrimitiveNode", "Reroute", "SetNode", "GetNode"})
"""Node types that live on the page only."""


def as_object(value: Any) -> JsonObject:
    return cast(JsonObject, value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def objects(value: Any) -> list[JsonObject]:
    """The objects in a list; anything else in it is passed over."""
    return [cast(JsonObject, item) for item in as_list(value) if isinstance(item, dict)]


def slot_type(slot: JsonObject) -> Any:
    """A slot's type: lists are combos; numbers and nothing are the old wildcards."""
    kind = slot.get("type")
    if isinstance(kind, list):
        return "COMBO"
    return kind if isinstance(kind, str) and kind else "*"


@dataclass(frozen=True, slots=True)
class RawLink:
    """A link of the file, with ids as text."""

    id: str
    source: str
    source_slot: int
    target: str
    target_slot: int


def read_link(raw: Any) -> RawLink | None:
    """A link as a list (schema 0.4) or an object (schema 1); None for what is neither."""
    if isinstance(raw, dict):
        link = cast(JsonObject, raw)
        names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        parts: list[Any] = [link.get(name) for name in names]
    else:
        parts = as_list(raw)[:5]
    if len(parts) < 5 or not all(_is_id(parts[i]) for i in (0, 1, 3)) or not all(_is_slot(parts[i]) for i in (2, 4)):
        return None
    return RawLink(str(parts[0]), str(parts[1]), int(parts[2]), str(parts[3]), int(parts[4]))


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_slot(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
