"""Why a node runs: its key and its inputs compared with those of its last run."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.events import Reason
from graph.frozen import Holder
from graph.types import Key, Link, Node, NodeId

MAX_CLIENTS = 64
MAX_RUNS = 8
"""Runs remembered for each client: some clients have several graphs open."""


@dataclass(slots=True)
class Run:
    """What is remembered of a run."""

    nodes: Mapping[NodeId, Node]
    keys: Mapping[NodeId, Key]
    pending: set[NodeId] = field(default_factory=set[NodeId])
    """Nodes that should have run and did not finish."""


class Memory:
    """The last runs of each client of each person."""

    def __init__(self) -> None:
        self._runs: OrderedDict[Holder, deque[Run]] = OrderedDict()

    def add(self, holder: Holder, run: Run) -> None:
        runs = self._runs.setdefault(holder, deque(maxlen=MAX_RUNS))
        runs.appendleft(run)
        self._runs.move_to_end(holder)
        while len(self._runs) > MAX_CLIENTS:
            self._runs.popitem(last=False)

    def reason(
        self, holder: Holder, node: Node, keys: Mapping[NodeId, Key], *, volatile: bool, files_gone: bool
    ) -> Reason:
        """Why `node` runs, now that its result is not in the cache."""
        if files_gone:
            return Reason("files gone")
        for run in self._runs.get(holder, ()):
            before = run.nodes.get(node.id)
            if before is None or before.class_type != node.class_type or node.id not in run.keys:
                continue
            if run.keys[node.id] == keys[node.id]:
                return Reason("failed" if node.id in run.pending else "evicted")
            changed = _differences(before, run.keys, node, keys)
            if changed or not volatile:
                return Reason("changed", changed)
            return Reason("uncacheable")
        return Reason("uncacheable" if volatile else "new")


def _differences(before: Node, old: Mapping[NodeId, Key], now: Node, new: Mapping[NodeId, Key]) -> tuple[str, ...]:
    names = dict.fromkeys((*now.inputs, *before.inputs))
    return tuple(name for name in names if _part(before, name, old) != _part(now, name, new))


def _part(node: Node, name: str, keys: Mapping[NodeId, Key]) -> Any:
    """An input as it goes into the key."""
    if name not in node.inputs:
        return ("absent",)
    value = node.inputs[name]
    return ("link", keys.get(value.node), value.slot) if isinstance(value, Link) else ("value", value)
