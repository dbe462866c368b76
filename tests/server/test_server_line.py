"""The line of waiting jobs without a server: what quotas let in, and whose jobs run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from api.accounts.store import AccountStore
from api.clock import now_for_deleting
from api.database import DatabaseError
from api.hub import Feed, Hub, Listener
from api.people import ALONE, SCOPES_OF, Person
from api.queue.fair import UNKNOWN
from api.queue.jobs import Jobs
from api.queue.journal import Body, Journal
from api.queue.leaving import Leaving
from api.queue.line import Line
from api.queue.pace import MOST_NODES
from api.queue.quota import Unlimited
from api.queue.summaries import About
from api.replies import Refusal
from api.workers import LocalWorker
from graph.types import JsonObject

OWNER = "vera"
PEOPLE = (OWNER, "max")
WORDS = count()


def body(size: int, owner: str = OWNER) -> Body:
    """Of a graph of so many nodes that never ran, another each time."""
    prompt = {str(n): {"class_type": "Never", "inputs": {"word": next(WORDS)}} for n in range(size)}
    return Body(json.dumps(prompt), "{}", json.dumps(list(prompt)), True, About.of(prompt, {}), owner)


def new() -> Body:
    return body(1)


def cheap() -> Body:
    return body(0)


def large() -> Body:
    return body(MOST_NODES + 1)


def with_line(tmp_path: Path, work: Callable[[Line], Awaitable[None]]) -> None:
    async def run() -> None:
        await work(Line(journal, Feed(), lambda: None, lambda: None))

    journal = Journal(tmp_path / "journal.db")
    journal.open()
    try:
        asyncio.run(run())
    finally:
        journal.close()


def has(line: Line, seconds: float | None, queued: int | None = None) -> None:
    line.quota_of = lambda person: Unlimited(queued, seconds)


async def submit(line: Line, *jobs: tuple[str, Body]) -> list[str]:
    """All at once; gives the ids of those that were let in."""

    async def one(id: str, job: Body) -> None:
        with suppress(Refusal):
            await line.submit(id, None, 0, job, {})

    await asyncio.gather(*(one(id, job) for id, job in jobs))
    return [entry.prompt_id for entry in line.waiting.of(OWNER)]


SOON = 1.5 * UNKNOWN / 1000
"""Seconds that jobs of which nothing is known use up with the second of them."""


@pytest.mark.parametrize("job", [new, large], ids=["new", "too large to reckon"])
def test_what_is_not_known_counts_against_the_time_that_one_has(tmp_path: Path, job: Callable[[], Body]) -> None:
    async def work(line: Line) -> None:
        has(line, SOON)
        assert await submit(line, *((id, job()) for id in "abc")) == ["a", "b"]

    with_line(tmp_path, work)


def test_what_has_nothing_to_do_counts_nothing(tmp_path: Path) -> None:
    async def work(line: Line) -> None:
        has(line, 0.001)
        assert len(await submit(line, *((f"p{n}", cheap()) for n in range(20)))) == 20

    with_line(tmp_path, work)


def test_exchanging_what_waits_takes_time_as_queueing_does(tmp_path: Path) -> None:
    async def work(line: Line) -> None:
        has(line, SOON)
        assert await submit(line, *((id, cheap()) for id in "abcd")) == list("abcd")
        edits = (line.edit(id, new(), {}) for id in "abcd")
        said = await asyncio.gather(*edits, return_exceptions=True)
        assert [type(each) for each in said] == [type(None), type(None), Refusal, Refusal]
        await line.edit("a", cheap(), {})
        await line.edit("c", new(), {})  # whose own time counts no more
        line.spending.add(OWNER, SOON * 1000, now_for_deleting())
        with pytest.raises(Refusal, match="24 hours"):
            await line.edit("d", cheap(), {})

    with_line(tmp_path, work)


def test_jobs_that_are_brought_back_together_count_together(tmp_path: Path) -> None:
    async def work(line: Line) -> None:
        for id in "abc":
            await submit(line, (id, new()), (id + id, new()))
            await line.remove([id, id + id], ALONE)
        has(line, SOON)
        with pytest.raises(Refusal, match="24 hours"):
            await line.bring_back(["a", "b", "c"], ALONE)
        assert await line.bring_back(["a", "b"], ALONE) == ["a", "b"]
        has(line, None, 3)
        with pytest.raises(Refusal, match="2 of your jobs"):
            await line.bring_back(["c", "aa"], ALONE)
        assert await line.bring_back(["c"], ALONE) == ["c"]

    with_line(tmp_path, work)


# Whose jobs run


class Device:
    """Stands for the process that runs jobs: it ends each when it is let go on, and knows whose it ran."""

    def __init__(self) -> None:
        self.types_changed = False
        self.ran: list[str] = []
        self.go_on = asyncio.Event()

    async def wait_until_ready(self) -> None:
        pass

    async def run(self, job: JsonObject, checked: bool, on_event: object) -> JsonObject:
        self.ran.append(job["person"])
        await self.go_on.wait()
        return {"status": "success", "outputs": {}, "meta": {}, "messages": []}

    async def interrupt(self, prompt_id: str) -> None:
        self.go_on.set()


def with_jobs(tmp_path: Path, work: Callable[[Jobs, Device, Hub], Awaitable[None]]) -> None:
    async def run() -> None:
        device, hub = Device(), Hub()
        jobs = Jobs(journal, cast(LocalWorker, device), hub, Feed(), paused=False, grace=60)
        try:
            await work(jobs, device, hub)
        finally:
            await jobs.stop()

    journal = Journal(tmp_path / "journal.db")
    journal.open()
    try:
        asyncio.run(run())
    finally:
        journal.close()


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not met():  # noqa: ASYNC110 - whatever changes it
            await asyncio.sleep(0.001)


def test_jobs_of_who_may_run_none_are_not_taken_in(tmp_path: Path) -> None:
    async def work(line: Line) -> None:
        assert await submit(line, ("a", new())) == ["a"]
        await line.remove(["a"], ALONE)
        line.may_run = lambda person: person != OWNER
        with pytest.raises(Refusal, match="may not run"):
            await line.submit("b", None, 0, new(), {})
        with pytest.raises(Refusal, match="may not run"):
            await line.bring_back(["a"], ALONE)
        assert list(line.waiting) == []
        await line.submit("c", None, 0, body(1, "max"), {})
        line.may_run = lambda person: True
        assert await line.bring_back(["a"], ALONE) == ["a"]

    with_line(tmp_path, work)


def test_none_of_theirs_begins(tmp_path: Path) -> None:
    """Also where nobody was told that they may not any more."""

    async def work(jobs: Jobs, device: Device, hub: Hub) -> None:
        await jobs.start()
        jobs.pause(True)
        await jobs.line.submit("a", None, 0, new(), {"key": "secret"})
        await jobs.line.submit("b", None, 1, body(1, "max"), {})
        jobs.line.may_run = lambda person: person != OWNER
        jobs.pause(False)
        await until(lambda: jobs.running_for(ALONE, "b"))
        device.go_on.set()
        await until(lambda: jobs.remaining == 0)
        assert device.ran == ["max"]
        assert jobs.line.secrets == {}
        jobs.line.may_run = lambda person: True
        assert await jobs.line.bring_back(["a"], ALONE) == ["a"]
        await until(lambda: device.ran == ["max", OWNER])

    with_jobs(tmp_path, work)


def test_what_runs_is_stopped_whatever_becomes_of_what_waits(tmp_path: Path) -> None:
    class Accounts:
        exist = True

        def account(self, id: str) -> None:
            return None

    async def work(jobs: Jobs, device: Device, hub: Hub) -> None:
        await jobs.start()
        await jobs.line.submit("a", None, 0, new(), {})
        await jobs.line.submit("b", None, 1, new(), {})
        await until(lambda: jobs.running_for(ALONE, "a"))

        async def fail(*_: object) -> list[str]:
            raise DatabaseError("the disk is full")

        cast(Any, jobs).remove = fail
        jobs.pause(True)
        leaving = Leaving(cast(AccountStore, Accounts()), jobs)
        leaving.look()
        await until(lambda: jobs.running_for(ALONE) is None)
        assert [entry.prompt_id for entry in jobs.line.waiting] == ["b"]
        await leaving.stop()

    with_jobs(tmp_path, work)


def test_what_a_pack_says_of_no_job_is_heard_by_all_whoevers_runs(tmp_path: Path) -> None:
    async def work(jobs: Jobs, device: Device, hub: Hub) -> None:
        ears = [Listener(cast(Any, None), "id", None, Person(id, id, "artist", SCOPES_OF["artist"])) for id in PEOPLE]
        for ear in ears:
            hub.join(ear)
        await jobs.start()
        await jobs.line.submit("a", "id", 0, new(), {})
        await until(lambda: jobs.running_for(ALONE, "a"))
        before = [len(ear.outbox) for ear in ears]
        jobs.pass_on("of a pack", {}, None)
        assert [len(ear.outbox) for ear in ears] == [count + 1 for count in before]
        jobs.pass_on("of a pack", {}, "id")
        assert [len(ear.outbox) for ear in ears] == [before[0] + 2, before[1] + 1]

    with_jobs(tmp_path, work)
