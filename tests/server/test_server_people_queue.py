"""The queue, its history and its events where there are accounts: two artists, a viewer and an admin."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.server.guests import FORM, PROMPT, Guest
from tests.server.harness import PATIENCE, Server, one, running, say, until
from tests.server.people import People, Someone, with_people

LONG = one("Slow", seconds=60.0, steps=600, previews=True)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, People]]:
    base = tmp_path_factory.mktemp("team")
    people = with_people(base)
    with running(base) as server:
        until(lambda: people.ada.get(server, "/easel/status").json()["worker"]["state"] == "ready")
        yield server, people


@pytest.fixture(autouse=True)
def empty(team: tuple[Server, People]) -> Iterator[None]:
    """Nothing waits or runs, and the queue goes on, before and after each test."""
    yield
    server, people = team
    waiting = [item[1] for item in queue(server, people.ada)["queue_pending"]]
    people.ada.post(server, "/queue", {"delete": waiting})
    for item in queue(server, people.ada)["queue_running"]:
        people.ada.post(server, "/interrupt", {"prompt_id": item[1]})
    pause(server, people, False)
    until(lambda: people.ada.get(server, "/prompt").json()["exec_info"]["queue_remaining"] == 0, PATIENCE, server)


def post(server: Server, who: Someone, prompt: Any = None, **more: Any) -> str:
    reply = who.post(server, "/prompt", {"prompt": prompt or say(uuid.uuid4().hex), **more})
    assert reply.status == 200, reply.body
    return reply.json()["prompt_id"]


def done_of(server: Server, who: Someone, id: str) -> dict[str, Any] | None:
    return who.get(server, f"/history/{id}").json().get(id)


def done(server: Server, who: Someone, id: str) -> dict[str, Any]:
    return until(lambda: done_of(server, who, id), PATIENCE, server)


def queue(server: Server, who: Someone) -> dict[str, Any]:
    return who.get(server, "/queue").json()


def pause(server: Server, people: People, paused: bool = True) -> None:
    assert people.ada.post(server, "/easel/queue", {"paused": paused}).status == 200


def place(server: Server, who: Someone, id: str) -> int:
    return who.get(server, f"/easel/jobs/{id}").json()["position"]


def runs(server: Server, who: Someone, id: str) -> None:
    until(lambda: who.get(server, f"/easel/jobs/{id}").json()["state"] == "running", PATIENCE, server)


@contextmanager
def ears(
    server: Server, who: Someone, client_id: str | None = None, path: str = "/ws", flags: dict[str, bool] | None = None
) -> Iterator[ClientConnection]:
    options: dict[str, Any] = {"max_queue": None, "ping_interval": None, "close_timeout": 0.2}  # whatever is read when
    with server.socket(client_id, path, additional_headers=who.program, **options) as socket:
        if flags:
            socket.send(json.dumps({"type": "feature_flags", "data": flags}))
        yield socket


def heard(socket: ClientConnection, until_type: str | None = None, quiet: float = 0.5) -> list[Any]:
    """All that comes, up to a message of a type, or until nothing has come for a moment; binary messages as bytes."""
    found: list[Any] = []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            data = socket.recv(timeout=PATIENCE if until_type else quiet)
        except TimeoutError:
            return found
        found.append(data if isinstance(data, bytes) else json.loads(data))
        if until_type and not isinstance(data, bytes) and found[-1]["type"] == until_type:
            return found
    raise AssertionError(f"no {until_type} in {found}")


def kinds(messages: list[Any]) -> set[str]:
    return {"bytes" if isinstance(each, bytes) else each["type"] for each in messages}


def test_each_sees_their_own_jobs_and_an_admin_all(team: tuple[Server, People]) -> None:
    server, people = team
    pause(server, people)
    hers = [post(server, people.vera), post(server, people.vera)]
    his = post(server, people.max)

    def listed(who: Someone) -> set[str]:
        by_route = [
            {item[1] for item in queue(server, who)["queue_pending"]},
            set(who.get(server, "/easel/queue").json()["pending"]),
            {job["id"] for job in who.get(server, "/api/jobs", status="pending").json()["jobs"]},
        ]
        assert by_route[0] == by_route[1] == by_route[2]
        return by_route[0]

    assert listed(people.vera) == set(hers)
    assert listed(people.max) == {his}
    assert listed(people.otto) == set()
    assert listed(people.ada) == {*hers, his}
    state = people.max.get(server, "/easel/queue").json()
    assert (state["queue_remaining"], state["others"]) == (3, 2)
    assert people.max.get(server, "/prompt").json()["exec_info"]["queue_remaining"] == 3
    assert people.otto.post(server, "/prompt", {"prompt": say()}).status == 403
    for who in (people.vera, people.otto):
        for path, body in (
            ("/easel/queue", {"paused": False}),
            ("/api/free", {"unload_models": True}),
            ("/easel/devices", {"free": "cache"}),
        ):
            refused = who.post(server, path, body)
            assert (refused.status, refused.json()["error"]["extra_info"]) == (403, {"scope": "admin"})
    owners = {job["prompt_id"]: job["owner"] for job in people.ada.get(server, "/easel/queue").json()["waiting"]}
    assert owners == {hers[0]: people.vera.id, hers[1]: people.vera.id, his: people.max.id}


def test_nobody_says_themselves_whose_a_job_is(team: tuple[Server, People]) -> None:
    server, people = team
    claims = {"owner": "default", "person": people.vera.id, "easel": {"owner": people.vera.id, "person": "default"}}
    id = post(server, people.max, owner=people.vera.id, person="default", extra_data=claims)
    done(server, people.max, id)
    assert people.vera.get(server, f"/history/{id}").json() == {}
    listed = people.ada.get(server, "/easel/history", owner=people.max.id).json()["entries"]
    assert id in [entry["prompt_id"] for entry in listed]


@pytest.mark.parametrize("state", ["waiting", "running", "ended"])
def test_anothers_id_is_as_one_that_is_not_there(team: tuple[Server, People], state: str) -> None:
    server, people = team
    if state == "waiting":
        pause(server, people)
    hers = post(server, people.vera, LONG if state == "running" else None)
    if state == "running":
        runs(server, people.vera, hers)
    elif state == "ended":
        done(server, people.vera, hers)
    unknown = str(uuid.uuid4())
    before = people.vera.get(server, f"/easel/jobs/{hers}").json()
    body = {"prompt": say()}
    asks: list[tuple[str, str, Any]] = [
        ("GET", "/history/ID", None),
        ("GET", "/easel/jobs/ID", None),
        ("GET", "/api/jobs/ID", None),
        ("GET", "/easel/sweeps/ID", None),
        ("POST", "/easel/jobs/ID", {"name": "mine"}),
        ("POST", "/easel/jobs/ID/again", {}),
        ("PATCH", "/easel/jobs/ID", {"position": 1}),
        ("PATCH", "/easel/jobs/ID", {"priority": -5}),
        ("PUT", "/easel/queue/ID", body),
        ("POST", "/easel/queue/move", {"ids": ["ID"], "to": "front"}),
        ("POST", "/easel/queue/cancel", {"ids": ["ID"]}),
        ("POST", "/easel/queue/cancel", {"all": True}),
        ("POST", "/easel/queue/restore", {"ids": ["ID"]}),
        ("POST", "/easel/history", {"remove": ["ID"]}),
        ("POST", "/easel/history", {"restore": ["ID"]}),
        ("POST", "/history", {"delete": ["ID"]}),
        ("POST", "/queue", {"delete": ["ID"]}),
        ("POST", "/queue", {"clear": True}),
        ("POST", "/api/jobs/cancel", {"job_ids": ["ID"]}),
        ("POST", "/api/jobs/ID/cancel", None),
        ("POST", "/interrupt", {"prompt_id": "ID", "now": True}),
        ("POST", "/interrupt", {}),
        ("DELETE", "/easel/jobs/ID", None),
    ]

    def answers(id: str) -> list[tuple[str, int, str]]:
        found: list[tuple[str, int, str]] = []
        for method, path, sent in asks:
            given = json.loads(json.dumps(sent).replace("ID", id))
            reply = people.max.post(server, path.replace("ID", id), given, method)
            found.append((f"{method} {path}", reply.status, reply.body.decode().replace(id, "ID")))
        return found

    assert answers(hers) == answers(unknown)
    after = people.vera.get(server, f"/easel/jobs/{hers}").json()
    for each in (before, after):
        for name in ("ms", "progress", "outputs", "timings", "node", "expected_ms", "wait_ms"):
            each.pop(name, None)
    assert before == after
    assert people.max.get(server, "/history").json() == people.max.get(server, "/history").json()
    assert hers not in people.max.get(server, "/history").json()


def test_turns_are_fair_and_nobody_moves_past_others(team: tuple[Server, People]) -> None:
    server, people = team
    pause(server, people)
    unknown = iter(one("Warn", text=f"turn {n}") for n in range(8))  # how long that takes nobody knows yet
    hers = [post(server, people.vera, next(unknown)) for _ in range(4)]
    his = [post(server, people.max, next(unknown)) for _ in range(2)]
    order = [item[1] for item in queue(server, people.ada)["queue_pending"]]
    assert {order[0], order[1]} == {hers[0], his[0]}
    assert {order[2], order[3]} == {hers[1], his[1]}
    assert order[4:] == hers[2:]
    assert [place(server, people.vera, id) for id in hers] == [order.index(id) + 1 for id in hers]
    listed = people.vera.get(server, "/easel/queue").json()["waiting"]
    assert [(job["prompt_id"], job["position"]) for job in listed] == [(id, order.index(id) + 1) for id in hers]
    # `front` and `number` go past one's own only, and so does a move.
    first = post(server, people.vera, next(unknown), front=True)
    low = post(server, people.vera, next(unknown), number=-1000)
    order = [item[1] for item in queue(server, people.ada)["queue_pending"]]
    assert [id for id in order if id not in his] == [low, first, *hers]
    assert order.index(his[0]) < 2
    assert people.vera.post(server, "/easel/queue/move", {"ids": [hers[3]], "to": "front"}).status == 200
    assert people.vera.post(server, f"/easel/jobs/{hers[2]}", {"position": 1}, "PATCH").status == 200
    order = [item[1] for item in queue(server, people.ada)["queue_pending"]]
    assert [id for id in order if id not in his] == [hers[2], hers[3], low, first, *hers[:2]]
    assert order.index(his[0]) < 2
    # An admin may.
    assert people.ada.post(server, "/easel/queue/move", {"ids": [hers[1]], "to": "front"}).status == 200
    assert people.ada.post(server, "/easel/queue/move", {"ids": [his[1]], "after": hers[1]}).status == 200
    assert [item[1] for item in queue(server, people.ada)["queue_pending"]][:2] == [hers[1], his[1]]
    assert (place(server, people.vera, hers[1]), place(server, people.max, his[1])) == (1, 2)
    pause(server, people, False)
    ended = [entry["prompt_id"] for entry in _all_ended(server, people, {*hers, *his, first, low})]
    assert ended[:2] == [hers[1], his[1]]
    assert [id for id in ended if id not in his] == [hers[1], hers[2], hers[3], low, first, hers[0]]


def _all_ended(server: Server, people: People, ids: set[str]) -> list[dict[str, Any]]:
    def found() -> list[dict[str, Any]] | None:
        entries = people.ada.get(server, "/easel/history", limit=50).json()["entries"]
        mine = [entry for entry in reversed(entries) if entry["prompt_id"] in ids]
        return mine if len(mine) == len(ids) else None

    return until(found, PATIENCE, server)


def test_events_reach_the_owner_alone_whoever_guesses_ids(team: tuple[Server, People]) -> None:
    """The same client id, taken over by another before and during the job; the feed, with another's epoch."""
    server, people = team
    client, rich = uuid.uuid4().hex, {"supports_preview_metadata": True, "easel_nodes": True}
    with (
        ears(server, people.vera, client, flags=rich) as hers,
        ears(server, people.max, client, flags=rich) as his,
        ears(server, people.max, path="/easel/events?previews=1") as his_feed,
        ears(server, people.ada, path="/easel/events?previews=1") as admins_feed,
        ears(server, people.vera, path="/easel/events?previews=1") as her_feed,
    ):
        hello = heard(her_feed, "hello")[-1]["data"]
        id = post(server, people.vera, LONG, client_id=client)
        assert "executing" in kinds(heard(hers, "executing"))
        with (
            ears(server, people.max, client, flags=rich) as late,
            ears(server, people.vera, client, flags=rich) as again,
        ):
            assert kinds(heard(late)) == {"status", "feature_flags"}
            assert {"executing", "progress_state"} <= kinds(heard(again, "progress_state"))
        after = f"/easel/events?previews=1&since={hello['seq']}&epoch={hello['epoch']}"
        with ears(server, people.max, path=after) as guessed, ears(server, people.vera, path=after) as resumed:
            told = heard(guessed)
            assert told[0]["data"]["resumed"] is False
            assert told[0]["data"]["running"] is None
            assert kinds(told) == {"hello"}
            told = heard(resumed, "execution_start")
            assert told[0]["data"]["resumed"] is True
        people.vera.post(server, "/interrupt")
        done(server, people.vera, id)
        heard(hers)
        assert kinds(heard(his)) <= {"status", "feature_flags"}
        told = heard(his_feed)
        assert kinds(told) <= {"hello", "status", "worker"}
        assert id not in json.dumps(told)
        numbers = [each["seq"] for each in told[1:]]
        assert numbers == list(range(told[0]["data"]["seq"] + 1, told[0]["data"]["seq"] + 1 + len(numbers)))
        wanted = {"jobs", "job_started", "executing", "job_progress", "job_ended", "bytes"}
        for feed in (admins_feed, her_feed):
            assert wanted <= kinds(heard(feed, "job_ended"))


