"""How large results are: for the cache, which is bounded in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from graph.cache import DEVICE, MEMORY


def size_of(value: Any) -> dict[str, int]:
    """Bytes that a result holds, by where: its tensors', and a little for all else. Shared parts count once."""
    sizes = {MEMORY: 0, DEVICE: 0}
    seen: set[int] = set()
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        sizes[MEMORY] += 64
        if isinstance(item, str | bytes):
            sizes[MEMORY] += len(item)
        elif isinstance(item, dict):
            held_by_name = cast("dict[Any, Any]", item)
            stack.extend(held_by_name.keys())
            stack.extend(held_by_name.values())
        elif isinstance(item, list | tuple | set | frozenset):
            stack.extend(cast("Iterable[Any]", item))
        elif isinstance(held := getattr(item, "nbytes", None), int):
            place = getattr(getattr(item, "device", None), "type", "cpu")
            sizes[MEMORY if place == "cpu" else DEVICE] += held
    return sizes
