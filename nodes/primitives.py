"""Single values, and a look at any value."""

from __future__ import annotations

import json
from typing import Annotated, Any

from torch import Tensor

from graph.node import Int, Results, Slider, Text, Toggle, node
from nodes.values import Anything

LARGEST = 2**63 - 1


@node("PrimitiveInt", category="utils/primitive", title="Int")
def integer(value: Annotated[int, Int(min=-LARGEST, max=LARGEST, control_after_generate=True)]) -> int:
    """A whole number."""
    return value


@node("PrimitiveFloat", category="utils/primitive", title="Float")
def real(value: Annotated[float, Slider(min=-LARGEST, max=LARGEST, step=0.1)]) -> float:
    """A number."""
    return value


@node("PrimitiveBoolean", category="utils/primitive", title="Boolean")
def boolean(value: Annotated[bool, Toggle()]) -> bool:
    """True or false."""
    return value


@node("PrimitiveString", category="utils/primitive", title="String")
def string(value: Annotated[str, Text()]) -> str:
    """A line of text."""
    return value


@node("PrimitiveStringMultiline", category="utils/primitive", title="String (Multiline)")
def string_multiline(value: Annotated[str, Text(multiline=True)]) -> str:
    """Text of several lines."""
    return value


@node("PreviewAny", category="utils", title="Preview Any", output=True, search_aliases=("show text", "debug", "print"))
def preview_any(source: Anything) -> Results:
    """Show any value as text."""
    return Results(ui={"text": [describe(source)]})


def describe(value: Any) -> str:
    """A value for people: text and single values as they are, data as JSON, tensors by their size, anything else as
    Python shows it."""
    if value is None or isinstance(value, str | int | float):
        return str(value)
    try:
        return json.dumps(value, indent=4, ensure_ascii=False, default=_describe_object)
    except (TypeError, ValueError):
        return str(value)


def _describe_object(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{' x '.join(map(str, value.shape))} {str(value.dtype).removeprefix('torch.')}"
    return str(value)
