"""Which outputs an input takes; the page has the same function, and both read `tests/conversion/accepts.json`."""

from __future__ import annotations

from typing import Any, cast


def accepts(output: Any, input: Any) -> bool:
    """Whether a link from a slot of the type `output` to one of the type `input` may be made.

    A type is a name, `*` for anything, several names `A,B`, or a list of values (a combo). Names are told apart by
    case. Two combos fit if they share a value or if the values of one are not known.
    """
    if isinstance(output, list) or isinstance(input, list):
        return _accepts_combo(output, input)
    if output == input or output == "*" or input == "*":
        return True
    if not isinstance(output, str) or not isinstance(input, str):
        return False
    if "," not in output and "," not in input:
        return False
    given, wanted = _names(output), _names(input)
    return "*" in given or "*" in wanted or not given.isdisjoint(wanted)


def _accepts_combo(output: Any, input: Any) -> bool:
    if isinstance(output, list) and isinstance(input, list):
        given, wanted = cast("list[Any]", output), cast("list[Any]", input)
        return not given or not wanted or any(value in wanted for value in given)
    other = cast(Any, output if isinstance(input, list) else input)
    return isinstance(other, str) and not _names(other).isdisjoint(("*", "COMBO"))


def _names(type: str) -> set[str]:
    return {name.strip() for name in type.split(",")}
