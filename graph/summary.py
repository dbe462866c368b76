"""Values that nodes gave, as JSON that can be sent: in a few words for errors, never a whole tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

MAX_TEXT = 500
MAX_ITEMS = 8


def summarise(value: Any, depth: int = 2) -> Any:
    """Numbers, truth values, None and short texts as they are; all else as a line such as `Tensor (1, 64, 64, 3)`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= 64 else f"a number of {value.bit_length()} bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}… ({len(value)} characters)"
    return _line(value, depth)


def plain(value: Any, depth: int = 20) -> Any:
    """The value as JSON has it: tuples as lists, numbers of other libraries as numbers, NaN and infinities as None.

    What has no such form, or lies deeper than `depth`, is summarised.
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping) and depth:
        return {str(name): plain(item, depth - 1) for name, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple) and depth:
        return [plain(item, depth - 1) for item in cast("list[Any]", value)]
    other = cast(Any, value)
    if callable(getattr(other, "item", None)) and getattr(other, "shape", None) == ():
        return plain(other.item(), 0)
    return summarise(other)


def _line(value: Any, depth: int) -> str:
    name = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        kind = str(getattr(value, "dtype", "")).removeprefix("torch.")
        return f"{name} {tuple(cast('tuple[Any, ...]', shape))} {kind}".rstrip()
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value)
        parts = [f"{str(k)[:40]}: {_short(v, depth)}" for k, v in list(items.items())[:MAX_ITEMS]]
        return "{" + ", ".join(parts) + (f", … {len(items)} in all" if len(items) > MAX_ITEMS else "") + "}"
    if isinstance(value, list | tuple):
        entries = cast("list[Any]", value)
        parts = [_short(item, depth) for item in entries[:MAX_ITEMS]]
        return "[" + ", ".join(parts) + (f", … {len(entries)} in all" if len(entries) > MAX_ITEMS else "") + "]"
    return name


def _short(value: Any, depth: int) -> str:
    if depth == 0:
        return type(value).__name__
    return str(summarise(value, depth - 1))[:120]
