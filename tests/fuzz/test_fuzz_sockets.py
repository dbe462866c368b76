"""Websockets as no client should speak them: other listeners hear all, and the server stays."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import sys
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.fuzz.thrown_at import PATIENCE, Target
from tests.server.harness import read_until, say, until

PATHS = ["/ws", "/easel/events"]
FILES = 3
"""Files by which a server may differ that has the same to do."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FLAGS = ["supports_preview_metadata", "easel_nodes", "easel_deltas", "previews", "x"]
WORDS = (
    st.fixed_dictionaries({"type": st.sampled_from(["feature_flags", "status", ""]) | JSON, "data": JSON}).map(
        json.dumps
    )
    | st.dictionaries(st.sampled_from(FLAGS), JSON).map(
        lambda flags: json.dumps({"type": "feature_flags", "data": flags})
    )
    | st.text(max_size=50)
    | st.binary(max_size=50)
    | st.sampled_from(["[" * 5000, '{"type": "feature_flags", "data": ' + "[" * 5000, "x" * 900_000, b"\x00" * 900_000])
)


def hears_on(target: Target) -> None:
    """Somebody else's job is told to the end."""
    with target.server.socket("listener") as listener:
        target.server.prompt(say("heard"), client_id="listener")
        read_until(listener, "done", PATIENCE)


def throw_words(target: Target, path: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(WORDS, min_size=1, max_size=6), st.booleans())
    def thrown(words: list[Any], politely: bool) -> None:
        # OSError: a socket that we shut under the library.
        with contextlib.suppress(ConnectionClosed, OSError), target.server.socket("odd", path) as odd:
            for word in words:
                odd.send(word)
            if not politely:
                odd.socket.close()
        assert target.throw("GET", "/queue").status == 200

    thrown()
    hears_on(target)


@pytest.mark.parametrize("path", PATHS)
def test_any_words(target: Target, path: str) -> None:
    throw_words(target, path, 20)


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
def test_any_words_for_long(target: Target, path: str) -> None:
    throw_words(target, path, 1500)


def frame(kind: int, data: bytes, *, fin: bool = True, masked: bool = True, length: int | None = None) -> bytes:
    said = len(data) if length is None else length
    size = bytes([said]) if said < 126 else b"\x7e" + struct.pack(">H", said) if said < 65536 else b""
    size = size or b"\x7f" + struct.pack(">Q", said)
    head = bytes([(0x80 if fin else 0) | kind, size[0] | (0x80 if masked else 0)]) + size[1:]
    return head + (bytes(4) if masked else b"") + data


FRAMES: dict[str, bytes] = {
    "no UTF-8": frame(1, b"\xff\xfe\xed\xa0\x80"),
    "half a letter": frame(1, b"\xe2\x82", fin=False) + frame(0, b"\x41"),
    "a kind that is none": frame(3, b"x"),
    "a control frame without end": frame(9, b"x" * 200),
    "a control frame in pieces": frame(9, b"x", fin=False),
    "a piece of nothing": frame(0, b"x"),
    "pieces without end": frame(1, b"x", fin=False) + frame(0, b"y", fin=False) * 2000,
    "not masked": frame(1, b"x", masked=False),
    "bits that mean nothing": bytes([0xF1]) + frame(1, b"x")[1:],
    "a length beyond all": frame(2, b"x", length=2**62),
    "a length below zero": b"\x81\xff" + b"\xff" * 8 + bytes(4),
    "a bye of one byte": frame(8, b"\x03"),
    "a bye that is none": frame(8, struct.pack(">H", 99) + b"\xff"),
    "many pings": frame(9, b"p") * 5000,
    "noise": random.Random(3).randbytes(5000),
    "half a frame": frame(1, b"x" * 100)[:20],
}


def asking(target: Target, path: str) -> bytes:
    """A request for a websocket, by hand."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{target.server.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize("path", PATHS)
def test_any_frames(target: Target, path: str) -> None:
    log = target.server.base / "server.log"
    before = len(log.read_text())
    for sent in FRAMES.values():
        with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
            connection.sendall(asking(target, path))
            assert connection.recv(12).startswith(b"HTTP/1.1 101")
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
    hears_on(target)
    assert "Traceback" not in log.read_text()[before:]


def open_files(target: Target) -> int:
    process = psutil.Process(target.server.process.pid)
    return process.num_handles() if sys.platform == "win32" else process.num_fds()


def test_many_that_come_and_go(target: Target) -> None:
    """Two hundred that leave at once, in the middle of being greeted: nobody is remembered, and no file stays open."""
    hears_on(target)
    before = open_files(target)
    for number in range(200):
        path = PATHS[number % 2]
        with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
            connection.sendall(asking(target, path))
    hears_on(target)
    until(lambda: open_files(target) <= before + FILES, PATIENCE, target.server)
