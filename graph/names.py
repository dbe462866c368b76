"""The names of a run's results: which node has which key, and which results are in the cache."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from graph.cache import Entry
from graph.call import within
from graph.context import Context
from graph.dynamic import DynamicGraph
from graph.errors import FileNameError, GraphError
from graph.events import Event
from graph.folders import Folders
from graph.frozen import Pin, pins_of
from graph.job import Job
from graph.key import fingerprint_of, key, stable_text
from graph.node import NodeType
from graph.tasks import Tasks
from graph.types import JsonObject, Key, Link, Node, NodeId

if TYPE_CHECKING:
    from graph.execute import Executor

log = logging.getLogger(__name__)


def _ignore_text(text: str) -> None:
    """IS_CHANGED is asked before the run: it has nothing to tell."""


class Names:
    """Keys by node. A volatile node has a key that no other run will ask for, as has all that reads it."""

    def __init__(self, executor: Executor, job: Job, graph: DynamicGraph, tasks: Tasks) -> None:
        self.keys: dict[NodeId, Key] = {}
        self.volatile: set[NodeId] = set()
        self.files_gone: set[NodeId] = set()
        """Output nodes whose result is known and whose files are not there any more."""
        self.twins: dict[Key, int] = {}
        """How many nodes share a key."""
        self.pins: dict[NodeId, Pin] = {id: pin for id, pin in pins_of(job.extra).items() if id in job.graph}
        """The nodes that are to be frozen."""
        self.frozen: dict[NodeId, Entry] = {}
        """Those of them whose results are there, after `freeze`."""
        self.holder = job.holder
        self.folders = executor.folders_of(job.user)
        """As the person has them whose run it is."""
        self._executor = executor
        self._job = job
        self._graph = graph
        self._tasks = tasks
        self._services = executor.fingerprint()

    def type(self, id: NodeId) -> NodeType:
        """Raises GraphError where this process has no such type."""
        class_type = self._graph.nodes[id].class_type
        found = self._executor.registry.get(class_type)
        if found is None:
            raise GraphError(f"NodeNotFoundError: node #{id} has the type {class_type}, which is not installed here.")
        return found

    def add(self, order: Sequence[NodeId]) -> None:
        """Name nodes in the order of a plan, so that the keys of all inputs are there."""
        for id in order:
            node, type = self._graph.nodes[id], self.type(id)
            volatile = any(value.node in self.volatile for value in node.inputs.values() if isinstance(value, Link))
            changed: str | None = None
            if type.is_changed is not None:
                changed = self._is_changed(id, node, type)
                if changed is None:
                    volatile, changed = True, f"{self._job.prompt_id} {id} never the same"
            fingerprint = fingerprint_of(
                node,
                type.spec,
                services=self._services,
                user=self._job.user,
                folders=self.folders,
                changed=changed,
            )
            try:
                name = key(node, type.spec, self.keys, fingerprint)
            except (ValueError, TypeError, RecursionError):
                volatile, name = True, Key(f"{self._job.prompt_id} {id} has no key")
            self._name(id, name)
            if volatile:
                self.volatile.add(id)

    def _name(self, id: NodeId, name: Key) -> None:
        self.keys[id] = name
        self.twins[name] = self.twins.get(name, 0) + 1

    def freeze(self) -> None:
        """Take frozen nodes' results. What reads one is then named after it, and not after what lies above."""
        executor = self._executor
        for id, pin in self.pins.items():
            kept = executor.frozen.find(id, pin, self._graph.nodes[id].class_type, self.holder, executor.cache)
            if kept is not None and self._is_whole(id, kept.entry):
                self.frozen[id] = kept.entry
                self._name(id, kept.key)

    def entry(self, id: NodeId) -> Entry | None:
        """The result that is there, without making it worth more."""
        if id in self.frozen:
            return self.frozen[id]
        return None if id in self.volatile else self._executor.cache.peek(self.keys[id])

    def take(self, id: NodeId) -> Entry | None:
        """The result that is there, to be used."""
        return self.frozen.get(id) or self._executor.cache.get(self.keys[id])

    def is_cached(self, id: NodeId) -> bool:
        """Whether the result is there and whole: each file that an output node wrote still exists."""
        entry = self.entry(id)
        return entry is not None and self._is_whole(id, entry)

    def _is_whole(self, id: NodeId, entry: Entry) -> bool:
        folders = self.folders
        if entry.ui is None or folders is None or not self.type(id).spec.is_output:
            return True
        if all(_exists(folders, file) for file in _files(entry.ui)):
            return True
        self.files_gone.add(id)
        return False

    def context(
        self,
        id: NodeId,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
        index: int | None = None,
        warn: Callable[[str], None] = _ignore_text,
        spoil: Callable[[str], None] = _ignore_text,
    ) -> Context:
        """What a call of this node's function gets."""
        return Context(
            node_id=id,
            prompt_id=self._job.prompt_id,
            class_type=self._graph.nodes[id].class_type,
            display_node=self._graph.display(id),
            parent_node=self._graph.parent(id),
            real_node=self._graph.real(id),
            list_index=index,
            person=self._job.user,
            extra=self._job.extra,
            client_id=self._job.client_id,
            folders=self.folders,
            services=self._executor.services,
            emit=emit,
            cancelled=cancelled,
            warn=warn,
            spoil=spoil,
            instances=self._executor.instances,
            dynamic_prompt=self._graph,
        )

    def _is_changed(self, id: NodeId, node: Node, type: NodeType) -> str | None:
        """The node's IS_CHANGED as text; None for never the same. It sees constants only."""
        assert type.is_changed is not None
        values = {
            name: None if isinstance(value, Link) else value
            for name, value in node.inputs.items()
            if isinstance(value, Link)
            or type.spec.open_inputs
            or name in type.spec.hidden
            or type.spec.input(name) is not None
        }
        try:
            value = within(self.context(id, _ignore, _never), type.is_changed, values)
            value = self._tasks.wait_for(value) if inspect.isawaitable(value) else value
        except Exception as error:
            log.warning("IS_CHANGED of %s failed, so the node runs each time: %s", node.label, error)
            return None
        try:
            return stable_text(value)
        except (ValueError, TypeError, RecursionError):
            return None


def _ignore(event: Event) -> None:
    """IS_CHANGED is asked before the run: it has nothing to tell."""


def _never() -> bool:
    return False


def _files(ui: Mapping[str, Any]) -> list[JsonObject]:
    """The files that results name: `{"filename", "subfolder", "type"}`."""
    found: list[JsonObject] = []
    for shown in ui.values():
        for item in cast("list[Any]", shown):
            if isinstance(item, dict) and "filename" in item and "type" in item:
                found.append(cast(JsonObject, item))
    return found


def _exists(folders: Folders, file: JsonObject) -> bool:
    try:
        return folders.place(str(file["type"]), f"{file.get('subfolder') or '.'}/{file['filename']}").is_file()
    except (FileNameError, OSError):
        return False
