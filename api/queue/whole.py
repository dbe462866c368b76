"""How far a run is, over its whole graph, and how long it will still take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.queue.pace import MOST_NODES, Paces, Shape, needed_by, shapes_of
from graph.types import JsonObject


class Whole:
    """The nodes that a run needs: which are done, which runs, what the rest is expected to take. Times in seconds."""

    def __init__(self, prompt: JsonObject, targets: Sequence[str], paces: Paces, now: float) -> None:
        self._prompt = prompt
        self._targets = targets
        self._paces = paces
        self._began = now
        self._shapes: dict[str, Shape] = shapes_of(prompt) if len(prompt) <= MOST_NODES else {}
        self._needed = set(needed_by(prompt, targets or list(prompt)))
        self._to_run = set(self._needed)
        self._done: set[str] = set()
        self._node = ""
        self._node_began = now
        self._value, self._max = 0.0, 0.0
        self._first_step: tuple[float, float] | None = None
        self._counted: dict[str, float] = {}
        self._took: dict[str, float] = {}

    def cached(self, nodes: Iterable[str]) -> None:
        """These need not run, nor what only they would have read."""
        stop = frozenset(nodes)
        self._to_run = set(needed_by(self._prompt, self._targets or list(self._prompt), stop))

    def began(self, node: str, now: float) -> None:
        if node == self._node:
            return
        self._node, self._node_began = node, now
        self._value, self._max, self._first_step = 0.0, 0.0, None

    def step(self, node: str, value: float, most: float, now: float) -> None:
        if node != self._node or most <= 1:
            return
        if most != self._max or value < self._value:  # it counts anew
            self._first_step = None
        self._value, self._max = value, most
        self._counted[node] = most
        if self._first_step is None and value > 0:
            self._first_step = (now, value)

    def finished(self, node: str) -> None:
        if node in self._needed:
            self._done.add(node)

    def took(self, node: str, ms: float) -> None:
        """What a node took; of one that was expanded, each part of it is told."""
        self._took[node] = self._took.get(node, 0.0) + ms

    def learned(self) -> list[tuple[object, ...]]:
        """Teach the paces what was measured; gives the rows that are to be kept."""
        rows: dict[tuple[object, object], tuple[object, ...]] = {}
        for node, ms in self._took.items():
            shape = self._shapes.get(node)
            if shape is not None:
                rows |= {row[:2]: row for row in self._paces.learn(shape, ms, self._counted.get(node, 0.0))}
        return list(rows.values())

    def report(self, now: float) -> JsonObject:
        """`done` of `total` nodes, the node that runs with its step, `share` of the whole from 0 to 1, `left_ms`."""
        rest = self._to_run - self._done
        total = len(self._needed)
        done = total - len(rest)
        left = self._left(rest, now)
        within = self._value / self._max if self._max > 1 and self._node in rest else 0.0
        share = (done + within) / total if total else 1.0
        if left is not None and (spent := (now - self._began) * 1000) + left > 0:
            share = spent / (spent + left)
        return {
            "node": self._node or None,
            "node_type": self._shapes[self._node].class_type if self._node in self._shapes else "",
            "value": self._value,
            "max": self._max,
            "done": done,
            "total": total,
            "share": round(min(1.0, share), 4),
            "left_ms": None if (told := self._node_left(now) if left is None else left) is None else round(told),
        }

    def _left(self, rest: Iterable[str], now: float) -> float | None:
        """Of all that is still to run; None where a part has never run."""
        total = 0.0
        for node in rest:
            ms = self._node_left(now) if node == self._node else self._expected(node)
            if ms is None:
                return None
            total += ms
        return total

    def _node_left(self, now: float) -> float | None:
        """Of the node that runs: by its steps from the second on, since the first also loads what it needs."""
        if self._first_step is not None and self._value > self._first_step[1]:
            since, first = self._first_step
            return (now - since) * 1000 / (self._value - first) * max(0.0, self._max - self._value)
        expected = self._expected(self._node)
        return None if expected is None else max(0.0, expected - (now - self._node_began) * 1000)

    def _expected(self, node: str) -> float | None:
        shape = self._shapes.get(node)
        return None if shape is None else self._paces.expect(shape.class_type, shape.about, shape.steps)
