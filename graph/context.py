"""What a running node may do besides computing: say how far it is, and find its files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple, TypeVar

from graph.dynamic import DynamicGraph
from graph.errors import Cancelled
from graph.events import Event, NodeState, PackMessage, Preview, Progress, Text
from graph.folders import Folders
from graph.summary import plain
from graph.types import JsonObject, NodeId

T = TypeVar("T")


def _ignore(event: Event) -> None:
    """Where nobody listens."""


def _ignore_text(text: str) -> None:
    """Where nobody listens."""


def _never() -> bool:
    return False


def _number(value: float) -> float:
    """Progress as it can be sent: packs pass numbers of all libraries. Raises TypeError or ValueError for no number."""
    return value if isinstance(value, int) else float(value)


class Context:
    """Made for each call of a node's function; `Context()` alone serves a test.

    services: whatever the process that runs nodes gave the executor: for the core nodes the engine.
    extra: the prompt's `extra_data`, which may hold `extra_pnginfo`.
    person: whose run it is; `folders` are theirs.
    """

    def __init__(
        self,
        *,
        node_id: str = "0",
        prompt_id: str = "",
        class_type: str = "",
        display_node: str | None = None,
        parent_node: str | None = None,
        real_node: str | None = None,
        list_index: int | None = None,
        person: str = "",
        prompt: JsonObject | None = None,
        extra: Mapping[str, Any] | None = None,
        client_id: str | None = None,
        folders: Folders | None = None,
        services: Any = None,
        emit: Callable[[Event], None] = _ignore,
        cancelled: Callable[[], bool] = _never,
        warn: Callable[[str], None] = _ignore_text,
        spoil: Callable[[str], None] = _ignore_text,
        instances: MutableMapping[tuple[str, Any, str], Any] | None = None,
        dynamic_prompt: DynamicGraph | None = None,
    ) -> None:
        self.node_id = NodeId(node_id)
        self.prompt_id = prompt_id
        self.class_type = class_type
        self.display_node = display_node or node_id
        self.parent_node = parent_node
        self.real_node = real_node or node_id
        self.list_index = list_index
        self.person = person
        self._prompt = prompt
        self.extra: Mapping[str, Any] = extra if extra is not None else {}
        self.client_id = client_id
        self.services = services
        self.dynamic_prompt = dynamic_prompt
        self._folders = folders
        self._emit = emit
        self._cancelled = cancelled
        self._warn = warn
        self._spoil = spoil
        self._instances: MutableMapping[tuple[str, Any, str], Any] = instances if instances is not None else {}

    @property
    def folders(self) -> Folders:
        """Raises LookupError where the run was given none."""
        if self._folders is None:
            raise LookupError("This run was given no folders.")
        return self._folders

    @property
    def prompt(self) -> JsonObject:
        """The prompt as it was sent, in API format; the same object for all nodes of a run."""
        if self._prompt is None:
            self._prompt = self.dynamic_prompt.get_original_prompt() if self.dynamic_prompt is not None else {}
        return self._prompt

    def check(self) -> None:
        """Raises Cancelled if the run was asked to stop."""
        if self._cancelled():
            raise Cancelled

    def progress(self, value: float, max: float) -> None:
        """Say that `value` of `max` steps are done. Raises Cancelled if the run was asked to stop."""
        self.check()
        done, total = _number(value), _number(max)
        self._emit(Progress(prompt_id=self.prompt_id, node=self.node_id, value=done, max=total))
        self._emit(self.state(done, total, "running"))

    def preview(self, image: bytes, format: Literal["JPEG", "PNG"] = "JPEG", *, sketch: bool = False) -> None:
        """Show an encoded picture of what there is so far. sketch: of what the node is at; it may be missed."""
        self._emit(
            Preview(
                prompt_id=self.prompt_id,
                node=self.node_id,
                display_node=self.display_node,
                parent_node=self.parent_node,
                real_node=self.real_node,
                format=format,
                sketch=sketch,
                data=bytes(image),
            )
        )

    def text(self, text: str) -> None:
        """Show a line of text on the node."""
        self._emit(Text(prompt_id=self.prompt_id, node=self.node_id, text=str(text)))

    def warn(self, sentence: str) -> None:
        """Tell the artist of something that is not as it should be; the run goes on, and it stays with the result."""
        self._warn(str(sentence))

    def spoiled(self, name: str) -> None:
        """Say that the call has changed the value of this input in place, so that it is kept for no other run."""
        self._spoil(name)

    def send(self, event: str, data: Any, client_id: str | None = None) -> None:
        """Send a message of a pack's own kind to one client, or to all."""
        self._emit(PackMessage(prompt_id=self.prompt_id, event=event, data=plain(data), client_id=client_id))

    def instance(self, make: Callable[[], T]) -> T:
        """The object that `make` (a class) made for this node: kept while the node stays in one person's prompts."""
        slot = (self.node_id, make, self.person)
        found = self._instances.get(slot)
        if found is None:
            found = self._instances[slot] = make()
        return found

    def state(self, value: float, max: float, state: Literal["running", "finished", "error"]) -> NodeState:
        return NodeState(
            prompt_id=self.prompt_id,
            node=self.node_id,
            display_node=self.display_node,
            parent_node=self.parent_node,
            real_node=self.real_node,
            value=value,
            max=max,
            state=state,
        )


RUNNING: ContextVar[Context | None] = ContextVar("running", default=None)
"""The context of the call that runs in this thread or task: for code that is called by a node's function without it,
as packs' progress bars do."""


class Behalf(NamedTuple):
    """For whom code runs where no node does."""

    person: str
    folders: Folders | None


BEHALF: ContextVar[Behalf | None] = ContextVar("behalf", default=None)


@contextmanager
def on_behalf_of(person: str, folders: Folders | None) -> Generator[None]:
    """Outside of a node's call, as in its own check of its inputs: packs' code finds this person's files."""
    token = BEHALF.set(Behalf(person, folders))
    try:
        yield
    finally:
        BEHALF.reset(token)
