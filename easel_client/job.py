"""A job of a client: followed, waited for, cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Protocol

from easel_client.errors import JobInterrupted, Json, Unreachable
from easel_client.events import Done, Event, Failed, Interrupted, Last, Preview
from easel_client.results import File, HistoryEntry, Result

LOOK_AGAIN = 10.0
"""Seconds after which a job that says nothing is looked for."""
STREAMING = frozenset({"SaveImageWebsocket"})
"""Types whose pictures on the websocket are results."""
WAITING_PREVIEWS = 50


class Server(Protocol):
    """What a job needs of its client."""

    async def look(self, job: Job) -> None: ...

    async def cancel(self, prompt_id: str) -> bool: ...


class Job:
    """A job of this client: `async for event in job.follow()`, `await job.wait()`, `await job.cancel()`."""

    def __init__(self, server: Server, prompt_id: str, prompt: Json) -> None:
        self._server = server
        self.prompt_id = prompt_id
        self.prompt = prompt
        self.node_errors: Json = {}
        """Of outputs that the server left out, because they are at fault."""
        self.said: list[Event] = []
        """All events so far but the previews."""
        self._listeners: set[asyncio.Queue[Event]] = set()
        self._last: Last | None = None
        self._ended = asyncio.Event()
        self._streamed: list[File] = []

    async def follow(self) -> AsyncGenerator[Event]:
        """Everything that the job tells, from its beginning; the last event is Done, Failed or Interrupted."""
        waiting: asyncio.Queue[Event] = asyncio.Queue()
        for event in self.said:
            waiting.put_nowait(event)
        self._listeners.add(waiting)
        try:
            while True:
                try:
                    event = await asyncio.wait_for(waiting.get(), LOOK_AGAIN)
                except TimeoutError:
                    with suppress(Unreachable):
                        await self._server.look(self)
                    continue
                yield event
                if isinstance(event, Last):
                    return
        finally:
            self._listeners.discard(waiting)

    async def wait(self, timeout: float | None = None) -> Result:  # noqa: ASYNC109, as callers know it
        """The result. Raises JobFailed, JobInterrupted or JobGone; TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while self._last is None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._ended.wait()
                if self._last is None:
                    with suppress(Unreachable):
                        await self._server.look(self)
        if isinstance(self._last, Done):
            return self._last.result
        assert self._last is not None
        raise self._last.error

    async def cancel(self) -> bool:
        """Stop it, or take it out of the queue; False where it had ended."""
        return await self._server.cancel(self.prompt_id)

    def tell(self, event: Event) -> None:
        """For the client: hand an event to all who follow."""
        if self._last is not None:
            return
        if isinstance(event, Preview):
            if self.prompt.get(event.node, {}).get("class_type") in STREAMING:
                name = f"{event.node}-{len(self._streamed) + 1}.{event.media_type.rpartition('/')[2]}"
                self._streamed.append(File(event.node, name, "", "websocket", None, event.data))
        else:
            self.said.append(event)
        for waiting in self._listeners:
            if not isinstance(event, Preview) or waiting.qsize() < WAITING_PREVIEWS:
                waiting.put_nowait(event)
        if isinstance(event, Last):
            self._last = event
            self._ended.set()

    def end(self, entry: HistoryEntry) -> None:
        """For the client: the job is in the history."""
        if entry.error is None:
            result = entry.result()
            self.tell(Done(self.prompt_id, result.with_files((*result.files, *self._streamed))))
        elif isinstance(entry.error, JobInterrupted):
            self.tell(Interrupted(self.prompt_id, entry.error))
        else:
            self.tell(Failed(self.prompt_id, entry.error))

    @property
    def ended(self) -> bool:
        return self._last is not None
