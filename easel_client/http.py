"""Requests to a server, and what its refusals become."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import aiohttp

from easel_client.errors import EaselError, Json, Unreachable, refusal
from easel_client.results import Uploaded


class Http:
    """One server by its address. All requests raise Refused or Unreachable."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.headers = headers
        self.is_easel = False
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=15)
            self._session = aiohttp.ClientSession(headers=self.headers, timeout=timeout)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def bytes(self, method: str, path: str, **options: Any) -> bytes:
        if self._session is None:
            raise EaselError("The client is not connected: use `async with`, or call `connect`.")
        try:
            async with self._session.request(method, self.url + path, **options) as reply:
                data = await reply.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"The server at {self.url} cannot be reached: {error or type(error).__name__}.") from None
        self.is_easel = self.is_easel or reply.headers.get("Server") == "Easel"
        if reply.status >= 400:
            raise refusal(reply.status, data, f"{method} {path}")
        return data

    async def any(self, method: str, path: str, body: Any = None, *, params: dict[str, str] | None = None) -> Any:
        """The answer as JSON; an empty object where it is empty."""
        options: Json = {} if body is None else {"json": body}
        data = await self.bytes(method, path, params=params, **options)
        return json.loads(data) if data else {}

    async def json(self, method: str, path: str, body: Any = None, *, params: dict[str, str] | None = None) -> Json:
        """The answer as a JSON object."""
        found = await self.any(method, path, body, params=params)
        return cast(Json, found) if isinstance(found, dict) else {}

    async def upload(self, path: str, source: str | Path | bytes, name: str | None, fields: dict[str, str]) -> Uploaded:
        """Send a file as a form's `image`."""
        if isinstance(source, bytes):
            data, called = source, name or "image.png"
        else:
            try:
                data, called = await asyncio.to_thread(Path(source).read_bytes), name or Path(source).name
            except OSError as error:
                raise EaselError(f"{source} cannot be read: {error.strerror}.") from None
        form = aiohttp.FormData()
        form.add_field("image", data, filename=called, content_type="application/octet-stream")
        for field, value in fields.items():
            form.add_field(field, value)
        said = json.loads(await self.bytes("POST", path, data=form))
        return Uploaded(said["name"], said["subfolder"], said["type"])
