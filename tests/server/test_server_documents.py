"""Documents and their versions: nothing is overwritten unasked, nothing is lost but what is old and nameless."""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
import time
import zlib
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import api.documents.store
from api.database import DatabaseError
from api.documents.store import Content, DocumentStore, Sent, Taken
from api.documents.thinning import DAY, HOUR, MINUTE, to_drop
from tests.server.harness import Reply, Server, running

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATA_URL = "data:image/png;base64," + base64.b64encode(PIXEL).decode()


def graph(mark: Any) -> dict[str, Any]:
    return {"nodes": [{"id": 1, "type": "Say", "widgets_values": [mark]}], "links": []}


def fresh() -> str:
    return f"doc-{time.time_ns()}"


def send(server: Server, id: str, mark: Any, base: int | None, **more: Any) -> Reply:
    body = {"base": base, "name": "fox", "stored": None, "workflow": graph(mark), **more}
    return server.post(f"/easel/documents/{id}/versions", body)


def test_a_document_grows_by_versions_and_none_is_overwritten(server: Server) -> None:
    id = fresh()
    assert send(server, id, "a", None, thumbnail=DATA_URL).json()["version"] == 1
    second = send(server, id, "b", 1, name="🦊 שועל", stored="animals/שועל").json()
    assert second["version"] == 2
    assert send(server, id, "b", 1).json()["version"] == 2  # the same again, as after a lost answer: nothing new
    send(server, id, "b", 2, name="🦊 שועל", stored="animals/שועל")

    refused = send(server, id, "mine", 1)
    assert refused.status == 409
    assert refused.json()["error"]["type"] == "conflict"
    assert refused.json()["error"]["extra_info"] == {**second, "name": "🦊 שועל"}
    assert send(server, id, "mine", None).status == 409

    listed = server.get(f"/easel/documents/{id}/versions").json()["versions"]
    assert [(one["version"], one["nodes"], one["thumbnail"]) for one in listed] == [(2, 1, False), (1, 1, True)]
    found = server.get(f"/easel/documents/{id}/versions/1").json()
    assert found["workflow"] == graph("a")
    assert server.get(f"/easel/documents/{id}/versions/newest").json()["workflow"] == graph("b")
    picture = server.get(f"/easel/documents/{id}/versions/1/thumbnail")
    assert (picture.body, picture.headers["content-type"]) == (PIXEL, "image/png")
    assert server.get(f"/easel/documents/{id}/versions/2/thumbnail").status == 404

    branch = fresh()
    send(server, branch, "b", None, origin=f"{id}:1")
    assert server.get(f"/easel/documents/{branch}").json()["origin"] == f"{id}:1"

    mine = server.get("/easel/documents", stored="animals/שועל").json()["documents"]
    assert [(one["id"], one["name"], one["version"], one["thumbnail"]) for one in mine] == [(id, "🦊 שועל", 2, 1)]


def test_a_page_never_conflicts_with_itself(server: Server) -> None:
    id = fresh()
    send(server, id, "a", None, writer="page-1")
    send(server, id, "b", 1, writer="page-1")  # say the answer was lost
    assert send(server, id, "c", 1, writer="page-1").json()["version"] == 3
    assert send(server, id, "d", 1, writer="page-2").status == 409


def test_labels_names_deletion_and_the_way_back(server: Server) -> None:
    id = fresh()
    send(server, id, "a", None)
    at = f"/easel/documents/{id}/versions/1"
    assert server.request("PATCH", at, {"label": " before the fox "}).json()["label"] == "before the fox"
    assert server.get(at).json()["label"] == "before the fox"
    assert server.request("PATCH", f"/easel/documents/{id}", {"name": "owl"}).status == 200
    assert server.get(f"/easel/documents/{id}").json()["name"] == "owl"

    def ids(**query: Any) -> list[str]:
        return [one["id"] for one in server.get("/easel/documents", limit=500, **query).json()["documents"]]

    assert server.request("DELETE", f"/easel/documents/{id}").status == 204
    assert id not in ids()
    assert id in ids(deleted="true")
    assert server.post(f"/easel/documents/{id}/restore").status == 204
    assert id in ids()
    server.request("DELETE", f"/easel/documents/{id}")
    assert send(server, id, "b", 1).status == 200  # a tab still had it: what is worked on is not deleted
    assert ids()[0] == id


