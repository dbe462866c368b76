"""Whose turn it is, how much of the device a person may have, and how much history is kept: without a server."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.flags import Flags
from api.hub import Feed
from api.people import ALONE, SCOPES_OF, Person
from api.queue.fair import CREDIT, LEAST, turns
from api.queue.journal import Body, Ending, Entry, Journal
from api.queue.listing import Wanted, list_jobs, one_job
from api.queue.past import Past
from api.queue.pruning import BELIEVED, KEPT_ANYWAY, STEP, Bounds, Pruning, keep_bounded
from api.queue.quota import Unlimited, check_count, check_time
from api.queue.schema import SCHEMA
from api.queue.spending import DAY_SLICES, SLICE, Spending
from api.queue.waiting import NotWaiting, Waiting
from api.replies import Refusal
from api.services import SERVICES

ADA = Person("ada", "Ada", "artist", SCOPES_OF["artist"])
BEN = Person("ben", "Ben", "artist", SCOPES_OF["artist"])
BOSS = Person("default", "Boss", "admin", SCOPES_OF["admin"])


@dataclass(frozen=True)
class Job:
    seq: int
    ms: float | None


def order(lines: Mapping[str, Sequence[Job]], used: dict[str, float] | None = None) -> list[int]:
    return [job.seq for job in turns(lines, used or {}, lambda job: job.ms, lambda job: job.seq)]


def jobs(*seqs: int, ms: float | None = 1000.0) -> list[Job]:
    return [Job(seq, ms) for seq in seqs]


def test_persons_take_turns_however_many_jobs_one_has() -> None:
    assert order({"ada": jobs(1, 2, 3, 4), "ben": jobs(5, 6)}) == [1, 5, 2, 6, 3, 4]


def test_turns_are_dealt_by_time_and_not_by_number() -> None:
    slow, quick = jobs(1, 2, ms=4000.0), jobs(3, 4, 5, 6, 7, 8)
    assert order({"ada": slow, "ben": quick}) == [1, 3, 4, 5, 6, 2, 7, 8]


def test_who_had_much_lately_comes_after_who_had_little() -> None:
    lines = {"ada": jobs(1, 2), "ben": jobs(3, 4)}
    assert order(lines, {"ada": 1500.0}) == [3, 4, 1, 2]


def test_nobody_waits_longer_than_the_credit() -> None:
    """However much somebody had: another gets CREDIT ahead, not all of the difference."""
    many = jobs(*range(2, 1000), ms=CREDIT / 10)
    found = order({"ada": jobs(1), "ben": many}, {"ada": 1000 * CREDIT})
    assert found.index(1) == 10


def test_jobs_that_take_nothing_do_not_take_all_turns() -> None:
    found = order({"ada": jobs(1, ms=LEAST), "ben": jobs(*range(2, 100), ms=0.0)}, {"ada": 10 * LEAST})
    assert found.index(1) <= 11


LINES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.lists(st.floats(0, 1e6) | st.none(), min_size=1, max_size=8), max_size=4
)
USED = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.floats(0, 1e9), max_size=4)


@settings(deadline=None, max_examples=50)
@given(LINES, USED, st.randoms(use_true_random=False))
def test_everybody_keeps_their_order_and_nobody_is_left_out(
    times: dict[str, list[float | None]], used: dict[str, float], dice: Any
) -> None:
    seqs = list(range(sum(map(len, times.values()))))
    dice.shuffle(seqs)
    lines = {person: [Job(seqs.pop(), ms) for ms in line] for person, line in times.items()}
    found = order(lines, used)
    assert sorted(found) == sorted(job.seq for line in lines.values() for job in line)
    for line in lines.values():
        own = {job.seq for job in line}
        assert [seq for seq in found if seq in own] == [job.seq for job in line]


@settings(deadline=None, max_examples=50)
@given(LINES, USED)
def test_what_is_told_is_what_happens(times: dict[str, list[float | None]], used: dict[str, float]) -> None:
    """Taking the first, charging what it was expected to take and asking anew gives the order that was told, as long
    as nobody's credit has an end in between."""
    used = {person: min(ms, CREDIT / 2) for person, ms in used.items()}
    number = iter(range(1000))
    lines = {
        person: [Job(next(number), 100.0 if ms is None else min(ms, 1e4)) for ms in line]
        for person, line in times.items()
    }
    told = order(lines, used)
    happened: list[int] = []
    while any(lines.values()):
        seq = order(lines, used)[0]
        happened.append(seq)
        person = next(name for name, line in lines.items() if line and line[0].seq == seq)
        used[person] = used.get(person, 0.0) + max(LEAST, lines[person][0].ms or 0.0)
        lines[person] = lines[person][1:]
    assert happened == told


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=5))
def test_waiting_is_bounded_by_what_others_may_be_ahead(counts: list[int]) -> None:
    cost = CREDIT / 7
    number = iter(range(10_000))
    lines = {f"p{n}": jobs(*(next(number) for _ in range(count)), ms=cost) for n, count in enumerate(counts)}
    found = order(lines, {"p0": 1e12})
    first = found.index(lines["p0"][0].seq)
    assert first * cost <= (len(lines) - 1) * (CREDIT + cost)


