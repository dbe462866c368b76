"""What waits to be sent to one websocket, bounded: a slow reader costs little memory and loses no state."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

MOST_BYTES = 64 * 2**20
"""A reader further behind than this is cut off; it comes back and is told how things stand."""
MOST_PREVIEWS = 4

Payload = str | bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One websocket message.

    replaces: a message that waits under the same name gives way to this one, as an older state does to a newer.
    """

    payload: Payload
    kind: Literal["state", "preview"] = "state"
    replaces: str | None = None


class Overflow(Exception):
    """The reader is too slow to be kept."""


class Outbox:
    """Messages in order, oldest first."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self._named: dict[str, int] = {}
        self._previews: list[int] = []
        self._count = 0
        self._bytes = 0
        self._filled = asyncio.Event()

    def put(self, message: Message) -> None:
        """Add a message; drops the oldest preview where too many wait. Raises Overflow."""
        if message.replaces is not None and (old := self._named.pop(message.replaces, None)) is not None:
            self._drop(old)
        if message.kind == "preview" and len(self._previews) >= MOST_PREVIEWS:
            self._drop(self._previews[0])
        self._count += 1
        self._messages[self._count] = message
        self._bytes += len(message.payload)
        if message.replaces is not None:
            self._named[message.replaces] = self._count
        if message.kind == "preview":
            self._previews.append(self._count)
        self._filled.set()
        if self._bytes > MOST_BYTES:
            raise Overflow

    async def get(self) -> Message:
        """Take the oldest message; waits for one."""
        while not self._messages:
            self._filled.clear()
            await self._filled.wait()
        number = next(iter(self._messages))
        message = self._messages[number]
        if message.replaces is not None and self._named.get(message.replaces) == number:
            del self._named[message.replaces]
        self._drop(number)
        return message

    def __len__(self) -> int:
        return len(self._messages)

    def _drop(self, number: int) -> None:
        message = self._messages.pop(number, None)
        if message is None:
            return
        self._bytes -= len(message.payload)
        if message.kind == "preview":
            self._previews.remove(number)
