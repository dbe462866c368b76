"""Cells of a sweep that are done, kept until their job has ended: whoever runs it once more goes on where it stopped.

Rows of `parts` go with their job, and when it ends (triggers in api/queue/schema.py).
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.database import DatabaseError
from api.queue.journal import Ending, Journal
from graph.cells import cells_of
from graph.types import JsonObject, NodeId

log = logging.getLogger("easel")


@dataclass(frozen=True)
class Done:
    """What earlier attempts have shown, by node of the prompt."""

    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    shown: dict[str, str] = field(default_factory=dict[str, str])
    """The graph's node that stands for each."""

    def left(self, targets: Sequence[str]) -> list[str]:
        """The targets that are not done; one at least, so that there is something to run."""
        return [id for id in targets if id not in self.outputs] or list(targets[-1:])

    def with_ending(self, ending: Ending) -> Ending:
        """The ending of the attempt that went on from here, as if it had done all by itself."""
        meta = {id: meta_of(id, shown) for id, shown in self.shown.items()}
        return replace(ending, outputs={**self.outputs, **ending.outputs}, meta={**meta, **ending.meta})


class Parts:
    """The cells of one job, as they are done."""

    def __init__(self, journal: Journal, seq: int) -> None:
        self._journal = journal
        self._seq = seq
        self._writing: set[asyncio.Task[None]] = set()

    async def done(self) -> Done:
        """Raises DatabaseError."""
        return await self._journal.call(lambda db: done_of(db, self._seq))

    def keep(self, node: str, shown: str, output: Any) -> None:
        """Write down what a node has shown, while the job goes on."""
        task = asyncio.create_task(self._keep(node, shown, json.dumps(output, separators=(",", ":"))))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _keep(self, node: str, shown: str, output: str) -> None:
        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT OR REPLACE INTO parts SELECT seq, ?, ?, ? FROM jobs WHERE seq = ? AND ended IS NULL",
                (node, shown, output, self._seq),
            )

        try:
            await self._journal.call(write)
        except DatabaseError as error:  # then this cell is done again, should the job be
            log.warning("what node %s has shown is not written down: %s", node, error)


def is_in_parts(extra: JsonObject) -> bool:
    """Whether a job is a sweep. Any other is done as a whole, or not at all."""
    return cells_of(extra) is not None


def classes_of(prompt: JsonObject, extra: JsonObject) -> dict[str, str]:
    """Node id to class_type: of the prompt's nodes, and of those of the graph that they stand for."""
    cells = cells_of(extra)
    own = {id: str(node.get("class_type", "")) for id, node in prompt.items()}
    return own if cells is None else {**{cells.display(NodeId(id)): kind for id, kind in own.items()}, **own}


def done_of(db: sqlite3.Connection, seq: int) -> Done:
    """What is written down of a job that has not ended."""
    rows = db.execute("SELECT node, shown, output FROM parts WHERE job = ?", (seq,)).fetchall()
    return Done({node: json.loads(output) for node, _, output in rows}, {node: shown for node, shown, _ in rows})


def meta_of(id: str, shown: str) -> JsonObject:
    """A node's entry in the history's `meta`."""
    return {"node_id": id, "display_node": shown, "parent_node": None, "real_node_id": shown}
