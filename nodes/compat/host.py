"""What the names that packs import are answered from: the worker fills it in before the first pack is imported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graph.context import BEHALF, RUNNING, Context
from graph.folders import Folders
from graph.job import Job
from graph.registry import Registry
from graph.types import JsonObject

if TYPE_CHECKING:
    from models.engine import Engine


def _nobody(event: str | int, data: Any, client_id: str | None) -> None:
    """Where no control process listens."""


def _stop_nothing(prompt_id: str, stop: bool) -> None:
    """Where no job can be stopped."""


def _untold(message: JsonObject) -> None:
    """Where no control process listens."""


@dataclass
class Host:
    """The process that packs are imported into. Its folders are live: packs add some while they are imported."""

    folders: Folders
    registry: Registry
    config: JsonObject = field(default_factory=dict[str, Any])
    """The worker's configuration (`api/serve.py: worker_config`)."""
    send: Callable[[str | int, Any, str | None], None] = _nobody
    """A message of a pack's own kind for one client, or for all: event, data (JSON, or bytes for a number), client."""
    engine: Engine | None = None
    """None until the device is set up, which is after the packs are imported."""
    interrupt: Callable[[str, bool], None] = _stop_nothing
    """Ask the job of this id to stop, or take that back."""
    tell: Callable[[JsonObject], None] = _untold
    """A message to the control process: a job that a pack wants to queue, or its wish to see prompts."""
    job: Job | None = None
    """The job that runs, for code outside a node's call, such as a pack's own thread."""


_host: Host | None = None


def install(host: Host | None) -> None:
    """Make this the host of what is imported from now on; None takes it away."""
    global _host
    _host = host


def host() -> Host:
    """The host. Raises LookupError in a process that runs no packs."""
    if _host is None:
        raise LookupError("the names of ComfyUI's modules can be used in Easel's device process only")
    return _host


def installed() -> bool:
    return _host is not None


def own_folders() -> Folders:
    """The folders as the person has them for whom code runs now; the process's own where it runs for nobody."""
    context, behalf = running(), BEHALF.get()
    if context is not None:
        with suppress(LookupError):
            return context.folders
    return host().folders if behalf is None or behalf.folders is None else behalf.folders


def running() -> Context | None:
    """The context of the node that runs in this thread or task."""
    return RUNNING.get()
