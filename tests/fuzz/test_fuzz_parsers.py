"""Every parser of bytes from outside, given sound things with some of it changed, and things without end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS
from tests.fuzz.soon import soon

BITS = [
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b",",
    b":",
    b"\0",
    b"\xff",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
]
BITS += [
    b"\xed\xa0\x80",
    b"\\ud800",
    b"9" * 400,
    b"/*",
    b"//",
    b"..",
    b"%",
    b"|",
    b"\x7f\xff\xff\xff",
    b"\xff" * 8,
    b"\n",
]
LONG = 60_000
"""Letters of the endless things: what takes the square of that takes minutes."""
PATIENCE = timedelta(seconds=20)
"""Until one input counts as one that never ends; one that takes two seconds, twice, hangs too."""
HANG = 2.0
"""Seconds: an endless thing is a thousand times as long as what people send, and takes a tenth of one."""

Edit = tuple[int, int, bytes]
EDITS = st.lists(
    st.tuples(st.integers(0, 2**16), st.integers(0, 12), st.sampled_from(BITS) | st.binary(max_size=6)), max_size=6
)


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """Each edit puts other bytes in place of some."""
    for at, length, other in edits:
        at %= len(data) + 1
        data = data[:at] + other + data[at + length :]
    return data


def check(name: str, examples: int) -> None:
    parser, seeds = PARSERS[name]
    inputs = st.builds(edited, st.sampled_from(seeds), EDITS) | st.binary(max_size=200)

    @settings(
        max_examples=examples,
        deadline=PATIENCE,
        database=None,
        derandomize=examples < 1000,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def thrown(data: bytes) -> None:
        soon(lambda: parser(data), HANG)

    for seed in seeds:
        soon(partial(parser, seed), HANG)
    thrown()


@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes(name: str) -> None:
    check(name, 150)


@pytest.mark.long
@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes_for_long(name: str) -> None:
    check(name, 20_000)


ENDLESS = {
    "json": ["[", '{"a":', '"', "\\", "[],", '\\ud800"'],
    "words of pictures": [
        'a: "',
        "a: b, ",
        "(",
        "<lora:",
        "<lora:a:1>",
        "Steps: 1, ",
        "Negative prompt: ",
        "\n",
        '{"a":',
    ],
    "prompt text": ["(", "()", ")", "{", "{a|", "{}", "/*", "/* ", "//", "%a", "\\", "a", "(a:", "yyyy", "embedding:"],
    "expression": ["(", "1+", "-", "min(", "a.", "#"],
    "file name": ["/", "a/", ".", " [input]", " ", "\\"],
    "safetensors": ["[", '{"a":', '{"__metadata__":'],
}


@pytest.mark.parametrize(("name", "part"), [(name, part) for name, parts in ENDLESS.items() for part in parts])
def test_things_without_end(name: str, part: str) -> None:
    """They are answered like any other; a parser that reads them again and again would stand here for minutes."""
    half = LONG // len(part) // 2
    start = b"parameters\nSteps: 1, " if name == "words of pictures" else b""
    parser = PARSERS[name][0]
    soon(lambda: parser(start + part.encode() * 2 * half), HANG)
    closed = {"(": ")", "{": "}", "{a|": "}", "(a:": ":1)", "[": "]", "/*": "*/"}.get(part)
    if closed is not None:
        soon(lambda: parser(start + part.encode() * half + b"a" + closed.encode() * half), HANG)
