"""How large results are: for the cache, which is bounded in bytes."""

from __future__ import annotations

from graph.cache import DEVICE, MEMORY


def size_of(value: object) -> dict[str, int]:
    """Bytes that a result holds, by where: its tensors', and a little for all else. Shared parts count once."""
    sizes = {MEMORY: 0, DEVICE: 0}
    seen: set[int] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        sizes[MEMORY] += 64
        if isinstance(item, str | bytes):
            sizes[MEMORY] += len(item)
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list | tuple | set | frozenset):
            stack.extend(item)
        elif isinstance(held := getattr(item, "nbytes", None), int):
            place = getattr(getattr(item, "device", None), "type", "cpu")
            sizes[MEMORY if place == "cpu" else DEVICE] += held
    return sizes
