"""Long queues and large graphs: whole answers, few changes, and the same checks as for small ones."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from api.aside import MANY
from api.people import ALONE
from api.prompt import QUEUE_AT_ONCE
from api.queue.fresh import Fresh
from api.queue.journal import Entry
from api.queue.waiting import Waiting
from tests.server.harness import Server, running, say

JOBS = 2 * QUEUE_AT_ONCE + 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("large"), "--paused") as server:
        server.wait_until_ready()
        yield server


def test_a_long_queue_is_listed_whole_and_cleared(server: Server) -> None:
    ids = [server.prompt(say(f"word {n} " + "x" * 1000)) for n in range(JOBS)]
    plain = server.get("/queue")
    packed = server.request("GET", "/queue", headers={"Accept-Encoding": "gzip"})
    assert [item[1] for item in plain.json()["queue_pending"]] == ids
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == plain.json()
    server.post("/queue", {"clear": True})
    assert server.get("/queue").json() == {"queue_running": [], "queue_pending": []}
    restored = server.post("/easel/queue/restore", {"ids": ids}).json()["restored"]
    assert sorted(restored) == sorted(ids)


def test_a_large_graph_is_checked_like_a_small_one(server: Server) -> None:
    graph = say()
    for number in range(MANY):
        graph[f"x{number}"] = {"class_type": "Show", "inputs": {"text": ["1", 0]}}
    assert server.post("/prompt", {"prompt": graph}).json()["node_errors"] == {}
    graph["x7"]["inputs"]["text"] = ["missing", 0]
    assert list(server.post("/prompt", {"prompt": graph}).json()["node_errors"]) == ["x7"]
    del graph["x7"]["class_type"]
    assert server.post("/prompt", {"prompt": graph}).status == 400


def waiting(count: int) -> Waiting:
    line = Waiting()
    for number in range(count):
        line.insert(Entry(number, f"job {number}", None, number, 0))
    return line


@pytest.mark.parametrize(
    ("ids", "anchor", "after", "order"),
    [
        (["job 4"], None, False, [4, 0, 1, 2, 3, 5]),
        (["job 1", "job 2"], None, True, [0, 3, 4, 5, 1, 2]),
        (["job 5", "job 0"], "job 3", False, [1, 2, 0, 5, 3, 4]),
        (["job 0"], "job 3", True, [1, 2, 3, 0, 4, 5]),
    ],
)
def test_only_what_is_moved_gets_other_numbers(
    ids: list[str], anchor: str | None, after: bool, order: list[int]
) -> None:
    line = waiting(6)
    changed = line.moved(ids, anchor, after, ALONE)
    line.exchange(changed)
    assert [entry.seq for entry in line] == order
    assert {entry.prompt_id for entry in changed} == set(ids)
    line.insert(Entry(9, "queued later", None, 6, 0))
    assert [entry.seq for entry in line][-1] == 9


def test_jobs_find_room_however_often_they_are_moved() -> None:
    line = waiting(4)
    for round in range(200):
        line.exchange(line.moved([f"job {round % 2}"], "job 2", False, ALONE))
    assert [entry.seq for entry in line] == [0, 1, 2, 3]
    assert len({entry.number for entry in line}) == 4


def test_what_was_accepted_last_is_in_memory_within_bounds() -> None:
    fresh = Fresh(most=10)
    for seq in range(4):
        fresh.keep(seq, f"{seq}" * 4)
    assert [fresh.get(seq) for seq in range(4)] == [None, None, "2222", "3333"]
    fresh.keep(5, "x" * 11)
    assert [fresh.get(seq) for seq in range(6)] == [None] * 6


def test_the_queue_shows_an_edited_job_as_it_is(server: Server) -> None:
    server.post("/queue", {"clear": True})
    id = server.prompt(say("before"))
    server.request("PUT", f"/easel/queue/{id}", {"prompt": say("after")})
    [item] = server.get("/queue").json()["queue_pending"]
    assert item[1:3] == [id, say("after")]
