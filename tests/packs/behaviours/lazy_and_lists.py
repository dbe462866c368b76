"""Lazy inputs, lists, and nodes that take or give whole lists."""

from __future__ import annotations

import asyncio
from typing import Any

from .declare import ANY, v1
from .values import DECIMAL, NUMBER

LAZY_GREY = ("IMAGE", {"lazy": True})


class _NeedsBoth:
    """Which pictures a mix needs; what it has is not asked for again."""

    def check_lazy_status(self, mask: float, image1: float | None, image2: float | None) -> list[str]:
        needed = []
        if image1 is None and mask != 1.0:
            needed.append("image1")
        if image2 is None and mask != 0.0:
            needed.append("image2")
        return needed


@v1(
    "B_Mix",
    ("IMAGE",),
    {"image1": LAZY_GREY, "image2": LAZY_GREY, "mask": DECIMAL},
    check_lazy_status=_NeedsBoth.check_lazy_status,
)
def mix(self: Any, mask: float, image1: float | None, image2: float | None) -> Any:
    if mask == 0.0:
        return (image1,)
    if mask == 1.0:
        return (image2,)
    assert image1 is not None
    assert image2 is not None
    return (image1 * (1 - mask) + image2 * mask,)


async def _which(self: Any, first: bool, a: Any, b: Any) -> list[str]:
    await asyncio.sleep(0.01)
    return [name for name, value, wanted in (("a", a, first), ("b", b, not first)) if wanted and value is None]


@v1(
    "B_PickAsync",
    (ANY,),
    {"first": ("BOOLEAN",), "a": (ANY, {"lazy": True}), "b": (ANY, {"lazy": True})},
    check_lazy_status=_which,
)
def pick_async(self: Any, first: bool, a: Any, b: Any) -> Any:
    return (a if first else b,)


def _while_short(self: Any, a: Any, b: Any, c: Any) -> list[str]:
    """One more at a time, for as long as what there is adds up to less than ten."""
    known = [value for value in (a, b, c) if value is not None]
    missing = [name for name, value in (("a", a), ("b", b), ("c", c)) if value is None]
    return missing[:1] if sum(known) < 10 else []


@v1(
    "B_Until10",
    ("INT",),
    {name: ("INT", {"lazy": True, "forceInput": True}) for name in ("a", "b", "c")},
    check_lazy_status=_while_short,
)
def until_10(self: Any, a: int | None, b: int | None, c: int | None) -> Any:
    return (sum(value or 0 for value in (a, b, c)),)


@v1("B_NeverAsks", ("STRING",), {"a": ("INT", {"lazy": True})})
def never_asks(self: Any, a: Any) -> Any:
    """Lazy, without a method that asks for it."""
    return (repr(a),)


@v1("B_List", (ANY,), {"value1": (ANY,)}, {f"value{i}": (ANY,) for i in range(2, 6)}, OUTPUT_IS_LIST=(True,))
def make_list(self: Any, **values: Any) -> Any:
    return ([values[f"value{i}"] for i in range(1, 6) if f"value{i}" in values],)


@v1("B_Range", ("INT",), {"count": NUMBER}, OUTPUT_IS_LIST=(True,))
def make_range(self: Any, count: int) -> Any:
    return (list(range(count)),)


@v1("B_Sum", ("INT",), {"values": NUMBER}, INPUT_IS_LIST=True)
def sum_of(self: Any, values: list[int]) -> Any:
    return (sum(values),)


@v1("B_Lengths", ("STRING",), {"a": (ANY,), "b": (ANY,)}, INPUT_IS_LIST=True)
def lengths(self: Any, a: list[Any], b: list[Any]) -> Any:
    return (f"{len(a)} {len(b)}",)


@v1("B_Halves", ("INT", "INT"), {"values": NUMBER}, INPUT_IS_LIST=True, OUTPUT_IS_LIST=(True, False))
def halves(self: Any, values: list[int]) -> Any:
    """A list, and one value beside it."""
    return ([value // 2 for value in values], len(values))
