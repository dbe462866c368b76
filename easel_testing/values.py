"""What a node's values must be like, and whether a node left those that it was given as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor

from graph.spec import OutputSpec


class Untouched:
    """Remembers values, to see later whether somebody wrote into them."""

    def __init__(self) -> None:
        self._seen: list[tuple[str, Any, Any]] = []

    def add(self, name: str, value: Any) -> None:
        self._seen.append((name, value, _copied(value)))

    def changed(self) -> list[str]:
        """Names of those that are not what they were."""
        return [name for name, value, before in self._seen if not _same(value, before)]


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_copied(item) for item in cast("list[Any]", value)]
    return value


def _same(value: Any, before: Any) -> bool:
    if isinstance(value, Tensor):
        return isinstance(before, Tensor) and value.shape == before.shape and bool(torch.equal(value, before))
    if isinstance(value, Mapping):
        known = cast("Mapping[Any, Any]", value)
        return known.keys() == before.keys() and all(_same(item, before[key]) for key, item in known.items())
    if isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        return len(items) == len(before) and all(_same(a, b) for a, b in zip(items, before, strict=True))
    return value is before or bool(value == before)


def _tensor(value: Any, rank: int, what: str) -> str:
    if not isinstance(value, Tensor):
        return f"a tensor {what}, and it is a {type(value).__name__}"
    if value.ndim != rank or value.dtype != torch.float32:
        return f"float32 {what}, and it is {value.dtype} {tuple(value.shape)}"
    return ""


def _latent(value: Any) -> str:
    samples: Any = cast("Mapping[str, Any]", value).get("samples") if isinstance(value, Mapping) else None
    found = type(cast(object, value)).__name__
    return "" if isinstance(samples, Tensor) else f"a dict with a tensor `samples`, and it is a {found}"


def _one(kinds: tuple[type, ...], what: str) -> Callable[[Any], str]:
    return lambda value: "" if isinstance(value, kinds) else f"{what}, and it is a {type(value).__name__}"


CHECKS: dict[str, Callable[[Any], str]] = {
    "IMAGE": lambda value: _tensor(value, 4, "(b, h, w, c)"),
    "MASK": lambda value: _tensor(value, 3, "(b, h, w)"),
    "LATENT": _latent,
    "INT": _one((int,), "a whole number"),
    "FLOAT": _one((int, float), "a number"),
    "STRING": _one((str,), "text"),
    "BOOLEAN": _one((bool,), "True or False"),
}
"""By socket type: what is wrong with a value, as "must be ...", or nothing."""


def check_output(class_type: str, output: OutputSpec, value: Any) -> None:
    """Raises AssertionError where a value is not what its socket promises. A list is checked one by one."""
    check = CHECKS.get(output.type)
    for item in cast("list[Any]", value) if isinstance(value, list) else [value]:
        wrong = check(item) if check is not None else ""
        assert not wrong, f"The output {output.name} of {class_type} must be {wrong}."