def test_only_ones_own_job_is_interrupted(team: tuple[Server, People]) -> None:
    server, people = team
    id = post(server, people.vera, LONG)
    runs(server, people.vera, id)
    for body in (None, {}, {"prompt_id": id}, {"prompt_id": id, "now": True}):
        assert people.max.post(server, "/interrupt", body).status == 200
    people.ada.post(server, "/interrupt")  # without an id one's own is meant
    assert people.vera.get(server, f"/easel/jobs/{id}").json()["state"] == "running"
    people.ada.post(server, "/interrupt", {"prompt_id": id})
    assert done(server, people.vera, id)["status"]["status_str"] == "error"


def test_histories_are_kept_apart_also_where_ids_are_the_same(team: tuple[Server, People]) -> None:
    server, people = team
    id = post(server, people.vera, say("hers"))
    done(server, people.vera, id)
    assert post(server, people.max, say("his"), prompt_id=id) == id
    assert done(server, people.max, id)["outputs"]["2"]["text"] == ["his"]
    assert people.vera.get(server, f"/history/{id}").json()[id]["outputs"]["2"]["text"] == ["hers"]
    more = [post(server, people.max) for _ in range(3)]
    done(server, people.max, more[-1])
    count = len(people.max.get(server, "/history").json())
    assert list(people.max.get(server, "/history", offset=count - 2, max_items=1).json()) == [more[1]]
    assert people.max.post(server, "/history", {"clear": True}).status == 200
    assert people.max.get(server, "/history").json() == {}
    assert people.vera.get(server, f"/history/{id}").json()[id]["outputs"]["2"]["text"] == ["hers"]


