"""Bodies that never end, and slow ones that do."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from aiohttp import web

from api import stalled
from api.replies import read_json, turn_errors_into_replies


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalled, "PATIENCE", 0.2)


async def answered(parts: list[bytes | float], handler: Any) -> tuple[int, bytes]:
    """What a server with this handler answers to these bytes, with pauses between."""
    app = web.Application(middlewares=[turn_errors_into_replies, stalled.give_up_stalled])
    app.router.add_post("/", handler)
    runner = web.AppRunner(app, lingering_time=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1])
    try:
        for part in parts:
            if isinstance(part, float):
                await asyncio.sleep(part)
            else:
                writer.write(part)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)
    finally:
        writer.close()
        await runner.cleanup()


async def echo(request: web.Request) -> web.Response:
    return web.json_response(await read_json(request))


async def writes(request: web.Request) -> web.Response:
    """As uploads do: what goes wrong while they read is taken for the disk's fault."""
    try:
        return web.json_response(await read_json(request))
    except OSError as error:
        raise ValueError("the disk") from error


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("handler", [echo, writes])
@pytest.mark.parametrize(
    "start", [b"Content-Length: 20\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"], ids=["length", "chunks"]
)
def test_a_body_that_never_ends_is_given_up(start: bytes, handler: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        status, body = asyncio.run(answered([HEAD + start], handler))
    assert status == 408
    assert "Nothing of the body has come" in json.loads(body)["error"]["message"]
    assert not caplog.records


def test_a_slow_body_that_ends_is_read() -> None:
    parts: list[bytes | float] = [HEAD + b"Content-Length: 7\r\n\r\n"]
    for letter in b'{"a":1}':
        parts += [0.1, bytes([letter])]
    assert asyncio.run(answered(parts, echo)) == (200, b'{"a": 1}')


def test_a_handler_that_takes_long_with_what_it_has_is_left_alone() -> None:
    async def thinks(request: web.Request) -> web.Response:
        found = await read_json(request)
        await asyncio.sleep(0.6)
        return web.json_response(found)

    assert asyncio.run(answered([HEAD + b"Content-Length: 2\r\n\r\n{}"], thinks)) == (200, b"{}")


def test_one_that_has_not_come_to_it_yet_is_left_alone() -> None:
    """Reading is paused then, so nothing can come."""

    async def waits(request: web.Request) -> web.Response:
        await asyncio.sleep(0.7)
        return web.json_response(len(json.dumps(await read_json(request))))

    body = b'"' + b"x" * 1_000_000 + b'"'
    status, said = asyncio.run(answered([HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body], waits))
    assert (status, said) == (200, str(len(body)).encode())


def test_a_body_that_is_not_packed_as_it_says_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        status, _ = asyncio.run(answered([HEAD + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip"], echo))
    assert status == 400
    assert not caplog.records
