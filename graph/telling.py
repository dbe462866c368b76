"""What a run tells of its nodes: that they run, what they show, and what is known of their results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from graph.cache import Entry, Sizes
from graph.dynamic import DynamicGraph
from graph.events import Event, Executed, Executing, NodeFacts, NodeState, Reason
from graph.facts import outputs_of
from graph.job import Job
from graph.names import Names
from graph.types import JsonObject, NodeId


class Telling:
    def __init__(self, job: Job, graph: DynamicGraph, names: Names, emit: Callable[[Event], None]) -> None:
        self._job = job
        self._graph = graph
        self._names = names
        self.emit = emit
        self.outputs: dict[str, Any] = {}
        """`ui` results by node, as they were shown."""

    def state(self, id: NodeId, value: float, state: Literal["running", "finished"]) -> None:
        self.emit(
            NodeState(
                prompt_id=self._job.prompt_id,
                node=id,
                display_node=self._graph.display(id),
                parent_node=self._graph.parent(id),
                real_node=self._graph.real(id),
                value=value,
                max=1,
                state=state,
            )
        )

    def executing(self, id: NodeId, reason: Reason | None) -> None:
        display = self._graph.display(id)
        self.emit(Executing(prompt_id=self._job.prompt_id, node=id, display_node=display, reason=reason))

    def show(self, id: NodeId, ui: Any, *, cached: bool) -> None:
        if ui is not None:
            self.outputs[id] = ui
        display = self._graph.display(id)
        self.emit(Executed(prompt_id=self._job.prompt_id, node=id, display_node=display, output=ui, cached=cached))

    def there(self, id: NodeId, entry: Entry | None) -> None:
        """A cached target still shows its results."""
        if entry is not None and entry.ui is not None:
            self.show(id, entry.ui, cached=True)
        self.state(id, 1, "finished")

    def known(self, ids: list[NodeId]) -> None:
        """What is known of results that were there already."""
        nodes: dict[str, JsonObject] = {
            id: self._facts(id, entry) for id in ids if (entry := self._names.entry(id)) is not None
        }
        if nodes:
            self.emit(NodeFacts(prompt_id=self._job.prompt_id, nodes=nodes))

    def shared(self, id: NodeId, entry: Entry) -> None:
        """A node took the result of an equal one."""
        self.emit(NodeFacts(prompt_id=self._job.prompt_id, nodes={id: self._facts(id, entry)}))

    def finished(
        self, id: NodeId, entry: Entry, *, seconds: float, peak: int | None, sizes: Sizes | None, kept: bool
    ) -> None:
        """A node ran. peak: bytes that its calls took, where the device tells; else its outputs' are counted."""
        facts = self._facts(id, entry)
        facts["ms"] = round(seconds * 1000, 3)
        facts["key"] = facts["key"] if kept else None
        if peak is not None:
            facts |= {"bytes": peak, "bytes_of": "peak"}
        elif sizes is not None:
            facts |= {"bytes": sum(sizes.values()), "bytes_of": "outputs"}
        self.emit(NodeFacts(prompt_id=self._job.prompt_id, nodes={id: facts}))

    def meta(self, id: str) -> JsonObject:
        node = NodeId(id)
        return {
            "node_id": id,
            "display_node": self._graph.display(node),
            "parent_node": self._graph.parent(node),
            "real_node_id": self._graph.real(node),
        }

    def _facts(self, id: NodeId, entry: Entry) -> JsonObject:
        return {
            "display_node": self._graph.display(id),
            "ms": None,
            "bytes": None,
            "bytes_of": None,
            "outputs": outputs_of(self._names.type(id).spec, entry.outputs),
            "key": self._names.keys[id],
            "warnings": list(entry.warnings),
            "frozen": id in self._names.frozen,
        }
