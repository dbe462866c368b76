"""Credentials that came with jobs: they go to the nodes that need them, and are seen nowhere else.

A node may print one, raise an error that holds it, or show it. So all that the worker tells, and all that is logged, is
gone through for the values that this process knows of. They are in memory only, and the latest so many. What only looks
like a key, whosever it is, is left out of what is logged as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote

SHORTEST = 6
"""Letters: a shorter one stands in too many words by chance."""
MOST = 64
HIDDEN = "…"

# Each word is begun at once only: `\b` begins at every sign of a long row of dashes, and a line would take a second.
_SECRETS = re.compile(
    r"(?i)((?<![\w-])[\w-]*(?:token|api[_-]?key|secret|password|passwd|authorization|cookie)[\"']?\s*[=:]\s*[\"']?)"
    r"(?:(?:bearer|basic)\s+)?[^\s\"'&,;]+"
    r"|(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|(://[^\s/:@]+:)[^\s/@]+(?=@)"
    r"|\b(?:hf|sk|ghp|gho|github_pat|xox[abp])[_-][\w-]{12,}"
    r"|\beasel_[\w-]{43}"
)


def redacted(line: str) -> str:
    """A line without what looks like a password, a key or a token."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3] or ''}…", line)


class SecretValues:
    """Texts that must not be seen."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None
        """Made when it is asked for; None where it is to be made anew."""

    def add(self, values: Any) -> None:
        """All texts in this JSON; the oldest are forgotten."""
        for text in _texts(values):
            if len(text) >= SHORTEST:
                self._pattern = self._pattern if text in self._known else None
                self._known.pop(text, None)
                self._known[text] = None
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def hide(self, text: str) -> str:
        if not self._known:
            return text
        if self._pattern is None:
            written = {form for known in tuple(self._known) for form in _forms(known)}
            self._pattern = re.compile("|".join(re.escape(form) for form in sorted(written, key=len, reverse=True)))
        return self._pattern.sub(HIDDEN, text)

    def hide_in(self, value: Any) -> Any:
        """JSON with the same done to all its texts."""
        if not self._known:
            return value
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, list):
            return [self.hide_in(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {self.hide(name): self.hide_in(item) for name, item in cast("dict[str, Any]", value).items()}
        return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in cast("dict[str, Any]", value).values():
            yield from _texts(item)


def _forms(text: str) -> set[str]:
    """As it stands, in Python's and JSON's quotes, and in an address."""
    return {text, repr(text)[1:-1], json.dumps(text)[1:-1], quote(text.encode("utf-8", "replace"), safe="")}


NEVER_SEEN = SecretValues()
"""Of this process, as its log is."""
