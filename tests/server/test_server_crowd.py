"""Many listeners: what goes out at once, what waits, and that nobody misses how things stand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from api.frames import frame_of
from api.hub import CROWD, Hub, Listener
from tests.server.harness import Server, one, read_until, running, say


class Wire:
    """A transport and a websocket that remember what was written; `behind` is what its reader has not taken."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.behind = 0
        self.closed = False

    def write(self, frame: bytes) -> None:
        self.written.append(frame)

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return self.behind


def listener(wire: Wire, name: str = "one") -> Listener:
    return Listener(wire, name, wire)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "head"), [(5, b"\x05"), (126, b"\x7e\0\x7e"), (70_000, b"\x7f" + bytes(5) + b"\x01\x11\x70")]
)
def test_a_message_is_one_frame(size: int, head: bytes) -> None:
    assert frame_of("x" * size) == b"\x81" + head + b"x" * size
    assert frame_of(b"x" * size) == b"\x82" + head + b"x" * size


def test_a_message_waits_only_behind_others() -> None:
    wire = Wire()
    reader = listener(wire)
    reader.put("first")
    wire.behind = 1
    reader.put("second")
    wire.behind = 0
    reader.put("third")
    assert wire.written == [frame_of("first")]
    assert [asyncio.run(reader.outbox.get()).payload for _ in range(2)] == ["second", "third"]


def test_who_reads_nothing_has_one_status_waiting() -> None:
    wire = Wire()
    wire.behind = 1
    hub = Hub()
    hub.join(reader := listener(wire))
    for count in range(1000):
        hub.broadcast_status({"exec_info": {"queue_remaining": count}})
    assert len(reader.outbox) == 1
    assert '"queue_remaining":999' in str(asyncio.run(reader.outbox.get()).payload)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("crowd")) as server:
        server.wait_until_ready()
        yield server


def test_each_of_a_crowd_hears_the_last_status(server: Server) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(server.socket(f"crowd-{n}")) for n in range(3 * CROWD)]
        for socket in crowd:
            read_until(socket, "status")
        server.post("/easel/queue", {"paused": True})
        for number in range(20):
            server.prompt(say(f"word {number}"))
        server.post("/easel/queue", {"paused": False})
        for socket in crowd:
            while _left(socket) != 0:
                pass


def _left(socket: ClientConnection) -> int:
    """What the next status says."""
    return read_until(socket, "status")[-1]["data"]["status"]["exec_info"]["queue_remaining"]


def test_clients_that_read_hear_all_while_others_sleep(server: Server) -> None:
    """Jobs of several clients in turn: each hears exactly what the numbered feed says of its jobs."""
    asleep = server.socket("asleep", close_timeout=0.1)  # its library reads a little ahead, and then nobody does
    names = ["a", "b", "c"]
    told: dict[str, list[Any]] = {name: [] for name in names}
    with ExitStack() as stack:
        page = stack.enter_context(server.socket(path="/easel/events"))
        read_until(page, "hello")
        sockets = {name: stack.enter_context(server.socket(name)) for name in names}
        server.prompt(one("Flood", megabytes=30), client_id="asleep")
        for round in range(4):
            for name in names:
                server.prompt(say(f"{name} {round}"), client_id=name)
        for name, socket in sockets.items():
            for _ in range(4):
                told[name] += [m for m in read_until(socket, "done") if m["type"] in ("executing", "executed")]
        fed: dict[str, list[Any]] = {name: [] for name in names}
        numbers: list[int] = []
        while sum(map(len, fed.values())) < sum(map(len, told.values())):
            event = json.loads(page.recv(timeout=30))
            if "seq" in event:
                numbers.append(event["seq"])
                if event["client_id"] in fed and event["type"] in ("executing", "executed"):
                    fed[event["client_id"]].append({"type": event["type"], "data": event["data"]})
    asleep.close()
    assert told == fed
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_thousand_clients_miss_nothing(tmp_path: Path) -> None:
    """The load bench for half a minute, but for its latency, which a busy machine changes."""
    from bench.load import AIM_MB, ARTISTS, POSTERS, load

    found = load(tmp_path, 30.0, 1000)
    busy, crowd, probe = found["busy"], found["crowd"], found["probe"]
    assert busy["dropped"] == busy["gaps"] == busy["refused"] == 0
    assert busy["events"] > 0
    assert busy["previews"] > 0
    assert busy["posted"] > 0
    assert busy["uploads"] > 0
    assert all(probe[asked]["count"] > 0 for asked in ("prompt", "queue"))
    assert crowd["clients"] == 1000 - ARTISTS - POSTERS
    assert crowd["lost"] == 0
    assert crowd["last"] == [0]
    assert found["control_mb"]["most"] < AIM_MB
