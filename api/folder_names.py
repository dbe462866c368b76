"""Folders of this machine by what they are called: where they lie is told to those who run the server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast


class FolderNames:
    """folders: each with what it is called, such as `output`; of two names for one folder the first counts."""

    def __init__(self, folders: Iterable[tuple[str, Path]] = ()) -> None:
        self._names: dict[str, str] = {}
        self._own: re.Pattern[str] | None = None
        self._anywhere: re.Pattern[str] | None = None
        for name, path in folders:
            for one in (path, path.parent.resolve() / path.name, path.resolve()):
                if one != one.parent:  # all lies below the root
                    self._names.setdefault(str(one), name)
        if self._names:
            longest_first = sorted(self._names, key=len, reverse=True)
            paths = "|".join(re.escape(path) for path in longest_first)
            self._own = re.compile(rf"\b(folder|drive) (?:{paths})(?= )")
            self._anywhere = re.compile(rf"(?<![\w/\\.-])(?:{paths})(?![\w-]|\.\w)")

    def instead(self, text: str) -> str:
        """The text with names in place of paths: `user/journal.db`; one that says which folder it is needs no other."""
        if self._own is None or self._anywhere is None:
            return text
        return self._anywhere.sub(lambda found: self._names[found[0]], self._own.sub(r"\1", text))

    def within(self, value: Any) -> Any:
        """JSON with names in place of paths in all of its texts; what it is made of stays as it is."""
        if isinstance(value, str):
            return self.instead(value)
        if isinstance(value, list):
            return [self.within(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {name: self.within(item) for name, item in cast("dict[str, Any]", value).items()}
        return value
