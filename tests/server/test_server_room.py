"""What is found of folders that do not answer, answer with an error, or hang, without a disk that does so."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from api import memory, room
from api.memory import memory_left
from api.replies import Refusal
from api.room import Place, Room, look_at
from api.troubles import Troubles


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EIO, "gone", "does not answer"),
        (errno.ESTALE, "gone", "does not answer"),
        (errno.ETIMEDOUT, "gone", "does not answer"),
        (errno.EROFS, "read_only", "cannot be written"),
        (errno.ENOSPC, "disk_full", "is full"),
        (errno.EDQUOT, "disk_full", "is full"),
    ],
)
def test_what_the_system_says(
    number: int, kind: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", failing(number))
    with pytest.raises(room.NotWell, match=words) as found:
        look_at(Place.of("output", tmp_path), 0, surely=False)
    assert found.value.kind == kind
    assert str(tmp_path) in str(found.value)


def test_a_write_is_tried_where_one_failed_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.os, "fsync", failing(errno.EDQUOT))
    look_at(Place.of("output", tmp_path), 0, surely=False)
    with pytest.raises(room.NotWell, match="is full"):
        look_at(Place.of("output", tmp_path), 0, surely=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_deleted_is_made_again_and_one_that_is_gone_with_its_own_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "drive" / "output"
    folder.mkdir(parents=True)
    place = Place.of("output", folder)
    folder.rmdir()
    look_at(place, 0, surely=False)
    assert folder.is_dir()
    folder.rmdir()
    folder.parent.rmdir()
    with pytest.raises(room.NotWell, match="not there any more"):
        look_at(place, 0, surely=False)
    assert not folder.parent.exists()


def test_a_folder_that_hangs_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    asked: list[str] = []

    def hang(place: Place, *_: object, **__: object) -> None:
        asked.append(place.name)
        answers.wait(30)

    monkeypatch.setattr(room, "look_at", hang)
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    troubles = Troubles(lambda _: None)
    looks = Room({"output": tmp_path}, troubles)

    async def wait() -> None:
        for _ in range(3):
            assert "does not answer" in await looks.hindrance("output")
        assert asked == ["output"]  # one thread hangs, however often it is asked
        with pytest.raises(Refusal) as refused:
            await looks.take_upload("output")
        assert refused.value.status == 503
        monkeypatch.setattr(room, "PATIENCE", 30.0)
        answers.set()
        assert await looks.hindrance("output") == ""

    asyncio.run(wait())
    assert troubles.to_json() == []


def test_a_failed_write_of_a_job_is_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []

    def look(_: Place, __: int, *, surely: bool) -> None:
        found.append(surely)

    monkeypatch.setattr(room, "look_at", look)
    looks = Room({"output": tmp_path}, Troubles(lambda _: None))

    async def ask() -> None:
        await looks.hindrance("output")
        looks.heard("execution_error", {"exception_type": "ValueError"}, None)
        await looks.hindrance("output")
        looks.heard("execution_error", {"exception_type": "models.numbered.SaveError"}, None)
        await looks.hindrance("output")

    asyncio.run(ask())
    assert found == [False, False, True]


def test_a_trouble_counts_how_often_it_was_looked_at(tmp_path: Path) -> None:
    troubles = Troubles(lambda _: None)
    for sentence in ("a", "a", "b"):
        troubles.note("gone", tmp_path, sentence)
    troubles.note("locked", tmp_path / "x.db", "c")
    first, second = troubles.to_json()
    assert (first["sentence"], first["retried"], second["retried"]) == ("b", 2, 0)
    troubles.clear(tmp_path)
    assert [trouble["kind"] for trouble in troubles.to_json()] == ["locked"]


def test_memory_is_what_the_system_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free, total = memory_left(tmp_path)
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "no such file")  # as on other systems
    other_free, other_total = memory_left(tmp_path)
    assert total == other_total
    assert 0 < free <= total
    assert 0 < other_free <= total


def test_a_container_has_less_memory_than_its_machine(tmp_path: Path) -> None:
    machine = memory_left(tmp_path)
    assert machine[0] > 0
    for name, text in {
        "memory.max": str(100 * 2**20),
        "memory.current": str(90 * 2**20),
        "memory.stat": f"anon 5\ninactive_file {30 * 2**20}\n",
    }.items():
        (tmp_path / name).write_text(f"{text}\n")
    assert memory_left(tmp_path) == (40 * 2**20, 100 * 2**20)
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_left(tmp_path)[1] == machine[1]


def test_what_the_server_has_freed_goes_back_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(memory, "GIVE_BACK_EVERY", 0.01)
    monkeypatch.setattr(memory, "give_back", lambda: given.append(1))

    async def live() -> None:
        going = memory.keep_giving_back(web.Application())
        await anext(going)
        await asyncio.sleep(0.5)
        assert len(given) > 2
        with pytest.raises(StopAsyncIteration):
            await anext(going)
        ended = len(given)
        await asyncio.sleep(0.1)
        assert len(given) == ended

    asyncio.run(asyncio.wait_for(live(), 10))
