"""Databases of every version that there was: opened, brought up to date, and nothing is missing.

`old/NAME-VERSION.sql` (or `.db`, where a text cannot hold it) was written by the code of that time, with
`PRAGMA user_version` in the end. Whoever adds a version to a schema adds the file of the one before.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from api.backup.command import known_versions
from api.database import Database, DatabaseError
from api.documents.store import DocumentStore
from api.gallery.store import GalleryStore
from api.model_files.facts import SCHEMA as MODELS
from api.queue.journal import Journal
from api.queue.parts import Parts
from api.queue.past import Past
from api.shares.store import ShareStore

OLD = Path(__file__).parent / "old"
FILES = sorted(OLD.iterdir(), key=lambda path: path.name)
D = TypeVar("D", bound=Database)


def old(name: str) -> list[Path]:
    return [path for path in FILES if path.stem.startswith(f"{name}-")]


def written(source: Path, folder: Path) -> Path:
    """The old file as it lay on the disk."""
    path = folder / f"{source.stem.rpartition('-')[0]}.db"
    if source.suffix == ".db":
        path.write_bytes(source.read_bytes())
    else:
        with closing(sqlite3.connect(path)) as db:
            db.executescript(source.read_text("utf-8"))
    return path


def with_store(make: Callable[[Path], D], path: Path, work: Callable[[D], Coroutine[Any, Any, None]]) -> None:
    """Open the file, work with it, and find it at the newest version; then once more, as the next start does."""
    for _ in range(2):
        store = make(path)
        store.open()
        try:
            asyncio.run(work(store))
        finally:
            store.close()
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (store.newest,)
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("source", old("journal"), ids=lambda path: path.stem)
def test_the_journal(source: Path, tmp_path: Path) -> None:
    async def look(journal: Journal) -> None:
        waiting = await journal.waiting()
        assert [(entry.prompt_id, entry.attempts) for entry in waiting] == [("tried-once", 1), ("waits", 0)]
        body = await journal.body(waiting[1].seq)
        assert body is not None
        assert json.loads(body.prompt)["1"]["inputs"] == {"text": "old"}
        assert json.loads(body.extra)["extra_pnginfo"] == {"workflow": {"nodes": []}}
        history = json.loads(await journal.history(None))
        assert list(history) == ["done", "failed", "stopped"]
        assert history["done"]["outputs"] == {"2": {"text": ["old"]}}
        page = await Past(journal).page(10, None)
        found = [(entry["prompt_id"], entry["state"]) for entry in page["entries"]]
        assert found == [("stopped", "interrupted"), ("failed", "error"), ("done", "success")]
        assert await journal.last_number() >= 5
        if int(source.stem.rpartition("-")[2]) >= 5:
            kept = await Parts(journal, waiting[0].seq).done()
            assert kept.outputs == {"2": {"text": ["half"]}}

    with_store(Journal, written(source, tmp_path), look)


@pytest.mark.parametrize("source", old("documents"), ids=lambda path: path.stem)
def test_documents(source: Path, tmp_path: Path) -> None:
    async def look(store: DocumentStore) -> None:
        [document] = await store.documents("default", before=None, limit=10)
        assert (document["id"], document["name"]) == ("doc-1", "Old graph")
        versions = await store.versions("default", "doc-1", before=None, limit=10)
        assert versions is not None
        assert [(version["version"], version["label"]) for version in versions] == [(2, None), (1, "kept")]
        found = await store.content("default", "doc-1", 1)
        assert found is not None
        assert json.loads(zlib.decompress(found[1]))["nodes"] == [{"id": 1, "type": "Say"}]
        assert await store.thumbnail("default", "doc-1", 2) is not None
        [deleted] = await store.documents("default", before=None, limit=10, deleted=True)
        assert deleted["id"] == "doc-2"

    with_store(DocumentStore, written(source, tmp_path), look)


@pytest.mark.parametrize("source", old("shares"), ids=lambda path: path.stem)
def test_shared_links(source: Path, tmp_path: Path) -> None:
    async def look(store: ShareStore) -> None:
        share = await store.by_token("token-of-the-link")
        assert share is not None
        assert (share.name, share.owner, share.used) == ("Portraits", "default", 2)
        assert share.prompt["1"]["inputs"] == {"text": "old"}
        runs = await store.runs(share.id)
        assert sorted((run.prompt_id, run.state) for run in runs) == [("done", "success"), ("waits", None)]
        assert await store.upload(share.id, "guest", "upload-1") == "shares/share-1/a.png"

    with_store(ShareStore, written(source, tmp_path), look)


@pytest.mark.parametrize("source", old("gallery"), ids=lambda path: path.stem)
def test_the_gallery(source: Path, tmp_path: Path) -> None:
    async def look(store: GalleryStore) -> None:
        known = await store.here_after("output", 0, await store.last_id(), 10)
        named = await store.call(lambda db: db.execute("SELECT folder, name FROM files ORDER BY id").fetchall())
        assert [folder for _, folder in known] == [folder for folder, _ in named]
        assert named == [
            ("", "a_00001_.png"),
            ("people/anna_0123/x", "b_00001_.png"),  # there were no people then: it is the first one's
        ]
        item = await store.item(known[0][0])
        assert item is not None
        assert (item["rating"], item["favourite"], item["width"]) == (4, True, 64)
        assert item["tags"] == ["fruit"]
        assert len(await store.items([known[1][0]], "default")) == 1

    with_store(GalleryStore, written(source, tmp_path), look)


@pytest.mark.parametrize("source", old("models"), ids=lambda path: path.stem)
def test_what_is_known_of_models(source: Path, tmp_path: Path) -> None:
    async def look(store: Database) -> None:
        rows = await store.call(
            lambda db: db.execute("SELECT path, family, sha256 FROM files JOIN hashes USING (path)")
        )
        assert rows.fetchall() == [("/models/checkpoints/a.safetensors", "SD 1.5", "abc")]

    with_store(lambda path: Database(path, "list of models", MODELS), written(source, tmp_path), look)


def test_there_is_a_file_of_every_past_version() -> None:
    here = {path.stem for path in FILES}
    past = {f"{name.removesuffix('.db')}-{n}" for name, newest in known_versions().items() for n in range(1, newest)}
    assert past - here == set()


@pytest.mark.parametrize("source", FILES, ids=lambda path: path.stem)
def test_a_file_says_its_version(source: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(written(source, tmp_path))) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (int(source.stem.rpartition("-")[2]),)


@pytest.mark.parametrize("make", [Journal, DocumentStore, ShareStore, GalleryStore])
def test_a_newer_file_is_refused_by_name(make: Callable[[Path], Database], tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 1000")
    with pytest.raises(DatabaseError, match=r"newer\.db was written by a newer Easel \(schema 1000, here \d+\)"):
        make(path).open()
