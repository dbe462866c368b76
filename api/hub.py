"""Who listens, and what they are told: clients by person and id, and pages that follow every job that they may see."""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from api.frames import frame_of
from api.outbox import Message, Outbox, Overflow, Payload
from api.people import ALONE, FIRST, Person
from api.queue.whose import seen_by
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

    def __init__(
        self,
        socket: web.WebSocketResponse,
        client_id: str,
        transport: asyncio.Transport | None,
        person: Person = ALONE,
    ) -> None:
        self.socket = socket
        self.person = person
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
    """Clients under /ws, each person's by themselves: who knows another's id neither takes it over nor hears anything.

    A message to an id that nobody of the owner listens under is dropped.
    """

    def __init__(self, sketches: bool = False) -> None:
        """sketches: whether samplers' previews go to clients too that never said they can tell them from results."""
        self.sketches = sketches
        self._clients: dict[tuple[str, str], Listener] = {}
        self._status: JsonObject = {}
        self._status_timer: asyncio.TimerHandle | None = None
        self._told: JsonObject = {}
        """What the status was when the crowd began to be told."""
        self._to_tell: list[Listener] = []

    def join(self, listener: Listener) -> None:
        """Take over the id from whoever of this person had it; that one is forgotten, not closed."""
        self._clients[listener.person.id, listener.client_id] = listener

    def leave(self, listener: Listener) -> None:
        """Forget the listener, unless another has taken over its id since."""
        key = listener.person.id, listener.client_id
        if self._clients.get(key) is listener:
            del self._clients[key]

    def is_heard_by(self, client_id: str | None, owner: str = FIRST) -> bool:
        """Whether somebody listens under this id."""
        return self._of(client_id, owner) is not None

    def owner_of(self, client_id: str) -> str | None:
        """Who listens under this id: of several persons the one who was first."""
        return next((person for person, id in self._clients if id == client_id), None)

    def _of(self, client_id: str | None, owner: str) -> Listener | None:
        return None if client_id is None else self._clients.get((owner, client_id))

    def send(
        self,
        client_id: str | None,
        payload: Payload,
        owner: str = FIRST,
        *,
        replaces: str | None = None,
        wants: str | None = None,
    ) -> None:
        """To one client of the owner's; with `wants` only if it said in its feature flags that it does."""
        listener = self._of(client_id, owner)
        if listener is not None and (wants is None or listener.flags.get(wants) is True):
            listener.put(payload, replaces=replaces)

    def send_message(self, event: str | int, data: Any, client_id: str | None, owner: str | None = None) -> None:
        """A pack's own message to one client, or to all: JSON, or bytes under a number.

        owner: whose client is meant, where that is known; with no client, who hears it are those who see this owner's.
        """
        payload = (
            struct.pack(">I", event) + data
            if isinstance(event, int) and isinstance(data, bytes)
            else text(str(event), data)
        )
        if client_id is None:
            self.broadcast(payload, owner)
        elif (whose := owner or self.owner_of(client_id)) is not None:
            self.send(client_id, payload, whose)

    def send_progress(
        self, client_id: str | None, owner: str, whole: Callable[[], str], changes: Callable[[], str] | None = None
    ) -> int:
        """`progress_state` to one client: what changed, if it said `easel_deltas`, or all that is known, which takes
        the place of an older one that waits. Gives its length."""
        listener = self._of(client_id, owner)
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
        self,
        client_id: str | None,
        owner: str,
        plain: Callable[[], bytes],
        described: Callable[[], bytes],
        *,
        sketch: bool,
    ) -> None:
        """To one client, in the form that it can read. Older clients take every picture for a result: to them what is
        only a sketch of one goes where that was asked for on the command line."""
        listener = self._of(client_id, owner)
        if listener is not None:
            rich = listener.flags.get("supports_preview_metadata") is True
            if rich or not sketch or self.sketches:
                listener.put(described() if rich else plain(), preview=sketch)

    def broadcast(self, payload: Payload, owner: str | None = None) -> None:
        """To every client, or to each whose person sees what belongs to this owner."""
        frame = frame_of(payload)
        for listener in list(self._clients.values()):
            if _sees(listener, owner):
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


Watcher = Callable[[str, Any, str | None], None]
"""Told an event's type, its data and its owner; None where it is everybody's."""


