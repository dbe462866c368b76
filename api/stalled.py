"""Requests that never end: a body of which nothing comes for a while is given up, whoever reads it."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import hdrs, web

from api.replies import Refusal

PATIENCE = 60.0
"""Seconds without a byte of the body."""
KEEP_ALIVE = 300.0
"""Seconds for which a connection may say nothing between two requests, or take for the head of its first: longer than
proxies keep theirs."""


SILENCE = TimeoutError("nothing of the body has come")
"""aiohttp reads what is left of a body after the answer, and writes a trace for any other error that it meets there."""


class _Watch:
    """Looks now and then whether more of a body has come."""

    def __init__(self, request: web.Request) -> None:
        self._body = request.content
        self._transport = request.transport
        self._seen = self._body.total_bytes
        self.gave_up = False
        self._next: asyncio.TimerHandle | None = None
        self._later()

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _later(self) -> None:
        self._next = asyncio.get_running_loop().call_later(PATIENCE, self._look)

    def _look(self) -> None:
        if self._body.is_eof() or self._body.exception() is not None:
            return
        paused = isinstance(self._transport, asyncio.ReadTransport) and not self._transport.is_reading()
        if paused or self._body.total_bytes != self._seen:  # paused: it is we who have not come to it yet
            self._seen = self._body.total_bytes
            self._later()
            return
        self.gave_up = True
        self._body.set_exception(SILENCE)


@web.middleware
async def give_up_stalled(request: web.Request, handler: Any) -> web.StreamResponse:
    if not request.can_read_body:
        return await handler(request)
    if request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower() == "deflate":
        # aiohttp never tells who reads a body of this kind that it has ended too early: it would wait for ever.
        raise Refusal(
            415, "bad_encoding", "Bodies packed by deflate are not read. Send it packed by gzip, or as it is."
        )
    watch = _Watch(request)
    try:
        return await handler(request)
    except Exception:
        if not watch.gave_up:
            raise
        sentence = f"Nothing of the body has come for {PATIENCE:g} seconds, so this request is given up."
        raise Refusal(408, "too_slow", sentence) from None
    finally:
        watch.stop()
        if request.content.exception() is not None:  # such as a body that is not packed as it says: told already
            request.content.set_exception(SILENCE)
