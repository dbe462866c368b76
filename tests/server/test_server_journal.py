"""The journal and what waits for a slow reader, without a server."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from api.database import DatabaseError
from api.hub import Feed, Hub, Listener
from api.outbox import MOST_BYTES, MOST_PREVIEWS, Message, Outbox, Overflow
from api.people import ALONE
from api.queue.journal import Body, Ending, Journal
from api.queue.past import Past
from api.queue.pruning import Bounds, Pruning
from tests.server.journals import with_journal

BODY = Body(prompt='{"1":{"class_type":"Say","inputs":{}}}', extra="{}", targets='["1"]', checked=True)
DONE = Ending(outputs={"1": {"text": ["é"]}}, status={"status_str": "success"}, meta={})


def test_what_was_accepted_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"

    async def before(journal: Journal) -> None:
        seqs = await asyncio.gather(*(journal.accept(f"p{n}", "c", n, BODY) for n in (3, -1, 2.5)))
        assert await journal.attempt(seqs[0]) == 1
        await journal.end(seqs[2], DONE)

    with_journal(path, before)

    async def after(journal: Journal) -> None:
        assert [(e.prompt_id, e.number, e.attempts) for e in await journal.waiting()] == [("p-1", -1, 0), ("p3", 3, 1)]
        history = json.loads(await journal.history(None))
        assert list(history) == ["p2.5"]
        assert history["p2.5"]["outputs"] == DONE.outputs
        assert history["p2.5"]["prompt"][0] == 2.5
        assert await journal.last_number() == 3

    with_journal(path, after)


def test_accepted_means_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"

    async def work(journal: Journal) -> None:
        await journal.accept("p", None, 0, BODY)
        with sqlite3.connect(path) as other:  # another process would see it now
            assert other.execute("SELECT prompt_id FROM jobs").fetchall() == [("p",)]
        modes = await journal.call(
            lambda db: (db.execute("PRAGMA journal_mode").fetchone()[0], db.execute("PRAGMA synchronous").fetchone()[0])
        )
        assert modes == ("wal", 2)  # 2: FULL

    with_journal(path, work)


def test_the_history_is_bounded(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        for n in range(8):
            await journal.end(await journal.accept(f"p{n}", None, n, BODY), DONE)
        pruning = Pruning(journal, Bounds(entries=5))
        assert (await pruning.step(), await pruning.step()) == (3, 0)
        assert list(json.loads(await journal.history(None))) == ["p3", "p4", "p5", "p6", "p7"]

    with_journal(tmp_path / "journal.db", work)


def test_one_call_that_fails_does_not_take_the_others(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        calls = [journal.accept(f"p{n}", None, n, BODY) for n in range(3)]
        bad = journal.accept("bad\ud800", None, 9, BODY)  # half a character cannot be written
        results = await asyncio.gather(calls[0], bad, *calls[1:], return_exceptions=True)
        assert isinstance(results[1], DatabaseError)
        assert [e.prompt_id for e in await journal.waiting()] == ["p0", "p1", "p2"]

    with_journal(tmp_path / "journal.db", work)


def test_what_was_taken_out_is_not_open_and_its_outcome_is_still_known(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        done, waiting = [await journal.accept(id, None, 0, BODY) for id in ("done", "waiting")]
        assert await journal.is_open("waiting", None)
        assert await Past(journal).outcome("waiting", None) is None
        await journal.remove([waiting])
        assert not await journal.is_open("waiting", None)
        await journal.bring_back([waiting])
        assert await journal.is_open("waiting", None)
        await journal.end(done, DONE)
        await Past(journal).remove(None, None)
        assert json.loads(await journal.history(None, "done")) == {}
        assert await Past(journal).outcome("done", None) == (DONE.outputs, DONE.status)

    with_journal(tmp_path / "journal.db", work)


def test_a_fault_of_ours_ends_one_call_and_never_the_thread(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        def forgets_a_name(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM jobs")
            raise KeyError("name")

        await journal.accept("p0", None, 0, BODY)
        calls = (
            journal.call(forgets_a_name),
            journal.accept("huge", None, 10**30, BODY),
            journal.accept("p1", None, 1, BODY),
        )
        results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 30)
        assert [type(result) for result in results] == [KeyError, OverflowError, int]
        assert [e.prompt_id for e in await journal.waiting()] == ["p0", "p1"]

    with_journal(tmp_path / "journal.db", work)


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    async def work(journal: Journal) -> None:
        # The same answer of SQLite's as on a full disk: no page may be added.
        await journal.call(lambda db: db.execute("PRAGMA max_page_count = 1"))
        with pytest.raises(DatabaseError, match="is full") as error:
            await journal.accept("p", None, 0, Body("x" * 100_000, "{}", "[]", True))
        assert error.value.full
        await journal.call(lambda db: db.execute("PRAGMA max_page_count = 100000"))
        await journal.accept("p", None, 0, BODY)

    with_journal(tmp_path / "journal.db", work)


def test_a_closed_journal_says_so_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    journal.open()
    journal.close()
    with pytest.raises(DatabaseError, match="stopping"):
        asyncio.run(journal.accept("p", None, 0, BODY))


def drained(outbox: Outbox) -> list[Any]:
    async def take() -> list[Any]:
        return [(await outbox.get()).payload for _ in range(len(outbox))]

    return asyncio.run(take())


def test_previews_are_dropped_and_states_never() -> None:
    outbox = Outbox()
    for n in range(50):
        outbox.put(Message(f"state {n}"))
        outbox.put(Message(b"%d" % n, "preview"))
    payloads = drained(outbox)
    assert [p for p in payloads if isinstance(p, str)] == [f"state {n}" for n in range(50)]
    assert [p for p in payloads if isinstance(p, bytes)] == [b"%d" % n for n in range(50 - MOST_PREVIEWS, 50)]


def test_a_newer_progress_takes_the_place_of_one_that_waits() -> None:
    outbox = Outbox()
    outbox.put(Message("1", replaces="progress"))
    outbox.put(Message("between"))
    outbox.put(Message("2", replaces="progress"))
    assert drained(outbox) == ["between", "2"]
    outbox.put(Message("3", replaces="progress"))
    assert drained(outbox) == ["3"]


def test_a_reader_far_behind_is_given_up() -> None:
    outbox = Outbox()
    chunk = "x" * 2**20
    for _ in range(MOST_BYTES // 2**20):
        outbox.put(Message(chunk))
    with pytest.raises(Overflow):
        outbox.put(Message("x"))


def listener(client_id: str) -> Listener:
    """One whose socket is never written to: only what waits for it counts here."""
    return Listener(None, client_id, None)  # type: ignore[arg-type]


def test_an_id_belongs_to_whoever_came_last() -> None:
    hub = Hub()
    old, new = listener("id"), listener("id")
    hub.join(old)
    hub.join(new)
    hub.leave(old)
    hub.send("id", "for the new one")
    hub.send("nobody", "lost")
    hub.send(None, "lost")
    assert (len(old.outbox), len(new.outbox)) == (0, 1)
    hub.leave(new)
    hub.send("id", "lost")
    assert len(new.outbox) == 1


def test_a_page_that_was_away_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.hub.EVENTS_KEPT", 10)
    feed = Feed()
    for n in range(30):
        feed.publish("status", {"n": n})

    def resumes(epoch: str | None, since: int | None) -> tuple[bool, int]:
        page = listener("page")
        feed.join(page, epoch, since, {})
        first, *rest = drained(page.outbox)
        return json.loads(first)["data"]["resumed"], len(rest)

    assert resumes(feed.epoch_for(ALONE), 25) == (True, 5)
    assert resumes(feed.epoch_for(ALONE), 30) == (True, 0)
    assert resumes(feed.epoch_for(ALONE), 20) == (True, 10)
    assert resumes(feed.epoch_for(ALONE), 19) == (False, 0)
    assert resumes(feed.epoch_for(ALONE), 99) == (False, 0)
    assert resumes("another", 25) == (False, 0)
    assert resumes(None, None) == (False, 0)
