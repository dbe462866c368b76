"""Text to JSON to `Graph`: what is refused, where, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph.errors import ParseError
from graph.json_input import MAX_DEPTH, load
from graph.parse import parse, to_prompt
from graph.types import BadLink, Link


@pytest.mark.parametrize(
    ("text", "says", "line", "column"),
    [
        ("", "no JSON", 1, 1),
        ("hello", "no JSON", 1, 1),
        ('{"a": 1,\n "b": }', "no JSON", 2, 7),
        ("[" * 100_000, "nested", 1, MAX_DEPTH + 1),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested", 1, 5 * MAX_DEPTH + 1),
        ("[\n" * 100_000 + "]" * 100_000, "nested", MAX_DEPTH + 1, 1),
        ('{"NaN": "NaN",\n "a": NaN}', "NaN is no number", 2, 7),
        ("[1, -Infinity]", "-Infinity is no number", 1, 5),
        ('{"1e999": [1e999]}', "1e999 is too large", 1, 12),
        ("1" * 5000, "digits", None, None),
        (b'{"a": "\xff"}', "not UTF-8", 1, 8),
        ('["\\ud800"]', "half of a character", None, None),
        ('["' + "x" * 2000 + '"]', "at most", None, None),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_text_that_is_refused(text: str | bytes, says: str, line: int | None, column: int | None) -> None:
    with pytest.raises(ParseError, match=says) as raised:
        load(text, limit_bytes=1000 if len(text) == 2004 else 10**7)
    assert (raised.value.line, raised.value.column) == (line, column)
    reply = raised.value.to_json()
    assert reply["type"] == "invalid_prompt"
    assert reply["extra_info"] == ({} if line is None else {"line": line, "column": column})


def test_text_that_is_taken() -> None:
    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert load(deep) == json.loads(deep)
    brackets = json.dumps({str(i): '[[[{"\\\\' + "[" * 50 for i in range(300)})
    assert load(brackets) == json.loads(brackets), "brackets in texts do not count"
    assert load('{"a": 1, "a": 2}') == {"a": 2}
    assert load(b'\xef\xbb\xbf"\\ud83d\\ude00"') == "😀"
    assert load("18446744073709551615") == 2**64 - 1


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ([], "a list"),
        (None, "null"),
        ("x", "a text"),
        (3, "a number"),
        ({"7": []}, "Node #7 is a list"),
        ({"7": {}}, "missing the class_type"),
        ({"7": {"class_type": 5}}, "missing the class_type"),
        ({"7": {"class_type": "X", "inputs": []}}, "inputs of node #7 are a list"),
    ],
)
def test_json_that_is_no_graph(prompt: Any, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        parse(prompt)


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        (["4", 0], Link("4", 0)),
        (["4", 0.0], Link("4", 0)),
        (["nowhere", 3], Link("nowhere", 3)),
        ([4, 0], Link("4", 0)),
        ([5, 0], BadLink([5, 0])),
        (["4", 0.5], BadLink(["4", 0.5])),
        (["4", True], BadLink(["4", True])),
        (["4"], BadLink(["4"])),
        ([], BadLink([])),
        ({"__value__": ["4", 0]}, ["4", 0]),
        ({"a": 1}, {"a": 1}),
        (None, None),
        ("4", "4"),
    ],
    ids=repr,
)
def test_what_an_input_may_be(value: Any, parsed: Any) -> None:
    prompt = {"4": {"class_type": "X"}, "7": {"class_type": "X", "inputs": {"a": value}, "is_changed": 1}}
    graph = parse(prompt)
    assert graph.nodes["7"].inputs["a"] == parsed
    assert parse(to_prompt(graph)) == graph


def test_titles() -> None:
    prompt = {"7": {"class_type": "X", "inputs": {}, "_meta": {"title": "mine"}}, "8": {"class_type": "Y", "_meta": 3}}
    graph = parse(prompt)
    assert [node.label for node in graph.nodes.values()] == ['X "mine" (#7)', "Y (#8)"]
    assert to_prompt(graph)["7"] == prompt["7"]
