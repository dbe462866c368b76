"""The sockets between the control process and the routes of packs, and those that clients open through them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from api.packs.forward import Forward
from nodes.compat.routes import PackRoutes
from tests.server.pack_routes import PACK, packs, run, served

__all__ = ["packs"]


def test_a_websocket_passes_both_ways(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _), client.ws_connect("/quick/ws") as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "you said hello"
            await socket.send_str("again")
            assert await socket.receive_str() == "you said again"

    run(work)


def test_nobody_else_is_served(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes, ports=True) as (_, ways, _):
            route = ways.routes[0]
            async with ClientSession() as session:
                assert (await session.get(f"http://127.0.0.1:{route.port}/quick/hello")).status == 403

    run(work)


def test_the_folder_of_the_sockets(tmp_path: Path) -> None:
    short = Forward(temp=Path(tempfile.gettempdir()))
    long = tmp_path / ("long" * 20)
    long.mkdir()
    other = Forward(temp=long)
    try:
        for ways in (short, other):
            assert ways.folder is not None
            assert ways.folder.stat().st_mode & 0o777 == 0o700
            assert len(str(ways.folder / "100-7fffffffffff.sock")) < 100
    finally:
        for ways in (short, other):
            asyncio.run(ways.close())
    assert short.folder is not None
    assert not short.folder.exists()
