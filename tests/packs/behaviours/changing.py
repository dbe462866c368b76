"""Nodes that say when they are stale, and nodes that check their inputs."""

from __future__ import annotations

import asyncio
from typing import Any

from .declare import ANY, v1
from .values import DECIMAL, GREY, NUMBER

EITHER = ("IMAGE,FLOAT",)
UNIT = ("FLOAT", {"default": 0.0, "min": 0.0, "max": 1.0})


def _flag(cls: type, flag: bool = False, *args: Any, **more: Any) -> Any:
    return float("NaN") if flag else False


@v1("B_Stale", ("IMAGE",), {"image": GREY}, {"flag": ("BOOL", {"default": False})}, IS_CHANGED=classmethod(_flag))
def stale(self: Any, image: float, flag: bool = False) -> Any:
    return (image,)


def _constants(cls: type, image: Any, value: float) -> Any:
    return value if image is None else "the link's value was seen"


@v1("B_StaleByConstants", ("IMAGE",), {"image": GREY, "value": DECIMAL}, IS_CHANGED=classmethod(_constants))
def stale_by_constants(self: Any, image: float, value: float) -> Any:
    return (image * value,)


async def _slowly(cls: type, value: int) -> Any:
    await asyncio.sleep(0.01)
    return value // 10


@v1("B_StaleAsync", ("INT",), {"value": NUMBER}, IS_CHANGED=classmethod(_slowly))
def stale_async(self: Any, value: int) -> Any:
    return (value,)


def _raises(cls: type, **values: Any) -> Any:
    raise OSError("cannot tell")


@v1("B_StaleRaises", ("INT",), {"value": NUMBER}, IS_CHANGED=classmethod(_raises))
def stale_raises(self: Any, value: int) -> Any:
    return (value,)


def _numbers(cls: type, a: Any = None, b: Any = None) -> bool | str:
    """Linked inputs are None."""
    wrong = [value for value in (a, b) if value is not None and not isinstance(value, float)]
    return f"{wrong[0]!r} is no number" if wrong else True


@v1("B_CheckUnion", ("IMAGE",), {"a": EITHER, "b": EITHER}, VALIDATE_INPUTS=classmethod(_numbers))
def check_union(self: Any, a: float, b: float) -> Any:
    return (a * b,)


def _types(cls: type, input_types: dict[str, str], a: Any = None, b: Any = None) -> bool | str:
    wrong = [f"{name} gives {kind}" for name, kind in input_types.items() if kind not in ("IMAGE", "FLOAT")]
    return wrong[0] if wrong else _numbers(cls, a, b)


@v1("B_CheckTypes", ("IMAGE",), {"a": EITHER, "b": EITHER}, VALIDATE_INPUTS=classmethod(_types))
def check_types(self: Any, a: float, b: float) -> Any:
    return (a * b,)


def _plain_function(input_types: dict[str, str]) -> bool | str:
    """Not a class method, as some packs have it."""
    return "no" if "STRING" in input_types.values() else True


@v1("B_CheckFunction", ("STRING",), {"a": ("INT",)}, VALIDATE_INPUTS=_plain_function)
def check_function(self: Any, a: Any) -> Any:
    return (repr(a),)


def _sevens(cls: type, **values: Any) -> bool | str:
    return "no sevens" if values["b"] == 7.0 else True


@v1("B_CheckAll", ("IMAGE",), {"a": UNIT, "b": UNIT}, VALIDATE_INPUTS=classmethod(_sevens))
def check_all(self: Any, a: float, b: float) -> Any:
    """Takes its checks over with `**values`: the bounds that it declares do not hold."""
    return (a * b,)


async def _limit(cls: type, value: float, limit: float) -> bool | str:
    await asyncio.sleep(0.01)
    return True if value <= limit else f"{value} is more than {limit}"


@v1("B_CheckAsync", ("IMAGE",), {"value": DECIMAL, "limit": DECIMAL}, VALIDATE_INPUTS=classmethod(_limit))
def check_async(self: Any, value: float, limit: float) -> Any:
    return (value / limit,)


@v1("B_CheckSaysNo", ("INT",), {"a": NUMBER, "b": NUMBER}, VALIDATE_INPUTS=classmethod(lambda cls, a, b: False))
def check_says_no(self: Any, a: int, b: int) -> Any:
    return (a,)


def _broken(cls: type, value: int) -> bool:
    raise KeyError("broken")


@v1("B_CheckRaises", ("INT",), {"value": NUMBER}, VALIDATE_INPUTS=classmethod(_broken))
def check_raises(self: Any, value: int) -> Any:
    return (value,)


@v1("B_Needs", ("STRING",), {"value": ("INT", {"min": 1, "max": 5})}, {"more": (ANY,)})
def needs(self: Any, value: int, more: Any = "nothing") -> Any:
    return (f"{value} {more}",)
