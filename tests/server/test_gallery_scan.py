"""A look through the folders of results: what is new, what has changed, what is gone, a part at a time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from api.database import DatabaseError
from api.gallery.scan import Scan
from api.gallery.store import GalleryStore, Seen
from api.gallery.walk import Walk


class Index:
    """The index of one folder, and what a look through it comes to."""

    def __init__(self, base: Path) -> None:
        self.root = base / "output"
        self.root.mkdir()
        self.store = GalleryStore(base / "gallery.db")
        self.store.open()

    def know(self, *places: tuple[str, str]) -> list[int]:
        """Have files in the index that are nowhere."""
        seen = [Seen("output", folder, name, "image", 1, 1) for folder, name in places]
        return asyncio.run(self.store.take(seen))

    def look(self, root: Path | None = None, together: int = 2) -> Walk:
        walk = Walk(self.root if root is None else root, "output", together)
        scan = Scan(self.store, {"output": self.root}, cast("Any", None), lambda: None)
        asyncio.run(scan._take_all(walk, "output"))  # pyright: ignore[reportPrivateUsage]
        return walk

    def here(self) -> dict[str, tuple[int, int]]:
        """Id and size by name."""
        rows = asyncio.run(
            self.store.call(lambda db: db.execute("SELECT name, id, size FROM files WHERE state = 0").fetchall())
        )
        return {name: (id, size) for name, id, size in rows}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path)
    yield index
    index.store.close()


def test_a_folder_that_cannot_be_read_loses_nothing(index: Index, monkeypatch: pytest.MonkeyPatch):
    (index.root / "open").mkdir()
    (index.root / "closed").mkdir()
    (index.root / "open" / "a.png").write_bytes(b"x")
    index.know(("closed", "b.png"), ("closed/in", "c.png"), ("open", "lost.png"))
    scandir = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    walk = index.look()
    assert index.here().keys() == {"a.png", "b.png", "c.png"}
    assert "Permission denied" in walk.problems[0]
    index.look(index.root / "unmounted")
    assert index.here().keys() == {"a.png", "b.png", "c.png"}


def test_many_files_are_taken_in_parts_and_only_those_that_are_gone_are_lost(index: Index):
    for number in range(7):
        (index.root / f"{number}.png").write_bytes(b"x")
    index.look(together=2)
    before = index.here()
    assert len(before) == 7
    (index.root / "3.png").unlink()
    (index.root / "new.png").write_bytes(b"x")
    index.look(together=3)
    after = index.here()
    assert after.keys() == before.keys() - {"3.png"} | {"new.png"}
    assert all(after[name] == before[name] for name in before.keys() & after.keys())


def test_one_that_came_back_while_its_folder_was_passed_is_not_lost(index: Index, monkeypatch: pytest.MonkeyPatch):
    [id] = index.know(("", "back.png"))
    asyncio.run(index.store.set_trashed([id]))
    here_after = index.store.here_after

    async def restored_meanwhile(kind: str, at: int, last: int, most: int) -> list[tuple[int, str]]:
        if at == 0:
            await index.store.set_restored([(id, "back.png", 1, 1)])
        return await here_after(kind, at, last, most)

    monkeypatch.setattr(index.store, "here_after", restored_meanwhile)
    index.look()
    assert index.here() == {"back.png": (id, 1)}


def test_a_name_that_is_no_text_is_passed_over(index: Index):
    try:
        (index.root / os.fsdecode(b"a\xff.png")).write_bytes(b"x")
        (index.root / os.fsdecode(b"b\xff")).mkdir()
    except OSError:
        pytest.skip("this file system knows no such names")
    (index.root / os.fsdecode(b"b\xff") / "in.png").write_bytes(b"x")
    index.look()
    assert index.here() == {}


def test_what_a_crash_left_half_written_goes_when_it_is_old(index: Index):
    old, young, own = (index.root / name for name in (f".saving-{'a' * 16}", f".saving-{'b' * 16}", ".saving-mine"))
    for path in (old, young, own):
        path.write_bytes(b"half")
    for path in (old, own):
        os.utime(path, (1e9, 1e9))
    index.look()
    assert index.here() == {}
    assert sorted(path.name for path in index.root.iterdir()) == [young.name, own.name]


def test_a_file_that_grows_is_looked_at_again(index: Index):
    (index.root / "a.png").write_bytes(b"x")
    assert index.look().young
    [id, size] = index.here()["a.png"]
    (index.root / "a.png").write_bytes(b"xyz")
    index.look()
    assert size == 1
    assert index.here() == {"a.png": (id, 3)}


def test_who_looks_again_after_trouble_need_not_wait(index: Index, monkeypatch: pytest.MonkeyPatch):
    async def play() -> None:
        looks: asyncio.Queue[None] = asyncio.Queue()

        async def without_room(scan: Scan) -> None:
            looks.put_nowait(None)
            raise DatabaseError("the disk is full")

        monkeypatch.setattr(Scan, "_look_through", without_room)
        scan = Scan(index.store, {"output": index.root}, cast("Any", None), lambda: None)
        scan.start()
        for _ in range(3):
            scan.look_again()
            await asyncio.wait_for(looks.get(), 10)
        await scan.stop()

    asyncio.run(play())
