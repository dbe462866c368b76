"""What is asked of a run, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from graph.frozen import Holder
from graph.parse import parse, to_prompt
from graph.types import Graph, JsonObject, NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A validated graph (`Report.graph`) and the output nodes of it that are wanted."""

    prompt_id: str
    graph: Graph
    targets: tuple[NodeId, ...]
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The request's `extra_data`: `extra_pnginfo`, credentials, whatever packs look for."""
    client_id: str | None = None
    user: str = ""
    """Whose run it is, a person's id: files are theirs, and what output nodes show is never shared between people."""

    @property
    def holder(self) -> Holder:
        """Whose frozen results it may use, and who asked for them last."""
        return Holder(self.user, self.client_id or "")

    def to_json(self) -> JsonObject:
        return {
            "prompt_id": self.prompt_id,
            "prompt": to_prompt(self.graph),
            "targets": list(self.targets),
            "extra": dict(self.extra),
            "client_id": self.client_id,
            "user": self.user,
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Job:
        """Raises ParseError if the prompt is no graph."""
        return cls(
            prompt_id=data["prompt_id"],
            graph=parse(data["prompt"]),
            targets=tuple(NodeId(id) for id in data["targets"]),
            extra=data["extra"],
            client_id=data["client_id"],
            user=data.get("user", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended. `to_json` is all that the journal keeps of it."""

    prompt_id: str
    status: Literal["success", "error", "interrupted"]
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Any])
    """`ui` results by node id, cached ones included: the history's `outputs`."""
    meta: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    """For each of those: node_id, display_node, parent_node, real_node_id."""
    executed: tuple[NodeId, ...] = ()
    """The nodes that ran, in order."""
    cached: tuple[NodeId, ...] = ()
    """The nodes whose results were there already."""
    messages: tuple[tuple[str, JsonObject], ...] = ()
    """The history's `status.messages`: start, cached and the closing event."""
    error: JsonObject | None = None
    """The closing `execution_error`'s data."""

    def to_json(self) -> JsonObject:
        return {
            "prompt_id": self.prompt_id,
            "status": self.status,
            "outputs": {id: dict(output) for id, output in self.outputs.items()},
            "meta": dict(self.meta),
            "executed": list(self.executed),
            "cached": list(self.cached),
            "messages": [list(message) for message in self.messages],
            "error": self.error,
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Outcome:
        return cls(
            prompt_id=data["prompt_id"],
            status=data["status"],
            outputs=data["outputs"],
            meta=data["meta"],
            executed=tuple(NodeId(id) for id in data["executed"]),
            cached=tuple(NodeId(id) for id in data["cached"]),
            messages=tuple((name, body) for name, body in data["messages"]),
            error=data["error"],
        )