def quotas(server: Server, people: People, who: Someone, **limits: Any) -> None:
    none = {"most_queued": None, "disk_bytes": None, "gpu_seconds_per_day": None}
    reply = people.ada.post(server, f"/easel/accounts/{who.id}", {"quotas": {**none, **limits}}, "PATCH")
    assert reply.status == 200, reply.body


def test_quotas_hold_however_many_post_at_once(team: tuple[Server, People]) -> None:
    server, people = team
    pause(server, people)
    quotas(server, people, people.max, most_queued=3)
    try:
        with ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(people.max.post, server, "/prompt", {"prompt": say(str(n))}) for n in range(12)]
            replies = [each.result() for each in asked]
        assert sorted(reply.status for reply in replies) == [200] * 3 + [429] * 9
        refused = next(reply for reply in replies if reply.status == 429)
        assert refused.json()["error"]["type"] == "queue_full"
        assert "3 may" in refused.json()["error"]["message"]
        post(server, people.vera)
        # What was taken out to make room does not come back beside what came instead.
        ids = [item[1] for item in queue(server, people.max)["queue_pending"]]
        people.max.post(server, "/easel/queue/cancel", {"ids": ids[:1]})
        post(server, people.max)
        assert people.max.post(server, "/easel/queue/restore", {"ids": ids[:1]}).status == 429
    finally:
        quotas(server, people, people.max)


