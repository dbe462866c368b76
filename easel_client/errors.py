"""What can go wrong, each with a sentence for people and its parts for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]


class EaselError(Exception):
    """The root of all that this package raises."""


class Unreachable(EaselError):
    """The server does not answer, or the connection to it was lost and did not come back."""


class ChangeError(EaselError):
    """A change names a node or an input that the graph does not have."""


@dataclass(frozen=True)
class NodeProblem:
    """One thing that keeps a node from running."""

    node: str
    class_type: str
    input: str | None
    kind: str
    """Such as `value_not_in_list`."""
    sentence: str
    """The server's own; made of its parts where the server gives none."""


class Refused(EaselError):
    """The server refused a request. The text is its sentence, and those about nodes."""

    def __init__(
        self, status: int, kind: str, sentence: str, details: str = "", problems: tuple[NodeProblem, ...] = ()
    ) -> None:
        super().__init__("\n".join([sentence, *(f"  {problem.sentence}" for problem in problems)]))
        self.status = status
        self.kind = kind
        self.sentence = sentence
        self.details = details
        self.problems = problems


class JobFailed(EaselError):
    """A node failed while the job ran."""

    def __init__(self, prompt_id: str, data: Mapping[str, Any]) -> None:
        self.prompt_id = prompt_id
        self.node = str(data.get("node_id") or "")
        self.class_type = str(data.get("node_type") or "")
        self.kind = str(data.get("exception_type") or "")
        self.sentence = str(data.get("exception_message") or "the server does not say why").strip()
        self.traceback = "".join(str(line) for line in data.get("traceback") or ())
        where = f"{self.class_type} #{self.node}" if self.class_type else "The job"
        super().__init__(f"{where} failed: {self.sentence}")


class JobInterrupted(EaselError):
    """The job was stopped while it ran."""

    def __init__(self, prompt_id: str) -> None:
        self.prompt_id = prompt_id
        super().__init__(f"The job {prompt_id} was interrupted.")


class JobGone(EaselError):
    """The job is neither in the queue nor in the history: it was taken out before it ran, or forgotten since."""

    def __init__(self, prompt_id: str) -> None:
        self.prompt_id = prompt_id
        super().__init__(f"The server has no job {prompt_id}: it was taken out of the queue, or forgotten.")


def refusal(status: int, body: bytes, what: str) -> Refused:
    """What an answer of 400 and above says. what: the request, where the answer says nothing."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        found = None
    said = cast(Json, found) if isinstance(found, dict) else {}
    error: Any = said.get("error")
    if isinstance(error, dict):
        parts = cast(Json, error)
        sentence = str(parts.get("message") or "")
        details = str(parts.get("details") or "")
        shown = f"{sentence} ({details})" if details and details not in sentence else sentence
        return Refused(status, str(parts.get("type") or ""), shown, details, tuple(_problems(said)))
    text = str(error) if error else body[:300].decode("utf-8", "replace").strip()
    return Refused(status, "", f"{what} was refused with {status}" + (f": {text}" if text else "."))


def _problems(said: Json) -> list[NodeProblem]:
    nodes: Any = said.get("node_errors")
    problems: list[NodeProblem] = []
    for node, entry in cast(Json, nodes).items() if isinstance(nodes, dict) else ():
        for item in entry.get("errors", ()):
            more: Json = item.get("extra_info") or {}
            input = more.get("input_name")
            class_type = str(entry.get("class_type") or "")
            own = f"{class_type} #{node}: {item.get('message', '')} ({item.get('details', '')})"
            sentence = str(item.get("sentence") or own)
            problems.append(NodeProblem(str(node), class_type, input, str(item.get("type") or ""), sentence))
    return problems
