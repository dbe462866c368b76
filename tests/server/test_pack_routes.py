"""Routes that packs add: collected in the worker, served in threads of their own, forwarded by the control process."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import FormData

from api.people import ALONE
from nodes.compat.routes import PackRoutes
from tests.server.harness import until
from tests.server.pack_routes import BLOCKS, PACK, packs, run, served

__all__ = ["packs"]


@pytest.mark.parametrize("ports", [False, True])
def test_requests_and_answers_pass_both_ways(packs: Any, ports: bool) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes, ports=ports) as (client, _, _):
            private = {"Cookie": "easel_8188=secret", "Authorization": "Bearer secret", "Comfy-User": "me"}
            private["X-Easel-Person"] = "somebody_else"
            answer = await client.get("/quick/hello?a=1&b=%2F", headers=private)
            found = await answer.json()
            assert (found["path"], found["query"]) == ("/quick/hello", {"a": "1", "b": "/"})
            assert found["headers"]["comfy-user"] == "me"
            assert found["headers"]["x-easel-person"] == "default"
            assert not {"cookie", "authorization"} & set(found["headers"])
            assert (await client.get("/api/quick/hello")).status == 200
            answer = await client.get("/quick/item/a%2Fb")
            assert await answer.json() == "a/b"
            assert "Set-Cookie" not in answer.headers
            answer = await client.post("/quick/echo", json={"x": [1, 2]})
            assert (answer.status, answer.headers["X-Own"], await answer.json()) == (201, "yes", {"x": [1, 2]})
            assert await (await client.post("/quick/upload", data=b"x" * 3_000_000)).json() == 3_000_000
            form = FormData()
            form.add_field("name", "n")
            form.add_field("file", b"12345", filename="f.bin")
            assert await (await client.post("/quick/form", data=form)).json() == {"name": "n", "size": 5}
            assert await (await client.get("/quick/stream")).text() == "0\n1\n2\n"
            assert await (await client.get("/quick/rest/a/b")).text() == "a/b"
            assert await (await client.get("/quick/app")).text() == "added to the app"
            assert await (await client.get("/quick/files/a.txt")).text() == "a file"
            assert (await client.head("/quick/hello")).status == 200

    run(work)


def test_a_pack_hears_who_asks_and_nothing_where_nobody_does(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes, person=replace(ALONE, id="anna_1")) as (client, _, _):
            found = await (await client.get("/quick/hello")).json()
            assert found["headers"]["x-easel-person"] == "anna_1"
        async with served(routes, person=None) as (client, _, _):
            assert (await client.get("/quick/hello")).status == 500

    run(work)


def test_no_pack_leaves_a_service_worker_behind(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _):
            assert (await client.get("/quick/app")).status == 200
            assert (await client.get("/quick/app", headers={"Service-Worker": "script"})).status == 404

    run(work)


def test_what_fails_names_the_pack(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, _, _):
            answer = await client.get("/quick/raises")
            assert answer.status == 500
            said = (await answer.json())["error"]["message"]
            assert said == "The node pack quick could not answer this: ValueError: a fault of mine"
            answer = await client.get("/quick/gone")
            assert (answer.status, await answer.text()) == (410, "no more")
            for path in ("/quick/nothing", "/nowhere", "/quick/files/none.txt", "/api/nowhere"):
                assert (await client.get(path)).status == 404
            assert (await client.post("/quick/hello")).status == 404

    run(work)


def test_a_handler_that_blocks_holds_up_no_other_pack(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)
    packs(routes, "slow", BLOCKS)

    async def work() -> None:
        async with served(routes, patience=1.0) as (client, _, _):
            blocked = asyncio.ensure_future(client.get("/slow/3"))
            await asyncio.sleep(0.05)
            assert (await client.get("/quick/hello")).status == 200
            answer = await blocked
            assert answer.status == 503
            error = (await answer.json())["error"]
            assert error["details"] == "slow did not answer GET /slow/3 within 1 s."
            assert error["extra_info"] == {"pack": "slow"}

    run(work)


def test_easels_own_routes_come_first_and_it_is_told(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, ways, _):
            assert await (await client.get("/ours")).text() == "Easel's"
            assert await (await client.post("/ours")).text() == "the pack's post"
            (said,) = ways.shadowed("quick")
            assert said == "Its route GET /ours is never reached: Easel itself answers at this address."

    run(work)


def test_routes_may_be_added_and_replaced_later(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, ways, told):
            assert (await client.get("/slow/0")).status == 404
            await asyncio.to_thread(packs, routes, "slow", BLOCKS)
            await asyncio.to_thread(until, lambda: len(told) == 2)
            ways.take(told[-1])
            assert await (await client.get("/slow/0")).text() == "at last"
            await asyncio.to_thread(packs, routes, "slow", BLOCKS.replace("at last", "another"))
            await asyncio.to_thread(until, lambda: len(told) == 3)
            ways.take(told[-1])
            assert await (await client.get("/slow/0")).text() == "another"
            ways.take({"packs": []})
            assert (await client.get("/quick/hello")).status == 404

    run(work)


def test_while_the_process_is_gone_it_is_said_whose_route_it_was(packs: Any) -> None:
    routes = PackRoutes()
    packs(routes, "quick", PACK)

    async def work() -> None:
        async with served(routes) as (client, ways, _):
            gone = [{"pack": "quick", "routes": [["GET", "/quick/hello"]], "socket": str(ways.folder) + "/gone.sock"}]
            ways.take({"packs": gone})
            answer = await client.get("/quick/hello")
            assert answer.status == 503
            assert (await answer.json())["error"]["extra_info"] == {"pack": "quick"}
            assert (await client.get("/quick/other")).status == 404

    run(work)
