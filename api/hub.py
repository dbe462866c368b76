"""Who listens, and what they are told: clients by their id, and pages that follow every job."""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from api.frames import frame_of
from api.outbox import Message, Outbox, Overflow, Payload
from graph.types import JsonObject

EVENTS_KEPT = 20_000
EVENTS_KEPT_BYTES = 32 * 2**20
"""How far back a page that was away can catch up."""

DELTAS = "easel_deltas"
"""The feature flag of clients that add up `progress_state` themselves."""
CROWD = 32
CROWD_STATUS_EVERY = 0.1
"""With more clients than this, `status` goes out so often, in seconds: each change to each client would be n²."""
CROWD_AT_ONCE = 50
CROWD_PER_SECOND = 5_000
"""A crowd is told in turns, so many clients at once and in a second: whoever asks for something waits for one turn."""
SHORT = 16 * 1024
"""Bytes of a message that goes out at once where nothing waits before it."""


def text(kind: str, data: Any) -> str:
    return json.dumps({"type": kind, "data": data}, separators=(",", ":"))


class Listener:
    """One websocket: what waits for it, and what it said of itself."""

    def __init__(self, socket: web.WebSocketResponse, client_id: str, transport: asyncio.Transport | None) -> None:
        self.socket = socket
        self._transport = transport
        self.client_id = client_id
        self.flags: JsonObject = {}
        self.outbox = Outbox()

    def put(
        self, payload: Payload, *, preview: bool = False, replaces: str | None = None, frame: bytes | None = None
    ) -> None:
        """Send a message, or have it wait its turn. frame: `frame_of(payload)`, where that was made already."""
        if self._has_caught_up() and len(payload) <= SHORT:
            assert self._transport is not None
            self._transport.write(frame_of(payload) if frame is None else frame)
            return
        try:
            self.outbox.put(Message(payload, "preview" if preview else "state", replaces))
        except Overflow:
            self.cut()

    def _has_caught_up(self) -> bool:
        """Whether all that was put before is on its way: then no task needs to wake for the next."""
        transport = self._transport
        return (
            transport is not None
            and not len(self.outbox)
            and not transport.is_closing()
            and not self.socket.closed
            and transport.get_write_buffer_size() == 0
        )

    def cut(self) -> None:
        """End the connection at once; the reader sees it as lost and comes back."""
        if self._transport is not None:
            self._transport.abort()

    async def write(self) -> None:
        """Send what waits, for ever. Raises ConnectionError when the other side is gone."""
        while True:
            payload = (await self.outbox.get()).payload
            if isinstance(payload, str):
                await self.socket.send_str(payload)
            else:
                await self.socket.send_bytes(payload)


