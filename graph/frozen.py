"""Results that are used as they are, whatever changes above them, until they are thawed.

The page says with a job which nodes are frozen: `extra_data.easel.frozen` maps a node's id to `{"token", "key"}`. The
token is made when the node is frozen and lies in its file; the key names the result that it had then. What is found is
held apart from the cache, so that nothing else pushes it out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from graph.cache import Cache, Entry, Sizes
from graph.types import Graph, Key, NodeId

MAX_LETTERS = 200
"""Of a token or a key: they are ours, and short."""


@dataclass(frozen=True, slots=True)
class Pin:
    """What the page asks for at one node."""

    token: str
    key: Key | None
    """None where the node had no result yet."""


class Holder(NamedTuple):
    """Who has results frozen: a person, whom they are kept for, and the client of theirs that asks."""

    person: str
    client: str


@dataclass(frozen=True, slots=True)
class Kept:
    key: Key
    """Under which the result was made: what reads it is named after it."""
    entry: Entry
    sizes: Sizes
    holder: Holder


def pins_of(extra: Mapping[str, Any]) -> dict[NodeId, Pin]:
    """What a job's extra data says is frozen. What is not written as it should be is passed over."""
    own = extra.get("easel")
    given = cast("Mapping[str, Any]", own).get("frozen") if isinstance(own, Mapping) else None
    pins: dict[NodeId, Pin] = {}
    for id, pin in cast("Mapping[str, Any]", given).items() if isinstance(given, Mapping) else ():
        told: Mapping[str, Any] = cast("Mapping[str, Any]", pin) if isinstance(pin, Mapping) else {}
        token: Any = told.get("token")
        key: Any = told.get("key")
        if isinstance(token, str) and 0 < len(token) <= MAX_LETTERS:
            pins[NodeId(id)] = Pin(token, Key(key) if isinstance(key, str) and len(key) <= MAX_LETTERS else None)
    return pins


class Frozen:
    """Frozen results by person, token and node; those that no run has asked for the longest make room first."""

    def __init__(self, budget: Sizes, weigh: Callable[[Entry], Sizes | None]) -> None:
        self._budget = budget
        self._weigh = weigh
        self._kept: OrderedDict[tuple[str, str, NodeId], Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, id: NodeId, pin: Pin, class_type: str, holder: Holder, cache: Cache) -> Kept | None:
        """The frozen result, taken over from the cache at first; None where it is gone, or of another type of node."""
        slot = (holder.person, pin.token, id)
        kept = self._kept.get(slot)
        if kept is not None:
            self._kept.move_to_end(slot)
            return kept if kept.entry.class_type == class_type else None
        entry = cache.get(pin.key) if pin.key is not None else None
        if pin.key is None or entry is None or entry.class_type != class_type:
            return None
        self.keep(id, pin, pin.key, entry, holder)
        return Kept(pin.key, entry, {}, holder)

    def there(self, graph: Graph, extra: Mapping[str, Any], holder: Holder, cache: Cache) -> frozenset[NodeId]:
        """The nodes that a job has frozen and whose results are there: what lies above them is not needed."""
        pins = {id: pin for id, pin in pins_of(extra).items() if id in graph}
        return frozenset(
            id for id, pin in pins.items() if self.find(id, pin, graph.nodes[id].class_type, holder, cache) is not None
        )

    def keep(self, id: NodeId, pin: Pin, key: Key, entry: Entry, holder: Holder) -> bool:
        """Hold a result from now on. False if it is too large for that."""
        sizes = self._weigh(entry)
        self._kept.pop((holder.person, pin.token, id), None)
        if sizes is None or any(bytes > self._budget.get(tier, 0) for tier, bytes in sizes.items()):
            return False
        while self._kept and any(self._used(tier) + bytes > self._budget[tier] for tier, bytes in sizes.items()):
            self._kept.popitem(last=False)
        self._kept[holder.person, pin.token, id] = Kept(key, entry, sizes, holder)
        return True

    def thaw(self, graph: Graph, pins: Mapping[NodeId, Pin], holder: Holder) -> None:
        """Let go of what this client had frozen at nodes of the graph and asks for no more."""
        for (person, token, id), kept in list(self._kept.items()):
            wanted = pins.get(id)
            if kept.holder == holder and id in graph and (wanted is None or wanted.token != token):
                del self._kept[person, token, id]

    def clear(self) -> None:
        self._kept.clear()

    def _used(self, tier: str) -> int:
        return sum(kept.sizes.get(tier, 0) for kept in self._kept.values())
