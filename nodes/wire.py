"""The device process's end of the link: frames in and out, and what is logged on its way to the server's log."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from graph.events import Event, Preview, to_wire
from graph.protocol import Decoder, encode
from graph.summary import plain
from graph.types import JsonObject

log = logging.getLogger("worker")

READ_SIZE = 256 * 1024
PREVIEWS_WAITING = 8
"""Previews that may wait for a slow reader; beyond these the oldest are dropped."""
SETTLED = 5.0
"""Seconds that a message which must be written may take, should nobody read."""
MESSAGE_DEPTH = 60
PR_SET_PDEATHSIG = 1
"""The number of this request of prctl(2)."""


class Wire:
    """The worker's end of the link. `send` never blocks: a thread of its own writes."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.frames = self._read()
        """What comes, until the link closes; an iterator for one reader at a time."""
        self._waiting: queue.SimpleQueue[tuple[JsonObject, tuple[bytes, ...]] | threading.Event | None] = (
            queue.SimpleQueue()
        )
        self._previews = 0
        self._lock = threading.Lock()
        self._writer = threading.Thread(target=self._write, name="link writer", daemon=True)
        self._writer.start()
        _wake_when_the_server_ends()

    def send(self, header: JsonObject, *blobs: bytes) -> None:
        self._waiting.put((header, blobs))

    def tell(self, header: JsonObject) -> None:
        """Send, and return when it is written: what follows may end this process."""
        written = threading.Event()
        self._waiting.put((header, ()))
        self._waiting.put(written)
        written.wait(SETTLED)

    def send_message(self, event: str | int, data: Any, client_id: str | None = None) -> None:
        """A message of a pack's own kind for one client, or for all: JSON, or bytes under a number."""
        header: JsonObject = {"type": "told", "event": event, "client_id": client_id}
        if isinstance(data, bytes | bytearray | memoryview):
            self.send(header, bytes(data))
        else:
            self.send({**header, "data": plain(data, MESSAGE_DEPTH)})

    def send_event(self, event: Event) -> None:
        """Pass an event on; previews are dropped while too many wait."""
        if isinstance(event, Preview):
            with self._lock:
                if self._previews >= PREVIEWS_WAITING:
                    return
                self._previews += 1
        data, blobs = to_wire(event)
        self.send({"type": "event", "event": data}, *blobs)

    def _read(self) -> Iterator[tuple[JsonObject, tuple[bytes, ...]]]:
        decoder = Decoder()
        while True:
            try:
                data = self._socket.recv(READ_SIZE)
            except OSError:
                return
            if not data:
                return
            yield from decoder.feed(data)

    def finish(self) -> None:
        """Wait until all that was sent is written."""
        self._waiting.put(None)
        self._writer.join(5.0)

    def _write(self) -> None:
        gone = False
        while (frame := self._waiting.get()) is not None:
            if isinstance(frame, threading.Event):
                frame.set()
                continue
            if gone:
                continue
            header, blobs = frame
            if header.get("type") == "event" and header["event"]["type"] == "preview":
                with self._lock:
                    self._previews -= 1
            try:
                data = encode(header, *blobs)
            except (ValueError, TypeError) as error:  # a result that is no JSON must not end the link
                log.error("a message of the kind %s could not be sent: %s", header.get("type"), error)
                header = _without_values(header, str(error))
                data = encode(header)
            try:
                self._socket.sendall(data)
            except OSError:
                gone = True  # whoever reads the link sees its end too, and ends this process in good order


def _without_values(header: JsonObject, reason: str) -> JsonObject:
    """A message in place of one that holds what JSON cannot say: outcomes must arrive, whatever a node returned."""
    if header.get("type") != "outcome":
        return {"type": "log", "level": logging.WARNING, "text": f"a message was left out: {reason}"}
    outcome = header["outcome"]
    return {"type": "outcome", "outcome": {**outcome, "outputs": {}, "meta": {}}}


class ToArtist(logging.Handler):
    """What a node's code warns of in the log while it runs is told at that node too."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:  # a pack's thread works for no node that one could name
            self._warn(record.getMessage())


class ToControl(logging.Handler):
    """What is logged here, on its way to the server's log, with its level."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def emit(self, record: logging.LogRecord) -> None:
        self._wire.send({"type": "log", "text": self.format(record), "level": record.levelno})


def _wake_when_the_server_ends() -> None:
    """Have the system let this process go on when the server dies: one that stands still (SIGSTOP) then sees its link
    closed, and ends too instead of keeping a device. On Linux; elsewhere it ends when somebody lets it go on."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGCONT, 0, 0, 0)
