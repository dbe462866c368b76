"""What can go wrong with a graph.

    GraphError
    ├── ParseError          the text is no graph; says where (line and column, or the node)
    ├── CycleError          a node reads its own result; carries the path
    ├── DeclarationError    a node type contradicts itself; raised when it is declared
    ├── FileNameError       a file name that leaves its folder, or names nothing
    └── ProtocolError       bytes on the link that are no message

    NodeError               a node's function raised; carries node, inputs and cause
    Cancelled               the run was asked to stop: none of the above, and not an `Exception` that nodes may catch

A `GraphError` has `to_json()`, in the shape that the HTTP reply needs. What keeps a graph from running is no exception:
it is a list of `Problem`s, so that all are reported at once (see `graph.validate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.types import JsonObject, NodeId


class GraphError(Exception):
    """The graph, or something that describes it, is at fault."""

    type = "invalid_prompt"

    def to_json(self) -> JsonObject:
        return {"type": self.type, "message": str(self), "details": "", "extra_info": {}}


class ParseError(GraphError):
    """The text is no JSON, or the JSON is no graph.

    line, column: from 1, where the text is at fault; None where its content is.
    """

    def __init__(self, sentence: str, *, details: str = "", line: int | None = None, column: int | None = None) -> None:
        super().__init__(sentence)
        self.details = details
        self.line = line
        self.column = column

    def to_json(self) -> JsonObject:
        extra: JsonObject = {}
        if self.line is not None:
            extra = {"line": self.line, "column": self.column}
        return {"type": self.type, "message": str(self), "details": self.details, "extra_info": extra}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a node from running: data for programs, and a sentence for people."""

    node: NodeId
    type: str
    """The code that clients know, such as `value_not_in_list`."""
    message: str
    details: str
    sentence: str
    """Names the node, the input, what was found and what would be right."""
    input: str | None = None
    extra_info: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> JsonObject:
        """The entry under `node_errors[...]["errors"]`; `sentence` is our addition to the known shape."""
        return {
            "type": self.type,
            "message": self.message,
            "details": self.details,
            "extra_info": dict(self.extra_info),
            "sentence": self.sentence,
        }


class CycleError(GraphError):
    """A node reads its own result.

    path: the nodes in the order in which values would flow; the last is the first again.
    """

    wire_name = "graph.DependencyCycleError"

    type = "dependency_cycle"

    def __init__(self, path: Sequence[NodeId]) -> None:
        self.path = tuple(path)
        shown = [f"#{id}" for id in self.path]
        if len(shown) > 24:
            shown = [*shown[:12], f"… {len(shown) - 24} more …", *shown[-12:]]
        super().__init__(f"These nodes read each other in a circle: {' → '.join(shown)}. Remove one of the links.")

    def to_json(self) -> JsonObject:
        details = " -> ".join(self.path)
        return {"type": self.type, "message": str(self), "details": details, "extra_info": {"path": [*self.path]}}


class DeclarationError(GraphError):
    """A node type contradicts itself or its function. The sentence says what to change.

    file, line: of the function or class that is declared, where they are known.
    """

    def __init__(self, sentence: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(sentence)
        self.file = file
        self.line = line


class FileNameError(GraphError):
    """A name from outside that leaves its folder, or names no file there."""

    type = "invalid_file_name"


class ProtocolError(GraphError):
    """Bytes on the link that are no message, or a message beyond the limits."""

    type = "protocol_error"


class NodeError(Exception):
    """A node's function raised; the cause is `__cause__`.

    inputs: short summaries of the values it was given, never the values.
    """

    def __init__(
        self,
        node_id: NodeId,
        class_type: str,
        inputs: Mapping[str, Any],
        *,
        exception_type: str,
        exception_message: str,
        traceback: Sequence[str],
    ) -> None:
        super().__init__(f"{class_type} (#{node_id}) failed: {exception_message.strip() or exception_type}")
        self.node_id = node_id
        self.class_type = class_type
        self.inputs = dict(inputs)
        self.exception_type = exception_type
        self.exception_message = exception_message
        self.traceback = tuple(traceback)


class Cancelled(BaseException):
    """The run was asked to stop. A `BaseException`, so that a node's `except Exception` does not swallow it."""
