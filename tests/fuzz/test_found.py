"""What the searches of this folder have found, each as a plain test."""

from __future__ import annotations

import io
import socket
import time

import pytest

from graph.errors import ParseError
from graph.json_input import load
from graph.picture_text import SIGNATURE, png_texts
from graph.workflow_text import resolve_choices
from models.text.prompt import MOST_NESTED, weigh
from tests.fuzz.soon import soon
from tests.fuzz.thrown_at import PATIENCE, Target


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"[1e999NaN", "1e999 is too large for a number, at line 1, column 2"),
        (b"1e9991x", "1e9991 is too large for a number, at line 1, column 1"),
        (b'{"a": "1e999",\n"b": -Infinity1}', "-Infinity is no number in JSON, at line 2, column 6"),
    ],
)
def test_a_bad_number_with_more_behind_it(data: bytes, sentence: str) -> None:
    """The place of the number was looked for as a value of its own, was not found, and the answer was a 500."""
    with pytest.raises(ParseError, match=sentence):
        load(data)


@pytest.mark.parametrize("part", ["a", "{", "|", "}", "/* ", "//a\n", "\\{"])
def test_choices_in_a_long_text(part: str) -> None:
    """A text of 300 KB held up the control process for minutes: it was copied with every letter."""
    text = part * (300_000 // len(part))
    found = resolve_choices(text, lambda: 0.0)
    assert found == {"//a\n": "\n" * 75_000, "\\{": "{" * 150_000}.get(part, text)


def test_a_long_prompt_of_parentheses() -> None:
    """Each level was read once more without an end, so 20 KB took a minute."""
    deep = 20_000
    assert weigh("(" * deep + "a" + ")" * deep)[0][1] == pytest.approx(1.1**MOST_NESTED)


@pytest.mark.parametrize("length", range(8, 33))
def test_a_png_cut_short_in_its_head(length: int) -> None:
    """The gallery's reader ended with struct's error, and the picture had no entry."""
    whole = SIGNATURE + (13).to_bytes(4, "big") + b"IHDR" + bytes([0, 0, 0, 4, 0, 0, 0, 4, 8, 2, 0, 0, 0]) + bytes(4)
    found = png_texts(io.BytesIO(whole[:length]))
    assert found is not None
    assert (found.width, found.height) == ((4, 4) if length >= 29 else (0, 0))


BRACKETS = "[" * 60_000
"""More than Python's own reader of JSON can go down."""


def test_a_mask_whose_original_is_named_by_brackets(target: Target) -> None:
    reply = target.server.upload("m.png", b"", "/upload/mask", original_ref=BRACKETS)
    assert (reply.status, reply.json()["error"]["type"]) == (400, "invalid_request")


def test_settings_that_were_written_as_brackets(target: Target) -> None:
    """They are a file like others, so they may hold anything: each later request for them had a 500 for its answer."""
    assert target.throw("POST", "/userdata/comfy.settings.json", BRACKETS.encode()).status == 200
    report = target.throw("POST", "/easel/report", b"{}")
    assert {part["name"]: part["text"] for part in report.json()["parts"]}["settings.json"].strip() == "{}"
    assert target.throw("GET", "/settings").json() == {}
    assert target.throw("GET", "/userdata/comfy.settings.damaged.json").body == BRACKETS.encode()


def test_a_setting_that_is_just_not_too_deep_alone(target: Target) -> None:
    """Among the others it is one level deeper, and all of them would be set aside as damaged."""
    assert target.throw("POST", "/settings/kept", b"1").status == 200
    assert target.throw("POST", "/settings/deep", b"[" * 200 + b"]" * 200).status == 400
    assert target.throw("GET", "/settings/kept").json() == 1


def test_a_packed_body_that_ends_too_early_behind_its_head(target: Target) -> None:
    """Where the body came in a packet of its own nobody was told that it had ended, and there was no answer."""
    host = f"127.0.0.1:{target.server.port}"
    fields = ("POST /prompt HTTP/1.1", f"Host: {host}", "Content-Encoding: deflate", "Content-Length: 2", "", "")
    with socket.create_connection(("127.0.0.1", target.server.port), PATIENCE) as connection:
        connection.sendall("\r\n".join(fields).encode())
        time.sleep(0.1)
        connection.sendall(b"{}")
        answer = soon(lambda: connection.recv(65536))
    assert answer.startswith(b"HTTP/1.1 415"), answer
