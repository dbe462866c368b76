"""A constant as its input declares it: converted, then checked against range and choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graph.spec import InputSpec


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a constant, in the words that clients know."""

    type: str
    message: str
    details: str
    sentence: str
    """Follows the node's and the input's names."""
    exception: str | None = None


def convert(spec: InputSpec, value: Any) -> tuple[Any, Fault | None]:
    """`"64"` → 64 for an INT, 1 → 1.0 for a FLOAT, and so on. Values of other types pass as they are."""
    to = _CONVERTERS.get(spec.type)
    if to is None:
        return value, None
    try:
        return to(value), None
    except (ValueError, TypeError, OverflowError) as error:
        return value, Fault(
            "invalid_input_type",
            f"Failed to convert an input value to a {spec.type} value",
            f"{spec.name}, {shown(value)}, {error}",
            f"is {shown(value)}, which is no {_NAMES[spec.type]}",
            str(error),
        )


def range_fault(spec: InputSpec, value: Any) -> Fault | None:
    """Below min or above max; both ends belong to the range."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    low, high = spec.options.get("min"), spec.options.get("max")
    if isinstance(low, int | float) and value < low:
        message = f"Value {shown(value)} smaller than min of {low}"
        return Fault("value_smaller_than_min", message, spec.name, f"is {shown(value)}, and must be {low} or more")
    if isinstance(high, int | float) and value > high:
        message = f"Value {shown(value)} bigger than max of {high}"
        return Fault("value_bigger_than_max", message, spec.name, f"is {shown(value)}, and must be {high} or less")
    return None


def shown(value: Any, limit: int = 80) -> str:
    """A value in a sentence: its `repr`, cut in the middle."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 512:
        return f"a number of {value.bit_length()} bits"
    text = repr(value[: limit + 8] if isinstance(value, str) else value)
    return text if len(text) <= limit else f"{text[: limit - 20]}…{text[-12:]}"


def _to_float(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not finite")
    return number


_CONVERTERS: dict[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": _to_float, "STRING": str, "BOOLEAN": bool}
_NAMES = {"INT": "whole number", "FLOAT": "finite number", "STRING": "text", "BOOLEAN": "truth value"}
