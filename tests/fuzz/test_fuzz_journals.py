"""SQLite files of ours with some of it changed: a sentence, or what can still be read; never another error."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.database import Database, DatabaseError
from api.documents.store import Content, DocumentStore, Sent
from api.gallery.store import GalleryStore
from api.queue.journal import Body, Ending, Entry, Journal
from api.shares.store import ShareStore
from tests.server.harness import say, start

PAGE = 4096

Ask = Callable[[], Awaitable[Any]]


async def fill_journal(store: Journal) -> None:
    for number in range(12):
        body = Body(json.dumps({"1": {"class_type": "Say", "inputs": {"text": "x" * 700}}}), "{}", '["1"]', True)
        seq = await store.accept(f"id-{number}", None, float(number), body)
        if number % 2:
            status = {"status_str": "success", "completed": True, "messages": []}
            await store.end(seq, Ending({"1": {"text": ["x"]}}, status, {}), 5.0, [])


def asked_of_journal(store: Journal) -> list[Ask]:
    body = Body("{}", "{}", "[]", True)
    return [
        store.waiting,
        store.last_number,
        store.paces,
        store.spent,
        lambda: store.history(None),
        lambda: store.items([Entry(seq, "", None, 0.0, 0) for seq in (1, 3, 5)]),
        lambda: store.body(1),
        lambda: store.attempt(1),
        lambda: store.accept("new", None, 99.0, body),
        lambda: store.forget(["id-1"], None),
    ]


async def fill_documents(store: DocumentStore) -> None:
    for number in range(6):
        graph = {"nodes": [{"id": n, "type": "Say", "title": "y" * 200} for n in range(number + 5)], "links": []}
        await store.add("default", f"document-{number % 2}", Sent(f"name {number}", None, Content.of(graph), None))


def asked_of_documents(store: DocumentStore) -> list[Ask]:
    return [
        lambda: store.documents("default", before=None, limit=9),
        lambda: store.document("default", "document-0"),
        lambda: store.versions("default", "document-1", before=None, limit=9),
        lambda: store.content("default", "document-0", None),
        lambda: store.content("default", "document-1", 1),
        lambda: store.add("default", "document-2", Sent("n", None, Content.of({"nodes": []}), None)),
        lambda: store.rename("default", "document-0", {"name": "other"}),
    ]


async def leave_empty(store: Database) -> None:
    """Tables alone."""


STORES: dict[str, tuple[Any, Any, Any]] = {
    "journal": (Journal, fill_journal, asked_of_journal),
    "documents": (DocumentStore, fill_documents, asked_of_documents),
    "gallery": (
        GalleryStore,
        leave_empty,
        lambda store: [store.overview, store.unread_count, lambda: store.here_after("x", 0, 9, 9)],
    ),
    "shares": (ShareStore, leave_empty, lambda store: [lambda: store.all(None), store.with_open_runs]),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Each store's file, filled."""
    folder, found = tmp_path_factory.mktemp("sound"), {}
    for name, (make, fill, _) in STORES.items():
        store = make(folder / f"{name}.db")
        store.open()
        asyncio.run(fill(store))
        store.close()
        found[name] = (folder / f"{name}.db").read_bytes()
    return found


def garbled(data: bytes, chance: random.Random) -> bytes:
    """As disks and interrupted writes leave files: bytes changed, pages gone, mixed up or cut off."""
    changed, pages = bytearray(data), len(data) // PAGE
    match chance.randrange(6):
        case 0:
            for _ in range(chance.randrange(1, 30)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
        case 1:
            at = chance.randrange(pages) * PAGE
            changed[at : at + PAGE] = bytes(PAGE)
        case 2:
            at, other = chance.randrange(pages) * PAGE, chance.randrange(pages) * PAGE
            changed[at : at + PAGE] = data[other : other + PAGE]
        case 3:
            del changed[chance.randrange(len(changed)) :]
        case 4:
            changed[:100] = chance.randbytes(100)
        case _:
            at = chance.randrange(100)
            changed[at] = chance.randrange(256)
    return bytes(changed)


def says_something(error: DatabaseError, name: str = "") -> None:
    assert re.search(r"\w+ \w+", str(error))
    assert name in str(error), "the sentence names the file"


async def ask_all(asked: list[Ask]) -> int:
    refused = 0
    for ask in asked:
        try:
            await ask()
        except DatabaseError as error:
            says_something(error)
            refused += 1
    return refused


def check(name: str, data: bytes, tmp_path: Path, rounds: int) -> int:
    make, _, asked = STORES[name]
    refused = 0
    for number in range(rounds):
        chance = random.Random(number)
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / f"{name}.db").write_bytes(garbled(data, chance))
        if chance.random() < 0.3:
            (folder / f"{name}.db-wal").write_bytes(chance.randbytes(chance.choice([0, 31, 5000])))
        store = make(folder / f"{name}.db")
        try:
            store.open()
        except DatabaseError as error:
            says_something(error, name)
            refused += 1
            continue
        try:
            refused += bool(asyncio.run(ask_all(asked(store))))
        finally:
            store.close()
            shutil.rmtree(folder)
    return refused


@pytest.mark.parametrize("name", STORES)
def test_a_garbled_file(name: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    assert check(name, sound[name], tmp_path, 40) > 5, "that some of it is refused shows that the damage is real"


@pytest.mark.long
@pytest.mark.parametrize("name", STORES)
def test_many_garbled_files(name: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    assert check(name, sound[name], tmp_path, 1500) > 100


@pytest.mark.parametrize("how", ["noise", "middle"])
def test_a_server_with_a_garbled_journal_says_a_sentence(how: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    """It ends with one, or it starts and says it where the damage is met; there is no trace either way."""
    data = sound["journal"]
    content = {
        "noise": random.Random(1).randbytes(9000),
        "middle": data[:PAGE] + bytes(PAGE) + data[2 * PAGE :],
    }[how]
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "journal.db").write_bytes(content)
    try:
        server = start(tmp_path)
    except AssertionError as ended:
        named = "journal" in str(ended)
        assert named
        assert how == "middle" or (tmp_path / "user" / "journal.db").read_bytes() == content, "what is left is left"
    else:
        try:
            for path in ("/history", "/queue", "/easel/history", "/easel/status"):
                assert server.get(path).status in (200, 503), path
            assert server.post("/prompt", {"prompt": say()}).status in (200, 503)
        finally:
            server.kill()
    assert "Traceback" not in (tmp_path / "server.log").read_text()
