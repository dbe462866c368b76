"""Who hears what, without a server: clients by person and id, and numbered events by owner."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from api.hub import Feed, Hub, Listener
from api.people import ALONE, SCOPES_OF, Person

VERA = Person("vera", "Vera", "artist", SCOPES_OF["artist"])
MAX = Person("max", "Max", "artist", SCOPES_OF["artist"])
ADA = Person("default", "Ada", "admin", SCOPES_OF["admin"])
PEOPLE = {"vera": VERA, "max": MAX, "ada": ADA}


def listener(person: Person, client_id: str = "id") -> Listener:
    return Listener(cast(web.WebSocketResponse, None), client_id, None, person)


def told(ear: Listener) -> list[Any]:
    """What waits for it, taken out."""
    found: list[Any] = []
    while len(ear.outbox):
        work = ear.outbox.get()
        with pytest.raises(StopIteration) as done:
            work.send(None)
        payload = done.value.value.payload
        found.append(payload if isinstance(payload, bytes) else json.loads(payload))
    return found


def test_an_id_that_is_guessed_takes_nothing_over_and_hears_nothing() -> None:
    hub = Hub()
    hers, his, admins = listener(VERA), listener(MAX), listener(ADA)
    for ear in (hers, his, admins):
        hub.join(ear)
    hub.send("id", '{"for": "vera"}', "vera")
    hub.send_preview("id", "vera", lambda: b"plain", lambda: b"rich", sketch=False)
    hub.send_progress("id", "vera", lambda: '{"progress": 1}')
    hub.send_message("of a pack", {}, "id")  # nobody says whose: the first's
    hub.broadcast('{"for": "who sees hers"}', "vera")
    hub.broadcast('{"for": "all"}')
    assert len(told(hers)) == 6
    assert told(his) == [{"for": "all"}]
    assert told(admins) == [{"for": "who sees hers"}, {"for": "all"}]
    hub.leave(his)
    assert hub.is_heard_by("id", "vera")
    assert not hub.is_heard_by("id", "max")


def test_what_a_pack_says_to_all_during_a_job_is_heard_by_who_sees_the_job() -> None:
    hub = Hub()
    ears = [listener(VERA), listener(MAX), listener(ADA)]
    for ear in ears:
        hub.join(ear)
    hub.send_message("of a pack", {}, None, "vera")
    hub.send_message(7, b"bytes", None, "vera")
    assert [len(told(ear)) for ear in ears] == [2, 0, 2]
    hub.send_message("of no job", {}, None)
    assert [len(told(ear)) for ear in ears] == [1, 1, 1]


EVENTS = st.lists(st.tuples(st.sampled_from(["vera", "max", "default", None]), st.integers(0, 9)), max_size=40)


@settings(deadline=None, max_examples=50)
@given(EVENTS, EVENTS, st.integers(1, 60), st.data())
def test_each_catches_up_with_what_is_theirs_and_has_no_gaps(
    before: list[tuple[str | None, int]], after: list[tuple[str | None, int]], kept: int, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.hub.EVENTS_KEPT", kept)
        feed, here = Feed(), {name: listener(person) for name, person in PEOPLE.items()}
        seen: dict[str, list[Any]] = {name: [] for name in PEOPLE}
        for name, person in PEOPLE.items():
            feed.join(here[name], None, None, {})
            assert told(here[name])[0]["data"]["epoch"] == feed.epoch_for(person)
        for owner, number in [*before, *after]:
            feed.publish("event", number, owner=owner)
            for name, person in PEOPLE.items():
                new = told(here[name])
                assert bool(new) == (owner is None or person.sees(owner))
                seen[name] += new
        for name, person in PEOPLE.items():
            assert [each["seq"] for each in seen[name]] == list(range(1, len(seen[name]) + 1))
            assert feed.last_for(person) == len(seen[name])
            since = data.draw(st.integers(0, len(seen[name])))
            late = listener(person)
            feed.join(late, feed.epoch_for(person), since, {})
            hello, *rest = told(late)
            missed = [*before, *after][max(0, len(before) + len(after) - kept) :]
            there = sum(owner is None or person.sees(owner) for owner, _ in missed)
            assert hello["data"]["resumed"] == (since >= len(seen[name]) - there)
            assert rest == (seen[name][since:] if hello["data"]["resumed"] else [])


def test_anothers_place_in_the_feed_is_none() -> None:
    """By the epoch: who sees others' events now, or did before, begins anew."""
    feed = Feed()
    feed.publish("event", 1, owner="vera")
    for epoch in (feed.epoch_for(VERA), feed.epoch_for(ADA)):
        ear = listener(MAX)
        feed.join(ear, epoch, 0, {})
        assert [each["data"]["resumed"] for each in told(ear)] == [False]
    assert feed.epoch_for(ADA) == feed.epoch_for(ALONE)
    feed.publish_passing(b"a picture", "vera", preview=False)
    ear = listener(MAX)
    feed.join(ear, None, None, {})
    told(ear)
    ear.flags["previews"] = True
    feed.publish_passing(b"a picture", "vera", preview=True)
    assert told(ear) == []
    assert not feed.is_heard("vera")
    assert feed.is_heard("max")
    assert feed.is_heard(None)
