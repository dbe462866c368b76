"""What a job tells while it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from easel_client.errors import EaselError
from easel_client.results import Result


@dataclass(frozen=True)
class Started:
    """The job runs now."""

    prompt_id: str


@dataclass(frozen=True)
class Cached:
    """These nodes need not run."""

    prompt_id: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class NodeStarted:
    prompt_id: str
    node: str


@dataclass(frozen=True)
class Progress:
    """`value` of `max` steps of a node are done."""

    prompt_id: str
    node: str
    value: float
    max: float


@dataclass(frozen=True)
class Preview:
    """A picture of what there is so far: a JPEG or PNG file. Missed ones do not come again."""

    prompt_id: str
    node: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class NodeText:
    """A line that a node shows."""

    prompt_id: str
    node: str
    text: str


@dataclass(frozen=True)
class NodeDone:
    """A node that shows or saves something is done; `output` names its files, and more."""

    prompt_id: str
    node: str
    output: dict[str, Any]


@dataclass(frozen=True)
class Reconnected:
    """The connection was lost for a while; what was said meanwhile is not known."""

    prompt_id: str


@dataclass(frozen=True)
class Done:
    """The last event of a job that succeeded."""

    prompt_id: str
    result: Result


@dataclass(frozen=True)
class Failed:
    """The last event of a job that did not: its `error` is what `wait` raises."""

    prompt_id: str
    error: EaselError


@dataclass(frozen=True)
class Interrupted:
    """The last event of a job that was stopped or taken out of the queue."""

    prompt_id: str
    error: EaselError


Event = (
    Started
    | Cached
    | NodeStarted
    | Progress
    | Preview
    | NodeText
    | NodeDone
    | Reconnected
    | Done
    | Failed
    | Interrupted
)
Last = Done | Failed | Interrupted