def test_time_of_the_device_is_counted_and_not_given_back(team: tuple[Server, People]) -> None:
    server, people = team
    done(server, people.max, post(server, people.max, one("Slow", seconds=0.4, steps=4)))
    people.max.post(server, "/history", {"clear": True})
    quotas(server, people, people.max, gpu_seconds_per_day=0.3)
    try:
        refused = people.max.post(server, "/prompt", {"prompt": say()})
        assert (refused.status, refused.json()["error"]["type"]) == (429, "time_used_up")
        assert "24 hours" in refused.json()["error"]["message"]
        assert 23 * 3600 < int(refused.headers["retry-after"]) <= 24 * 3600 + 600
        post(server, people.vera)
    finally:
        quotas(server, people, people.max)


def test_one_is_told_how_much_of_the_quotas_is_used(team: tuple[Server, People]) -> None:
    server, people = team

    def listed(who: Someone) -> dict[str, Any]:
        rows = people.ada.get(server, "/easel/accounts").json()["accounts"]
        return next(row["use"] for row in rows if row["id"] == who.id)

    def told(who: Someone) -> tuple[dict[str, Any], dict[str, Any]]:
        """What they are told themselves, and what an admin is told of them."""
        return who.get(server, "/easel/accounts/me", use="true").json()["use"], listed(who)

    assert told(people.max) == ({}, {})
    assert "use" not in people.max.get(server, "/easel/accounts/me").json()
    done(server, people.max, post(server, people.max, one("Slow", seconds=0.4, steps=4)))
    pause(server, people)
    quotas(server, people, people.max, most_queued=3, disk_bytes=10**9, gpu_seconds_per_day=3600)
    try:
        assert listed(people.max)["disk_bytes"] is None  # nobody's files are counted for the list
        post(server, people.max)
        post(server, people.max)
        post(server, people.vera)
        folder = server.base / "input" / "people" / people.max.id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "big.bin").write_bytes(b"x" * 5000)
        own, row = told(people.max)
        assert own == row
        assert own["queued"] == 2
        assert own["disk_bytes"] >= 5000
        assert 0.4 <= own["spent_seconds"] < 3600
        assert own["open_seconds"] > 0
        assert own["room_in"] is None
        quotas(server, people, people.max, gpu_seconds_per_day=0.3)
        own, row = told(people.max)
        assert 23 * 3600 < own["room_in"] <= 24 * 3600 + 600
        assert set(own) == set(row) == {"spent_seconds", "open_seconds", "room_in"}
        # No time at all comes back at no time.
        quotas(server, people, people.max, gpu_seconds_per_day=0)
        assert told(people.max)[0]["room_in"] is None
        assert told(people.vera) == ({}, {})
    finally:
        quotas(server, people, people.max)


