"""The bounded cache, and the names under which it keeps results."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from graph.cache import OF_ENTRY, Cache, Entry
from graph.folders import standard_folders
from graph.key import fingerprint_of, key, stable_text
from graph.spec import FileChoice, InputSpec, NodeSpec
from graph.types import Key, Link, Node, NodeId

UNIT = OF_ENTRY // 256
"""Bytes in which sizes are told here: an entry takes 256 of them for itself."""


def entry(size: int) -> Entry:
    return Entry(([bytes(size * UNIT)],))


def budget(size: int) -> int:
    return size * UNIT


def size_of(value: object) -> int:
    return sum(len(item) for item in value) if isinstance(value, list) else 0


def held(cache: Cache) -> str:
    return " ".join(sorted(cache))


def test_what_is_cheap_for_its_size_goes_first() -> None:
    cache = Cache(budget(3000), size_of)
    cache.put(Key("dear"), entry(500), cost=60.0)
    cache.put(Key("large"), entry(1000), cost=1.0)
    cache.put(Key("cheap"), entry(500), cost=0.001)
    cache.put(Key("new"), entry(400), cost=1.0)
    assert held(cache) == "dear large new"
    cache.put(Key("newer"), entry(900), cost=1.0)
    assert held(cache) == "dear new newer"


def test_what_nobody_asks_for_sinks_however_dear() -> None:
    cache = Cache(budget(2000), size_of)
    cache.put(Key("dear"), entry(500), cost=10.0)
    for i in range(200):
        cache.put(Key(f"k{i}"), entry(500), cost=1.0)
    assert Key("dear") not in cache
    assert Key("k199") in cache


def test_what_is_asked_for_stays() -> None:
    cache = Cache(budget(2000), size_of)
    cache.put(Key("used"), entry(500), cost=1.0)
    for i in range(200):
        cache.put(Key(f"k{i}"), entry(500), cost=1.0)
        assert cache.get(Key("used")) is not None


def test_bounds_hold_at_all_times() -> None:
    cache = Cache(budget(10_000), size_of)
    for i in range(2000):
        cache.put(Key(str(i % 97)), entry(i * 37 % 3000), cost=i % 5)
        assert cache.used["memory"] <= budget(10_000)
    assert cache.used["memory"] == sum(OF_ENTRY + size_of(cache.peek(k).outputs[0]) for k in cache)


def test_too_large_a_value_is_not_kept_and_drops_nothing() -> None:
    cache = Cache(budget(1000), size_of)
    cache.put(Key("a"), entry(100), cost=1.0)
    assert not cache.put(Key("b"), entry(1000), cost=1.0)
    assert held(cache) == "a"
    assert not Cache(budget(0), size_of).put(Key("a"), entry(0), cost=1.0)


def test_a_value_whose_size_cannot_be_told_is_not_kept() -> None:
    def fails(value: object) -> int:
        raise RuntimeError("do not look at me")

    assert not Cache(budget(1000), fails).put(Key("a"), entry(1), cost=1.0)


def test_device_and_memory_have_budgets_of_their_own() -> None:
    cache = Cache({"memory": budget(2000), "device": budget(1000)}, lambda value: {"device": size_of(value)})
    cache.put(Key("a"), entry(600), cost=1.0)
    cache.put(Key("b"), entry(600), cost=2.0)
    assert held(cache) == "b"
    assert cache.used == {"memory": OF_ENTRY, "device": budget(600)}
    cache.clear()
    assert cache.used == {"memory": 0, "device": 0}
    assert not Cache(1000, lambda value: {"device": 1}).put(Key("a"), entry(1), cost=1.0), "no such tier"


SPEC = NodeSpec(
    class_type="X",
    inputs=(
        InputSpec(name="a", type="INT"),
        InputSpec(name="b", type="INT", options={"rawLink": True}),
        InputSpec(name="file", type="COMBO", files=FileChoice(kind="checkpoints")),
    ),
)
UP = {NodeId("1"): Key("one"), NodeId("2"): Key("two"), NodeId("3"): Key("one")}


def name(id: str = "9", fingerprint: str = "", **inputs: object) -> Key:
    return key(Node(NodeId(id), "X", inputs, title=id), SPEC, UP, fingerprint)


def test_equal_nodes_have_equal_keys() -> None:
    link = Link(NodeId("1"), 0)
    assert name(a=1) == name(a=1, id="10")
    assert name(a=1, undeclared=2) == name(a=1), "what the function never gets does not count"
    assert name(a=link) == name(a=Link(NodeId("3"), 0)), "links count by the key of what they read"
    keys = {
        name(a=1),
        name(a=1.5),
        name(a="1"),
        name(),
        name(a=None),
        name(b=1),
        name(a=link),
        name(a=1, fingerprint="x"),
    }
    keys |= {name(a=Link(NodeId("1"), 1)), name(a=Link(NodeId("2"), 0)), name(a=True), name(a=["one", 0])}
    assert len(keys) == 12
    assert name(b=link) != name(b=Link(NodeId("3"), 0)), "a raw link is the node's id itself"


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_what_has_no_key(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        name(a=value)


def test_stable_text() -> None:
    assert stable_text({"b": 1, "a": {3, 1, 2}}) == stable_text({"a": {2, 3, 1}, "b": 1})
    assert stable_text(b"x") != stable_text(b"y")
    with pytest.raises(ValueError, match="JSON compliant"):
        stable_text(math.nan)
    with pytest.raises(TypeError, match="no stable form"):
        stable_text(object())


def test_a_fingerprint_changes_with_files_code_and_device(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    file = tmp_path / "checkpoints" / "a.safetensors"
    file.write_bytes(b"1")
    folders = standard_folders([tmp_path], input=tmp_path, output=tmp_path, temp=tmp_path)

    def print_of(**changes: object) -> str:
        node = Node(NodeId("1"), "X", {"file": "a.safetensors"})
        given = {"services": "fp32", "user": "ann", "folders": folders, "changed": None}
        return fingerprint_of(node, SPEC, **{**given, **changes})

    first = print_of()
    assert print_of() == first
    assert print_of(services="fp16") != first
    assert print_of(changed="1") != first
    assert print_of(user="bob") == first, "only what output nodes show is a user's own"
    file.write_bytes(b"22")
    assert print_of() != first
    file.unlink()
    assert print_of() not in (first, "")
