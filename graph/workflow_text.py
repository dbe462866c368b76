"""The small languages inside texts: `{a|b}` choices of prompts, and `%...%` patterns of file names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

PATTERN_TYPES = frozenset(
    {
        *("SaveImage", "SaveAnimatedWEBP", "SaveAnimatedPNG", "SaveWEBM", "SaveAudio", "SaveGLB", "CLIPSave"),
        *("VAESave", "ModelSave", "LoraSave", "SaveLatent"),
    }
)
"""Types whose `filename_prefix` is filled when the graph is queued."""

_COMMENT = re.compile(r"/\*|(?<!:)//")
_TOKEN = re.compile(r"\\[{}|]|[{}|]|[^{}|\\]+|\\", re.DOTALL)
_ESCAPED = re.compile(r"\\([{}|])")
_PATTERN = re.compile(r"%([^%]+)%")
_DATE = re.compile(r"yyyy|yy|dd?|MM?|hh?|mm?|ss?")
_FORBIDDEN = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_FOR_SERVER = ("width", "height", "year", "month", "day", "hour", "minute", "second", "batch_num")


def resolve_choices(text: str, random: Callable[[], float]) -> str:
    """Take comments out and choose one of each `{a|b|c}`, inner ones first.

    Braces that do not pair stay as they are; `\\{`, `\\}` and `\\|` are those letters. `http://` starts no comment.
    """
    open_braces: list[list[list[str]]] = []  # for each open brace the parts that were read before it, innermost last
    parts: list[list[str]] = [[]]
    for token in _TOKEN.findall(_without_comments(text)):
        if token == "{":
            open_braces.append(parts)
            parts = [[]]
        elif token == "}" and open_braces:
            choice = parts[min(int(random() * len(parts)), len(parts) - 1)]
            parts = open_braces.pop()
            parts[-1].append("".join(choice))
        elif token == "|" and open_braces:
            parts.append([])
        else:
            parts[-1].append(token)
    rest: list[str] = []  # of braces that do not pair
    for before in (*open_braces, parts):
        rest.append("|".join(map("".join, before)))
    return _ESCAPED.sub(r"\1", "{".join(rest))


def _without_comments(text: str) -> str:
    """Read once, however many of them are never closed."""
    kept: list[str] = []
    at = start = 0
    last_close = text.rfind("*/")
    while (found := _COMMENT.search(text, at)) is not None:
        begin = found.start()
        if found[0] == "//":
            end = text.find("\n", begin)
            at = len(text) if end < 0 else end
        elif begin + 2 <= last_close:
            at = text.index("*/", begin + 2) + 2
        else:
            at = begin + 1
            continue
        kept.append(text[start:begin])
        start = at
    kept.append(text[start:])
    return "".join(kept)


def fill_pattern(text: str, now: datetime, look_up: Callable[[str, str], Any]) -> str:
    """Fill `%date:yyyy-MM-dd%` and `%Node.widget%`. What names nothing stays, as does what only a server knows."""

    def fill(match: re.Match[str]) -> str:
        inside = match[1]
        if inside in _FOR_SERVER:
            return match[0]
        if inside == "date":
            return format_date("yyyyMMddhhmmss", now)
        if inside.startswith("date:"):
            return _FORBIDDEN.sub("_", format_date(inside.removeprefix("date:"), now))
        title, dot, widget = inside.rpartition(".")
        value = look_up(title, widget) if dot else None
        return match[0] if value is None else _FORBIDDEN.sub("_", as_text(value))

    return _PATTERN.sub(fill, text)


def format_date(format: str, date: datetime) -> str:
    """`format`: d, M, h, m, s, each once or twice, yy and yyyy; all else stays."""
    numbers = {"d": date.day, "M": date.month, "h": date.hour, "m": date.minute, "s": date.second}

    def fill(match: re.Match[str]) -> str:
        token = match[0]
        if token[0] == "y":
            return f"{date.year:04d}"[-len(token) :]
        return str(numbers[token[0]]).rjust(len(token), "0")

    return _DATE.sub(fill, format)


def as_text(value: Any) -> str:
    """A JSON value as the page would write it: `true`, and 7 for 7.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return str(value)
