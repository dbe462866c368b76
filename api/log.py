"""What the server and its worker say, kept for the page: the last lines, without secrets, and new ones as they come.

`/internal/logs*` is what clients of this protocol know; `/easel/log` tells levels and numbers too.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from api.hub import Hub, text
from api.people import who
from api.replies import Refusal, read_object
from api.secret_values import NEVER_SEEN, redacted
from api.services import SERVICES
from graph.types import JsonObject

LINES_KEPT = 5_000
LETTERS_KEPT = 2 * 2**20
KEPT_FOR = 30 * 24 * 3600.0
"""Seconds."""
LONGEST = 4_000
"""Letters of a line."""
TOLD_EVERY = 0.15
"""Seconds between two messages to those who listen."""
LISTENERS = 100
"""Clients that are told new lines; more forget the oldest."""

_ERROR = re.compile(r"^(?:Traceback \(most recent call last\)|[\w.]*(?:Error|Exception)\b|(?:CRITICAL|ERROR|FATAL)\b)")
_WARNING = re.compile(r"(?i)^(?:\S*:\d+: )?[\w.]*warning\b")
_WORKER = "worker: "


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    time: str
    """ISO 8601, UTC."""
    level: str
    """`debug`, `info`, `warning` or `error`."""
    source: str
    """`server` or `worker`."""
    text: str

    def to_json(self) -> JsonObject:
        return {"seq": self.number, "t": self.time, "level": self.level, "from": self.source, "m": f"{self.text}\n"}


class ForTerminal(logging.Formatter):
    """The same for what is printed, which often ends in a file: but for the link with which the server greets."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if getattr(record, "as_it_is", False) else redacted(NEVER_SEEN.hide(text))


class LogRing(logging.Handler):
    """The last lines of all loggers. Records come from any thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: deque[Line] = deque()
        self._letters = 0
        self._last = 0
        self._guard = threading.Lock()
        self.on_line: Callable[[], None] | None = None
        """Called after a line, in its thread."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = record.getMessage()
            if record.exc_info:
                said += "\n" + (record.exc_text or logging.Formatter().formatException(record.exc_info))
        except Exception:  # a record whose words do not fit its values must not end what is done
            said = str(record.msg)
        said = NEVER_SEEN.hide(said)
        source = "worker" if said.startswith(_WORKER) else "server"
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        for line in said.removeprefix(_WORKER).splitlines():
            self._add(time, _level(record.levelno, line, source), source, redacted(line[:LONGEST]))
        self._let_go(datetime.fromtimestamp(record.created - KEPT_FOR, UTC).isoformat(timespec="milliseconds"))
        if self.on_line is not None:
            self.on_line()

    def since(self, number: int) -> list[Line]:
        """The lines after a number, of those that are kept."""
        with self._guard:
            return [line for line in self._lines if line.number > number]

    def _add(self, time: str, level: str, source: str, said: str) -> None:
        with self._guard:
            self._last += 1
            self._lines.append(Line(self._last, time, level, source, said))
            self._letters += len(said)
            while len(self._lines) > LINES_KEPT or self._letters > LETTERS_KEPT:
                self._letters -= len(self._lines.popleft().text)

    def _let_go(self, before: str) -> None:
        """Forget lines from before that time."""
        with self._guard:
            while self._lines and self._lines[0].time < before:
                self._letters -= len(self._lines.popleft().text)


def installed() -> LogRing:
    """The ring of this process, added to its loggers at the first call."""
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, LogRing):
            return handler
    ring = LogRing()
    root.addHandler(ring)
    return ring


def _level(level: int, line: str, source: str) -> str:
    if level >= logging.ERROR or (source == "worker" and _ERROR.match(line)):
        return "error"
    if level >= logging.WARNING or (source == "worker" and _WARNING.match(line)):
        return "warning"
    return "info" if level >= logging.INFO else "debug"


class Telling:
    """New lines, on their way to those who asked for them."""

    def __init__(self, ring: LogRing, hub: Hub) -> None:
        self._ring = ring
        self._hub = hub
        self._clients: dict[tuple[str, str], None] = {}
        """By person and id."""
        self._told = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waits = False

    def set(self, owner: str, client_id: str, enabled: bool) -> None:
        self._clients.pop((owner, client_id), None)
        if enabled:
            if not self._clients:
                newest = self._ring.since(0)[-1:]
                self._told = newest[0].number if newest else 0
            self._clients[owner, client_id] = None
            if len(self._clients) > LISTENERS:
                del self._clients[next(iter(self._clients))]
        self._loop = asyncio.get_running_loop()
        self._ring.on_line = self._hear if self._clients else None

    def _hear(self) -> None:
        """A line was added, in whichever thread."""
        loop = self._loop
        if loop is None or self._waits or loop.is_closed():
            return
        self._waits = True
        loop.call_soon_threadsafe(loop.call_later, TOLD_EVERY, self._tell)

    def _tell(self) -> None:
        self._waits = False
        lines = self._ring.since(self._told)
        if not lines:
            return
        self._told = lines[-1].number
        payload = text("logs", {"entries": [line.to_json() for line in lines], "size": None})
        for owner, client_id in list(self._clients):
            if self._hub.is_heard_by(client_id, owner):
                self._hub.send(client_id, payload, owner)
            else:
                self.set(owner, client_id, False)


TELLING = web.AppKey("telling of the log", Telling)


async def get_log(request: web.Request) -> web.Response:
    """`{"entries": [{"seq", "t", "level", "from", "m"}], "last"}`: the lines after `?since=`, `?limit=` at most."""
    try:
        since, limit = int(request.query.get("since", "0")), int(request.query.get("limit", LINES_KEPT))
    except ValueError:
        raise Refusal(400, "invalid_request", "`since` must be the number of a line, `limit` a number.") from None
    lines = installed().since(since)[: max(1, limit)]
    return web.json_response(
        {"entries": [line.to_json() for line in lines], "last": lines[-1].number if lines else since}
    )


async def get_text(_: web.Request) -> web.Response:
    return web.json_response("".join(f"{line.time} - {line.text}\n" for line in installed().since(0)))


async def get_raw(_: web.Request) -> web.Response:
    entries = [{"t": line.time, "m": f"{line.text}\n"} for line in installed().since(0)]
    return web.json_response({"entries": entries, "size": {"cols": 120, "rows": 40}})


async def subscribe(request: web.Request) -> web.Response:
    body = await read_object(request)
    client_id = body.get("clientId")
    if not isinstance(client_id, str) or not isinstance(body.get("enabled"), bool):
        raise Refusal(400, "invalid_request", "`clientId` must be a text and `enabled` true or false.")
    request.app[TELLING].set(who(request).id, client_id, body["enabled"])
    return web.Response()


def install(app: web.Application) -> None:
    """What the routes need of the application."""
    app[TELLING] = Telling(installed(), app[SERVICES].hub)


OWN_ROUTES = [
    web.get("/easel/log", get_log),
    web.get("/internal/logs", get_text),
    web.get("/internal/logs/raw", get_raw),
    web.patch("/internal/logs/subscribe", subscribe),
]