def test_what_guests_run_is_the_jobs_of_who_shared_the_link(team: tuple[Server, People]) -> None:
    server, people = team
    made = people.vera.post(server, "/easel/shares", {"prompt": PROMPT, "form": FORM})
    assert made.status == 201, made.body
    guest = Guest(server, made.json()["path"])
    guest.result(guest.run(words="from a guest").json()["run"])
    newest = people.vera.get(server, "/easel/history", limit=1).json()["entries"][0]
    assert (newest["owner"], newest["client_id"]) == (people.vera.id, f"share-{made.json()['id']}")
    assert newest["prompt_id"] not in people.max.get(server, "/history").json()
    assert people.max.get(server, f"/easel/shares/{made.json()['id']}/runs").status == 404
    assert people.max.post(server, f"/easel/shares/{made.json()['id']}", {"revoked": True}, "PATCH").status == 404
    assert people.ada.post(server, f"/easel/shares/{made.json()['id']}", {"revoked": True}, "PATCH").status == 200


def test_jobs_of_who_is_switched_off_run_no_more(team: tuple[Server, People]) -> None:
    server, people = team
    made = people.max.post(server, "/easel/shares", {"prompt": PROMPT, "form": FORM}).json()
    runs(server, people.max, post(server, people.max, LONG))
    his, hers = post(server, people.max), post(server, people.vera)
    account = f"/easel/accounts/{people.max.id}"
    assert people.ada.post(server, account, {"disabled": True}, "PATCH").status == 200
    try:
        done(server, people.vera, hers)  # nothing long is before it any more
        assert people.ada.get(server, f"/easel/jobs/{his}").json()["state"] == "removed"
        assert server.get(made["path"] + "/form").status == 410
        pause(server, people)
    finally:
        assert people.ada.post(server, account, {"disabled": False}, "PATCH").status == 200
    assert people.ada.post(server, "/easel/queue/restore", {"ids": [his]}).json() == {"restored": [his]}
    assert [item[1] for item in queue(server, people.max)["queue_pending"]] == [his]


def test_what_the_worker_printed_last_is_for_admins(team: tuple[Server, People]) -> None:
    """It may be of anybody's job."""
    server, people = team
    with ears(server, people.max, path="/easel/events") as feed:
        id = post(server, people.vera, one("Die", marker=str(server.base / "died")))
        told: list[Any] = []
        while done_of(server, people.vera, id) is None:
            told += heard(feed, quiet=0.05)
            for path in ("/easel/status", "/easel/devices"):
                assert people.max.get(server, path).json()["worker"]["last_words"] == ""
        told += heard(feed)
    deaths = [each["data"] for each in told if each["type"] == "worker" and each["data"]["deaths"]]
    assert deaths
    assert {each["last_words"] for each in deaths} == {""}
