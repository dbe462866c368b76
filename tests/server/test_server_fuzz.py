"""Whatever is posted: an answer that says something, no 500, and the next ordinary prompt runs."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.harness import Server, say

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
IDS = st.sampled_from(["1", "2", "3", "", "a:b", "é"])
LINKS = st.tuples(IDS | JSON, st.integers(-2, 3) | JSON).map(list)
NODES = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from(["Say", "Join", "Show", "Pick", "Model", "Even", "Absent"]) | JSON,
        "inputs": st.dictionaries(
            st.sampled_from(["text", "a", "b", "choice", "name", "number", "other"]), LINKS | JSON, max_size=4
        )
        | JSON,
    },
    optional={"_meta": JSON, "is_changed": JSON},
)
BODIES = st.fixed_dictionaries(
    {"prompt": st.dictionaries(IDS, NODES | JSON, max_size=4) | JSON},
    optional={
        "client_id": JSON,
        "prompt_id": JSON,
        "front": JSON,
        "extra_data": JSON,
        "partial_execution_targets": st.lists(IDS) | JSON,
    },
)
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def answer(server: Server, path: str, body: Any) -> None:
    reply = server.request("POST", path, raw=json.dumps(body).encode())
    assert reply.status in (200, 400, 403, 404), (body, reply.body)
    if reply.status == 400:
        assert reply.json()["error"]["message"]


@given(BODIES)
@QUICK
def test_any_prompt(server: Server, body: Any) -> None:
    answer(server, "/prompt", body)


@given(st.sampled_from(["/queue", "/history", "/interrupt", "/free", "/settings", "/settings/x", "/easel/queue"]), JSON)
@QUICK
def test_any_body(server: Server, path: str, body: Any) -> None:
    try:
        answer(server, path, body)
    finally:
        if path == "/easel/queue":
            server.post(path, {"paused": False})


@given(st.sampled_from(["/view", "/userdata", "/v2/userdata", "/history", "/view_metadata/loras"]), st.data())
@QUICK
def test_any_query(server: Server, path: str, data: st.DataObject) -> None:
    names = ["filename", "type", "subfolder", "preview", "channel", "size", "dir", "path", "max_items", "offset"]
    query = data.draw(st.dictionaries(st.sampled_from(names), st.text(max_size=20) | st.sampled_from(["input", ".."])))
    encodable = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    assert server.get(path, **{k: v for k, v in encodable.items() if k != "path"}).status < 500


def test_afterwards_an_ordinary_prompt_runs(server: Server) -> None:
    assert server.run(say("ordinary"))["outputs"] == {"2": {"text": ["ordinary"]}}
