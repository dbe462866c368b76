"""Async node functions: they run while others do, on an event loop that turns between nodes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from typing import Any

from graph.types import NodeId

POLL = 0.1
"""Seconds after which waiting is interrupted to see whether the run was cancelled."""


async def _result(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except SystemExit as error:  # would stop the event loop
        raise RuntimeError(f"the node called sys.exit({error.code})") from error


class Tasks:
    """The calls that are waited for, by node. The event loop is made when the first one comes."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: dict[NodeId, list[Any]] = {}
        self._handed: set[NodeId] = set()

    def __bool__(self) -> bool:
        return bool(self._calls)

    def start(self, id: NodeId, outcomes: list[Any]) -> list[Any] | None:
        """Begin the awaitables among a node's outcomes. Gives the results if one turn of the loop was enough."""
        loop = self._running()
        calls = [loop.create_task(_result(item)) if inspect.isawaitable(item) else item for item in outcomes]
        self._calls[id] = calls
        self._turn_once()
        if not _is_done(calls):
            return None
        del self._calls[id]
        results = _results(calls)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results

    def turn(self) -> list[NodeId]:
        """Let tasks go on for one turn; gives the nodes all of whose calls are done now, each once."""
        if not self._calls:
            return []
        self._turn_once()
        ready = [id for id, calls in self._calls.items() if id not in self._handed and _is_done(calls)]
        self._handed.update(ready)
        return ready

    def wait(self) -> None:
        """Wait until a task is done, or for a moment."""
        pending = [call for calls in self._calls.values() for call in calls if _is_pending(call)]
        if pending:
            waiting = asyncio.wait(pending, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
            self._running().run_until_complete(waiting)

    def take(self, id: NodeId) -> list[Any] | None:
        """The results of a node whose calls are done, exceptions among them; None if it has none."""
        if id not in self._handed:
            return None
        self._handed.discard(id)
        return _results(self._calls.pop(id))

    def wait_for(self, awaitable: Awaitable[Any]) -> Any:
        """Run until this one is done."""
        return self._running().run_until_complete(_result(awaitable))

    def close(self) -> None:
        """Cancel what still runs, give it a moment to end, and close the loop."""
        if self._loop is None:
            return
        pending = [call for calls in self._calls.values() for call in calls if _is_pending(call)]
        for call in pending:
            call.cancel()
        if pending:
            self._loop.run_until_complete(asyncio.wait(pending, timeout=1.0))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        self._loop = None
        self._calls.clear()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop

    def _turn_once(self) -> None:
        self._running().run_until_complete(asyncio.sleep(0))


def _is_pending(call: Any) -> bool:
    return isinstance(call, asyncio.Task) and not call.done()  # pyright: ignore[reportUnknownMemberType]


def _is_done(calls: list[Any]) -> bool:
    return not any(_is_pending(call) for call in calls)


def _results(calls: list[Any]) -> list[Any]:
    """What each call gave; an exception stands for a call that raised it."""
    found: list[Any] = []
    for call in calls:
        if not isinstance(call, asyncio.Task):
            found.append(call)
        elif call.cancelled():  # pyright: ignore[reportUnknownMemberType]
            found.append(RuntimeError("the node cancelled its own task"))
        else:
            error = call.exception()  # pyright: ignore[reportUnknownMemberType]
            found.append(error if error is not None else call.result())  # pyright: ignore[reportUnknownMemberType]
    return found
