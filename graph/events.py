"""What a run tells while it runs: plain values, in the order in which clients of this protocol expect them.

One prompt: `ExecutionStart`, `ExecutionCached`, `NodeFacts` of what is cached; for each node that runs
`NodeState(running)`, `Executing`, then any of `Progress`, `NodeState`, `Preview`, `Text`, then `Executed` if it has
`ui` results, then `NodeFacts`, `NodeState(finished)`; for each cached output node `Executed`, `NodeState(finished)`;
last one of `ExecutionSuccess`, `ExecutionError`, `ExecutionInterrupted`. `message` gives the websocket's text message;
`to_wire` and `from_wire` cross the link.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from graph.types import JsonObject

ReasonKind = Literal["new", "changed", "evicted", "uncacheable", "failed", "files gone"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a node ran and was not taken from the cache."""

    kind: ReasonKind
    inputs: tuple[str, ...] = ()
    """For `changed`: the inputs that differ from the node's last run; empty where its code or files changed."""

    @property
    def sentence(self) -> str:
        match self.kind:
            case "new":
                return "it has not run before"
            case "changed" if self.inputs:
                return f"{', '.join(self.inputs)} changed"
            case "changed":
                return "its code or a file that it reads changed"
            case "evicted":
                return "its result was dropped to free memory"
            case "uncacheable":
                return "its result is never kept"
            case "failed":
                return "its last run did not finish"
            case "files gone":
                return "a file that it wrote is gone"

    def to_json(self) -> JsonObject:
        return {"kind": self.kind, "inputs": list(self.inputs), "sentence": self.sentence}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStart:
    type: ClassVar = "execution_start"
    prompt_id: str
    timestamp: int
    """Milliseconds since 1970, as in all events that have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCached:
    """The nodes whose results were there already."""

    type: ClassVar = "execution_cached"
    prompt_id: str
    nodes: Sequence[str]
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Executing:
    type: ClassVar = "executing"
    prompt_id: str
    node: str
    display_node: str
    """The node of the user's graph that stands for `node`: itself, or the one that expanded into it."""
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """One node's share of `progress_state`; who sends that message gathers these (see `ProgressBoard`)."""

    type: ClassVar = "node_state"
    prompt_id: str
    node: str
    display_node: str
    parent_node: str | None
    real_node: str
    value: float
    max: float
    state: Literal["running", "finished", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    type: ClassVar = "progress"
    prompt_id: str
    node: str
    value: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An encoded picture of what the node has so far."""

    type: ClassVar = "preview"
    prompt_id: str
    node: str
    display_node: str
    parent_node: str | None
    real_node: str
    format: Literal["JPEG", "PNG"]
    data: bytes
    sketch: bool = False
    """Of what a sampler is at, and no picture that a node gives: programs for which it makes a difference get none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text that the node shows while it runs."""

    type: ClassVar = "text"
    prompt_id: str
    node: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A node's `ui` results; `output` is None for a node that shared another's result."""

    type: ClassVar = "executed"
    prompt_id: str
    node: str
    display_node: str
    output: Mapping[str, Any] | None
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What is known of nodes whose results are there; only for clients that asked for it.

    By node: `display_node`, `ms` (None where it did not run now), `bytes` and `bytes_of` (`outputs`, or on a GPU the
    `peak` that its run took), `outputs` (each `{type, text}`), `key` (the name of the result, None where it is not
    kept), `warnings`, `frozen`.
    """

    type: ClassVar = "easel_nodes"
    prompt_id: str
    nodes: Mapping[str, JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionError:
    type: ClassVar = "execution_error"
    prompt_id: str
    node_id: str
    """The outermost node, which is in the user's graph."""
    node_type: str
    executed: Sequence[str]
    exception_message: str
    exception_type: str
    traceback: Sequence[str]
    current_inputs: Mapping[str, Any]
    """Short summaries by input name."""
    current_outputs: Sequence[str]
    timestamp: int | None
    """None for a blocked node, after which the run goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionInterrupted:
    type: ClassVar = "execution_interrupted"
    prompt_id: str
    node_id: str
    node_type: str
    executed: Sequence[str]
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSuccess:
    type: ClassVar = "execution_success"
    prompt_id: str
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackMessage:
    """A message of a pack's own kind."""

    type: ClassVar = "pack_message"
    prompt_id: str
    event: str
    data: Any
    client_id: str | None = None
    """The only receiver; None for all."""


Event: TypeAlias = (
    ExecutionStart
    | ExecutionCached
    | Executing
    | NodeState
    | Progress
    | Preview
    | Text
    | Executed
    | NodeFacts
    | ExecutionError
    | ExecutionInterrupted
    | ExecutionSuccess
    | PackMessage
)

_KINDS: dict[str, type[Any]] = {
    kind.type: kind
    for kind in (
        ExecutionStart,
        ExecutionCached,
        Executing,
        NodeState,
        Progress,
        Preview,
        Text,
        Executed,
        NodeFacts,
        ExecutionError,
        ExecutionInterrupted,
        ExecutionSuccess,
        PackMessage,
    )
}


def to_wire(event: Event) -> tuple[JsonObject, tuple[bytes, ...]]:
    """A JSON object and raw bytes; `from_wire` gives an equal event."""
    data: JsonObject = {name: getattr(event, name) for name in _field_names(type(event))}
    blobs: tuple[bytes, ...] = ()
    if isinstance(event, Preview):
        blobs = (data.pop("data"),)
    elif isinstance(event, Executing) and event.reason is not None:
        data["reason"] = {"kind": event.reason.kind, "inputs": list(event.reason.inputs)}
    data["type"] = event.type
    return data, blobs


def from_wire(data: JsonObject, blobs: Sequence[bytes] = ()) -> Event:
    """Raises KeyError for an unknown type and TypeError for missing or surplus fields."""
    fields = dict(data)
    kind = _KINDS[fields.pop("type")]
    if kind is Preview:
        fields["data"] = bytes(blobs[0])
    elif kind is Executing and fields.get("reason"):
        fields["reason"] = Reason(fields["reason"]["kind"], tuple(fields["reason"]["inputs"]))
    return kind(**fields)


def message(event: Event) -> JsonObject | None:
    """The websocket text message `{"type", "data"}`, or None for what is sent otherwise.

    That is `NodeState` (gathered into `progress_state`), `Preview` and `Text` (binary frames, see `graph.protocol`).
    """
    if isinstance(event, NodeState | Preview | Text):
        return None
    if isinstance(event, PackMessage):
        return {"type": event.event, "data": event.data}
    data: JsonObject = {name: getattr(event, name) for name in _field_names(type(event))}
    if isinstance(event, Executing):
        data["reason"] = event.reason and event.reason.to_json()
    if isinstance(event, ExecutionError) and event.timestamp is None:
        del data["timestamp"]
    return {"type": event.type, "data": data}


_names: dict[type[Any], tuple[str, ...]] = {}


def _field_names(kind: type[Any]) -> tuple[str, ...]:
    names = _names.get(kind)
    if names is None:
        names = _names[kind] = tuple(item.name for item in dataclasses.fields(kind))
    return names


@dataclass(slots=True)
class ProgressBoard:
    """Gathers `NodeState`s of one prompt into the `progress_state` message that lists every node touched so far."""

    prompt_id: str
    nodes: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    _changed: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, state: NodeState) -> None:
        self._changed[state.node] = None
        self.nodes[state.node] = {
            "value": state.value,
            "max": state.max,
            "state": state.state,
            "node_id": state.node,
            "prompt_id": state.prompt_id,
            "display_node_id": state.display_node,
            "parent_node_id": state.parent_node,
            "real_node_id": state.real_node,
        }

    def message(self) -> JsonObject:
        return {"type": "progress_state", "data": {"prompt_id": self.prompt_id, "nodes": dict(self.nodes)}}

    def take_changes(self) -> JsonObject:
        """The same with those nodes alone that have changed since this was last asked for."""
        nodes = {id: self.nodes[id] for id in self._changed}
        self._changed = {}
        return {"type": "progress_state", "data": {"prompt_id": self.prompt_id, "nodes": nodes, "delta": True}}
