"""The websocket: kept open, opened again when it is lost, its messages handed on."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from easel_client.errors import EaselError, Json, Unreachable, refusal

FLAGS: Json = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds between attempts to come back."""
OPENING = 15.0


@dataclass
class Wire:
    """One websocket under one client id.

    patience: seconds that the server may stay away until what is followed fails.
    """

    url: str
    headers: dict[str, str]
    patience: float
    take_text: Callable[[Json], None]
    take_bytes: Callable[[bytes], None]
    came_back: Callable[[], Awaitable[None]]
    gave_up: Callable[[EaselError], None]
    _task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises Unreachable or Refused."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep(opened), name="Easel's websocket")
        try:
            await asyncio.wait_for(asyncio.shield(opened), OPENING)
        except TimeoutError:
            await self.close()
            raise Unreachable(f"{self.url} does not answer.") from None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep(self, opened: asyncio.Future[None]) -> None:
        lost = time.monotonic()
        wait = FIRST_WAIT
        while True:
            error: EaselError
            try:
                async with connect(self.url, additional_headers=self.headers, max_size=None, proxy=None) as socket:
                    await socket.send(json.dumps(FLAGS))
                    async for message in socket:
                        if not opened.done():
                            opened.set_result(None)  # the first message: from now on the server knows this client
                        elif lost:
                            asyncio.get_running_loop().create_task(self._told_back())
                        lost, wait = 0.0, FIRST_WAIT
                        with suppress(ValueError, TypeError, KeyError, struct.error):  # a pack's, of no known form
                            if isinstance(message, bytes):
                                self.take_bytes(message)
                            else:
                                self.take_text(json.loads(message))
                error = Unreachable("The server closed the connection.")
            except InvalidStatus as refused:
                error = refusal(refused.response.status_code, bytes(refused.response.body or b""), "The websocket")
            except (OSError, TimeoutError, WebSocketException) as problem:
                error = Unreachable(f"The server at {self.url.partition('?')[0]} cannot be reached: {problem}.")
            lost = lost or time.monotonic()
            if not opened.done():
                opened.set_exception(error)
                return
            if time.monotonic() - lost > self.patience:
                self.gave_up(error)
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _told_back(self) -> None:
        with suppress(EaselError):  # lost again meanwhile: it comes back once more
            await self.came_back()