# What may be done with jobs that wait


def waiting(*entries: tuple[int, str]) -> Waiting:
    found = Waiting(dict, lambda entry: 1000.0)
    for seq, owner in entries:
        found.insert(Entry(seq, f"p{seq}", None, seq, 0, owner=owner))
    return found


def ids(found: Waiting) -> list[str]:
    return [entry.prompt_id for entry in found]


def test_people_move_their_own_jobs_among_their_own() -> None:
    line = waiting((1, "ada"), (2, "ada"), (3, "ada"), (4, "ben"), (5, "ben"))
    assert ids(line) == ["p1", "p4", "p2", "p5", "p3"]
    line.exchange(line.moved(["p5"], None, False, BEN))
    assert ids(line) == ["p1", "p5", "p2", "p4", "p3"]
    line.exchange(line.moved(["p1"], None, True, ADA))
    assert [id for id in ids(line) if id in ("p1", "p2", "p3")] == ["p2", "p3", "p1"]
    for named, anchor in ((["p4"], None), (["p1"], "p4"), (["p1", "p5"], None)):
        with pytest.raises(NotWaiting):
            line.moved(named, anchor, False, ADA)


def test_an_admin_moves_jobs_past_others_and_so_far_the_order_is_fixed() -> None:
    line = waiting((1, "ada"), (2, "ada"), (3, "ada"), (4, "ben"), (5, "ben"))
    line.exchange(line.moved(["p3"], "p4", False, BOSS))
    assert ids(line) == ["p1", "p3", "p4", "p5", "p2"]
    line.exchange(line.moved(["p5"], None, False, BOSS))
    assert ids(line)[:3] == ["p5", "p1", "p3"]
    line.exchange(line.moved(["p5"], None, True, BEN))  # one's own may always wait
    assert ids(line) == ["p1", "p3", "p4", "p5", "p2"]
    assert line.pop().prompt_id == "p1"
    assert len(line) == 4


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["ada", "ben", "default"]), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_an_admin_gets_the_order_that_was_asked_for(owners: list[str], dice: Any) -> None:
    line = waiting(*enumerate(owners))
    for _ in range(4):
        before = ids(line)
        named = dice.sample(before, dice.randrange(1, len(before) + 1))
        rest = [id for id in before if id not in named]
        anchor, after = dice.choice([None, *rest]), dice.random() < 0.5
        line.exchange(line.moved(named, anchor, after, BOSS))
        assert sorted(ids(line)) == sorted(before)
        if anchor is not None and len({owners[int(id[1:])] for id in [*named, anchor]}) > 1:
            at = rest.index(anchor) + after
            assert ids(line)[: at + len(named)] == [*rest[:at], *(id for id in before if id in named)]


