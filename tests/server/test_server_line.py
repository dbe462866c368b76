"""The line of waiting jobs without a server: what quotas let in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from api.clock import now_for_deleting
from api.hub import Feed
from api.people import ALONE
from api.queue.fair import UNKNOWN
from api.queue.journal import Body, Journal
from api.queue.line import Line
from api.queue.pace import MOST_NODES
from api.queue.quota import Unlimited
from api.queue.summaries import About
from api.replies import Refusal

OWNER = "vera"
WORDS = count()


def body(size: int) -> Body:
    """Of a graph of so many nodes that never ran, another each time."""
    prompt = {str(n): {"class_type": "Never", "inputs": {"word": next(WORDS)}} for n in range(size)}
    return Body(json.dumps(prompt), "{}", json.dumps(list(prompt)), True, About.of(prompt, {}), OWNER)


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
