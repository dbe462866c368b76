"""Patterns in the names of saved files: `%date:yyyy-MM-dd%`, `%width%`, `%KSampler.seed%`.

A page resolves most of them before it sends a prompt; a client that speaks the API need not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_PATTERN = re.compile(r"%([^%\n]+)%")
_DATE_PART = re.compile(r"yyyy|yy|MM?|dd?|hh?|mm?|ss?")
_NOT_IN_NAMES = re.compile(r'[/\\?<>:*|"\x00-\x1f\x7f]')


def expand(prefix: str, prompt: Mapping[str, Any] | None, width: int, height: int, now: datetime) -> str:
    """Fill in the patterns of a name. One that means nothing stays as it is; `%batch_num%` is filled in later.

    prompt: in API format; `NODE` in `%NODE.widget%` is a node's title, its type or its id.
    """
    fixed = {
        "width": str(width),
        "height": str(height),
        "year": f"{now:%Y}",
        "month": f"{now:%m}",
        "day": f"{now:%d}",
        "hour": f"{now:%H}",
        "minute": f"{now:%M}",
        "second": f"{now:%S}",
    }

    def value(match: re.Match[str]) -> str:
        word = match[1]
        if word in fixed:
            return fixed[word]
        if word == "date" or word.startswith("date:"):
            return format_date(word[5:] or "yyyy-MM-dd", now)
        found = _widget(word, prompt or {})
        return match[0] if found is None else _NOT_IN_NAMES.sub("_", found)

    return _PATTERN.sub(value, prefix)


def format_date(form: str, now: datetime) -> str:
    """`yyyy-MM-dd hh:mm:ss` with the letters that the page knows; a single letter is not padded."""
    parts = {"M": now.month, "d": now.day, "h": now.hour, "m": now.minute, "s": now.second}

    def value(match: re.Match[str]) -> str:
        part = match[0]
        if part.startswith("y"):
            return f"{now:%Y}"[-len(part) :]
        return str(parts[part[0]]).zfill(len(part))

    return _NOT_IN_NAMES.sub("_", _DATE_PART.sub(value, form))


def _widget(word: str, prompt: Mapping[str, Any]) -> str | None:
    name, dot, widget = word.rpartition(".")
    if not dot:
        return None
    nodes = [(id, node) for id, node in prompt.items() if isinstance(node, Mapping)]
    tests = (
        lambda id, node: (node.get("_meta") or {}).get("title") == name,
        lambda id, node: node.get("class_type") == name,
        lambda id, node: id == name,
    )
    for test in tests:
        for id, node in nodes:
            value = node.get("inputs", {}).get(widget)
            if test(id, node) and isinstance(value, str | int | float):
                return str(value)
    return None
