"""Where values pass between nodes of packs and the engine. Nothing is loaded for values that are the same to both."""

from __future__ import annotations

from typing import Any


def for_pack(value: Any) -> Any:
    """What a pack's node is given for a value: a MODEL, CLIP, VAE and others with the methods that packs call."""
    if not _may_differ(value):
        return value
    from nodes.compat.handles.crossing import seen

    return seen(value)


def from_pack(value: Any) -> Any:
    """What goes on from a pack's node: the engine's own handles, with what the node changed about them."""
    if not _may_differ(value):
        return value
    from nodes.compat.handles.crossing import engine_value

    return engine_value(value)


def _may_differ(value: Any) -> bool:
    if type(value) is list:
        return any(map(_may_differ, value)) or any(_is_entry(item) for item in value)
    if type(value) is tuple:
        return False
    return any(kind.__module__.startswith(("models.", "nodes.compat.handles.")) for kind in type(value).__mro__[:-1])


def _is_entry(item: Any) -> bool:
    """Whether this is an entry of a CONDITIONING with a ControlNet or hooks."""
    is_entry = isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[1], dict)
    return is_entry and ("control" in item[1] or "hooks" in item[1])