# Quotas


def test_time_comes_back_by_slices_after_a_day() -> None:
    spending, now = Spending(), 1000 * SLICE
    spending.add("ada", 5000.0, now)
    spending.add("ada", 3000.0, now + 10 * SLICE)
    assert spending.day("ada", now + 20 * SLICE) == 8000.0
    assert spending.room_in("ada", 6000.0, now + 20 * SLICE) == (DAY_SLICES - 19) * SLICE
    assert spending.day("ada", now + (DAY_SLICES + 1) * SLICE) == 3000.0
    assert spending.day("ben", now) == 0.0
    spending.add("cleo", 1.0, now + 365 * DAY_SLICES * SLICE)  # its clock was a year ahead
    assert (spending.day("cleo", now), spending.lately(now)["cleo"]) == (0.0, 0)
    assert spending.lately(now + 16 * SLICE)["ada"] == pytest.approx(5000 * 0.5 ** (16 / 6) + 3000 * 0.5)


def test_what_is_refused_says_the_numbers() -> None:
    spending, now = Spending([("ada", 1000, 9_000.0)]), 1000 * SLICE
    with pytest.raises(Refusal, match="7 of your jobs wait or run, and 7 may"):
        check_count(Unlimited(most_queued=7), 7, 1)
    check_count(Unlimited(most_queued=7), 6, 1)
    check_time(Unlimited(gpu_seconds_per_day=10), spending, "ada", 900.0, now)
    with pytest.raises(Refusal, match=r"had 9 of the 10 seconds .* need the rest, about 2"):
        check_time(Unlimited(gpu_seconds_per_day=10), spending, "ada", 2000.0, now)
    with pytest.raises(Refusal, match=r"had 9 of the 8 seconds .* room again in 24 h 10 min") as refused:
        check_time(Unlimited(gpu_seconds_per_day=8), spending, "ada", 0.0, now)
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": str(round((DAY_SLICES + 1) * SLICE))}
    check_time(Unlimited(gpu_seconds_per_day=8), spending, "ben", 0.0, now)


# The journal: whose jobs, and how many are kept


BODY = Body(prompt='{"1":{"class_type":"Say","inputs":{}}}', extra="{}", targets='["1"]', checked=True)
DONE = Ending(outputs={"1": {"text": ["é"]}}, status={"status_str": "success", "completed": True}, meta={})


def with_journal(path: Path, work: Any) -> Any:
    journal = Journal(path)
    journal.open()
    try:

        async def run() -> Any:
            return await work(journal)

        return asyncio.run(run())
    finally:
        journal.close()


async def add(journal: Journal, owner: str, *names: str, ms: float = 100.0, extra: str = "{}") -> None:
    body = replace(BODY, owner=owner, extra=extra)
    seqs = await asyncio.gather(*(journal.accept(name, None, 0, body) for name in names))
    await asyncio.gather(*(journal.end(seq, DONE, ms) for seq in seqs))


async def kept(journal: Journal, owner: str) -> list[str]:
    return list(json.loads(await journal.history(owner=owner)))


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
        assert json.loads(await journal.history("hers", owner="ben")) == {}
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
            await journal.history("one", owner=owner)
            await journal.history(count=5, offset=9, owner=owner)
            await journal.history(count=5, owner=owner)
            await past.page(5, 99, owner=owner)
            await past.page(5, state="error", owner=owner)
            await past.page(5, document="d", owner=owner)
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


def test_alone_nothing_is_reordered() -> None:
    line = waiting((3, "default"), (1, "default"), (2, "default"))
    assert ids(line) == ["p1", "p2", "p3"]
    assert [(entry.prompt_id, entry.pinned) for entry in line.moved(["p3"], None, False, ALONE)] == [("p3", None)]
