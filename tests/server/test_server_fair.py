"""Whose turn it is, and how much of the device a person may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.people import ALONE, SCOPES_OF, Person
from api.queue.fair import CREDIT, LEAST, turns
from api.queue.journal import Entry
from api.queue.quota import Unlimited, check_count, check_time
from api.queue.spending import DAY_SLICES, SLICE, Spending
from api.queue.waiting import NotWaiting, Waiting
from api.replies import Refusal

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


def test_alone_nothing_is_reordered() -> None:
    line = waiting((3, "default"), (1, "default"), (2, "default"))
    assert ids(line) == ["p1", "p2", "p3"]
    assert [(entry.prompt_id, entry.pinned) for entry in line.moved(["p3"], None, False, ALONE)] == [("p3", None)]


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
