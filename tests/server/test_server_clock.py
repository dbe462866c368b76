"""Clocks that are set: it is noticed, and nothing is deleted for an age that it does not have."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api import clock
from api.clock import Ages, ClockWatch
from api.documents.store import Content, DocumentStore, Sent
from api.room import Room
from api.troubles import Troubles
from graph.types import JsonObject

DAY = 24 * 3600.0


class Times:
    """A clock on the wall, and one that nobody can set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.lived = 1.8e9, 1000.0
        monkeypatch.setattr(clock.time, "time", lambda: self.wall)
        monkeypatch.setattr(clock, "steady", lambda: self.lived)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.lived += seconds


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    return Times(monkeypatch)


def test_a_jump_is_noticed_once(times: Times) -> None:
    watch = ClockWatch()
    times.pass_by(1e6)
    assert watch.jump() == 0
    times.wall += 3600
    assert watch.jump() == 3600
    assert watch.jump() == 0
    times.wall -= 7200
    times.pass_by(5)
    assert watch.jump() == -7200
    times.wall += 2
    assert watch.jump() == 0


def test_a_clock_that_runs_ahead_makes_nothing_older(times: Times) -> None:
    ages = Ages()
    began = times.wall
    times.pass_by(100)
    assert ages.now() == began + 100
    times.wall += 365 * DAY
    assert ages.now() == began + 100
    times.pass_by(3600)
    assert ages.now() == began + 3700
    times.wall -= 365 * DAY
    assert ages.now() == began + 3700


def test_a_clock_that_was_behind_is_believed_after_a_day(times: Times) -> None:
    times.wall = 0.0  # a machine that had no clock when it started
    ages = Ages()
    times.wall = 1.8e9
    assert ages.now() < DAY
    times.pass_by(DAY / 2)
    assert ages.now() < DAY
    times.pass_by(DAY)
    assert ages.now() == times.wall


def test_a_clock_that_goes_back_makes_things_younger(times: Times) -> None:
    ages = Ages()
    times.wall -= 1000
    assert ages.now() == times.wall


def test_versions_outlive_a_clock_that_jumps(times: Times, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "_AGES", Ages())
    store = DocumentStore(tmp_path / "documents.db")
    store.open()

    async def save(number: int) -> None:
        workflow = {"nodes": [{"id": number}], "links": []}
        assert await store.add("default", "doc", Sent(None, None, Content.of(workflow), number - 1 or None)) is not None

    async def all_of_it() -> int:
        for number in range(1, 41):
            times.pass_by(5)
            await save(number)
        times.wall += 365 * DAY
        await save(41)
        versions = await store.versions("default", "doc", before=None, limit=100)
        assert versions is not None
        return len(versions)

    assert asyncio.run(all_of_it()) == 41
    store.close()


def test_a_jump_is_told_for_a_while(times: Times, tmp_path: Path) -> None:
    async def look() -> list[JsonObject]:
        told: asyncio.Queue[list[JsonObject]] = asyncio.Queue()
        troubles = Troubles(told.put_nowait)
        troubles.start()
        room = Room({"output": tmp_path}, troubles)
        times.wall += 2 * DAY
        room.start()
        found = await told.get()
        await room.stop()
        return found

    [trouble] = asyncio.run(look())
    assert trouble["kind"] == "clock"
    assert "set forward by 2 days" in trouble["sentence"]