def test_lists_come_in_pages(server: Server) -> None:
    made = [fresh() for _ in range(5)]
    for id in made:
        send(server, id, id, None)
    seen: list[str] = []
    before: dict[str, Any] = {}
    while len(seen) < 5:
        page = server.get("/easel/documents", limit=2, **before).json()
        seen += [one["id"] for one in page["documents"]]
        before = {"before": page["next"]}
    assert seen[:5] == made[::-1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"workflow": {}}, "list of nodes"),
        ({"workflow": []}, "list of nodes"),
        ({"workflow": {"nodes": []}, "base": "1"}, "`base`"),
        ({"workflow": {"nodes": []}, "base": True}, "`base`"),
        ({"workflow": {"nodes": []}, "base": 10**30}, "`base`"),
        ({"workflow": {"nodes": []}, "name": 3}, "`name`"),
        ({"workflow": {"nodes": []}, "name": "x" * 300}, "more than 250"),
        ({"workflow": {"nodes": []}, "reason": "No!"}, "`reason`"),
        ({"workflow": {"nodes": []}, "thumbnail": "http://elsewhere/"}, "data: address"),
        ({"workflow": {"nodes": []}, "thumbnail": "data:image/png;base64,§"}, "base 64"),
        ({"workflow": {"nodes": []}, "thumbnail": "data:image/svg+xml;base64,PHN2Zz4="}, "WebP, PNG or JPEG"),
    ],
)
def test_a_body_that_says_something_else_is_refused(server: Server, body: dict[str, Any], says: str) -> None:
    reply = server.post(f"/easel/documents/{fresh()}/versions", body)
    assert reply.status == 400
    assert says in reply.json()["error"]["message"]


def test_bad_addresses_and_bodies(server: Server) -> None:
    for path in ("short", "a%20b%20c%20d%20e", "%2e%2e%2f%2e%2e%2fetc", "x" * 65):
        assert server.get(f"/easel/documents/{path}/versions").status in (400, 404)
        assert server.post(f"/easel/documents/{path}/versions", {"workflow": graph(1)}).status in (400, 404)
    id = fresh()
    assert server.get(f"/easel/documents/{id}").status == 404
    assert server.get(f"/easel/documents/{id}/versions").status == 404
    assert server.get(f"/easel/documents/{id}/versions/1").status == 404
    assert server.get(f"/easel/documents/{id}/versions/one").status == 400
    assert server.get("/easel/documents", limit="all").status == 400
    assert server.request("DELETE", f"/easel/documents/{id}").status == 404
    for raw in (b"", b"{", b"[]", b'{"workflow": {"nodes": [NaN]}}', b'{"workflow": ' + b"[" * 300 + b"]" * 300 + b"}"):
        assert server.request("POST", f"/easel/documents/{id}/versions", raw=raw).status == 400
    large = b'{"workflow": {"nodes": ["' + b"x" * (33 * 2**20) + b'"]}}'
    assert server.request("POST", f"/easel/documents/{id}/versions", raw=large).json()["error"]["type"] == (
        "body_too_large"
    )
    assert server.get(f"/easel/documents/{id}").status == 404


def test_what_was_answered_survives_a_kill(base: Path) -> None:
    with running(base) as server:
        send(server, "survivor", "a", None)
        assert send(server, "survivor", "b", 1).status == 200
        server.kill()
    with running(base) as server:
        assert server.get("/easel/documents/survivor/versions/newest").json()["workflow"] == graph("b")
        assert send(server, "survivor", "c", 2).json()["version"] == 3


# Without a server


def with_store(path: Path, work: Callable[[DocumentStore], Awaitable[Any]]) -> Any:
    store = DocumentStore(path / "documents.db")
    store.open()
    try:

        async def run() -> Any:
            return await work(store)

        return asyncio.run(run())
    finally:
        store.close()


async def put(store: DocumentStore, mark: Any, base: int | None, now: float, **more: Any) -> Taken:
    sent = Sent(name="fox", stored=None, content=Content.of(graph(mark)), base=base, **more)
    taken = await store.add("default", "document", sent, now)
    assert taken is not None
    return taken


async def numbers(store: DocumentStore) -> list[int]:
    listed = await store.versions("default", "document", before=None, limit=1000)
    assert listed is not None
    return [one["version"] for one in listed]


def test_times_rise_though_the_clock_goes_back(tmp_path: Path) -> None:
    async def work(store: DocumentStore) -> None:
        times = [(await put(store, n, n or None, now)).time for n, now in enumerate((1000.0, 1001.0, 3.0, 2.0, 1002.0))]
        assert times == sorted(set(times))
        listed = await store.documents("default", before=None, limit=9)
        assert listed[0]["version"] == 5

    with_store(tmp_path, work)


