"""How long nodes take, learned from what they took: for the time that is left of a run and of the queue.

A node's time is kept by its type, and by its type among like circumstances: the model files and the sizes above it.
What counts steps is kept by the step.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.people import FIRST
from graph.types import JsonObject

NEWEST_WEIGHS = 0.2
"""The least share of a new time in the mean: machines and models change."""
MOST_NODES = 3000
"""Of larger graphs nothing is reckoned ahead: reading them would hold up the queue."""
MOST_FACTS = 12
KEPT = 5000
SIZES = ("width", "height", "batch_size", "length", "megapixels", "scale_by")


@dataclass(frozen=True, slots=True)
class Shape:
    """A node of a prompt, as far as its time depends on it."""

    class_type: str
    about: str
    """Names the circumstances: model files and sizes at and above the node."""
    steps: int
    """What it says that it will count; 0 where it says nothing."""
    sign: bytes
    """Equal for nodes that give equal results."""


@dataclass(slots=True)
class Pace:
    """The mean of a node's times, in ms; `steps` is the mean of what it counted, where `ms` is for each of those."""

    ms: float
    steps: float
    runs: int
    used: float


class Paces:
    """Means by node type and circumstances."""

    def __init__(self, rows: Iterable[Sequence[Any]] = ()) -> None:
        self._known: dict[tuple[str, str], Pace] = {
            (str(kind), str(about)): Pace(float(ms), float(steps), int(runs), float(used))
            for kind, about, ms, steps, runs, used in rows
        }
        self._last: dict[str, frozenset[bytes]] = {}
        """By person, what the job that was queued last computes."""

    def learn(self, shape: Shape, ms: float, steps: float) -> list[tuple[Any, ...]]:
        """Take in one node's time; gives the rows that are to be kept."""
        counted = steps if steps > 1 else 0.0
        took = ms / counted if counted else ms
        rows: list[tuple[Any, ...]] = []
        for key in ((shape.class_type, shape.about), (shape.class_type, "")):
            pace = self._known.get(key)
            if pace is None or bool(pace.steps) != bool(counted):
                pace = self._known[key] = Pace(took, counted, 0, 0.0)
            pace.runs += 1
            share = max(1 / pace.runs, NEWEST_WEIGHS)
            pace.ms += (took - pace.ms) * share
            pace.steps += (counted - pace.steps) * share
            pace.used = time.time()
            rows.append((*key, pace.ms, pace.steps, pace.runs, pace.used))
        if len(self._known) > KEPT + KEPT // 10:  # seldom: a run of a thousand new nodes must not sort a thousand times
            for key in sorted(self._known, key=lambda key: self._known[key].used)[:-KEPT]:
                del self._known[key]
        return rows

    def expect(self, class_type: str, about: str, steps: int) -> float | None:
        """Milliseconds that such a node will take; None where none has run yet."""
        pace = self._known.get((class_type, about)) or self._known.get((class_type, ""))
        if pace is None:
            return None
        return pace.ms * (steps or pace.steps) if pace.steps else pace.ms

    def work(self, prompt: JsonObject, targets: Sequence[str], owner: str = FIRST) -> list[list[Any]] | None:
        """What a job that is queued now will have to do: what its owner's job before it does not do already. None
        where the graph is too large for that."""
        if len(prompt) > MOST_NODES:
            return None
        shapes = shapes_of(prompt)
        needed = [shapes[id] for id in needed_by(prompt, targets) if id in shapes]
        last = self._last.get(owner, frozenset[bytes]())
        new = Counter((s.class_type, s.about, s.steps) for s in needed if s.sign not in last)
        self._last[owner] = frozenset(shape.sign for shape in needed)
        return [[*key, count] for key, count in new.items()]

    def expected(self, work: Sequence[Sequence[Any]] | None) -> float | None:
        """Milliseconds for all of it; None where a part has never run, or nothing is known of it."""
        if work is None:
            return None
        total = 0.0
        for class_type, about, steps, count in work:
            ms = self.expect(class_type, about, steps)
            if ms is None:
                return None
            total += ms * count
        return total


def needed_by(prompt: JsonObject, targets: Iterable[str], stop: frozenset[str] = frozenset()) -> list[str]:
    """The targets and what they read, over any number of links; not what only nodes of `stop` read, nor those."""
    found = dict.fromkeys(id for id in targets if id in prompt and id not in stop)
    queue = list(found)
    while queue:
        for source in _links(prompt, queue.pop()).values():
            if source not in found and source not in stop:
                found[source] = None
                queue.append(source)
    return list(found)


def shapes_of(prompt: JsonObject) -> dict[str, Shape]:
    """Every node's shape; nodes in a cycle have none."""
    links = {id: _links(prompt, id) for id in prompt}
    shapes: dict[str, Shape] = {}
    facts: dict[str, frozenset[str]] = {}
    abouts: dict[frozenset[str], str] = {}
    for id in _in_order(links):
        inputs = _inputs(prompt, id)
        kind = str(prompt[id].get("class_type", ""))
        above = {facts[source] for source in links[id].values()}
        own = [f"{name}={value}" for name, value in inputs.items() if _matters(name, value)]
        known = next(iter(above)) if len(above) == 1 and not own else frozenset[str]().union(own, *above)
        if len(known) > MOST_FACTS:
            known = frozenset(sorted(known)[:MOST_FACTS])
        facts[id] = known
        if known not in abouts:
            abouts[known] = _digest(*sorted(known)).hex() if known else "-"
        parts = [kind]
        for name in sorted(inputs):
            source = links[id].get(name)
            value = inputs[name]
            parts.append(f"{name}={value!r}" if source is None else f"{name}<{shapes[source].sign.hex()} {value[1]!r}")
        steps = inputs.get("steps")
        shapes[id] = Shape(
            class_type=kind,
            about=abouts[known],
            steps=steps if isinstance(steps, int) and not isinstance(steps, bool) and steps > 1 else 0,
            sign=_digest(*parts),
        )
    return shapes


def _in_order(links: dict[str, dict[str, str]]) -> Iterator[str]:
    """Ids so that each comes after all that it reads; without those that a cycle holds up."""
    waits: dict[str, int] = {}
    readers: dict[str, list[str]] = {id: [] for id in links}
    for id, read in links.items():
        sources = set(read.values())
        waits[id] = len(sources)
        for source in sources:
            readers[source].append(id)
    ready = [id for id, count in waits.items() if count == 0]
    while ready:
        id = ready.pop()
        yield id
        for reader in readers[id]:
            waits[reader] -= 1
            if waits[reader] == 0:
                ready.append(reader)


def _links(prompt: JsonObject, id: str) -> dict[str, str]:
    """By input, the node that it reads from."""
    return {name: value[0] for name, value in _inputs(prompt, id).items() if _is_link(value, prompt)}


def _inputs(prompt: JsonObject, id: str) -> JsonObject:
    return prompt[id].get("inputs") or {}


def _is_link(value: Any, prompt: JsonObject) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0] in prompt  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _matters(name: str, value: Any) -> bool:
    return (name.endswith("_name") and isinstance(value, str)) or (name in SIZES and isinstance(value, (int, float)))


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=8).digest()