class Hub:
    """Clients under /ws. A message to an id that nobody listens under is dropped."""

    def __init__(self, sketches: bool = False) -> None:
        """sketches: whether samplers' previews go to clients too that never said they can tell them from results."""
        self.sketches = sketches
        self._clients: dict[str, Listener] = {}
        self._status: JsonObject = {}
        self._status_timer: asyncio.TimerHandle | None = None
        self._told: JsonObject = {}
        """What the status was when the crowd began to be told."""
        self._to_tell: list[Listener] = []

    def join(self, listener: Listener) -> None:
        """Take over the id from whoever had it; that one is forgotten, not closed."""
        self._clients[listener.client_id] = listener

    def leave(self, listener: Listener) -> None:
        """Forget the listener, unless another has taken over its id since."""
        if self._clients.get(listener.client_id) is listener:
            del self._clients[listener.client_id]

    def is_heard_by(self, client_id: str | None) -> bool:
        """Whether somebody listens under this id."""
        return client_id in self._clients

    def send(
        self, client_id: str | None, payload: Payload, *, replaces: str | None = None, wants: str | None = None
    ) -> None:
        """To one client; with `wants` only if it said in its feature flags that it does."""
        listener = self._clients.get(client_id) if client_id is not None else None
        if listener is not None and (wants is None or listener.flags.get(wants) is True):
            listener.put(payload, replaces=replaces)

    def send_message(self, event: str | int, data: Any, client_id: str | None) -> None:
        """A pack's own message to one client, or to all: JSON, or bytes under a number."""
        payload = (
            struct.pack(">I", event) + data
            if isinstance(event, int) and isinstance(data, bytes)
            else text(str(event), data)
        )
        if client_id is None:
            self.broadcast(payload)
        else:
            self.send(client_id, payload)

    def send_progress(
        self, client_id: str | None, whole: Callable[[], str], changes: Callable[[], str] | None = None
    ) -> int:
        """`progress_state` to one client: what changed, if it said `easel_deltas`, or all that is known, which takes
        the place of an older one that waits. Gives its length."""
        listener = self._clients.get(client_id) if client_id is not None else None
        if listener is None:
            return 0
        if changes is not None and listener.flags.get(DELTAS) is True:
            payload = changes()
            listener.put(payload)  # none of these may be lost, so none replaces another
        else:
            payload = whole()
            listener.put(payload, replaces="progress_state")
        return len(payload)

    def send_preview(
        self, client_id: str | None, plain: Callable[[], bytes], described: Callable[[], bytes], *, sketch: bool
    ) -> None:
        """To one client, in the form that it can read. Older clients take every picture for a result: to them what is
        only a sketch of one goes where that was asked for on the command line."""
        listener = self._clients.get(client_id) if client_id is not None else None
        if listener is not None:
            rich = listener.flags.get("supports_preview_metadata") is True
            if rich or not sketch or self.sketches:
                listener.put(described() if rich else plain(), preview=sketch)

    def broadcast(self, payload: Payload) -> None:
        """To every client."""
        frame = frame_of(payload)
        for listener in list(self._clients.values()):
            listener.put(payload, frame=frame)

    def broadcast_status(self, status: JsonObject) -> None:
        """To every client: how the queue is. A crowd hears of it at intervals, and always of the last one."""
        self._status = status
        if len(self._clients) <= CROWD:
            self._tell_status(list(self._clients.values()))
        elif self._status_timer is None:
            self._status_timer = asyncio.get_running_loop().call_later(CROWD_STATUS_EVERY, self._begin_to_tell)

    def _begin_to_tell(self) -> None:
        self._to_tell = list(self._clients.values())
        self._told = self._status
        self._tell_some()

    def _tell_some(self) -> None:
        """The next of the crowd; when all were told and there is news since, they are told of that."""
        loop = asyncio.get_running_loop()
        some, self._to_tell = self._to_tell[:CROWD_AT_ONCE], self._to_tell[CROWD_AT_ONCE:]
        self._tell_status(some)
        if self._to_tell:
            self._status_timer = loop.call_later(CROWD_AT_ONCE / CROWD_PER_SECOND, self._tell_some)
        elif self._told != self._status:
            self._status_timer = loop.call_later(CROWD_STATUS_EVERY, self._begin_to_tell)
        else:
            self._status_timer = None

    def _tell_status(self, some: Iterable[Listener]) -> None:
        payload = text("status", {"status": self._status})
        frame = frame_of(payload)
        for listener in some:
            listener.put(payload, replaces="status", frame=frame)

    def listeners(self) -> Iterable[Listener]:
        return list(self._clients.values())


class Feed:
    """Every job's events, numbered, for /easel/events. A page that was away asks for those after a number.

    Numbers grow from 1 within an `epoch`, which is another with each start of the server.
    """

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self.last = 0
        self._kept: deque[tuple[int, str]] = deque()
        self._bytes = 0
        self._listeners: set[Listener] = set()
        self._watchers: list[Callable[[str, Any], None]] = []

    @property
    def is_heard(self) -> bool:
        return bool(self._listeners)

    def watch(self, watcher: Callable[[str, Any], None]) -> None:
        """Have a part of the server told every event's type and data."""
        self._watchers.append(watcher)

    def publish(self, kind: str, data: Any, client_id: str | None = None) -> None:
        """Number an event, keep it, and send it to every page."""
        self.last += 1
        event = {"seq": self.last, "type": kind, "data": data, "client_id": client_id}
        line = json.dumps(event, separators=(",", ":"))
        self._kept.append((self.last, line))
        self._bytes += len(line)
        while len(self._kept) > EVENTS_KEPT or self._bytes > EVENTS_KEPT_BYTES:
            self._bytes -= len(self._kept.popleft()[1])
        for listener in list(self._listeners):
            listener.put(line)
        for watcher in self._watchers:
            watcher(kind, data)

    def publish_passing(self, payload: Payload, *, preview: bool = False, replaces: str | None = None) -> None:
        """Send what only matters now: no number, never repeated."""
        for listener in list(self._listeners):
            if not preview or listener.flags.get("previews"):
                listener.put(payload, preview=preview, replaces=replaces)

    def join(self, listener: Listener, epoch: str | None, since: int | None, state: JsonObject) -> None:
        """Add a page: greet it with `state`, then repeat what it missed, if that is still kept."""
        oldest = self._kept[0][0] if self._kept else self.last + 1
        resumed = epoch == self.epoch and since is not None and oldest - 1 <= since <= self.last
        hello = {"epoch": self.epoch, "seq": self.last, "resumed": resumed, **state}
        listener.put(text("hello", hello))
        if resumed and since is not None:
            for number, line in self._kept:
                if number > since:
                    listener.put(line)
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def listeners(self) -> Iterable[Listener]:
        return list(self._listeners)


async def serve_listener(listener: Listener, read: Callable[[str], None]) -> None:
    """Write what waits for it and pass on what it says, until either side is done."""
    writer = asyncio.create_task(listener.write())
    try:
        async for message in listener.socket:
            if message.type is web.WSMsgType.TEXT:
                read(message.data)
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
