"""A server for what is thrown at it, and how much of it: a little in each run, much in the long one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api.memory import GIVE_BACK_EVERY
from tests.fuzz.thrown_at import Target
from tests.server.harness import running, say

MEMORY = 64 << 20
"""Bytes by which the server may have grown when all is over."""


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server whose requests take no longer than `thrown_at.PATIENCE`; at the end the next ordinary prompt runs, and
    its memory has not grown."""
    base = tmp_path_factory.mktemp("fuzz") / "base"
    fill(base)
    with running(base) as server:
        server.wait_until_ready()
        found = Target(server, server.run(say("before")))
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        yield found
        server.post("/easel/queue", {"paused": False})
        assert server.run(say("after"))["outputs"] == {"2": {"text": ["after"]}}
        # What was freed goes back to the system every half minute: until then it says nothing of what is kept.
        end = time.monotonic() + GIVE_BACK_EVERY + 5
        while (grown := process.memory_info().rss - before) >= MEMORY and time.monotonic() < end:
            time.sleep(0.5)
        assert grown < MEMORY, f"the server has grown by {grown >> 20} MB"


def fill(base: Path) -> None:
    """Something to be found by right names among wrong ones."""
    for name, data in {
        "input/cat.png": bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c636000000002000148afa471"
            "0000000049454e44ae426082"
        ),
        "models/checkpoints/model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
        "models/loras/cut.safetensors": b"\xff\0\0\0\0\0\0\0{",
        "user/default/workflows/graph.json": b'{"nodes": [], "links": []}',
        "custom_nodes/pack/__init__.py": b"NODE_CLASS_MAPPINGS = {}\n",
    }.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(data)
