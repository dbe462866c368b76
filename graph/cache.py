"""Results by key, bounded in bytes. What is cheap to make again for its size is dropped first.

The rule is GreedyDual-Size (Cao and Irani 1997): an entry's worth is its cost over its size, plus an age that rises to
the worth of whatever was dropped last, so that what nobody asks for sinks in time however dear it was.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.types import Key

MEMORY = "memory"
"""The tier of sizes that are plain numbers."""
DEVICE = "device"
"""The tier of what lies on a GPU."""

OF_ENTRY = 1024
"""Bytes that keeping an entry takes, whatever it holds: its key, its slot, its places in a heap (0.9 kB, measured)."""

Sizes = Mapping[str, int]
SizeOf = Callable[[Any], int | Sizes]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a node gave: for each output the list of its values, one for each time it was called."""

    outputs: tuple[list[Any], ...]
    ui: Mapping[str, Any] | None = None
    """What the page shows for it."""
    class_type: str = ""
    """Of the node that gave it."""
    warnings: tuple[str, ...] = ()
    """Sentences for the artist that came up while it was made."""


@dataclass(slots=True)
class _Slot:
    entry: Entry
    sizes: Sizes
    cost: float
    worth: float
    turn: int


@dataclass(slots=True)
class _Tier:
    budget: int
    used: int = 0
    age: float = 0.0
    heap: list[tuple[float, int, Key]] = field(default_factory=list[tuple[float, int, Key]])


class Cache:
    """Holds at most `budget` bytes, or for each tier its own; one thread only.

    size_of: the bytes that a value holds, or a mapping of tier to bytes. It is asked once for each value.
    """

    def __init__(self, budget: int | Sizes, size_of: SizeOf) -> None:
        budgets = budget if isinstance(budget, Mapping) else {MEMORY: budget}
        self._tiers = {name: _Tier(bytes) for name, bytes in budgets.items()}
        self._size_of = size_of
        self._slots: dict[Key, _Slot] = {}
        self._turn = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: Key) -> bool:
        return key in self._slots

    def __iter__(self) -> Iterator[Key]:
        return iter(self._slots)

    @property
    def budgets(self) -> dict[str, int]:
        """Bytes that may be held, by tier."""
        return {name: tier.budget for name, tier in self._tiers.items()}

    @property
    def used(self) -> dict[str, int]:
        """Bytes held, by tier."""
        return {name: tier.used for name, tier in self._tiers.items()}

    def get(self, key: Key) -> Entry | None:
        """The entry, which counts as asked for; None if it is not there."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        self._rate(key, slot)
        return slot.entry

    def peek(self, key: Key) -> Entry | None:
        """The entry, without making it worth more."""
        slot = self._slots.get(key)
        return slot and slot.entry

    def weigh(self, entry: Entry) -> Sizes | None:
        """Its bytes by tier. None where that cannot be told: packs' values may fail when they are looked at."""
        try:
            return self._sizes(entry)
        except Exception:
            return None

    def put(self, key: Key, entry: Entry, cost: float, sizes: Sizes | None = None) -> bool:
        """Keep an entry that took `cost` seconds to make, and drop what is worth least. False if it is not kept.

        That is so if it fits in no way, or if its size cannot be told. sizes: what `weigh` said, if it was asked.
        """
        self.drop(key)
        sizes = self.weigh(entry) if sizes is None else sizes
        if sizes is None or any(bytes > self.budgets.get(name, 0) for name, bytes in sizes.items()):
            return False
        for name, bytes in sizes.items():
            self._make_room(self._tiers[name], bytes)
        slot = _Slot(entry, sizes, cost, 0.0, 0)
        self._slots[key] = slot
        for name, bytes in sizes.items():
            self._tiers[name].used += bytes
        self._rate(key, slot)
        return True

    def drop(self, key: Key) -> None:
        slot = self._slots.pop(key, None)
        if slot is not None:
            for name, bytes in slot.sizes.items():
                self._tiers[name].used -= bytes

    def clear(self) -> None:
        self._slots.clear()
        for tier in self._tiers.values():
            tier.used, tier.age = 0, 0.0
            tier.heap.clear()

    def contents(self) -> dict[str, dict[str, int]]:
        """By the type of node: how many `results` there are, and their bytes by tier. Any thread may ask."""
        found: dict[str, dict[str, int]] = {}
        while True:
            try:
                slots = list(self._slots.values())
                break
            except RuntimeError:  # it changed meanwhile
                continue
        for slot in slots:
            told = found.setdefault(slot.entry.class_type, {"results": 0})
            told["results"] += 1
            for name, bytes in slot.sizes.items():
                told[name] = told.get(name, 0) + bytes
        return found

    def drop_type(self, class_type: str) -> None:
        """Drop all results of one type of node."""
        for key in [key for key, slot in self._slots.items() if slot.entry.class_type == class_type]:
            self.drop(key)

    def _sizes(self, entry: Entry) -> Sizes:
        """Bytes by tier; every entry counts for something, so that many small ones are bounded too."""
        total: dict[str, int] = {next(iter(self._tiers)): OF_ENTRY}
        for value in (*entry.outputs, entry.ui):
            found = self._size_of(value)
            for name, bytes in (found if isinstance(found, Mapping) else {MEMORY: found}).items():
                total[name] = total.get(name, 0) + bytes
        return {name: bytes for name, bytes in total.items() if bytes}

    def _rate(self, key: Key, slot: _Slot) -> None:
        """Give the slot its worth of now. Its older places in the heaps are known by their turn, and passed over."""
        self._turn += 1
        slot.turn = self._turn
        for name, bytes in slot.sizes.items():
            tier = self._tiers[name]
            slot.worth = tier.age + slot.cost / bytes
            heapq.heappush(tier.heap, (slot.worth, slot.turn, key))
            if len(tier.heap) > 64 + 4 * len(self._slots):
                self._compact(name, tier)

    def _make_room(self, tier: _Tier, bytes: int) -> None:
        while tier.used + bytes > tier.budget and tier.heap:
            worth, turn, key = heapq.heappop(tier.heap)
            slot = self._slots.get(key)
            if slot is not None and slot.turn == turn:
                tier.age = worth
                self.drop(key)

    def _compact(self, name: str, tier: _Tier) -> None:
        """Throw away the places in a heap that hold no longer."""
        tier.heap = [
            (worth, turn, key)
            for worth, turn, key in tier.heap
            if (slot := self._slots.get(key)) is not None and slot.turn == turn and name in slot.sizes
        ]
        heapq.heapify(tier.heap)
