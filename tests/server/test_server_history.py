"""Whose jobs the journal gives, and how many it keeps."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.flags import Flags
from api.hub import Feed
from api.queue.journal import Body, Ending, Journal
from api.queue.listing import Wanted, list_jobs, one_job
from api.queue.past import Past
from api.queue.pruning import BELIEVED, KEPT_ANYWAY, STEP, Bounds, Pruning, keep_bounded
from api.queue.schema import SCHEMA
from api.services import SERVICES
from tests.server.journals import with_journal

BODY = Body(prompt='{"1":{"class_type":"Say","inputs":{}}}', extra="{}", targets='["1"]', checked=True)
DONE = Ending(outputs={"1": {"text": ["é"]}}, status={"status_str": "success", "completed": True}, meta={})


async def add(journal: Journal, owner: str, *names: str, ms: float = 100.0, extra: str = "{}") -> None:
    body = replace(BODY, owner=owner, extra=extra)
    seqs = await asyncio.gather(*(journal.accept(name, None, 0, body) for name in names))
    await asyncio.gather(*(journal.end(seq, DONE, ms) for seq in seqs))


async def kept(journal: Journal, owner: str) -> list[str]:
    return list(json.loads(await journal.history(owner)))


async def prune(journal: Journal, bounds: Bounds, now: float | None = None) -> int:
    pruning, gone = Pruning(journal, bounds, *([] if now is None else [lambda: now])), 0
    while count := await pruning.step():
        gone += count
    return gone


def test_who_names_a_job_as_another_did_takes_nothing_from_them(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        await add(journal, "ada", "same", "hers")
        await add(journal, "ben", "same")
        past = Past(journal)
        assert await kept(journal, "ada") == ["same", "hers"]
        assert await kept(journal, "ben") == ["same"]
        assert json.loads(await journal.history("ben", "hers")) == {}
        for found in (
            await past.entry("hers", "ben"),
            await past.job("hers", "ben"),
            await past.outcome("hers", "ben"),
        ):
            assert found is None
        assert await past.times("hers", "ben") == {}
        assert await past.remove(["same", "hers"], "ben") == {"ben": ["same"]}
        assert await journal.forget(["hers"], "ben") == {}
        assert await kept(journal, "ada") == ["same", "hers"]
        assert [entry["prompt_id"] for entry in (await past.page(10, owner="ada"))["entries"]] == ["hers", "same"]

    with_journal(tmp_path / "journal.db", work)


def test_who_runs_much_pushes_out_their_own_history(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        await add(journal, "ada", "a0", "a1")
        await add(journal, "ben", *(f"b{n}" for n in range(9)))
        assert await prune(journal, Bounds(entries=5)) == 4
        assert (await kept(journal, "ada"), await kept(journal, "ben")) == (
            ["a0", "a1"],
            [f"b{n}" for n in range(4, 9)],
        )

    with_journal(tmp_path / "journal.db", work)


def test_bytes_are_bounded_for_all_together_and_taken_from_who_has_most(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        await add(journal, "ada", "a0", "a1", extra=json.dumps({"long": "x" * 1000}))
        await add(journal, "ben", *(f"b{n}" for n in range(9)), extra=json.dumps({"long": "x" * 1000}))
        size = await journal.call(lambda db: int(db.execute("SELECT sum(bytes) FROM jobs").fetchone()[0]))
        assert 11_000 < size < 22_000
        assert await prune(journal, Bounds(bytes=size * 5 // 11)) == 6
        assert (await kept(journal, "ada"), await kept(journal, "ben")) == (["a0", "a1"], ["b6", "b7", "b8"])

    with_journal(tmp_path / "journal.db", work)


def test_a_clock_that_jumps_empties_no_history(tmp_path: Path) -> None:
    day, month = 86400.0, Bounds(seconds=30 * 86400.0)

    async def work(journal: Journal) -> None:
        count = KEPT_ANYWAY + STEP + 50
        await add(journal, "ada", *(f"a{n}" for n in range(count)))
        now = await journal.call(lambda db: float(db.execute("SELECT max(ended_at) FROM jobs").fetchone()[0]))
        assert await prune(journal, month, now + 29 * day) == 0
        # Years ahead from one start to the next: so much is not believed, and the second start believes no more.
        ahead = now + 29 * day + BELIEVED + 3650 * day
        assert await prune(journal, Bounds(seconds=60 * day), ahead) == 0
        # Old for good: the newest stay all the same.
        assert await prune(journal, Bounds(seconds=day), now + 60 * day) == count - KEPT_ANYWAY
        assert (await kept(journal, "ada"))[-1] == f"a{count - 1}"

    with_journal(tmp_path / "journal.db", work)


def test_the_history_is_pruned_soon_after_jobs_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.queue.pruning.PAUSE", 0.0)

    async def work(journal: Journal) -> None:
        await add(journal, "ada", *(f"a{n}" for n in range(STEP + 5)))
        feed, flags = Feed(), Flags(history_entries=2)
        app: Any = {SERVICES: SimpleNamespace(journal=journal, feed=feed, flags=flags)}
        keeper = keep_bounded(app)
        await anext(keeper)
        feed.publish("job_ended", {}, owner="ada")
        async with asyncio.timeout(10):
            while len(await kept(journal, "ada")) > 2:
                pass  # each look takes its turn in the journal
        await anext(keeper, None)

    with_journal(tmp_path / "journal.db", work)


def test_clearing_the_history_gives_no_time_back(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        await add(journal, "ada", "a0", "a1", ms=700.0)
        await journal.forget(None, "ada")
        await journal.spend("ada", 50.0)
        assert [(owner, ms) for owner, _, ms in await journal.spent()] == [("ada", 1450.0)]

    with_journal(tmp_path / "journal.db", work)


def test_a_journal_of_one_person_becomes_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as db:
        for statement in (statement for version in SCHEMA[:3] for statement in version):
            db.execute(statement)
        db.execute("PRAGMA user_version = 3")
        row = ("old", "c", 0, "{}", "{}", "[]", 1, 1.0, 1, 2.0, "{}", '{"completed": true}', "{}", "success")
        columns = "prompt_id, client_id, number, prompt, extra, targets, checked, accepted, ended, ended_at, outputs"
        columns += ", status, meta, state"
        db.execute(f"INSERT INTO jobs ({columns}) VALUES ({', '.join('?' * len(row))})", row)
        db.execute(
            "INSERT INTO jobs (prompt_id, number, prompt, extra, targets, checked, accepted)"
            " VALUES ('waits', 1, '{}', '{}', '[]', 1, 3.0)"
        )

    async def work(journal: Journal) -> None:
        assert [(entry.prompt_id, entry.owner, entry.pinned) for entry in await journal.waiting()] == [
            ("waits", "default", None)
        ]
        assert await kept(journal, "default") == ["old"]
        assert await kept(journal, "ada") == []
        assert await prune(journal, Bounds(bytes=10_000)) == 1  # nobody measured it

    with_journal(path, work)


def test_ids_and_pages_are_found_by_an_index_and_not_by_looking_through_all(tmp_path: Path) -> None:
    """Every statement that is sent for a person is asked how it would be done."""

    async def work(journal: Journal) -> None:
        said: list[str] = []
        await add(journal, "ada", "one", "two")
        waits = await journal.accept("waits", None, 0, replace(BODY, owner="ada"))
        await journal.call(lambda db: db.set_trace_callback(said.append))
        past = Past(journal)
        for owner in ("ada", None):
            await journal.history(owner, "one")
            await journal.history(owner, count=5, offset=9)
            await journal.history(owner, count=5)
            await past.page(5, owner, 99)
            await past.page(5, owner, state="error")
            await past.page(5, owner, document="d")
            for found in (past.entry, past.job, past.times, past.outcome, journal.is_open):
                await found("one", owner)
            await past.remove(["one"], owner)
            await past.restore(["one"], owner)
            await journal.forget(["two"], owner)
            await journal.rename("one", "name", owner)
            await journal.taken_out(["one"], owner)
            await list_jobs(journal, Wanted(owner=owner), None)
            await one_job(journal, "one", None, owner)
        await journal.end(waits, DONE, 1.0)
        await prune(journal, Bounds(seconds=1.0))
        await journal.call(lambda db: db.set_trace_callback(None))
        asked = [each for each in said if " jobs " in each and " WHERE " in each]
        assert len(asked) > 40
        for statement in asked:
            steps = await journal.call(partial(plan, statement=statement))
            assert not any(step.startswith("SCAN jobs") and "INDEX" not in step for step in steps), (statement, steps)
            if "prompt_id = '" in statement:
                assert any("jobs_by_id" in step for step in steps), (statement, steps)
            elif "document = '" in statement:
                assert any("jobs_of_document" in step for step in steps), (statement, steps)
            elif "OFFSET" in statement or "count(*)" in statement:
                assert any("COVERING INDEX" in step for step in steps), (statement, steps)

    with_journal(tmp_path / "journal.db", work)


def plan(db: sqlite3.Connection, statement: str) -> list[str]:
    return [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
