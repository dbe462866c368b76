"""What is told of a node when its result is there: how long it took, what it holds, and what its outputs are."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graph.node import Blocked
from graph.spec import NodeSpec
from graph.types import JsonObject

MAX_WORDS = 60
"""Letters of a text that are repeated."""


@dataclass(slots=True)
class Stopwatch:
    """Seconds that a node was at work: not those in which it waited for what it had asked for."""

    passed: float = 0.0
    _since: float | None = None

    def go(self) -> None:
        if self._since is None:
            self._since = time.perf_counter()

    def pause(self) -> None:
        self.passed = self.seconds()
        self._since = None

    def seconds(self) -> float:
        return self.passed if self._since is None else self.passed + time.perf_counter() - self._since


def outputs_of(spec: NodeSpec, outputs: Sequence[Sequence[Any]]) -> list[JsonObject]:
    """For each output its type and, in a few words, what it holds."""
    return [
        {"type": output.type, "text": describe(output.type, values)}
        for output, values in zip(spec.outputs, outputs, strict=False)
    ]


def describe(type: str, values: Sequence[Any]) -> str:
    """`2 images 512×512`, `1×4×64×64`, `"a fox"`, `3 × 7`; empty where a value says nothing of itself."""
    if not values:
        return "nothing"
    try:
        texts = [_one(type, value) for value in values[:8]]
    except Exception:  # packs' values may fail when they are looked at
        return ""
    if len(values) == 1:
        return texts[0]
    return f"{len(values)} × {texts[0]}" if texts[0] and len(set(texts)) == 1 else f"{len(values)} values"


def _one(type: str, value: Any) -> str:
    if isinstance(value, Blocked):
        return "blocked"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.6g}" if isinstance(value, float) else str(value)[:MAX_WORDS]
    if isinstance(value, str):
        text = " ".join(value[: 4 * MAX_WORDS].split())
        return f'"{text}"' if len(text) <= MAX_WORDS and len(value) <= 4 * MAX_WORDS else f'"{text[:MAX_WORDS]}…"'
    shape = _shape(value)
    if shape is not None:
        return _picture(type, shape) or "×".join(map(str, shape))
    if isinstance(value, Mapping):
        held = cast("Mapping[Any, Any]", value)
        samples = _shape(held.get("samples"))
        return _count(len(held), "entry", "entries") if samples is None else "×".join(map(str, samples))
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        first: Any = items[0] if items else None
        tokens = _shape(first[0]) if type == "CONDITIONING" and isinstance(first, list | tuple) and first else None
        if tokens is not None and len(tokens) == 3:
            parts = f"{len(items)} × " if len(items) > 1 else ""
            return f"{parts}{tokens[1]} tokens"
        return _count(len(items), "item", "items")
    return _model(value)


def _model(value: Any) -> str:
    """A model says its family, and how many patches lie on it."""
    family: Any = getattr(getattr(value, "family", None), "title", None)
    if not isinstance(family, str):
        return ""
    patches: Any = getattr(value, "patches", ())
    count = len(cast("tuple[object, ...]", patches)) if isinstance(patches, tuple) else 0
    return f"{family}, {_count(count, 'patch', 'patches')}" if count else family


def _picture(type: str, shape: tuple[int, ...]) -> str:
    if type == "IMAGE" and len(shape) == 4:
        alpha = " with alpha" if shape[3] == 4 else ""
        return f"{_count(shape[0], 'image', 'images')} {shape[2]}×{shape[1]}{alpha}"
    if type == "MASK" and len(shape) == 3:
        return f"{_count(shape[0], 'mask', 'masks')} {shape[2]}×{shape[1]}"
    return ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _shape(value: Any) -> tuple[int, ...] | None:
    shape = getattr(value, "shape", None)
    return tuple(int(side) for side in cast("tuple[Any, ...]", shape)) if isinstance(shape, tuple) else None
