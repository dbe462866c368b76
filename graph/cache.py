"""A bounded store of results by key. What is cheap to make again for its size is dropped first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Cache:
    """Holds at most `budget` bytes, as `size_of` counts them. One thread only."""

    def __init__(self, budget: int, size_of: Callable[[object], int]) -> None:
        self.budget = budget
        self.size_of = size_of
        self._entries: dict[str, Any] = {}