class Feed:
    """Every job's events, numbered, for /easel/events. A page that was away asks for those after a number.

    Each page is told of what belongs to everybody and to those whom its person sees. So numbers are counted for each
    owner that a page may see, from 1 within an `epoch`, which is another with each start of the server: no page has
    gaps in them, and none can tell by them what others do.
    """

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(8)
        self._kept: deque[tuple[str | None, str, str]] = deque()
        """Whose an event is, and its line: for those who see everybody's, and for others."""
        self._told: Counter[str | None] = Counter()
        """Events so far, by owner."""
        self._gone: Counter[str | None] = Counter()
        """Of those, the ones that are not kept any more."""
        self._bytes = 0
        self._listeners: set[Listener] = set()
        self._watchers: list[Watcher] = []

    def epoch_for(self, person: Person) -> str:
        """Another where a person sees others than before: the numbers are others too."""
        owner = seen_by(person)
        return self._epoch if owner is None else f"{self._epoch}-{owner}"

    def last_for(self, person: Person) -> int:
        """The number of the newest event, as this person counts."""
        return _count(self._told, seen_by(person))

    def is_heard(self, owner: str | None) -> bool:
        """Whether a page is open that is told of what belongs to this owner."""
        return any(_sees(listener, owner) for listener in self._listeners)

    def watch(self, watcher: Watcher) -> None:
        """Have a part of the server told of every event."""
        self._watchers.append(watcher)

    def publish(
        self,
        kind: str,
        data: Any,
        client_id: str | None = None,
        owner: str | None = None,
        *,
        for_others: Any = None,
    ) -> None:
        """Number an event, keep it, and send it to every page that may see it.

        for_others: what those are told instead who do not see everybody's: without paths of this machine.
        """
        line = _line(kind, data, client_id)
        other = line if for_others is None else _line(kind, for_others, client_id)
        self._told[owner] += 1
        self._kept.append((owner, line, other))
        self._bytes += _size(line, other)
        while len(self._kept) > EVENTS_KEPT or self._bytes > EVENTS_KEPT_BYTES:
            whose, *oldest = self._kept.popleft()
            self._gone[whose] += 1
            self._bytes -= _size(*oldest)
        numbered: dict[str | None, str] = {}
        for listener in list(self._listeners):
            if not _sees(listener, owner):
                continue
            view = seen_by(listener.person)
            if view not in numbered:
                numbered[view] = _numbered(_count(self._told, view), line if view is None else other)
            listener.put(numbered[view])
        for watcher in self._watchers:
            watcher(kind, data, owner)

    def publish_passing(
        self, payload: Payload, owner: str | None, *, preview: bool = False, replaces: str | None = None
    ) -> None:
        """Send what only matters now: no number, never repeated."""
        for listener in list(self._listeners):
            if _sees(listener, owner) and (not preview or listener.flags.get("previews")):
                listener.put(payload, preview=preview, replaces=replaces)

    def join(self, listener: Listener, epoch: str | None, since: int | None, state: JsonObject) -> None:
        """Add a page: greet it with `state`, then repeat what it missed, if that is still kept."""
        person, view = listener.person, seen_by(listener.person)
        here, last, gone = self.epoch_for(person), self.last_for(person), _count(self._gone, view)
        resumed = epoch == here and since is not None and gone <= since <= last
        listener.put(text("hello", {"epoch": here, "seq": last, "resumed": resumed, **state}))
        if resumed and since is not None:
            number = gone
            for owner, line, other in self._kept:
                if _sees(listener, owner):
                    number += 1
                    if number > since:
                        listener.put(_numbered(number, line if view is None else other))
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    def listeners(self) -> Iterable[Listener]:
        return list(self._listeners)


def _sees(listener: Listener, owner: str | None) -> bool:
    return owner is None or listener.person.sees(owner)


def _count(events: Counter[str | None], view: str | None) -> int:
    """How many of them are told to who sees these."""
    return events.total() if view is None else events[None] + events[view]


def _line(kind: str, data: Any, client_id: str | None) -> str:
    return json.dumps({"type": kind, "data": data, "client_id": client_id}, separators=(",", ":"))


def _size(line: str, other: str) -> int:
    return len(line) + (0 if other is line else len(other))


def _numbered(number: int, line: str) -> str:
    return f'{{"seq":{number},{line[1:]}'


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
