"""JSON from outside: bounded in size and depth before it is parsed, and free of what other readers would refuse."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

from graph.errors import ParseError

MAX_DEPTH = 200
"""Brackets within brackets. A prompt needs 5, a workflow of nested subgraphs about 4 for each level."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|[^\s"\[\]{},:]+', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _BadNumber(ValueError):
    """A number, as it is written, and why it is none."""


def load(source: str | bytes, limit_bytes: int = 100 * 2**20) -> Any:
    """The parsed value. Raises ParseError with line and column, never RecursionError or MemoryError for depth.

    Refused: more than `limit_bytes`, more than `MAX_DEPTH` levels, NaN and infinities (also as `1e999`), text that is
    not UTF-8, and half a surrogate pair, which could be written nowhere.
    """
    data = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(data) > limit_bytes:
        raise ParseError(
            f"The JSON has {len(data):,} bytes, and at most {limit_bytes:,} are taken.", details="too large"
        )
    _check_depth(data)
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if _SURROGATE.search(data):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ParseError(
            f"This is no JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            details=error.msg,
            line=error.lineno,
            column=error.colno,
        ) from None
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start)
        raise ParseError(
            f"The text is not UTF-8 at line {line}, column {column}.", details="not UTF-8", line=line, column=column
        ) from None
    except UnicodeEncodeError:
        raise ParseError("A text holds half of a character (a lone surrogate).", details="lone surrogate") from None
    except _BadNumber as error:
        written, why = error.args
        number = written.encode()
        found = (match.start() for match in _VALUE.finditer(data) if match[0].startswith(number))
        at = next(found, data.find(number))  # what stands right behind it may be no JSON either
        line, column = _place(data, at)
        raise ParseError(
            f"{written[:40]} {why}, at line {line}, column {column}.",
            details=f"{written[:40]} {why}",
            line=line,
            column=column,
        ) from None
    except ValueError as error:
        raise ParseError(f"This is no JSON that can be used: {error}.", details=str(error)) from None
    return value


def _check_depth(data: bytes) -> None:
    """Raise ParseError where brackets nest too deeply: one pass in C over the text without its strings."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    outside_strings = b"".join(data.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    brackets = outside_strings.translate(None, _NOT_BRACKETS)
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) <= MAX_DEPTH:
        return
    depth = 0
    for match in _TOKEN.finditer(data):
        depth += _STEP.get(match[0][0], 0)
        if depth > MAX_DEPTH:
            line, column = _place(data, match.start())
            raise ParseError(
                f"The JSON is nested more than {MAX_DEPTH} levels deep at line {line}, column {column}.",
                details="nested too deeply",
                line=line,
                column=column,
            )


def _place(data: bytes, at: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte."""
    before = data[:at]
    start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1


def _refuse_constant(name: str) -> float:
    raise _BadNumber(name, "is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _BadNumber(text, "is too large for a number")
    return number
