"""The picture process, seen from here: started when first needed, asked one thing at a time, replaced when it dies."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from api.child import Child, ChildGone, start_child
from graph.errors import ProtocolError
from graph.types import JsonObject

log = logging.getLogger("easel")

DEADLINE = 30.0
"""Seconds that one picture may take."""


class PictureError(Exception):
    """The picture cannot be used. The text completes a sentence that names it: `it is damaged: ...`."""


class _Died(Exception):
    """The process ended before it had answered. The text says how."""


class Pictures:
    """Answers from the picture process. All methods raise PictureError."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._child: Child | None = None
        self._lock = asyncio.Lock()

    async def check(self, path: Path) -> JsonObject:
        """Decode it all: width, height and format."""
        return (await self._ask({"op": "check", "path": str(path)}))[0]

    async def convert(
        self, path: Path, format: str, *, quality: int = 90, channel: str = "rgba", size: int | None = None
    ) -> tuple[str, bytes]:
        """Media type and bytes of the picture as `webp`, `jpeg` or `png`; fitted into `size` pixels where given."""
        request = {"op": "convert", "path": str(path), "format": format, "quality": quality, "channel": channel}
        header, picture = await self._ask({**request, "size": size})
        return header["type"], picture

    async def mask(self, path: Path, painted: Path) -> bytes:
        """A PNG of the picture with the painted one's alpha channel."""
        return (await self._ask({"op": "mask", "path": str(path), "mask": str(painted)}))[1]

    async def describe(self, paths: list[Path]) -> list[JsonObject]:
        """What each says of itself (`graph.picture_facts`): width, height and facts, or an error."""
        return (await self._ask({"op": "describe", "path": str(paths[0]), "paths": [str(path) for path in paths]}))[0][
            "files"
        ]

    async def stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    async def _ask(self, request: JsonObject) -> tuple[JsonObject, bytes]:
        async with self._lock:
            try:
                header, blobs = await self._try(request)
            except _Died:  # of something else perhaps, such as the system's want of memory: no picture's fault yet
                try:
                    header, blobs = await self._try(request)
                except _Died as died:
                    raise PictureError(f"decoding it ended the picture process ({died})") from died
        if "error" in header:
            raise PictureError(header["error"])
        return header, blobs[0] if blobs else b""

    async def _try(self, request: JsonObject) -> tuple[JsonObject, tuple[bytes, ...]]:
        if self._child is None:
            try:
                self._child = await start_child(self._script, [], lambda line: log.warning("pictures: %s", line))
            except OSError as error:
                raise PictureError(f"the picture process could not be started: {error}") from error
        child = self._child
        try:
            return await asyncio.wait_for(_exchange(child, request), DEADLINE)
        except (ChildGone, ProtocolError, TimeoutError, asyncio.CancelledError) as error:
            # Whatever it was doing is not this request's answer any more: the next one gets a fresh process.
            self._child = None
            child.kill()
            how = await child.ended()
            await child.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            if isinstance(error, TimeoutError):
                raise PictureError(f"it takes longer than {DEADLINE:.0f} s to decode") from error
            log.error("the picture process died (%s) over %s", how, request["path"])
            raise _Died(how) from error


async def _exchange(child: Child, request: JsonObject) -> tuple[JsonObject, tuple[bytes, ...]]:
    await child.send(request)
    async for frame in child.frames():
        return frame
    raise ChildGone("its link closed")