def test_old_versions_are_thinned_but_labelled_ones_stay(tmp_path: Path) -> None:
    async def work(store: DocumentStore) -> None:
        for n in range(200):
            await put(store, n, n or None, n * MINUTE, label="mine" if n == 7 else None)
        kept = await numbers(store)
        assert kept[:60] == list(range(200, 140, -1))  # the last hour
        assert 8 in kept
        assert len(kept) < 80
        minutes = [number - 1 for number in kept if number - 1 < 130 and number != 8]
        assert all(a // 10 != b // 10 for a, b in pairwise(minutes))  # one for ten minutes
        rows = await store.call(lambda db: db.execute("SELECT count(*), sum(bytes) FROM versions").fetchone())
        assert rows[0] == len(kept)
        assert await store.call(lambda db: db.execute("SELECT count(*) FROM contents").fetchone()[0]) == len(kept)
        assert await store.call(lambda db: db.execute("SELECT bytes FROM totals").fetchone()[0]) == rows[1]

    with_store(tmp_path, work)


def test_stages_and_bounds_of_thinning() -> None:
    now = 100 * DAY
    every_minute = [(n, n * MINUTE, False) for n in range(int(now // MINUTE), 0, -1)]
    kept = {number for number, _, _ in every_minute} - set(to_drop(every_minute, now, 20, 10**9))
    ages = sorted((now - number * MINUTE) for number in kept)
    assert sum(age <= HOUR for age in ages) == 61
    assert 137 <= sum(HOUR < age <= DAY for age in ages) <= 140
    assert 143 <= sum(DAY < age <= 7 * DAY for age in ages) <= 146
    assert 92 <= sum(age > 7 * DAY for age in ages) <= 95
    # Asked every minute or once: the same stay.
    again = [one for one in every_minute if one[0] in kept]
    assert to_drop(again, now, 20, 10**9) == []
    # A clock that leapt far ahead takes nothing from the newest.
    leapt = to_drop(every_minute[:300], now + 9999 * DAY, 20, 500)
    assert not set(leapt) & {number for number, _, _ in every_minute[:20]}
    bounded = [(n, now - 0.1, n % 100 == 0) for n in range(700, 0, -1)]
    assert (
        to_drop(bounded, now, 20, 500)
        == [n for n in range(202, 0, -1) if n % 100][:0] + [n for n in range(700, 0, -1) if n % 100][-200:]
    )


def test_beyond_all_bounds_the_oldest_without_a_name_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(store: DocumentStore) -> None:
        await put(store, "first", None, 1.0, label="kept")
        for n in range(1, 9):
            await put(store, n, n, 1.0 + n)
        monkeypatch.setattr(api.documents.store, "MOST_BYTES", 1)
        await put(store, "last", 9, 99.0)
        assert await numbers(store) == [10, 1]

    with_store(tmp_path, work)


def test_deleted_documents_go_for_good_after_a_month(tmp_path: Path) -> None:
    async def work(store: DocumentStore) -> None:
        await put(store, "a", None, 1.0)
        assert await store.delete("default", "document", 10 * DAY)
        assert not await store.delete("default", "document", 39 * DAY)
        assert await store.document("default", "document") is not None
        assert not await store.delete("default", "document", 41 * DAY)
        assert await store.document("default", "document") is None
        assert await store.call(lambda db: db.execute("SELECT count(*) FROM contents").fetchone()[0]) == 0

    with_store(tmp_path, work)


def test_what_is_anothers_is_not_there(tmp_path: Path) -> None:
    async def work(store: DocumentStore) -> None:
        await put(store, "a", None, 1.0)
        sent = Sent(name="x", stored=None, content=Content.of(graph("b")), base=1)
        assert await store.add("mallory", "document", sent) is None
        assert await store.documents("mallory", before=None, limit=9) == []
        assert await store.content("mallory", "document", 1) is None
        assert await store.versions("mallory", "document", before=None, limit=9) is None
        assert not await store.label("mallory", "document", 1, "x")
        assert not await store.delete("mallory", "document")

    with_store(tmp_path, work)


def test_a_full_disk_takes_nothing_and_is_named(tmp_path: Path) -> None:
    async def work(store: DocumentStore) -> None:
        await put(store, "a", None, 1.0)
        # SQLite's answer is the same as on a full disk: no page may be added.
        pages = await store.call(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        await store.call(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        noise = "".join(chr(33 + n * 7919 % 9000) for n in range(60000))
        with pytest.raises(DatabaseError) as raised:
            await put(store, noise, 1, 2.0)
        assert raised.value.full
        assert await numbers(store) == [1]
        await store.call(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone())
        assert (await put(store, noise, 1, 3.0)).version == 2

    with_store(tmp_path, work)


def test_the_text_is_kept_as_it_was(tmp_path: Path) -> None:
    async def work(store: DocumentStore) -> None:
        workflow = {"nodes": [], "z": 1, "a": {"big": 2**60, "half": 0.5, "text": "🦊\u202e\u0000"}}
        await store.add("default", "document", Sent("x", None, Content.of(workflow), None))
        found = await store.content("default", "document", None)
        assert found is not None
        with sqlite3.connect(tmp_path / "documents.db") as other:  # on the disk already
            assert other.execute("SELECT count(*) FROM versions").fetchone() == (1,)
        text = zlib.decompress(found[1]).decode()
        assert json.loads(text) == workflow
        assert list(json.loads(text)) == ["nodes", "z", "a"]

    with_store(tmp_path, work)
