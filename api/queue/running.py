"""One job while it runs: its events, turned into what listeners are told, and what is known of it so far."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.hub import Feed, Hub, text
from api.queue.journal import Ending, Entry
from api.queue.parts import Done, meta_of
from api.queue.whole import Whole
from graph.events import (
    Event,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    NodeFacts,
    NodeState,
    PackMessage,
    Preview,
    Progress,
    ProgressBoard,
    Text,
    message,
)
from graph.protocol import preview_frame, preview_frame_with_metadata, text_frame
from graph.types import JsonObject

PROGRESS_EVERY = 0.08
"""Seconds between two `progress_state` messages of a run, or longer where they are large."""
PROGRESS_BYTES_PER_SECOND = 2**19
"""`progress_state` names every node touched so far: at this rate its bytes grow with the run's time, not with n²."""
TIMINGS_KEPT = 1000
"""Nodes of a job whose times are kept."""
STEP_GAP = 0.01
"""Seconds between two `progress` messages of a node; the last one of a count always goes out."""


@dataclass
class Running:
    """The job that runs now."""

    entry: Entry
    classes: Mapping[str, str]
    """Node id to class_type, of the prompt's nodes."""
    attempt: int
    hub: Hub
    feed: Feed
    longest: dict[str, float]
    """By class_type: the longest that a node of it was seen to take for one step, in seconds. Filled here."""
    whole: Whole | None = None
    """How far it is over the whole graph; None until its prompt is read."""
    interrupted: bool = False
    node: str | None = None
    """The prompt's node that runs now."""
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    executed: list[str] = field(default_factory=list[str])
    facts: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    """What is known of nodes that are done, and was not told yet."""
    known: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    """The same, told or not."""
    _shown: dict[str, str] = field(default_factory=dict[str, str])
    """The prompt's node that stands for each node of `outputs`."""
    _closing: list[Event] = field(default_factory=list[Event])
    _messages: list[list[Any]] = field(default_factory=list[list[Any]])
    _step_began: float = field(default_factory=time.monotonic)
    _last_step_told: float = 0.0
    _next_progress: float = 0.0
    _timer: asyncio.TimerHandle | None = None
    _preview: Preview | None = None
    _keep: Callable[[str, str, Any], None] | None = None

    def __post_init__(self) -> None:
        self.board = ProgressBoard(self.entry.prompt_id)
        self.began = time.monotonic()

    @property
    def prompt_id(self) -> str:
        return self.entry.prompt_id

    @property
    def client_id(self) -> str | None:
        return self.entry.client_id

    @property
    def owner(self) -> str:
        return self.entry.owner

    @property
    def where(self) -> str:
        """How a sentence names the node that runs: `KSampler #3`."""
        return "no node" if self.node is None else f"{self.classes.get(self.node, 'a node')} #{self.node}"

    @property
    def ms(self) -> float:
        """How long it runs already."""
        return (time.monotonic() - self.began) * 1000

    def go_on(self, done: Done, keep: Callable[[str, str, Any], None] | None) -> None:
        """Begin where an earlier attempt stopped. keep: called with what nodes show from now on: id, the prompt's node
        that stands for it, output."""
        self.outputs |= done.outputs
        self._shown |= done.shown
        self._keep = keep

    def progress(self) -> JsonObject | None:
        """How far it is, for pages that follow every job; None before its prompt is read."""
        return None if self.whole is None else self.whole.report(time.monotonic())

    def standing(self) -> JsonObject:
        """How it stands, for who asks for this job: its node, progress, times and results so far."""
        return {
            "node": self.node,
            "attempts": self.attempt,
            "ms": round(self.ms),
            "progress": self.progress(),
            "timings": self.timings(),
            "outputs": self.outputs,
        }

    def timings(self) -> dict[str, float]:
        """What nodes took so far, in ms; of very many only those that took longest."""
        took = {id: float(ms) for id, facts in self.known.items() if (ms := facts.get("ms")) is not None}
        if len(took) <= TIMINGS_KEPT:
            return took
        return {id: took[id] for id in sorted(took, key=lambda id: -took[id])[:TIMINGS_KEPT]}

    def longest_step(self) -> float:
        """Seconds that a step of the node that runs now took at most, so far."""
        return self.longest.get(self.classes.get(self.node or "", ""), 0.0)

    def take(self, event: Event) -> None:
        """Tell listeners of an event; closing ones are kept back until `close`."""
        match event:
            case NodeState():
                self.board.add(event)
                self._follow(event)
                self._plan_progress()
            case NodeFacts():
                self.facts.update(event.nodes)
                self.known.update(event.nodes)
                self._learn(event)
                self._plan_progress()
            case Progress():
                self._measure_step()
                now = time.monotonic()
                if now - self._last_step_told >= STEP_GAP or event.value >= event.max:
                    self._last_step_told = now
                    self._tell_client(event)
            case Preview():
                self._tell_preview(event)
            case Text():
                frame = text_frame(event.node, event.text)
                self.hub.send(self.client_id, frame, self.owner)
                self.feed.publish_passing(frame, self.owner)
            case PackMessage():
                self.hub.send_message(event.event, event.data, event.client_id, self.owner)
            case ExecutionSuccess() | ExecutionInterrupted():
                self._closing.append(event)
            case ExecutionError() if event.timestamp is not None:
                self._closing.append(event)
            case _:
                self._note(event)
                self._tell(event)

    def close(self) -> None:
        """Send the last progress and the closing event: the job's result is in the journal now."""
        self._measure_step()
        if self.board.nodes or self.facts:
            self._tell_progress()
        for event in self._closing:
            self._tell(event)
        if self._timer is not None:
            self._timer.cancel()

    def greeting(self) -> list[str]:
        """What a client that comes back during its job is told at once: its node, results and progress."""
        if self.node is None:
            return []
        messages = [
            text("executing", {"node": self.node}),
            *(
                text(
                    "executed",
                    {"node": id, "display_node": self._shown[id], "output": output, "prompt_id": self.prompt_id},
                )
                for id, output in self.outputs.items()
            ),
        ]
        if self.board.nodes:
            state = self.board.message()
            messages.append(text(state["type"], state["data"]))
        return messages

    def told_facts(self) -> str | None:
        """What is known of its nodes, for a client that comes back during it and asked for that."""
        return text("easel_nodes", {"prompt_id": self.prompt_id, "nodes": self.known}) if self.known else None

    def end_here(self, sentence: str | None) -> Ending:
        """The ending of a run whose worker is gone: an error with this sentence, or, with None, an interruption."""
        now = int(time.time() * 1000)
        node = self.node or ""
        if sentence is None:
            event: Event = ExecutionInterrupted(
                prompt_id=self.prompt_id,
                node_id=node,
                node_type=self.classes.get(node, ""),
                executed=self.executed,
                timestamp=now,
            )
        else:
            event = ExecutionError(
                prompt_id=self.prompt_id,
                node_id=node,
                node_type=self.classes.get(node, ""),
                executed=self.executed,
                exception_message=sentence + "\n",
                exception_type="WorkerDied",
                traceback=[],
                current_inputs={},
                current_outputs=[],
                timestamp=now,
            )
        self._closing = [event]
        told = message(event)
        assert told is not None
        messages = [*self._messages, [told["type"], told["data"]]]
        return Ending(
            outputs=self.outputs,
            status={"status_str": "error", "completed": False, "messages": messages},
            meta={id: meta_of(id, shown) for id, shown in self._shown.items()},
        )

    def _note(self, event: Event) -> None:
        match event:
            case Executing():
                self._measure_step()
                self._preview = None
                self.node = event.display_node
                if self.whole is not None:
                    self.whole.began(event.display_node, time.monotonic())
            case Executed():
                self._measure_step()
                self._preview = None
                self.executed.append(event.node)
                if event.output is not None:
                    self.outputs[event.node] = event.output
                    self._shown[event.node] = event.display_node
                    if self._keep is not None:
                        self._keep(event.node, event.display_node, event.output)
            case ExecutionStart() | ExecutionCached():
                told = message(event)
                assert told is not None
                self._messages.append([told["type"], told["data"]])
                if isinstance(event, ExecutionCached) and self.whole is not None:
                    self.whole.cached(event.nodes)
            case _:
                pass

    def _follow(self, event: NodeState) -> None:
        if self.whole is None:
            return
        if event.state == "running":
            self.whole.step(event.display_node, event.value, event.max, time.monotonic())
        elif event.node == event.display_node:
            self.whole.finished(event.node)

    def _learn(self, event: NodeFacts) -> None:
        for id, facts in event.nodes.items():
            ms = facts.get("ms")
            if self.whole is not None and isinstance(ms, (int, float)):
                self.whole.took(str(facts.get("display_node") or id), ms)

    def _measure_step(self) -> None:
        now = time.monotonic()
        kind = self.classes.get(self.node or "")
        if kind is not None:
            self.longest[kind] = max(self.longest.get(kind, 0.0), now - self._step_began)
        self._step_began = now

    def _tell(self, event: Event) -> None:
        told = self._tell_client(event)
        if told is not None:
            self.feed.publish(told["type"], told["data"], self.client_id, self.owner)

    def _tell_client(self, event: Event) -> JsonObject | None:
        told = message(event)
        if told is None:
            return None
        payload = text(told["type"], told["data"])
        if isinstance(event, ExecutionInterrupted) and self.client_id is None:
            self.hub.broadcast(payload, self.owner)
        else:
            self.hub.send(self.client_id, payload, self.owner)
        return told

    def last_preview(self, *, described: bool) -> bytes | None:
        """The frame of the newest preview of the node that runs, for who comes late; None where there is none."""
        event = self._preview
        if event is None or (event.sketch and not described and not self.hub.sketches):
            return None
        return _described(event) if described else preview_frame(event.format, event.data)

    def _tell_preview(self, event: Preview) -> None:
        self._preview = event
        plain, rich = (lambda: preview_frame(event.format, event.data)), (lambda: _described(event))
        self.hub.send_preview(self.client_id, self.owner, plain, rich, sketch=event.sketch)
        if self.feed.is_heard(self.owner):
            self.feed.publish_passing(rich(), self.owner, preview=True)

    def _plan_progress(self) -> None:
        now = time.monotonic()
        if now >= self._next_progress:
            self._tell_progress()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._next_progress - now, self._tell_progress)

    def _tell_progress(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.facts:
            told = message(NodeFacts(prompt_id=self.prompt_id, nodes=self.facts))
            assert told is not None
            self.facts = {}
            self.hub.send(self.client_id, text(told["type"], told["data"]), self.owner, wants="easel_nodes")
            self.feed.publish(told["type"], told["data"], self.client_id, self.owner)
        followed = self.feed.is_heard(self.owner)
        if followed and (progress := self.progress()) is not None:
            told = text("job_progress", {"prompt_id": self.prompt_id, **progress})
            self.feed.publish_passing(told, self.owner, replaces="job_progress")
        if not self.board.nodes:
            return
        if not (followed or self.hub.is_heard_by(self.client_id, self.owner)):
            self._next_progress = time.monotonic() + PROGRESS_EVERY
            return
        changed = self.board.take_changes()
        if not changed["data"]["nodes"]:
            return
        changes = _text_of(changed)
        told = self.hub.send_progress(
            self.client_id, self.owner, lambda: _text_of(self.board.message()), lambda: changes
        )
        if followed:  # pages were told all there was when they came
            told = max(told, len(changes))
            self.feed.publish_passing(changes, self.owner)
        self._next_progress = time.monotonic() + max(PROGRESS_EVERY, told / PROGRESS_BYTES_PER_SECOND)


def _described(event: Preview) -> bytes:
    return preview_frame_with_metadata(
        event.format,
        event.data,
        prompt_id=event.prompt_id,
        node_id=event.node,
        display_node_id=event.display_node,
        parent_node_id=event.parent_node,
        real_node_id=event.real_node,
    )


def _text_of(message: JsonObject) -> str:
    return text(message["type"], message["data"])
