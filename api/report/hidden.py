"""What goes out of a report before anybody sees it: keys, passwords, where homes lie, names of people and the machine.

Only the server knows the names, and its own token. Where none answers the page takes out keys, passwords and homes by
the same rules (web/report/hidden.js); `tests/server/report_hides.json` holds both to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from api.secret_values import redacted
from api.security import hide_credentials
from graph.registry import Catalogue
from graph.types import JsonObject
from graph.workflow_widgets import widget_values, with_value

GONE = "…"
LONGEST = 4_000
"""Letters of one text: a picture that is kept in a graph helps nobody who reads the report."""
DEEPEST = 64
"""Levels of lists and objects: what lies deeper is left out."""
SHORTEST_NAME = 3
"""Letters: a shorter name stands in too many words by chance."""
COMMON = frozenset({"root", "user", "home", "admin", "default", "server", "worker", "easel", "localhost"})
"""Names that say nothing of anybody."""

_HOMES = re.compile(r"(?i)(?:[a-z]:[\\/]+users[\\/]+|/home/|/users/)[^\\/\s\"'<>|:*?]+")
_LONG_WORD = re.compile(r"(?<![\w./\\:-])[\w+=-]{20,}(?![\w./\\:-])", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SECRET_WORDS = re.compile(r"(?i)token|api[_-]?key|password|passwd|secret|cookie|authorization|credential")


@dataclass(frozen=True)
class Hiding:
    """What is hidden on this machine.

    home: the person's folder. names: of the person, of the machine. secrets: texts that must not be seen anywhere.
    """

    home: str = ""
    names: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """Lines as they may be seen."""
        for secret in self.secrets:
            text = text.replace(secret, GONE)
        if len(self.home) > 1:
            text = text.replace(self.home, "~")
        text = _HOMES.sub("~", text)
        for name in self._told():
            text = re.sub(rf"(?i)(?<![\w.-]){re.escape(name)}(?![\w-])", "somebody", text)
        return "\n".join(redacted(line) for line in text.split("\n"))

    def value(self, value: Any, depth: int = 0) -> Any:
        """JSON as it may be seen: the same with secrets blanked, and long texts cut."""
        if isinstance(value, str):
            return self.text(_cut(value))
        if depth > DEEPEST:
            return GONE if isinstance(value, list | dict) else value
        if isinstance(value, list):
            return [self.value(item, depth + 1) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return self._object(cast("Mapping[str, Any]", value), depth)
        return value

    def _object(self, value: Mapping[str, Any], depth: int) -> JsonObject:
        _, credentials = hide_credentials(dict(value))
        return {
            self.text(_cut(name)): GONE
            if (name in credentials or is_secret(name)) and isinstance(item, str)
            else self.value(item, depth + 1)
            for name, item in value.items()
        }

    def _told(self) -> Iterable[str]:
        return (name for name in self.names if len(name) >= SHORTEST_NAME and name.lower() not in COMMON)


def is_secret(name: str) -> bool:
    """Whether what goes by this name is a secret: a password, a key."""
    return _SECRET_WORDS.search(name) is not None


def without_keys(graph: Any, catalogue: Catalogue) -> Any:
    """A graph in the page's format without the keys that are typed into its nodes.

    Their values lie in a list, where no name says what they are: the node type does, and where that is not known, what
    looks like a key is taken for one.
    """
    if isinstance(graph, list):
        return [without_keys(item, catalogue) for item in cast("list[Any]", graph)]
    if not isinstance(graph, dict):
        return graph
    found: JsonObject = {name: without_keys(item, catalogue) for name, item in cast(JsonObject, graph).items()}
    if "widgets_values" in found:
        spec = catalogue.get(str(found.get("type")))
        saved = _without_likely_keys(found["widgets_values"])
        names = [] if spec is None else [name for name in widget_values(spec, saved) if is_secret(name)]
        for name in names:
            saved = with_value(spec, saved, name, GONE) if spec is not None else saved
        found["widgets_values"] = saved
    return found


def _without_likely_keys(saved: Any) -> Any:
    if isinstance(saved, str):
        return _LONG_WORD.sub(_unless_words, _cut(saved))
    if isinstance(saved, list):
        return [_without_likely_keys(item) for item in cast("list[Any]", saved)]
    if isinstance(saved, dict):
        return {name: _without_likely_keys(item) for name, item in cast(JsonObject, saved).items()}
    return saved


def _unless_words(found: re.Match[str]) -> str:
    """A key has a long part of letters and figures; names of files have an ending, choices have short parts."""
    parts = re.split(r"[_+=-]", found[0])
    return GONE if _UUID.fullmatch(found[0]) or any(map(_is_mixed, parts)) else found[0]


def _is_mixed(part: str) -> bool:
    return len(part) >= 16 and any(c.isdigit() for c in part) and any(c.isalpha() for c in part)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST} more letters)"
